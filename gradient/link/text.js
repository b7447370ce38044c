// Formats numbers in texts. A page uses this module and the kernel uses `text.py`; both write the same text.

import {
  EXPONENT_BELOW,
  EXPONENT_FROM,
  INFINITE,
  NEGATIVE_INFINITE,
  NOT_A_NUMBER,
  SIGNIFICANT_DIGITS,
  WHOLE_LIMIT,
} from "./constants.js";
import { scalarAt } from "./arrays.js";
import { decimalSign, localised } from "./page_language.js";

/** @typedef {import("./arrays.js").Output} Output */
/** @typedef {[sign: string, comma: string, digits: number, kind: string]} NumberFormat */
/** @typedef {[field: string, index: number[], format: NumberFormat | null]} NumberPart */
/** @typedef {string | NumberPart | { parts: Part[] }} Part of a template; an object is left out if its first number is zero */

/**
 * Formats a number with so many significant digits and without trailing zeros; whole numbers are written out.
 * @param {number} value
 * @param {number} [digits]
 * @returns {string}
 */
export function formatNumber(value, digits = SIGNIFICANT_DIGITS) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? NOT_A_NUMBER : value > 0 ? INFINITE : NEGATIVE_INFINITE;
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < WHOLE_LIMIT) return String(value || 0); // no negative zero
  const needsExponent = size >= EXPONENT_FROM || size < EXPONENT_BELOW;
  return localised(needsExponent ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits))));
}

/** A whole number's digits, by thousands: a comma that does not stand before decimals is between them. @param {string} digits */
const byThousands = (digits) => digits.replace(/\B(?=(\d{3})+$)/g, decimalSign() === "," ? "\u202f" : ",");

/** A number with so many decimal places, however large it is. @param {number} size @param {number} digits @returns {string} */
function toFixed(size, digits) {
  return size < 1e21 ? size.toFixed(digits) : `${BigInt(size)}${digits ? `.${"0".repeat(digits)}` : ""}`;
}

/** Moves the decimal point of a number by two places, exactly. @param {string} fixed with at least two decimal places */
function inPercent(fixed) {
  const [whole, fraction] = fixed.split(".");
  const digits = `${whole}${fraction.slice(0, 2)}`.replace(/^0+(?=\d)/, "");
  return fraction.length > 2 ? `${digits}.${fraction.slice(2)}` : digits;
}

/**
 * Formats a number as Python's `{sign}{comma}.{digits}{kind}` does, but a tie is rounded away from zero.
 * @param {number} value
 * @param {NumberFormat} format
 * @returns {string}
 */
export function formatWith(value, [sign, comma, digits, kind]) {
  if (!Number.isFinite(value)) return formatNumber(value);
  const size = Math.abs(value);
  const places = kind === "%" ? inPercent(toFixed(size, digits + 2)) : "";
  const text = places || (kind === "e" ? size.toExponential(digits) : toFixed(size, digits));
  const [whole, ...rest] = text.split(".");
  const isNegative = value < 0 && /[1-9]/.test(text.split("e")[0]);
  const written = [comma ? byThousands(whole) : whole, ...rest].join(decimalSign());
  return `${isNegative ? "-" : sign}${written}${kind === "%" ? "%" : ""}`;
}

/** The place of a number in a flat array. @param {number[]} index @param {number[]} shape */
function offsetOf(index, shape) {
  return index.reduce((offset, place, i) => offset * shape[i] + (place < 0 ? place + shape[i] : place), 0);
}

/** @param {NumberPart} part @param {(field: string) => Output} read @returns {number} */
function readNumber([field, index], read) {
  const output = read(field);
  if (typeof output !== "object") return Number(output);
  return Number(scalarAt(output, offsetOf(index, output.shape)));
}

/** @param {Part} part @param {(field: string) => Output} read @param {(value: number) => string} format @returns {string} */
function written(part, read, format) {
  if (typeof part === "string") return part;
  if (Array.isArray(part)) return part[2] ? formatWith(readNumber(part, read), part[2]) : format(readNumber(part, read));
  const first = part.parts.find((inner) => Array.isArray(inner));
  return first && readNumber(/** @type {NumberPart} */ (first), read) === 0 ? "" : fillParts(part.parts, read, format);
}

/** A template with its numbers, which `template.py` has read. @param {Part[]} parts @param {(field: string) => Output} read @param {(value: number) => string} [format] of numbers that have none of their own */
export function fillParts(parts, read, format = formatNumber) {
  return parts.map((part) => written(part, read, format)).join("");
}
