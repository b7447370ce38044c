// Numbers along the axes of a map, for a domain of any size and place: the rules of `map_ticks.py`, which says why.

import { localised } from "../link/page_language.js";
import { formatNumber } from "../link/text.js";
import { fillIn } from "./words.js";

/** @typedef {import("./axes_marks.js").Tick} Tick */
/** @typedef {import("./levels.js").NormScale} NormScale */
/** @typedef {"bottom" | "left" | "right"} Side */
/** @typedef {{ ticks: Tick[], title: string }} MapTicks the title says what the numbers were shifted and divided by */
/** @typedef {{ offset: number, power: number }} Form what is subtracted, and the exponent of what the rest is divided by */

/**
 * @typedef {Object} TickRules the numbers and words of `map_ticks.py`
 * @property {number} letter
 * @property {number} gap
 * @property {number} closest
 * @property {number} mostSteps
 * @property {Record<Side, number>} longest
 * @property {[digits: number, decimals: number][]} roundSteps
 * @property {Record<string, string>} superscripts
 * @property {number} fewest
 * @property {number} numBarTicks
 * @property {{ scaled: string, above: string, below: string }} words
 */

const BIT = 1e-9; // by which a logarithm may be off

/** The exponent of the power of ten at or below a number. @param {number} value */
const exponentBelow = (value) => Math.floor(Math.log10(value) + BIT);

/** A power of ten; a computed one can differ in its last bit. @param {number} exponent */
const tenTo = (exponent) => Number(`1e${exponent}`);

/** A power of ten in words. @param {number} exponent @param {TickRules} rules */
const powerOfTen = (exponent, { superscripts }) => `10${Array.from(String(exponent), (sign) => superscripts[sign]).join("")}`;

/** @param {number} value @param {number} decimals */
function toFixedSigned(value, decimals) {
  const text = value.toFixed(decimals);
  return text.replace("-", Number(text) ? "−" : "");
}

/**
 * The ticks of an axis; none if there is no room.
 * @param {[low: number, high: number]} interval @param {Side} side @param {number} room the axis' length in CSS pixels
 * @param {string} title the axis' label @param {TickRules} rules
 * @returns {MapTicks}
 */
export function mapTicks(interval, side, room, title, rules) {
  const length = interval[1] - interval[0];
  const steps = stepsFor(length, room, rules);
  for (const form of formsOf(interval)) {
    for (const { step, exponent } of steps) {
      const ticks = ticksWith(interval, step, exponent, form);
      if (haveRoom(ticks, side, (room * step) / length, rules)) return { ticks, title: titleWith(title, form, length, rules) };
    }
  }
  return { ticks: [], title };
}

/**
 * The ticks of a colour bar of norms, whose places are shares of its length.
 * @param {NormScale} scale @param {number} room @param {string} title @param {TickRules} rules
 * @returns {MapTicks}
 */
export function barTicks({ top, power }, room, title, rules) {
  if (power === 1) {
    const found = mapTicks([0, top], "right", room, title, rules);
    return { ...found, ticks: found.ticks.map(({ place, label }) => ({ place: place / top, label })) };
  }
  const shares = Array.from({ length: rules.numBarTicks }, (_, i) => (i + 1) / (rules.numBarTicks + 1));
  const norms = shares.map((share) => top * share ** (1 / power));
  const [finer, coarser] = [2, 1].map((digits) =>
    norms.map((norm) => formatNumber(norm, digits).replace("e+", "e").replace("-", "−")),
  );
  const labels = finer.every((label) => label.length <= rules.longest.right) ? finer : coarser;
  return { ticks: shares.map((place, i) => ({ place, label: labels[i] })), title };
}

/** The exponent of the last digit of a number that may be subtracted. @param {number} length of the axis */
const lastDigitOf = (length) => Math.ceil(Math.log10(length) - BIT);

/** What may be subtracted from an axis' numbers, and divided by, the plainest first. @param {[number, number]} interval @returns {Form[]} */
function formsOf([low, high]) {
  const unit = tenTo(lastDigitOf(high - low));
  return [0, Math.floor(low / unit) * unit].flatMap((offset) => {
    const largest = Math.max(Math.abs(low - offset), Math.abs(high - offset));
    return [
      { offset, power: 0 },
      { offset, power: exponentBelow(largest) - 1 },
    ];
  });
}

/** Round steps for which there is room, ascending. @param {number} length @param {number} room @param {TickRules} rules */
function stepsFor(length, room, { closest, mostSteps, fewest, roundSteps }) {
  const exponents = [-2, -1, 0, 1].map((shift) => exponentBelow(length) + shift);
  const steps = exponents.flatMap((exponent) =>
    roundSteps.map(([digits, decimals]) => ({ step: Number(`${digits}e${exponent}`), exponent: exponent - decimals })),
  );
  const least = Math.max(closest, (room / mostSteps) * (1 - BIT));
  return steps.filter(({ step }) => fewest * step <= length * (1 + BIT) && (room * step) / length >= least);
}

/** @param {[number, number]} interval @param {number} step @param {number} exponent of its last digit @param {Form} form @returns {Tick[]} */
function ticksWith([low, high], step, exponent, { offset, power }) {
  const first = Math.ceil(low / step - 1e-6);
  const count = Math.floor(high / step + 1e-6) - first + 1;
  return Array.from({ length: count }, (_, i) => {
    const place = (first + i) * step;
    return { place, label: localised(toFixedSigned((place - offset) / tenTo(power), Math.max(0, power - exponent))) };
  });
}

/** Whether labels have room in the margin and beside one another, and no two read alike. @param {Tick[]} ticks @param {Side} side @param {number} spacing @param {TickRules} rules */
function haveRoom(ticks, side, spacing, { letter, gap, longest }) {
  const most = Math.max(...ticks.map(({ label }) => label.length));
  const areApart = side !== "bottom" || most * letter + gap <= spacing;
  return areApart && most <= longest[side] && new Set(ticks.map(({ label }) => label)).size === ticks.length;
}

/** @param {string} title @param {Form} form @param {number} length of the axis @param {TickRules} rules */
function titleWith(title, { offset, power }, length, rules) {
  const { words } = rules;
  const rounded = offset ? localised(roundedOffset(Math.abs(offset), lastDigitOf(length), rules)) : "";
  const shifted = offset ? fillIn(offset < 0 ? words.below : words.above, { title, offset: rounded }) : title;
  return power ? fillIn(words.scaled, { title: shifted, power: powerOfTen(power, rules) }) : shifted;
}

/** A number whose last digit is known, written out if it is short. @param {number} offset @param {number} lastDigit @param {TickRules} rules */
function roundedOffset(offset, lastDigit, rules) {
  const exponent = exponentBelow(offset);
  if (Math.min(lastDigit, exponent) >= -4 && exponent <= 6) return toFixedSigned(offset, Math.max(0, -lastDigit));
  const digits = toFixedSigned(offset / tenTo(exponent), Math.max(1, exponent - lastDigit)).replace(/\.?0+$/, "");
  return digits === "1" ? powerOfTen(exponent, rules) : `${digits} × ${powerOfTen(exponent, rules)}`;
}
