/// <reference path="./tf.d.ts" />
// A plain page: a slider, and the loss curve that TensorFlow.js computes when it is moved.

import { descend } from "./tfjs.js";

const slider = /** @type {HTMLElement} */ (document.querySelector("[role=slider]"));
const curve = /** @type {SVGPathElement} */ (document.querySelector("path.curve"));
const [WIDTH, HEIGHT] = [600, 300];
/** @type {Record<string, number>} */
const FACTORS = { ArrowRight: 10 ** 0.02, ArrowLeft: 10 ** -0.02 };

/** Draws losses on a logarithmic axis. @param {Float32Array[]} losses of one number each */
function draw(losses) {
  const logs = losses.map(([loss]) => Math.log10(Math.max(loss, 1e-30)));
  const [low, high] = [Math.min(...logs), Math.max(...logs)];
  const points = logs.map((value, i) => {
    return `${(WIDTH * i) / (logs.length - 1)},${HEIGHT * (1 - (value - low) / (high - low || 1))}`;
  });
  curve.setAttribute("d", `M${points.join("L")}`);
}

/** Descends, and shows the losses. @param {import("./tfjs.js").Work} work */
function show(work) {
  slider.setAttribute("aria-valuenow", work.rate.toFixed(4));
  draw(descend(work).losses);
}

/** @type {import("./tfjs.js").Work} */
const work = await (await fetch("work.json")).json();
await tf.setBackend("cpu");
await tf.ready();
slider.addEventListener("keydown", ({ key }) => {
  if (!(key in FACTORS)) return;
  work.rate = Math.min(10, Math.max(1e-3, work.rate * FACTORS[key]));
  show(work);
});
show(work);
