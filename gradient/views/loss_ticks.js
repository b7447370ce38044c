// The ticks of the axes of a loss: round numbers, so far apart that their labels never meet.

import { getModel } from "../adapters/ipywidgets.js";
import { EXPONENT_BELOW, EXPONENT_FROM } from "../link/constants.js";
import { setLocally } from "../link/models.js";
import { callAll, listen, oncePerTask } from "./observers.js";

const CLOSEST = 1 / 9; // a share of the axis: on a phone the height of a label, and a little more
const DIGITS = [[1, 1.2, 1.4, 1.6, 1.8, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 5, 7], [1, 2, 5], [1]];

/** The exponent of the power of ten at or below a number, which may be off by its last bit. @param {number} value */
const exponentOf = (value) => Math.floor(Math.log10(value) + 1e-6);

/** The numbers from `low` to `high` with one of these digits and nothing else, but zeros. @param {number[]} digits @param {number} low @param {number} high */
function numbersWith(digits, low, high) {
  const first = exponentOf(low);
  const exponents = Array.from({ length: exponentOf(high) - first + 1 }, (_, i) => first + i);
  const numbers = exponents.flatMap((exponent) => digits.map((digit) => Number(`${digit}e${exponent}`)));
  return numbers.filter((number) => number >= low * (1 - 1e-6) && number <= high * (1 + 1e-6));
}

/** Whether no two neighbours are too close on an axis from `low` to `high`. @param {number[]} ticks @param {number} low @param {number} high */
function areApart(ticks, low, high) {
  const closest = CLOSEST * Math.log(high / low);
  return ticks.every((tick, i) => i === 0 || Math.log(tick / ticks[i - 1]) >= closest - 1e-6);
}

/** As many ticks of a logarithmic axis as there is room for. @param {number} low @param {number} high @returns {number[]} */
export function logTicks(low, high) {
  const fitting = DIGITS.map((digits) => numbersWith(digits, low, high)).find((ticks) => areApart(ticks, low, high));
  if (fitting) return fitting;
  const every = Math.ceil(CLOSEST * Math.log10(high / low));
  return numbersWith([1], low, high).filter((_, i) => i % every === 0);
}

/** Four or five steps from 0 to a number whose only digit is 1, 2 or 5. @param {number} high @returns {number[]} */
export function linearTicks(high) {
  const exponent = exponentOf(high) - 1;
  const last = Math.round(high / 10 ** exponent);
  const step = last === 20 ? 5 : last / 5;
  return Array.from({ length: last / step + 1 }, (_, i) => Number(`${i * step}e${exponent}`));
}

/** The format for numbers of an axis. @param {number[]} ticks @param {string[]} formats the plain one, and one with exponents */
export function formatOfTicks(ticks, [plain, exponents]) {
  return ticks.every((tick) => !tick || (tick >= EXPONENT_BELOW && tick < EXPONENT_FROM)) ? plain : exponents;
}

/**
 * Keeps the ticks of axes right whenever their scales change. Returns what undoes it.
 * @param {import("./observers.js").ViewModel} model @param {string[]} references to a logarithmic and a linear axis
 * @param {string[]} formats see `formatOfTicks`
 */
export async function followLossScales({ widget_manager: manager }, references, formats) {
  const [log, linear] = await Promise.all(references.map((reference) => getModel(manager, reference)));
  const follow = (/** @type {typeof log} */ axis, /** @type {(low: number, high: number) => number[]} */ ticksOf) => {
    const scale = axis.get("scale");
    const place = () => {
      const ticks = ticksOf(scale.get("min"), scale.get("max"));
      setLocally(axis, { tick_format: formatOfTicks(ticks, formats) }); // first, or the new numbers are in the old format
      setLocally(axis, { tick_values: ticks });
    };
    place();
    return listen(scale, ["min", "max"], oncePerTask(place));
  };
  const undo = [follow(log, logTicks), follow(linear, (_, high) => linearTicks(high))];
  return () => callAll(undo);
}
