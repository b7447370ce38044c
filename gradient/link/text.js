// Formats numbers in sentences. A page uses this module and the kernel uses `text.py`; both write the same text.

import {
  EXPONENT_BELOW,
  EXPONENT_FROM,
  INFINITE,
  NEGATIVE_INFINITE,
  NOT_A_NUMBER,
  SIGNIFICANT_DIGITS,
  WHOLE_LIMIT,
} from "./constants.js";

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
  return needsExponent ? value.toExponential(digits - 1) : String(Number(value.toPrecision(digits)));
}

/**
 * Replaces each {name} by its number, and leaves out a [part] whose first number is zero.
 * @param {string} template
 * @param {(name: string) => number | boolean} get
 * @returns {string}
 */
export function fill(template, get) {
  return template
    .replace(/\[([^\]]*)\]/g, (_, part) => {
      const first = part.match(/\{([^{}]+)\}/);
      return first && Number(get(first[1])) === 0 ? "" : part;
    })
    .replace(/\{([^{}]+)\}/g, (_, name) => formatNumber(Number(get(name))));
}
