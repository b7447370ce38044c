// The transparent overlay on the ipympl figures: the start's handle and, if asked, the path and the plane. It also tells the
// kernel when a figure's image has been shown, and that none is seen.

import { setLocally } from "../link/models.js";
import { pictureLabel } from "../link/page_language.js";
import { getModel } from "../adapters/ipywidgets.js";
import { keptNumbers, numbersOf } from "./array.js";
import { clearedAxes, clippedToBox, drawBackground, fitCanvas, makeMeasure } from "./axes_canvas.js";
import { drawColourBar, lossTicks } from "./axes_marks.js";
import { followFigures } from "./figures.js";
import { makeLandscape } from "./landscape.js";
import { numberOf } from "./numbers.js";
import { isKernelsPath, presentPath, tellWish } from "./iterates.js";
import { callAll, listen, oncePerTask, onRatio, onSize, watchVisibility } from "./observers.js";
import { drawExit, drawLater, drawLine, drawMark, drawOthers, pixelsOf } from "./path.js";
import { drawAxes, drawCaption, makeBands } from "./plane.js";
import { boxOf, takePointers } from "./pointers.js";
import { tellAtRest } from "./resting.js";
import { onWords } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("./axes_canvas.js").AxesCanvas} AxesCanvas */
/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
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
const FIELD = ["draws_field", "field_losses", "field_gradients", "fields", "index", "axis_labels"];
const DRAWN = [...ARRAYS, ...NUMBERS, ...OTHERS, ...FIELD, "draws_path", "has_map", "margins", "theme"];

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

/** What is drawn over a map under which the kernel's path lies, or null if there is none. @param {ViewModel} model @param {Record<"share" | "readout", Model>} others @returns {Drawn | null} */
function coveredOf(model, { share, readout }) {
  if (!model.get("has_map") || !isKernelsPath(model)) return null;
  const { path, last } = presentPath(model, share);
  const step = Math.min(readout.get("step"), last);
  const none = new Float32Array();
  const where = { path, last, step, point: path.subarray(2 * step, 2 * step + 2) };
  const nowhere = { exit_step: model.get("theme").never, exit_point: none, exit_direction: none };
  const noPlane = { plane: none, plane_range: none, plane_corners: none, plane_third: 0, plane_case: 0 };
  return path.length ? { ...where, ...nowhere, ...noPlane } : null;
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

/** Makes a function that returns the field to draw, or null if there is none. Its arrays stay the same while the model has the same. @param {ViewModel} model */
function followField(model) {
  const [losses, gradients] = ["field_losses", "field_gradients"].map((name) => keptNumbers(model, name));
  const storedField = followStored(model);
  return () => {
    const field = model.get("draws_field") ? { losses: losses(), gradients: gradients() } : storedField();
    if (!model.get("draws_path") || !field?.losses.length) return null;
    const labels = model.get("axis_labels").map(pictureLabel);
    return { ...field, labels, domain: model.get("domain"), hasMap: model.get("has_map") };
  };
}

/** @typedef {{ losses: Float32Array, gradients: Float32Array }} FieldArrays */

/** Makes a function that returns the field of the present problem on a page without a kernel, or null if it has none. @param {ViewModel} model */
function followStored(model) {
  /** @type {WeakMap<object, FieldArrays>} */
  const arrays = new WeakMap();
  return () => {
    const stored = model.get("fields")[model.get("index")];
    if (!stored?.losses) return null;
    const known = arrays.get(stored);
    if (known) return known;
    const made = { losses: Float32Array.from(stored.losses), gradients: Float32Array.from(stored.gradients) };
    arrays.set(stored, made);
    return made;
  };
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
  const words = { x: numberOf(point[0]), y: numberOf(point[1]) };
  element.setAttribute("aria-label", fillIn(model.get("theme").handle, words));
}

/** The canvases that the overlay draws the field and the path on, and the handle over them. @param {HTMLElement} el @param {string} label */
function build(el, label) {
  el.classList.add("techni-overlay");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", label);
  const [field, canvas] = ["techni-landscape", "techni-drawing"].map((name) => {
    const made = document.createElement("canvas");
    made.className = name;
    made.setAttribute("aria-hidden", "true");
    return made;
  });
  const element = document.createElement("button");
  element.type = "button";
  element.className = "techni-handle";
  el.append(field, canvas, element);
  return { field, canvas, element };
}

/**
 * Makes what draws the model's state and places the handle: in a drag where the path starts, so that they do not part, else at
 * its own start. Only `measure` asks for the size, because asking makes the browser lay out the page.
 * @param {ViewModel} model @param {HTMLElement} el @param {Pick<ReturnType<typeof build>, "field" | "canvas">} canvases @param {Handle} handle
 * @param {{ isDragging: () => boolean, misfit: ReturnType<typeof followFigures>["misfit"], shown: Record<"share" | "readout", Model> }} state
 */
function makePainter(model, el, { field: under, canvas }, handle, { isDragging, misfit, shown }) {
  const [drawBands, drawField, fieldOf] = [makeBands(), makeLandscape(under), followField(model)];
  const { measured, measure } = makeMeasure(el);
  const paint = () => {
    const { place, ratio, font } = measured;
    const [drawn, others, box] = [drawnOf(model) ?? coveredOf(model, shown), othersOf(model), boxOf(model, place)];
    const field = fieldOf();
    const appearance = { ratio, font, theme: model.get("theme") };
    canvas.hidden = !drawn && !others.length;
    if (!canvas.hidden && box.width > 0 && box.height > 0) {
      fitCanvas(canvas, place, ratio);
      const axes = clearedAxes(canvas, box, model.get("domain"), appearance);
      const figure = model.get("draws_path") && drawn && !field && misfit(place);
      if (figure && !drawn.plane.length) drawBackground(axes, place, figure);
      if (!field && model.get("has_map")) axes.context.clearRect(box.left, box.top, place.clientWidth - box.left, box.height);
      if (drawn) draw(axes, drawn, others, drawBands);
      else clippedToBox(axes, () => drawOthers(axes, others));
    }
    drawField(place, box, appearance, field);
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

/** Where sliders put the start. @param {Model[]} sliders */
const startOf = (sliders) => /** @type {Point} */ (sliders.map((slider) => slider.get("value")));

/**
 * Has the handle follow the sliders. During a drag they follow it with a delay and must not pull it back. Returns what undoes it.
 * @param {ViewModel} model @param {Model[]} sliders @param {Handle} handle @param {() => boolean} isDragging @param {() => void} schedule
 */
function followStart(model, sliders, handle, isDragging, schedule) {
  const follow = () => {
    if (!isDragging()) handle.start = startOf(sliders);
    schedule();
  };
  return [...sliders.map((slider) => listen(slider, ["value"], follow)), listen(model, ["domain", "draggable"], follow)];
}

/** Has the path that the server's map covers follow the steps. Returns what undoes it. @param {ViewModel} model @param {Record<"share" | "readout", Model>} shown @param {() => void} schedule */
const followShown = (model, { share, readout }, schedule) => [
  tellWish(model, share),
  listen(share, ["params", "last"], schedule),
  listen(readout, ["step"], schedule),
];

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const { element, ...canvases } = build(el, model.get("theme").label);
  const names = ["x", "y", "share", "readout"];
  const [x, y, share, readout] = await Promise.all(names.map((name) => getModel(model.widget_manager, model.get(name))));
  const [sliders, shown] = [[x, y], { share, readout }];
  const handle = { element, start: startOf(sliders) };
  const isDragging = takePointers(model, el, handle, (start) => pick(model, el, handle, start));
  const figures = followFigures(model, el, () => schedule());
  const state = { isDragging, misfit: figures.misfit, shown };
  const { measure, paint } = makePainter(model, el, canvases, handle, state);
  const schedule = oncePerTask(paint);
  const rename = () => {
    el.setAttribute("aria-label", model.get("theme").label);
    schedule();
  };
  const undo = [
    listen(model, DRAWN, schedule),
    ...followShown(model, shown, schedule),
    onWords(model, "theme", rename),
    ...followStart(model, sliders, handle, isDragging, schedule),
    figures.close,
    watchVisibility(model, el),
    onRatio(() => callAll([figures.fit, measure, paint])),
    onSize(el, () => callAll([figures.fit, measure, paint])),
  ];
  return () => callAll(undo);
}

/**
 * Shows the figure at the index: once for each task, because one that goes while its view is made leaves an error. The kernel does
 * not choose it, so its state, which a page gets again when it reconnects, has none. @param {ViewModel} model
 */
function showFigure(model) {
  /** @type {Model | null} */
  let stack = null;
  let leaveStack = () => {};
  const show = oncePerTask(() => {
    if (stack && stack.get("selected_index") !== model.get("index")) setLocally(stack, { selected_index: model.get("index") });
  });
  const follow = async () => {
    if (!model.get("figures")) return;
    stack = await getModel(model.widget_manager, model.get("figures"));
    leaveStack();
    leaveStack = listen(stack, ["selected_index"], show);
    show();
  };
  void follow();
  const undo = [listen(model, ["index"], show), listen(model, ["figures"], () => void follow())];
  return () => callAll([...undo, leaveStack]);
}

/** Shows the figure, and tells the kernel of the field. @param {{ model: ViewModel }} context */
function initialize({ model }) {
  const undo = [showFigure(model), tellAtRest(model)];
  return () => callAll(undo);
}

export default { initialize, render };
