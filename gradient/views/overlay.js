// The transparent overlay on the ipympl figures: the start's handle and, if asked, the path and the plane. It also tells the
// kernel when a figure's image has been shown, and that none is seen.

import { formatNumber } from "../link/text.js";
import { getModel } from "../adapters/ipywidgets.js";
import { numbersOf } from "./array.js";
import { clearedAxes, clippedToBox, drawBackground, fitCanvas } from "./axes_canvas.js";
import { drawColourBar, lossTicks } from "./axes_marks.js";
import { followFigures } from "./figures.js";
import { callAll, listen, oncePerTask, onRatio, onSize, watchVisibility } from "./observers.js";
import { drawExit, drawLater, drawLine, drawMark, drawOthers, pixelsOf } from "./path.js";
import { drawAxes, drawCaption, makeBands } from "./plane.js";
import { boxOf, takePointers } from "./pointers.js";
import { fillIn } from "./words.js";

/** @typedef {import("./axes_canvas.js").AxesCanvas} AxesCanvas */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("./pointers.js").Box} Box */
/** @typedef {import("./pointers.js").Handle} Handle */
/** @typedef {import("./pointers.js").Point} Point */

/** The traits that are arrays. */
const ARRAYS = /** @type {const} */ ([
  ...["path", "point", "exit_point", "exit_direction"],
  ...["plane", "plane_range", "plane_corners"],
]);
const NUMBERS = /** @type {const} */ (["step", "last", "exit_step", "plane_third", "plane_case"]);
const OTHERS = ["others", "other_points", "other_steps", "other_lasts"];
const DRAWN = [...ARRAYS, ...NUMBERS, ...OTHERS, "draws_path", "has_map", "margins", "theme"];

/** @typedef {Record<typeof ARRAYS[number], Float32Array> & Record<typeof NUMBERS[number], number>} Drawn fields of Python's `Frame` */

/** What is to be drawn, or null if that is nothing. @param {ViewModel} model @returns {Drawn | null} */
function drawnOf(model) {
  if (!model.get("draws_path")) return null;
  /** @type {any} */
  const drawn = {};
  for (const name of ARRAYS) drawn[name] = numbersOf(model.get(name));
  for (const name of NUMBERS) drawn[name] = model.get(name);
  return drawn.path.length ? drawn : null;
}

/**
 * The runs that are compared.
 * @param {ViewModel} model
 * @returns {import("./path.js").OtherRun[]}
 */
function othersOf(model) {
  const [paths, points, steps, lasts] = OTHERS.map((name) => numbersOf(model.get(name)));
  const size = paths.length / Math.max(lasts.length, 1);
  /** @type {import("./path.js").Look[]} */
  const looks = model.get("theme").others;
  const runs = [...lasts].map((last, i) => ({
    ...{ look: looks[i], last, step: steps[i], point: points.subarray(2 * i, 2 * i + 2) },
    path: paths.subarray(i * size, (i + 1) * size),
  }));
  return runs.filter(({ last }) => last !== model.get("theme").never);
}

/** Draws the path, with the plane under it if there is one, and others. @param {AxesCanvas} axes @param {Drawn} drawn @param {import("./path.js").OtherRun[]} others @param {ReturnType<typeof makeBands>} drawBands */
function draw(axes, drawn, others, drawBands) {
  const { theme } = axes;
  const hasPlane = drawn.plane.length > 0;
  const pixels = pixelsOf(axes, drawn.path, drawn.last + 1);
  const third = 2 * drawn.plane_third;
  clippedToBox(axes, () => {
    if (hasPlane) drawBands(axes, drawn.plane, drawn.plane_range);
    drawOthers(axes, others);
    if (drawn.step < drawn.last) drawLater(axes, pixels.subarray(2 * drawn.step));
    drawLine(axes, pixels.subarray(0, 2 * drawn.step + 2));
    const hasThird = hasPlane && drawn.plane_case === theme.throughPath;
    if (hasThird) drawMark(axes, "third", "diamond", pixels[third], pixels[third + 1]);
    drawMark(axes, "start", "disc", pixels[0], pixels[1]);
    drawMark(axes, "point", "disc", axes.toX(drawn.point[0]), axes.toY(drawn.point[1]));
  });
  if (drawn.exit_step !== theme.never) drawExit(axes, drawn.exit_point, drawn.exit_direction, drawn.exit_step);
  if (!hasPlane) return;
  drawCaption(axes, drawn.plane_corners, drawn.plane_third, drawn.last, drawn.plane_case);
  drawAxes(axes, theme.planeWords[drawn.plane_case]);
  drawColourBar(axes, theme.colourBar.label, lossTicks(drawn.plane_range, theme));
}

/** Puts the handle at a point of the axes, whose box is given. @param {ViewModel} model @param {Box} box @param {HTMLElement} element @param {ArrayLike<number>} point */
function placeHandle(model, box, element, point) {
  const [xLow, xHigh, yLow, yHigh] = model.get("domain");
  element.style.left = `${box.left + (box.width * (point[0] - xLow)) / (xHigh - xLow)}px`;
  element.style.top = `${box.top + (box.height * (yHigh - point[1])) / (yHigh - yLow)}px`;
  element.hidden = !model.get("draggable");
  const words = { x: formatNumber(point[0]), y: formatNumber(point[1]) };
  element.setAttribute("aria-label", fillIn(model.get("theme").handle, words));
}

/** The canvas that the overlay draws on, and the handle over it. @param {HTMLElement} el @param {string} label */
function build(el, label) {
  el.classList.add("techni-overlay");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", label);
  const canvas = document.createElement("canvas");
  canvas.className = "techni-drawing";
  canvas.setAttribute("aria-hidden", "true");
  const element = document.createElement("button");
  element.type = "button";
  element.className = "techni-handle";
  el.append(canvas, element);
  return { canvas, element };
}

/**
 * Makes what draws the model's state and places the handle: in a drag where the path starts, so that they do not part, else at
 * its own start. Only `measure` asks for the size, because asking makes the browser lay out the page.
 * @param {ViewModel} model @param {HTMLElement} el @param {HTMLCanvasElement} canvas @param {Handle} handle
 * @param {{ isDragging: () => boolean, misfit: ReturnType<typeof followFigures>["misfit"] }} state
 */
function makePainter(model, el, canvas, handle, { isDragging, misfit }) {
  const drawBands = makeBands();
  let place = { clientWidth: 0, clientHeight: 0 };
  let font = "";
  const measure = () => {
    place = { clientWidth: el.clientWidth, clientHeight: el.clientHeight };
    font = getComputedStyle(el).fontFamily;
  };
  const paint = () => {
    const [drawn, others, box] = [drawnOf(model), othersOf(model), boxOf(model, place)];
    canvas.hidden = !drawn && !others.length;
    if (!canvas.hidden && box.width > 0 && box.height > 0) {
      fitCanvas(canvas, place, devicePixelRatio);
      const appearance = { ratio: devicePixelRatio, font, theme: model.get("theme") };
      const axes = clearedAxes(canvas, box, model.get("domain"), appearance);
      const figure = drawn && misfit(place);
      if (figure && !drawn.plane.length) drawBackground(axes, place, figure);
      if (model.get("has_map")) axes.context.clearRect(box.left, box.top, place.clientWidth - box.left, box.height);
      if (drawn) draw(axes, drawn, others, drawBands);
      else clippedToBox(axes, () => drawOthers(axes, others));
    }
    placeHandle(model, box, handle.element, (isDragging() && drawn?.path) || handle.start);
  };
  return { measure, paint };
}

/** Moves the handle, and tells the kernel of a new start. @param {ViewModel} model @param {HTMLElement} el @param {Handle} handle @param {Point} start */
function pick(model, el, handle, start) {
  handle.start = start;
  if (!model.get("draws_path")) placeHandle(model, boxOf(model, el), handle.element, start);
  model.set("picked", [...start, model.get("picked")[2] + 1]);
  model.save_changes();
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const { canvas, element } = build(el, model.get("theme").label);
  const sliders = await Promise.all(["x", "y"].map((name) => getModel(model.widget_manager, model.get(name))));
  const starts = () => /** @type {Point} */ (sliders.map((slider) => slider.get("value")));
  const handle = { element, start: starts() };
  const isDragging = takePointers(model, el, handle, (start) => pick(model, el, handle, start));
  const figures = followFigures(model, el, () => schedule());
  const { measure, paint } = makePainter(model, el, canvas, handle, { isDragging, misfit: figures.misfit });
  const schedule = oncePerTask(paint);
  const follow = () => {
    // During a drag the sliders follow it with a delay and must not pull the handle back.
    if (!isDragging()) handle.start = starts();
    schedule();
  };
  const undo = [
    listen(model, DRAWN, schedule),
    ...sliders.map((slider) => listen(slider, ["value"], follow)),
    listen(model, ["domain", "draggable"], follow),
    figures.close,
    watchVisibility(model, el),
    onRatio(() => callAll([figures.fit, paint])),
    onSize(el, () => callAll([figures.fit, measure, paint])),
  ];
  return () => callAll(undo);
}

export default { render };
