// A visitor's points in the arrays of their traits: in front, with NaN behind the last one.

import { toScalar } from "../link/arrays.js";
import { numbersOf } from "./array.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {{ x: number[], y: number[] }} Points */

/** Numbers as the kernel would send them, with NaN behind the last. @param {number[]} values @param {number} capacity */
export function padded(values, capacity) {
  const array = new Float32Array(capacity).fill(Number.NaN);
  array.set(values);
  return { value: new DataView(array.buffer), dtype: "float32", shape: [capacity], type: null };
}

/** The points of a model. @param {Pick<Model, "get">} model @returns {Points} */
export function pointsOf(model) {
  const [xs, ys] = ["x", "y"].map((trait) => numbersOf(model.get(trait)));
  const end = xs.findIndex((x, i) => Number.isNaN(x) || Number.isNaN(ys[i]));
  const [x, y] = [xs, ys].map((values) => Array.from(values.subarray(0, end < 0 ? values.length : end)));
  const short = (/** @type {number} */ value) => Number(toScalar(value, "float32"));
  return { x: x.map(short), y: y.map(short) };
}
