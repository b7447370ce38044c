// Where points are in the picture of the data: pixels from the scales and the axes' box, and back.

import { plotArea } from "../adapters/bqplot.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./point_set.js").Points} Points */
/** @typedef {[number, number]} Pair */
/** @typedef {{ x: Model, y: Model }} Scales of bqplot */

/** @param {number} value @param {number} low @param {number} high */
const within = (value, low, high) => Math.min(Math.max(value, low), high);

/** The axes' box on the screen, null while there is none. @param {Element | null | undefined} root what holds the picture */
export function boxOnScreen(root) {
  const box = root && plotArea(root, ".techni-fit")?.getBoundingClientRect();
  return box && box.width > 0 ? box : null;
}

/** The axes of a picture as they stand now. @param {DOMRect | null} box @param {Scales} scales */
export function axesOf(box, scales) {
  const [xLow, xHigh, yLow, yHigh] = [scales.x, scales.y].flatMap((scale) => [scale.get("min"), scale.get("max")]);
  return box && { box, xLow, xHigh, yLow, yHigh };
}

/** @typedef {NonNullable<ReturnType<typeof axesOf>>} Axes */

/** Where a point is on the screen. @param {Axes} axes @param {number} x @param {number} y @returns {Pair} */
export function toScreen({ box, xLow, xHigh, yLow, yHigh }, x, y) {
  const [across, up] = [(x - xLow) / (xHigh - xLow), (y - yLow) / (yHigh - yLow)];
  return [box.left + box.width * across, box.bottom - box.height * up];
}

/** The point at a place of the screen, kept inside the axes, with no more digits than a pixel has. @param {Axes} axes @param {Pair} place @returns {Pair} */
export function toPoint({ box, xLow, xHigh, yLow, yHigh }, [left, top]) {
  const [across, up] = [(left - box.left) / box.width, (box.bottom - top) / box.height];
  const [width, height] = [xHigh - xLow, yHigh - yLow];
  return [
    rounded(xLow + width * within(across, 0, 1), width / box.width),
    rounded(yLow + height * within(up, 0, 1), height / box.height),
  ];
}

/** A number to the last digit that makes a difference. @param {number} value @param {number} difference */
export function rounded(value, difference) {
  const digits = Math.ceil(-Math.log10(Math.abs(difference)));
  const power = 10 ** Math.abs(digits);
  return digits > 0 ? Math.round(value * power) / power : Math.round(value / power) * power;
}

/** Whether a place of the screen is in the axes' box. @param {Axes} axes @param {Pair} place */
export function isInBox({ box }, [left, top]) {
  return left >= box.left && left <= box.right && top >= box.top && top <= box.bottom;
}

/** The number of the point nearest to a place of the screen, within reach; -1 if there is none. @param {Axes} axes @param {Points} points @param {Pair} place @param {number} reach in CSS pixels */
export function nearest(axes, { x, y }, [left, top], reach) {
  const distances = x.map((value, i) => {
    const [pointLeft, pointTop] = toScreen(axes, value, y[i]);
    return Math.hypot(pointLeft - left, pointTop - top);
  });
  const found = distances.reduce((best, distance, i) => (distance <= (distances[best] ?? reach) ? i : best), -1);
  return found;
}
