// A canvas with axes, on which the overlay draws: it has the screen's pixels, and is used in CSS pixels.

import { pixelRatioOf } from "./scale.js";

/** @typedef {import("./figures.js").Figure} Figure */
/** @typedef {import("./pointers.js").Box} Box */
/** @typedef {import("./pointers.js").Place} Place */
/** @typedef {import("./pointers.js").Domain} Domain */

/**
 * @typedef {{ face: string, edge: string, edge_width: number, size: number }} Mark sizes in points
 * @typedef {{ x_label: string, y_label: string, remark: string }} PlaneWords
 *
 * @typedef {Object} Theme how Python wants everything drawn, see `overlay.py`; sizes in points where nothing else is said
 * @property {Record<string, Mark>} marks
 * @property {{ path: number, halo: number, axis: number }} lineWidths
 * @property {Record<"path" | "ink" | "muted" | "grid" | "paper", string>} colours
 * @property {{ small: number, label: number }} fontSizes
 * @property {number} pixelsPerPoint
 * @property {{ template: string, offset: [number, number], pad: number }} exitNote
 * @property {string} handle what the handle says
 * @property {string} label what the overlay is, for those who hear it
 * @property {number} later the opacity of what comes after the current step
 * @property {number} never the step that means "never"
 * @property {number} throughPath the plane's case in which it goes through the path
 * @property {string[]} bands colours, from the lowest loss to the highest
 * @property {number[]} ticks
 * @property {{ gap: number, width: number, labelAt: number, ticks: number, label: string }} colourBar gap and width in pixels
 * @property {number[]} tickDigits see `plane.py`
 * @property {{ start: string, third: string, end: string }} lossTemplates
 * @property {Record<string, PlaneWords>} planeWords by the plane's case
 * @property {import("./landscape.js").FieldTheme} field
 *
 * @typedef {Object} AxesCanvas
 * @property {CanvasRenderingContext2D} context
 * @property {Box} box the axes' box
 * @property {(x: number) => number} toX from the axes to CSS pixels
 * @property {(y: number) => number} toY
 * @property {number} ratio device pixels in a CSS pixel
 * @property {string} font the family of the page's font
 * @property {Theme} theme
 */

/** Makes what measures an element, and keeps what it has found: asking makes the browser lay out the page. @param {HTMLElement} el */
export function makeMeasure(el) {
  const measured = { place: { clientWidth: 0, clientHeight: 0 }, ratio: 1, font: "" };
  const measure = () => {
    measured.place = { clientWidth: el.clientWidth, clientHeight: el.clientHeight };
    measured.ratio = pixelRatioOf(el);
    measured.font = getComputedStyle(el).fontFamily;
  };
  return { measured, measure };
}

/** Gives a canvas one pixel for each of the screen's, all over its place. @param {HTMLCanvasElement} canvas @param {Place} place @param {number} ratio */
export function fitCanvas(canvas, { clientWidth, clientHeight }, ratio) {
  const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  [canvas.style.width, canvas.style.height] = [`${width / ratio}px`, `${height / ratio}px`];
}

/** The drawing context of a canvas. @param {HTMLCanvasElement} canvas */
export function contextOf(canvas) {
  const context = canvas.getContext("2d");
  if (!context) throw new Error("This browser gives no canvas to draw the path on. Reload the page.");
  return context;
}

/**
 * Clears a canvas and lays axes over it.
 * @param {HTMLCanvasElement} canvas @param {Box} box @param {Domain} domain
 * @param {{ ratio: number, font: string, theme: Theme }} appearance
 * @returns {AxesCanvas}
 */
export function clearedAxes(canvas, box, [xLow, xHigh, yLow, yHigh], { ratio, font, theme }) {
  const context = contextOf(canvas);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const toX = (/** @type {number} */ x) => box.left + (box.width * (x - xLow)) / (xHigh - xLow);
  const toY = (/** @type {number} */ y) => box.top + (box.height * (yHigh - y)) / (yHigh - yLow);
  return { context, box, toX, toY, ratio, font, theme };
}

/** Draws with everything outside the axes' box cut off. @param {AxesCanvas} axes @param {() => void} draw */
export function clippedToBox({ context, box }, draw) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  draw();
  context.restore();
}

/** Where something is drawn before it is laid over a canvas; as large as anything was. @type {HTMLCanvasElement | undefined} */
let layer;

/**
 * Draws with one opacity, whatever in the drawing lies over whatever.
 * @param {AxesCanvas} axes @param {Box} bounds what lies outside is cut off @param {number} opacity
 * @param {(layer: AxesCanvas) => void} draw
 */
export function drawAsOne(axes, { left, top, width, height }, opacity, draw) {
  const { context, ratio } = axes;
  const [x, y] = [left, top].map((place) => Math.floor(place * ratio));
  const [columns, rows] = [Math.ceil((left + width) * ratio) - x, Math.ceil((top + height) * ratio) - y];
  if (width <= 0 || height <= 0) return;
  layer ??= document.createElement("canvas");
  if (layer.width < columns) layer.width = columns;
  if (layer.height < rows) layer.height = rows;
  const own = contextOf(layer);
  own.setTransform(1, 0, 0, 1, 0, 0);
  own.clearRect(0, 0, columns, rows);
  own.setTransform(ratio, 0, 0, ratio, -x, -y);
  draw({ ...axes, context: own });
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalAlpha = opacity;
  context.drawImage(layer, 0, 0, columns, rows, x, y, columns, rows);
  context.restore();
}

/**
 * Draws a figure whose size differs from the overlay's, with its axes where the overlay has them: its margins keep their width,
 * and what is between them is stretched. So the path lies right on it until the figure has been drawn anew, or if nobody can.
 * @param {AxesCanvas} axes @param {Place} place @param {Figure} figure
 */
export function drawBackground({ context, box, theme }, { clientWidth, clientHeight }, figure) {
  const { image } = figure;
  if (!image.width || !image.height) return; // it has not come yet
  const [right, bottom] = [clientWidth - box.left - box.width, clientHeight - box.top - box.height];
  const [fromX, toX] = [figure.width, clientWidth].map((width) => [0, box.left, width - right, width]);
  const [fromY, toY] = [figure.height, clientHeight].map((height) => [0, box.top, height - bottom, height]);
  const scale = image.width / figure.width;
  context.fillStyle = theme.colours.paper;
  context.fillRect(0, 0, clientWidth, clientHeight);
  for (const i of [0, 1, 2]) {
    for (const j of [0, 1, 2]) {
      const [x, y] = [fromX[i] * scale, fromY[j] * scale];
      const [width, height] = [fromX[i + 1] * scale - x, fromY[j + 1] * scale - y];
      context.drawImage(image, x, y, width, height, toX[i], toY[j], toX[i + 1] - toX[i], toY[j + 1] - toY[j]);
    }
  }
}

/** Sets the font for the next text. @param {AxesCanvas} axes @param {"small" | "label"} size */
export function setFont({ context, theme, font }, size) {
  context.font = `${theme.fontSizes[size] * theme.pixelsPerPoint}px ${font}`;
}

/**
 * @param {AxesCanvas} axes @param {string} text @param {number} x @param {number} y @param {string} colour
 * @param {CanvasTextAlign} [align] @param {CanvasTextBaseline} [baseline]
 */
export function write({ context }, text, x, y, colour, align = "left", baseline = "top") {
  Object.assign(context, { fillStyle: colour, textAlign: align, textBaseline: baseline });
  context.fillText(text, x, y);
}

/**
 * Writes text that reads upwards, with its `baseline` at `x`.
 * @param {AxesCanvas} axes @param {string} text @param {number} x @param {number} y @param {string} colour
 * @param {CanvasTextBaseline} baseline
 */
export function writeUpwards(axes, text, x, y, colour, baseline) {
  axes.context.save();
  axes.context.translate(x, y);
  axes.context.rotate(-Math.PI / 2);
  write(axes, text, 0, 0, colour, "center", baseline);
  axes.context.restore();
}
