// A small picture of the data, of the fitted curve, and of the model under the pointer, for when that of the data is out of view.

import { contextOf } from "./axes_canvas.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {{ points: Model[], curves: Model[], dashed: Model }} Marks of the picture of the data: of the points one is shown */
/** @typedef {(x: number, y: number) => [number, number]} ToPixels */

const [WIDTH, HEIGHT, DOT] = [168, 84, 2]; // CSS pixels

/** Whether all of an element is in the window. @param {Element | null} element */
export function isInWindow(element) {
  const box = element?.getBoundingClientRect();
  return box !== undefined && box.width > 0 && box.top >= 0 && box.bottom <= innerHeight;
}

/** From the axes of a mark to the canvas. @param {Model} mark @returns {ToPixels} */
function pixelsFor(mark) {
  const { x, y } = mark.get("scales");
  const [[xLow, xHigh], [yLow, yHigh]] = [x, y].map((scale) => [scale.get("min"), scale.get("max")]);
  return (across, up) => [(WIDTH * (across - xLow)) / (xHigh - xLow), (HEIGHT * (yHigh - up)) / (yHigh - yLow)];
}

/** Draws a mark's points as dots. @param {CanvasRenderingContext2D} context @param {Model} mark @param {ToPixels} toPixels */
function drawDots(context, mark, toPixels) {
  const [across, up] = [mark.get("x"), mark.get("y")];
  for (let i = 0; i < across.length; i++) {
    const [x, y] = toPixels(across[i], up[i]);
    context.fillRect(x - DOT / 2, y - DOT / 2, DOT, DOT);
  }
}

/** Draws a mark's line. @param {CanvasRenderingContext2D} context @param {Model} mark @param {ToPixels} toPixels */
function drawCurve(context, mark, toPixels) {
  const [across, up] = [mark.get("x"), mark.get("y")];
  context.beginPath();
  for (let i = 0; i < across.length; i++) context.lineTo(...toPixels(across[i], up[i]));
  context.stroke();
}

/** Makes a canvas, and what draws on it. @param {Marks} marks */
export function makeSketch({ points, curves, dashed }) {
  const canvas = document.createElement("canvas");
  const context = contextOf(canvas);
  const draw = () => {
    const [ratio, style, toPixels] = [devicePixelRatio, getComputedStyle(canvas), pixelsFor(dashed)];
    const colourOf = (/** @type {string} */ name) => style.getPropertyValue(name);
    Object.assign(canvas, { width: WIDTH * ratio, height: HEIGHT * ratio }); // which clears it
    context.scale(ratio, ratio);
    Object.assign(context, { lineWidth: 1.5, fillStyle: colourOf("--data"), strokeStyle: colourOf("--path") });
    for (const mark of points) if (mark.get("visible")) drawDots(context, mark, toPixels);
    for (const mark of curves) drawCurve(context, mark, toPixels);
    context.strokeStyle = colourOf("--ink");
    context.setLineDash([5, 3]);
    drawCurve(context, dashed, toPixels);
  };
  return { canvas, draw };
}
