// The strip under a slider: a cell for each value, coloured by what the descent comes to there.

import { focusOn, trackOf } from "../adapters/ipywidgets.js";
import { numbersOf } from "./array.js";
import { hatching } from "./hatching.js";
import { numberOf } from "./numbers.js";
import { callAll, listen, oncePerTask, onRatio, onSize } from "./observers.js";
import { setTexts } from "./texts.js";
import { onWords } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ colours: string[], diverged: string, mark: string, never: number, smallest: number, words: Record<string, string> }} Theme */

const HEIGHT = 12; // CSS pixels: the cells, and above and below them the tips of the marks
const CELLS = { top: 2, height: 8 };

const DRAWN = ["losses", "low", "high", "best", "limit", "values"];

/** The share of the range [low, high] of losses at which a loss lies, on a logarithmic scale. @param {number} loss @param {number} low @param {number} high @param {number} smallest a loss that has a logarithm */
function shareOf(loss, low, high, smallest) {
  const [value, from, to] = [loss, low, high].map((number) => Math.log(Math.max(number, smallest)));
  return to > from ? Math.min(Math.max((value - from) / (to - from), 0), 1) : 0;
}

/** Where a value lies between those of the cells, in cells from the left. @param {number[]} values ascending @param {number} value */
function positionOf(values, value) {
  const next = values.findIndex((other) => other >= value);
  if (next < 0) return values.length;
  if (next === 0) return 0;
  return next - (values[next] - value) / (values[next] - values[next - 1]) + 0.5;
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
    const share = shareOf(loss, model.get("low"), model.get("high"), theme.smallest);
    context.fillStyle = loss < 0 ? hatched : theme.colours[Math.round(share * (theme.colours.length - 1))];
    context.fillRect(left, CELLS.top, Math.round((i + 1) * cell) - left, CELLS.height);
  });
  context.fillStyle = theme.mark;
  const [best, limit] = [model.get("best"), model.get("limit")];
  if (best !== theme.never && losses.length) drawTip(context, (best + 0.5) * cell, true);
  if (isOnStrip(limit, values)) drawLimit(context, positionOf(values, limit) * cell);
}

/** A line across the strip. @param {CanvasRenderingContext2D} context @param {number} x */
function drawLimit(context, x) {
  context.fillRect(Math.round(x) - 1, 0, 2, HEIGHT);
}

/** Whether a mark at a value lies on the strip. @param {number} limit @param {number[]} values ascending */
const isOnStrip = (limit, values) => limit > values[0] && limit < values[values.length - 1];

/** What the strip says of its marks, and of the cell at an index, if it is given one. @param {ViewModel} model @param {number | null} index */
function wordsOf(model, index) {
  const [words, { never }] = [model.get("words"), /** @type {Theme} */ (model.get("theme"))];
  const [losses, values] = [numbersOf(model.get("losses")), model.get("values")];
  if (!losses.length) return [];
  const shown = (/** @type {number} */ i) => ({ value: numberOf(values[i]), loss: numberOf(losses[i]) });
  const [best, limit] = [model.get("best"), model.get("limit")];
  return [
    ...(best === never ? [] : [fillIn(words.best, shown(best))]),
    ...(isOnStrip(limit, values) ? [fillIn(words.limit, { value: numberOf(limit) })] : []),
    ...(index === null ? [] : [fillIn(losses[index] < 0 ? words.diverged : words.cell, shown(index))]),
  ];
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

/** The index of the cell under a pointer. @param {ViewModel} model @param {MouseEvent} event */
function indexAt(model, { offsetX, target }) {
  const count = model.get("values").length;
  const share = offsetX / /** @type {HTMLCanvasElement} */ (target).clientWidth;
  return Math.min(Math.max(Math.floor(share * count), 0), count - 1);
}

/** Sets the slider to the value of a cell. @param {ViewModel} model @param {number} index */
function pick(model, index) {
  model.set("picked", index);
  model.set("picks", model.get("picks") + 1);
  model.save_changes();
}

/** The canvas, and under it the place for words, which the style sheet shows while the slider is pointed at or has the focus. @param {HTMLElement} el */
function build(el) {
  const [canvas, words] = [document.createElement("canvas"), document.createElement("p")];
  canvas.setAttribute("aria-hidden", "true"); // the readout speaks of the best value
  words.className = "techni-strip-words";
  el.append(canvas, words);
  return { canvas, words };
}

/** @param {import("./observers.js").RenderContext} context */
function render({ model, el }) {
  const { canvas, words } = build(el);
  const { paint, measure } = makePainter(model, el, canvas);
  /** @type {number | null} */
  let pointed = null;
  const say = () => setTexts(words, wordsOf(model, pointed), "span");
  const point = (/** @type {number | null} */ index) => {
    pointed = index;
    say();
  };
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerType !== "touch") point(indexAt(model, event)); // a finger does not point: it picks
  });
  canvas.addEventListener("pointerleave", () => point(null));
  canvas.addEventListener("click", (event) => {
    pick(model, indexAt(model, event));
    focusOn(el.parentElement); // its words stay, on a screen without a pointer too
  });
  const follow = oncePerTask(() => callAll([paint, say]));
  const undo = [listen(model, DRAWN, follow), onWords(model, "words", say), onRatio(measure), onSize(el, measure)];
  say();
  return () => callAll(undo);
}

export default { render };
