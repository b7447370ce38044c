// The strip under a slider: a cell for each value, coloured by what the descent comes to there.

import { trackOf } from "../adapters/ipywidgets.js";
import { formatNumber } from "../link/text.js";
import { numbersOf } from "./array.js";
import { callAll, listen, oncePerTask, onRatio, onSize } from "./observers.js";
import { fillIn } from "./words.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ colours: string[], diverged: string, mark: string, never: number, words: Record<string, string> }} Theme */

const HEIGHT = 12; // CSS pixels: the cells, and above and below them the tips of the marks
const CELLS = { top: 2, height: 8 };

const DRAWN = ["losses", "low", "high", "best", "limit", "values"];

/** The share of the range [low, high] of losses at which a loss lies, on a logarithmic scale. @param {number} loss @param {number} low @param {number} high */
function shareOf(loss, low, high) {
  const [value, from, to] = [loss, low, high].map((number) => Math.log(Math.max(number, 1e-12)));
  return to > from ? Math.min(Math.max((value - from) / (to - from), 0), 1) : 0;
}

/** Where a value lies between those of the cells, in cells from the left. @param {number[]} values ascending @param {number} value */
function positionOf(values, value) {
  const next = values.findIndex((other) => other >= value);
  if (next < 0) return values.length;
  if (next === 0) return 0;
  return next - (values[next] - value) / (values[next] - values[next - 1]) + 0.5;
}

/** A pattern of slanting lines. @param {CanvasRenderingContext2D} context @param {string} colour @param {number} ratio */
function hatching(context, colour, ratio) {
  const size = Math.round(6 * ratio);
  const tile = new OffscreenCanvas(size, size);
  const inner = /** @type {OffscreenCanvasRenderingContext2D} */ (tile.getContext("2d"));
  Object.assign(inner, { strokeStyle: colour, lineWidth: 1.2 * ratio });
  for (const shift of [-size, 0, size]) {
    inner.beginPath();
    inner.moveTo(shift, size);
    inner.lineTo(shift + size, 0);
    inner.stroke();
  }
  const pattern = /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
  pattern.setTransform(new DOMMatrix([1 / ratio, 0, 0, 1 / ratio, 0, 0]));
  return pattern;
}

/** A triangle that points down at the strip, or up at it. @param {CanvasRenderingContext2D} context @param {number} x @param {boolean} isBelow */
function drawTip(context, x, isBelow) {
  const [base, tip] = isBelow ? [HEIGHT, HEIGHT - 5] : [0, 5];
  context.beginPath();
  context.moveTo(x - 4, base);
  context.lineTo(x + 4, base);
  context.lineTo(x, tip);
  context.fill();
}

/** Draws the cells and the marks. @param {CanvasRenderingContext2D} context @param {ViewModel} model @param {number} width @param {CanvasPattern} hatched */
function draw(context, model, width, hatched) {
  const theme = /** @type {Theme} */ (model.get("theme"));
  const [losses, values] = [numbersOf(model.get("losses")), model.get("values")];
  context.clearRect(0, 0, width, HEIGHT);
  const cell = width / losses.length;
  losses.forEach((loss, i) => {
    const left = Math.round(i * cell);
    const share = shareOf(loss, model.get("low"), model.get("high"));
    context.fillStyle = loss < 0 ? hatched : theme.colours[Math.round(share * (theme.colours.length - 1))];
    context.fillRect(left, CELLS.top, Math.round((i + 1) * cell) - left, CELLS.height);
  });
  context.fillStyle = theme.mark;
  const [best, limit] = [model.get("best"), model.get("limit")];
  if (best !== theme.never && losses.length) drawTip(context, (best + 0.5) * cell, true);
  if (limit > values[0] && limit < values[values.length - 1]) drawLimit(context, positionOf(values, limit) * cell);
}

/** A line across the strip. @param {CanvasRenderingContext2D} context @param {number} x */
function drawLimit(context, x) {
  context.fillRect(Math.round(x) - 1, 0, 2, HEIGHT);
}

/** What the strip says of the cell at an index, and of its marks. @param {ViewModel} model @param {number} index */
function labelAt(model, index) {
  const { words, never } = /** @type {Theme} */ (model.get("theme"));
  const [losses, values] = [numbersOf(model.get("losses")), model.get("values")];
  const shown = (/** @type {number} */ i) => ({ value: formatNumber(values[i]), loss: formatNumber(losses[i]) });
  const [best, limit] = [model.get("best"), model.get("limit")];
  const lines = [fillIn(losses[index] < 0 ? words.diverged : words.cell, shown(index))];
  if (best !== never) lines.push(fillIn(words.best, shown(best)));
  if (limit > 0) lines.push(fillIn(words.limit, { value: formatNumber(limit) }));
  return lines.join("\n");
}

/** Puts the strip under the track of its slider. @param {ViewModel} model @param {HTMLElement} el @param {HTMLCanvasElement} canvas */
function makePainter(model, el, canvas) {
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  let width = 0;
  /** @type {CanvasPattern} */
  let hatched;
  const paint = () => {
    if (width > 0) draw(context, model, width, hatched);
  };
  const measure = () => {
    const track = trackOf(el.parentElement);
    if (!track?.clientWidth) return;
    const [own, other] = [el.getBoundingClientRect(), track.getBoundingClientRect()];
    width = other.width;
    Object.assign(canvas.style, { left: `${other.left - own.left}px`, width: `${width}px`, height: `${HEIGHT}px` });
    Object.assign(canvas, { width: Math.round(width * devicePixelRatio), height: Math.round(HEIGHT * devicePixelRatio) });
    context.setTransform(canvas.width / width, 0, 0, devicePixelRatio, 0, 0);
    hatched = hatching(context, model.get("theme").diverged, devicePixelRatio);
    paint();
  };
  return { paint, measure };
}

/** Calls `act` with the index of the cell under the pointer. @param {ViewModel} model @param {HTMLCanvasElement} canvas @param {(index: number) => void} act */
const atPointer = (model, canvas, act) => (/** @type {MouseEvent} */ event) => {
  const count = model.get("values").length;
  const share = event.offsetX / canvas.clientWidth;
  act(Math.min(Math.max(Math.floor(share * count), 0), count - 1));
};

/** @param {import("./observers.js").RenderContext} context */
function render({ model, el }) {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("aria-hidden", "true"); // the readout speaks of the best value
  el.append(canvas);
  const { paint, measure } = makePainter(model, el, canvas);
  const pointed = atPointer(model, canvas, (index) => {
    canvas.title = numbersOf(model.get("losses")).length ? labelAt(model, index) : "";
  });
  const clicked = atPointer(model, canvas, (picked) => {
    model.set("picked", picked);
    model.set("picks", model.get("picks") + 1);
    model.save_changes();
  });
  canvas.addEventListener("pointermove", pointed);
  canvas.addEventListener("click", clicked);
  const undo = [listen(model, DRAWN, oncePerTask(paint)), onRatio(measure), onSize(el, measure)];
  return () => callAll(undo);
}

export default { render };
