// What a map of descents looks like: its cells, axes and colour bar, the minima, and where steps become unstable.

import { clippedToBox, contextOf, setFont, write } from "./axes_canvas.js";
import { drawColourBar, drawTicks, lossTicks } from "./axes_marks.js";
import { hatching } from "./hatching.js";
import { numberOf } from "./numbers.js";
import { strokeWith } from "./path.js";
import { tableOf } from "./plane.js";
import { roundNumbers } from "./round_numbers.js";

/** @typedef {import("./axes_canvas.js").AxesCanvas} AxesCanvas */
/** @typedef {import("./axes_canvas.js").Theme} Theme */
/** @typedef {import("./map_cells.js").Cells} Cells */
/** @typedef {import("./pointers.js").Domain} Domain */

/**
 * @typedef {Theme & { diverged: string, bestValleys: string[], otherValleys: string[], onItsWay: string, smallest: number, loss: number, starts: number,
 *   settings: number, rates: [lowest: number, highest: number, step: number], words: any }} MapTheme
 */

const NUM_SHADES = 16;
const LIGHTEST = 0.2; // how much of a valley's colour the earliest arrival has
const WIDE_BAR = 1.8; // times a colour bar's width: one with a column for each valley
const LEGEND = { left: 11, top: 21, line: 13, size: 10 }; // pixels, from the axes' lower right corner: below the last tick

/** A colour's red, green and blue. @param {string} colour */
const channelsOf = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

/** A colour mixed with white: 0 is white, 1 the colour itself. @param {string} colour @param {number} share */
function tint(colour, share) {
  const mixed = channelsOf(colour).map((channel) => Math.round(255 + (channel - 255) * share));
  return `#${mixed.map((channel) => channel.toString(16).padStart(2, "0")).join("")}`;
}

/** The shades of a valley, from the earliest arrival to the latest. @param {string} colour */
const shadesOf = (colour) =>
  Array.from({ length: NUM_SHADES }, (_, i) => tint(colour, LIGHTEST + ((1 - LIGHTEST) * i) / (NUM_SHADES - 1)));

/** The colour of a valley. @param {MapTheme} theme @param {number} valley @param {number} numBest */
function colourOf({ bestValleys, otherValleys }, valley, numBest) {
  return valley < numBest ? bestValleys[valley % bestValleys.length] : otherValleys[(valley - numBest) % otherValleys.length];
}

/** Colours the cells by where they end, and when they arrive. @param {MapTheme} theme @param {number} numBest @param {number} numSteps @returns {(cells: Cells, i: number) => number} */
function byValley(theme, numBest, numSteps) {
  const [onItsWay] = tableOf([theme.onItsWay]);
  /** @type {Map<number, Uint32Array>} */
  const shades = new Map();
  return ({ valleys, arrivals }, i) => {
    const valley = valleys[i];
    if (valley < 0) return onItsWay;
    if (!shades.has(valley)) shades.set(valley, tableOf(shadesOf(colourOf(theme, valley, numBest))));
    const shade = Math.round((arrivals[i] / Math.max(numSteps, 1)) * (NUM_SHADES - 1));
    return /** @type {Uint32Array} */ (shades.get(valley))[Math.min(shade, NUM_SHADES - 1)];
  };
}

/** Colours the cells by their loss, on a logarithmic scale. @param {MapTheme} theme @param {[number, number]} range @returns {(cells: Cells, i: number) => number} */
function byLoss(theme, range) {
  const colours = tableOf(theme.bands);
  const [low, high] = range.map(Math.log);
  return ({ losses }, i) => {
    const share = (Math.log(Math.max(losses[i], theme.smallest)) - low) / (high - low);
    return colours[Math.min(Math.max(Math.floor(share * colours.length), 0), colours.length - 1)];
  };
}

const canvasOfCells = document.createElement("canvas");

/** The cells as a picture with a pixel for each; nothing where one diverges. @param {Cells} cells @param {(cells: Cells, i: number) => number} colour @param {number} unknown the colour of a cell that is not known */
function pictureOf(cells, colour, unknown) {
  const { columns, rows } = cells.layout;
  const context = contextOf(canvasOfCells);
  Object.assign(canvasOfCells, { width: columns, height: rows });
  const image = context.createImageData(columns, rows);
  const pixels = new Uint32Array(image.data.buffer);
  cells.losses.forEach((loss, i) => {
    const row = rows - 1 - Math.floor(i / columns); // they go upwards, and an image downwards
    if (!(loss < 0)) pixels[row * columns + (i % columns)] = Number.isNaN(loss) ? unknown : colour(cells, i);
  });
  context.putImageData(image, 0, 0);
  return canvasOfCells;
}

/** Draws the cells into the axes' box, over hatching, which is seen where a descent diverges. @param {AxesCanvas} axes @param {MapTheme} theme @param {Cells} cells @param {(cells: Cells, i: number) => number} colour */
function drawCells({ context, box, ratio }, theme, cells, colour) {
  const { left, top, width, height } = box;
  for (const fill of [theme.colours.paper, hatching(context, theme.diverged, ratio)]) {
    context.fillStyle = fill;
    context.fillRect(left, top, width, height);
  }
  context.imageSmoothingEnabled = false;
  context.drawImage(pictureOf(cells, colour, tableOf([theme.colours.paper])[0]), left, top, width, height);
}

/**
 * Where starts end: the valleys, each with its loss, and what the shades mean in the place of the figure's colour bar.
 * @param {AxesCanvas} axes @param {MapTheme} theme @param {Cells} cells
 * @param {{ minima: Float32Array, losses: Float32Array, numBest: number, numSteps: number }} found
 */
export function drawStarts(axes, theme, cells, { minima, losses, numBest, numSteps }) {
  drawCells(axes, theme, cells, byValley(theme, numBest, numSteps));
  clippedToBox(axes, () => {
    drawMinima(axes, minima, losses);
  });
  drawArrivals(axes, theme, numSteps, coloursOf(theme, cells, numBest));
  drawKey(axes, theme, cells, theme.words.not_there);
}

/** A cross at each minimum in the box, and its loss where no other is written. @param {AxesCanvas} axes @param {Float32Array} minima @param {Float32Array} losses */
function drawMinima(axes, minima, losses) {
  const { box, toX, toY } = axes;
  /** @type {{ left: number, right: number, y: number }[]} */
  const written = [];
  losses.forEach((loss, i) => {
    const [x, y] = [toX(minima[2 * i]), toY(minima[2 * i + 1])];
    const isInside = x > box.left + 6 && x < box.left + box.width - 6 && y > box.top + 6 && y < box.top + box.height - 6;
    if (!Number.isFinite(loss) || !isInside) return;
    drawCross(axes, x, y);
    setFont(axes, "small");
    const { width } = axes.context.measureText(numberOf(loss));
    const left = x + 9 + width > box.left + box.width ? x - 9 - width : x + 9;
    const isFree = written.every((other) => Math.abs(other.y - y) > 14 || other.left > left + width || other.right < left);
    if (isFree) writeOver(axes, numberOf(loss), left, y);
    if (isFree) written.push({ left, right: left + width, y });
  });
}

/** @param {AxesCanvas} axes @param {number} x @param {number} y */
function drawCross(axes, x, y) {
  const cross = new Path2D();
  cross.moveTo(x - 5, y - 5);
  cross.lineTo(x + 5, y + 5);
  cross.moveTo(x - 5, y + 5);
  cross.lineTo(x + 5, y - 5);
  strokeWith(axes, cross, 3.4, axes.theme.colours.paper);
  strokeWith(axes, cross, 1.4, axes.theme.colours.ink);
}

/** Writes a word that can be read over any colour. @param {AxesCanvas} axes @param {string} word @param {number} left @param {number} middle */
function writeOver(axes, word, left, middle) {
  const { context, theme } = axes;
  Object.assign(context, { strokeStyle: theme.colours.paper, lineWidth: 3, lineJoin: "round" });
  Object.assign(context, { textAlign: "left", textBaseline: "middle" });
  context.strokeText(word, left, middle);
  write(axes, word, left, middle, theme.colours.ink, "left", "middle");
}

/** The colours of the valleys that the cells have, those of the lowest loss first. @param {MapTheme} theme @param {Cells} cells @param {number} numBest */
function coloursOf(theme, { valleys }, numBest) {
  const found = [...new Set(valleys)].filter((valley) => valley >= 0).sort((one, other) => one - other);
  return new Set((found.length ? found : [0]).map((valley) => colourOf(theme, valley, numBest)));
}

/** Which shade means which step, in the place of the colour bar: in the colour of each valley. @param {AxesCanvas} axes @param {MapTheme} theme @param {number} numSteps @param {Iterable<string>} colours */
function drawArrivals(axes, theme, numSteps, colours) {
  const { context, box } = axes;
  const { width, labelAt } = theme.colourBar;
  const colourBar = { ...theme.colourBar, width: width * WIDE_BAR, labelAt: labelAt / WIDE_BAR };
  const right = box.left + box.width;
  context.fillStyle = theme.colours.paper;
  context.fillRect(right + 1, box.top - 8, context.canvas.width, box.height + 16); // over the figure's own colour bar
  const steps = roundNumbers(0, numSteps).filter((step) => Number.isInteger(step) && step > 0 && step < numSteps);
  drawColourBar(
    { ...axes, theme: { ...theme, colourBar } },
    theme.words.arrivals,
    steps.map((step) => ({ place: step / numSteps, label: String(step) })),
    [...colours].map(shadesOf),
  );
}

/** What grey and hatching mean, below the colour bar. @param {AxesCanvas} axes @param {MapTheme} theme @param {Cells} cells @param {string} grey what grey means, nothing if there is none */
function drawKey(axes, theme, cells, grey) {
  const { context, box, ratio } = axes;
  const { words, onItsWay, diverged, colours } = theme;
  const hasHatching = cells.losses.some((loss) => loss < 0);
  const entries = [
    ...(grey ? [{ fill: onItsWay, word: grey }] : []),
    ...(hasHatching ? [{ fill: hatching(context, diverged, ratio), word: words.diverges }] : []),
  ];
  setFont(axes, "small");
  entries.forEach(({ fill, word }, i) => {
    const [left, top] = [box.left + box.width + LEGEND.left, box.top + box.height + LEGEND.top + LEGEND.line * i];
    Object.assign(context, { fillStyle: fill, strokeStyle: colours.muted, lineWidth: 1 });
    context.fillRect(left, top, LEGEND.size, LEGEND.size);
    context.strokeRect(left, top, LEGEND.size, LEGEND.size);
    write(axes, word, left + LEGEND.size + 5, top + LEGEND.size / 2, colours.muted, "left", "middle");
  });
}

/** The losses at the two ends of the colours. @param {MapTheme} theme @param {number} low @param {number} high @returns {[number, number]} */
export function rangeOf({ smallest }, low, high) {
  const from = Math.max(low, smallest);
  return [from, Math.max(high, 1.01 * from)];
}

/**
 * What pairs of settings come to: cells in axes of their own, and where steps become unstable.
 * @param {AxesCanvas} axes whose axes are shares of those that are written at the ticks @param {MapTheme} theme @param {Cells} cells
 * @param {{ isByLoss: boolean, range: [number, number], numSteps: number, limits: Float32Array, second: [string, number, number, number] }} found
 */
export function drawSettings(axes, theme, cells, { isByLoss, range, numSteps, limits, second }) {
  const { context } = axes;
  context.fillStyle = theme.colours.paper;
  context.fillRect(0, 0, context.canvas.width, context.canvas.height);
  drawCells(axes, theme, cells, isByLoss ? byLoss(theme, range) : byValley(theme, 1, numSteps));
  clippedToBox(axes, () => drawLimits(axes, limits, theme.words.limit));
  drawKey(axes, theme, cells, isByLoss ? "" : theme.words.higher);
  if (isByLoss) drawColourBar(axes, theme.colourBar.label, lossTicks(range, theme));
  else drawArrivals(axes, theme, numSteps, coloursOf(theme, cells, 1));
  const [label, low, high] = second;
  const up = roundNumbers(low, high).map((value) => ({ place: (value - low) / (high - low || 1), label: numberOf(value) }));
  drawTicks(axes, { across: rateTicks(theme), up, labels: [theme.words.rate, label] });
}

/** The powers of ten among the learning rates, of which the theme has the exponents. @param {MapTheme} theme */
function rateTicks({ rates: [low, high] }) {
  const exponents = Array.from({ length: high - low + 1 }, (_, i) => low + i);
  return exponents.map((exponent) => ({ place: (exponent - low) / (high - low), label: numberOf(10 ** exponent) }));
}

/** The curve of the stability law, and a word beside it. @param {AxesCanvas} axes @param {Float32Array} limits @param {string} word */
function drawLimits(axes, limits, word) {
  const { theme, toX, toY, box } = axes;
  if (!limits.length || limits[0] === theme.never) return;
  const line = new Path2D();
  limits.forEach((limit, i) => {
    line.lineTo(toX(limit), toY(i / (limits.length - 1)));
  });
  strokeWith(axes, line, 3, theme.colours.paper);
  strokeWith(axes, line, 1.4, theme.colours.ink);
  setFont(axes, "small");
  const { width } = axes.context.measureText(word);
  writeOver(axes, word, Math.min(toX(limits[0]) + 6, box.left + box.width - width - 4), toY(0) - 8);
}
