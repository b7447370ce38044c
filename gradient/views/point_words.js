// What is said about the points: whether their scales make a descent hard, where they come from, and what can be done with them.

import { flatten } from "../link/arrays.js";
import { numberOf, numberOfDigits } from "./numbers.js";
import { fillIn } from "./words.js";

/** @typedef {import("./point_set.js").Snapshot} Snapshot */
/** @typedef {Record<string, any>} Theme from `points.py` */

const CONDITION_DIGITS = 3; // the other ones of a large condition number mean nothing
const SCALING_DIGITS = 5; // of years, too, which differ in their last ones

/** @param {number[]} values */
const meanOf = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** @param {number[]} values */
function extentOf(values) {
  const mean = meanOf(values);
  const spread = Math.sqrt(meanOf(values.map((value) => (value - mean) ** 2)));
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, spread, largest, isConstant: values.every((value) => value === values[0]) };
}

/** The power of ten below a number. @param {number} size */
const powerBelow = (size) => 10 ** Math.floor(Math.log10(size));

/** The name of what is wrong with x, "" if nothing is. @param {ReturnType<typeof extentOf>} x @param {Record<string, number>} limits @param {boolean} isStandardized */
function wrongX({ mean, spread, largest, isConstant }, limits, isStandardized) {
  if (isConstant) return "one_x";
  if (isStandardized) return "";
  if (Math.abs(mean) > limits.far * spread) return "far_x";
  return largest > limits.large_x ? "large_x" : largest < limits.small_x ? "small_x" : "";
}

/** The name of what is wrong with y, "" if nothing is. @param {ReturnType<typeof extentOf>} y @param {Record<string, number>} limits @param {boolean} isStandardized */
function wrongY({ largest, isConstant }, limits, isStandardized) {
  if (isConstant) return "one_y";
  if (isStandardized) return "";
  return largest > limits.large_y ? "large_y" : largest < limits.small_y ? "small_y" : "";
}

/** What is said if all rates of the slider are above the limit of stability, "" if some are not. @param {any} condition @param {Theme} theme @param {boolean} isStandardized @param {number} largest of y */
export function steepnessOf(condition, { words, limits }, isStandardized, largest) {
  const [, , plain, standardized] = Array.from(flatten(condition));
  const limit = isStandardized ? standardized : plain;
  const isHelped = !isStandardized && standardized >= limits.least_rate;
  if (!(limit > 0 && limit < limits.least_rate) || !(isHelped || largest >= 10)) return "";
  const facts = { limit: numberOf(limit), scale: numberOf(powerBelow(largest)) };
  return fillIn(words.warnings[isHelped ? "steep_x" : "steep_y"], facts);
}

/** What is said about bad scales, "" if they are good. @param {Snapshot} points @param {Theme} theme @param {{ x: boolean, y: boolean }} standardized @param {any} condition of the loss */
export function warningOf({ x, y }, theme, standardized, condition) {
  const { words, limits } = theme;
  const [xs, ys] = [x, y].map(extentOf);
  const names = [wrongX(xs, limits, standardized.x), wrongY(ys, limits, standardized.y)].filter(Boolean);
  const name = names[0];
  if (!name) return steepnessOf(condition, theme, standardized.x, ys.largest);
  const scale = name.endsWith("y") && ys.largest > 0 ? powerBelow(ys.largest) : 1;
  const size = name.endsWith("x") ? xs.largest : ys.largest;
  const number = name === "one_x" ? x[0] : name === "one_y" ? y[0] : size;
  return fillIn(words.warnings[name], {
    number: numberOf(number),
    scale: numberOf(name === "small_y" ? 1 / scale : scale),
  });
}

/** What formulas call x while it is standardized. @param {any} scaling @param {Theme} theme */
export function scalingOf(scaling, { words }) {
  const [offset, scale] = Array.from(flatten(scaling), (number) => numberOfDigits(Number(number), SCALING_DIGITS));
  return fillIn(words.scaled, { offset, scale }).replace("− −", "+ ");
}

/** What is said about κ and the limit of the learning rate, "" before they are known. @param {any} condition @param {Theme} theme */
export function conditionOf(condition, { words }) {
  const numbers = Array.from(flatten(condition));
  const isKnown = numbers.length === 4 && numbers.every((number) => Number.isFinite(number) && number > 0);
  const [before, after, limitBefore, limitAfter] = numbers.map((number) =>
    numberOf(Number(number.toPrecision(CONDITION_DIGITS))),
  );
  return isKnown ? fillIn(words.condition, { before, after, limitBefore, limitAfter }) : "";
}
