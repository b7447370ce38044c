// Numbers in formulas.

import { formatNumber } from "../link/text.js";

/** A number with a true minus sign. @param {number} value */
export const numberOf = (value) => formatNumber(value).replaceAll("-", "−");

/** A vector in brackets. @param {ArrayLike<number>} values */
export const vectorOf = (values) => `(${Array.from(values, numberOf).join(", ")})`;

/** Puts numbers in the place of their {name}; adding a negative number subtracts it. @param {string} formula @param {Record<string, number | undefined>} numbers */
export function withNumbers(formula, numbers) {
  const text = formula.replace(/\{(\w+)\}/g, (whole, name) => (numbers[name] === undefined ? whole : numberOf(numbers[name])));
  return text.replaceAll("+ −", "− ").replaceAll("− −", "+ ");
}
