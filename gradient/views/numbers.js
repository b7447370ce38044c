// Numbers in formulas.

import { decimalSign } from "../link/page_language.js";
import { formatNumber } from "../link/text.js";

/** A number with a true minus sign. @param {number} value @param {number} digits */
export const numberOfDigits = (value, digits) => formatNumber(value, digits).replaceAll("-", "−");

/** A number of the usual digits with a true minus sign. @param {number} value */
export const numberOf = (value) => formatNumber(value).replaceAll("-", "−");

/** Numbers one behind the other; a semicolon separates those with decimal commas. @param {ArrayLike<number>} values */
export const listOf = (values) => Array.from(values, numberOf).join(decimalSign() === "," ? "; " : ", ");

/** A vector in brackets. @param {ArrayLike<number>} values */
export const vectorOf = (values) => `(${listOf(values)})`;

/** Puts numbers in the place of their {name}; adding a negative number subtracts it, and a bracket begins without a plus. @param {string} formula @param {Record<string, number | undefined>} numbers */
export function withNumbers(formula, numbers) {
  const text = formula.replace(/\{(\w+)\}/g, (whole, name) => (numbers[name] === undefined ? whole : numberOf(numbers[name])));
  return text.replaceAll("+ −", "− ").replaceAll("− −", "+ ").replaceAll("(+ ", "(");
}

const MOST_DIGITS = 9; // which tell any two numbers of 32 bits apart

/** The shortest text that stands for the same number of 32 bits, as programs compute with them. @param {number} value */
export function shortestFloat(value) {
  const texts = Array.from({ length: MOST_DIGITS }, (_, i) => String(Number(value.toPrecision(i + 1))));
  return texts.find((text) => Math.fround(Number(text)) === Math.fround(value)) ?? String(value);
}
