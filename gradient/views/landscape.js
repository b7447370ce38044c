// The field under the path, drawn in the browser as `parameter_picture.py` draws it with matplotlib: bands of the loss, contours between
// them, arrows down the gradient, a colour bar and axes.

import { decimalSign } from "../link/page_language.js";
import { arrowsOf, drawArrows } from "./arrows.js";
import { clearedAxes, clippedToBox, fitCanvas } from "./axes_canvas.js";
import { drawColourBar, drawTicks } from "./axes_marks.js";
import { refined, regionsAbove } from "./contours.js";
import { isKnown, lossLevels } from "./levels.js";
import { barTicks, mapTicks } from "./map_ticks.js";
import { strokeWith } from "./path.js";

/** @typedef {import("./axes_canvas.js").AxesCanvas} AxesCanvas */
/** @typedef {import("./contours.js").Square} Square */
/** @typedef {import("./axes_canvas.js").Theme} Theme */
/** @typedef {import("./pointers.js").Box} Box */
/** @typedef {import("./pointers.js").Place} Place */

/**
 * @typedef {Object} FieldTheme how Python wants the field drawn, see `overlay.py`; sizes in points where nothing else is said
 * @property {string[]} shades from the lowest band up
 * @property {string[]} arrowColours from the shortest arrow up
 * @property {number} contourWidth
 * @property {{ width: number, head_width: number, head_length: number, head_axis_length: number }} arrow see `style.py`
 * @property {number} arrowGap from one arrow to the next, in lengths of the longest
 * @property {number} narrow pixels, below which there is room for fewer arrows
 * @property {import("./levels.js").LevelRules} levels
 * @property {import("./map_ticks.js").TickRules} ticks
 * @property {{ colours: string, unknown: string }} words
 *
 * @typedef {Object} Landscape what is drawn
 * @property {Float32Array} losses [n, n], rows upwards
 * @property {Float32Array} gradients [m, m, 2]
 * @property {import("./pointers.js").Domain} domain
 * @property {[string, string]} labels of the axes
 * @property {boolean} hasMap whether a map is seen in the place of bands and arrows
 */

const CELL = 8; // pixels of the screen, at most: the cells of the grid on which contours are straight

/**
 * The losses as places among the bands: from 0 at the first edge to the number of bands at the last. What is not known goes on as its
 * neighbours.
 * @param {Float32Array} losses @param {number[]} edges @param {FieldTheme} theme
 * @returns {Square}
 */
function placesAmong(losses, edges, theme) {
  const values = losses.map((loss) => (isKnown(loss, theme.levels) ? placeOf(loss, edges) : Number.NaN));
  const side = Math.sqrt(losses.length);
  while (values.some(Number.isNaN)) fillFrom(values.slice(), values, side);
  return { values, side };
}

/** @param {number} loss @param {number[]} edges */
function placeOf(loss, edges) {
  let band = 0;
  while (band < edges.length - 2 && loss >= edges[band + 1]) band++;
  return band + Math.min((loss - edges[band]) / (edges[band + 1] - edges[band]), 1);
}

/** Gives each number that is NaN the mean of its neighbours that are not. @param {Float32Array} before @param {Float32Array} values @param {number} side */
function fillFrom(before, values, side) {
  before.forEach((value, i) => {
    if (!Number.isNaN(value)) return;
    const column = i % side;
    const beside = [column > 0 ? before[i - 1] : Number.NaN, column < side - 1 ? before[i + 1] : Number.NaN];
    const known = [...beside, before[i - side], before[i + side]].filter(
      (other) => other !== undefined && !Number.isNaN(other),
    );
    if (known.length) values[i] = known.reduce((sum, other) => sum + other, 0) / known.length;
  });
}

/** Draws bands and contours. @param {AxesCanvas} axes @param {Float32Array} losses */
function drawBandsOfLoss(axes, losses) {
  const { context, box, ratio, theme } = axes;
  const { shades, levels, contourWidth } = theme.field;
  const edges = lossLevels(losses, levels);
  if (!edges.length) return; // the loss is the same everywhere, or nowhere a number
  const square = placesAmong(losses, edges, theme.field);
  const factor = Math.ceil((box.width * ratio) / (square.side - 1) / CELL);
  const regions = regionsAbove(refined(square, factor), edges.length - 2, box);
  context.fillStyle = shades[0];
  context.fillRect(box.left, box.top, box.width, box.height);
  regions.forEach((region, i) => {
    context.fillStyle = shades[i + 1];
    context.fill(region);
  });
  for (const region of regions) strokeWith(axes, region, contourWidth, theme.colours.paper);
  coverUnknown(axes, losses, factor);
}

/** Leaves the paper where the loss is not known. @param {AxesCanvas} axes @param {Float32Array} losses @param {number} factor */
function coverUnknown({ context, box, theme }, losses, factor) {
  const values = losses.map((loss) => (isKnown(loss, theme.field.levels) ? 0 : 2)); // half of the way to such a node is known
  if (!values.some(Boolean)) return;
  context.fillStyle = theme.colours.paper;
  for (const region of regionsAbove(refined({ values, side: Math.sqrt(values.length) }, factor), 1, box)) context.fill(region);
}

/** Draws all of it. @param {AxesCanvas} axes @param {Place} place @param {Landscape} landscape */
function drawLandscape(axes, place, { losses, gradients, domain, labels, hasMap }) {
  const { context, box, theme } = axes;
  const { field } = theme;
  const arrows = arrowsOf(gradients, field.levels);
  context.fillStyle = theme.colours.paper;
  context.fillRect(0, 0, place.clientWidth, place.clientHeight);
  if (hasMap) makeRoom(axes, place);
  else {
    clippedToBox(axes, () => {
      drawBandsOfLoss(axes, losses);
      drawArrows(axes, arrows, domain, place.clientWidth < field.narrow);
    });
    const words = losses.every((loss) => isKnown(loss, field.levels)) ? field.words.colours : field.words.unknown;
    const { ticks, title } = barTicks(arrows.scale, box.height, words, field.ticks);
    drawColourBar({ ...axes, theme: { ...theme, bands: field.arrowColours } }, title, ticks);
  }
  const across = mapTicks([domain[0], domain[1]], "bottom", box.width, labels[0], field.ticks);
  const up = mapTicks([domain[2], domain[3]], "left", box.height, labels[1], field.ticks);
  drawTicks(axes, { across: across.ticks, up: up.ticks, labels: [across.title, up.title] });
}

/** Takes the paper away where a map, its colour bar and its legend are. @param {AxesCanvas} axes @param {Place} place */
function makeRoom({ context, box }, { clientWidth, clientHeight }) {
  const [right, bottom] = [box.left + box.width, box.top + box.height];
  const [number, beside] = [8, 10]; // pixels; half of a number at the colour bar, and left of the legend
  context.clearRect(box.left, box.top, box.width, box.height);
  context.clearRect(right, box.top - number, clientWidth - right, box.height + 2 * number);
  context.clearRect(right + beside, bottom, clientWidth - right - beside, clientHeight - bottom);
}

/**
 * Makes a function that draws the field on a canvas of its own, which it hides if there is no field: what moves over it is drawn far more often.
 * @param {HTMLCanvasElement} canvas
 */
export function makeLandscape(canvas) {
  /** @type {unknown[]} */
  let before = [];
  /** @param {Place} place @param {Box} box @param {{ ratio: number, font: string, theme: Theme }} appearance @param {Landscape | null} landscape */
  return (place, box, appearance, landscape) => {
    canvas.hidden = !landscape;
    if (!landscape || box.width <= 0 || box.height <= 0) return;
    const { losses, gradients, domain, labels, hasMap } = landscape;
    const { theme, ratio, font } = appearance;
    const size = [place.clientWidth, place.clientHeight, ...Object.values(box), ratio];
    const now = [losses, gradients, theme, font, decimalSign(), hasMap, ...domain, ...labels, ...size];
    if (now.length === before.length && now.every((value, i) => value === before[i])) return;
    before = now;
    fitCanvas(canvas, place, ratio);
    drawLandscape(clearedAxes(canvas, box, domain, appearance), place, landscape);
  };
}
