// The ipympl figures under the overlay: keeps their size that of the overlay, and tells the kernel of each image they showed.

import {
  dropRemovedViews,
  matchPixels,
  matchViews,
  onImage,
  onResized,
  pixelsOfFigure,
  requestSize,
  sizeOf,
} from "../adapters/ipympl.js";
import { getModel, onRestored } from "../adapters/ipywidgets.js";
import { callAll, listen, onNetwork } from "./observers.js";
import { pixelRatioOf } from "./scale.js";

/** @typedef {import("../adapters/ipympl.js").CanvasModel} CanvasModel */
/** @typedef {import("../adapters/ipympl.js").Size} Size */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ image: HTMLCanvasElement, width: number, height: number }} Figure its pixels, and its size in CSS pixels */

/** Calls `act` whenever any of the canvases has shown an image. Returns what undoes it. @param {CanvasModel[]} canvases @param {() => void} act */
function onShown(canvases, act) {
  const undo = canvases.map((canvas) => {
    const shown = () => {
      matchPixels(canvas);
      void matchViews(canvas);
      requestAnimationFrame(act);
    };
    return onImage(canvas, shown);
  });
  return () => callAll(undo);
}

/** Whether two sizes are the same but for rounding. @param {Size} size @param {Size} other */
function isNear([width, height], [otherWidth, otherHeight]) {
  return Math.abs(width - otherWidth) <= 1 && Math.abs(height - otherHeight) <= 1;
}

/**
 * Makes a function that asks a canvas for a size in the screen's pixels. It compares with what was asked for last, not with
 * what the canvas has: an answer may be under way, and the kernel may give less than it was asked for.
 */
function makeFitter() {
  /** @type {WeakMap<CanvasModel, { size: Size, ratio: number }>} */
  const asked = new WeakMap();
  /** @param {CanvasModel | undefined} canvas @param {Size} size @param {number} ratio */
  return (canvas, size, ratio) => {
    if (!canvas || !size.every(Boolean)) return;
    const last = asked.get(canvas) ?? { size: sizeOf(canvas), ratio: canvas.ratio };
    const next = { size, ratio };
    const hasRatio = last.ratio === next.ratio;
    if (isNear(last.size, next.size) && hasRatio) return;
    asked.set(canvas, next);
    try {
      requestSize(canvas, size, ratio, !hasRatio);
    } catch {
      asked.delete(canvas); // a kernel that is gone draws nothing, and the figure is stretched instead
    }
  };
}

/**
 * Keeps the canvases that the model names. Calls `acknowledge` for each image that one has shown, and `act` when one has another size.
 * @param {ViewModel} model @param {() => void} acknowledge @param {() => void} act
 */
function keepCanvases(model, acknowledge, act) {
  /** @type {CanvasModel[]} */
  let canvases = [];
  let unwatch = () => {};
  const adopt = async () => {
    /** @type {string[]} */
    const references = model.get("canvases");
    /** @type {any[]} */
    const found = await Promise.all(references.map((reference) => getModel(model.widget_manager, reference)));
    unwatch();
    const undo = [onShown(found, acknowledge), ...found.map((canvas) => onResized(canvas, act))];
    unwatch = () => callAll(undo);
    canvases = found;
  };
  /** @returns {CanvasModel | undefined} none yet, when a figure has just been added */
  const shown = () => canvases[model.get("index")];
  return { adopt, shown, dropRemoved: () => canvases.forEach(dropRemovedViews), unwatch: () => unwatch() };
}

/**
 * Follows the figures, and calls `act` when there is something new to see. `fit` gives the shown figure the overlay's size;
 * `misfit` is that figure while its size differs from the given one, else null.
 * @param {ViewModel} model @param {HTMLElement} el @param {() => void} act
 */
export function followFigures(model, el, act) {
  const ask = makeFitter();
  const acknowledge = () => {
    model.set("shown", model.get("shown") + 1);
    model.save_changes();
    act();
  };
  const { adopt: adoptCanvases, shown, dropRemoved, unwatch } = keepCanvases(model, acknowledge, act);
  const fit = () => ask(shown(), [el.clientWidth, el.clientHeight], pixelRatioOf(el));
  const adopt = async () => {
    await adoptCanvases();
    fit();
    acknowledge();
  };
  const choose = () => {
    fit();
    requestAnimationFrame(dropRemoved); // by then the previous figure's view is removed
  };
  const close = followChanges(model, { adopt, choose, acknowledge, fit });
  void adopt();
  return {
    fit,
    misfit: (/** @type {Place} */ place) => misfitOf(shown(), place),
    close: () => callAll([close, unwatch]),
  };
}

/** @typedef {import("./pointers.js").Place} Place */

/** A figure, if its size is not that of a place. @param {CanvasModel | undefined} canvas @param {Place} place @returns {Figure | null} */
function misfitOf(canvas, { clientWidth, clientHeight }) {
  if (!canvas || isNear(sizeOf(canvas), [clientWidth, clientHeight])) return null;
  const [width, height] = sizeOf(canvas);
  return { image: pixelsOfFigure(canvas), width, height };
}

/**
 * Calls each function when it is due. Returns what undoes it.
 * @param {ViewModel} model @param {Record<"adopt" | "choose" | "acknowledge" | "fit", () => void>} acts
 */
function followChanges(model, { adopt, choose, acknowledge, fit }) {
  const undo = [
    listen(model, ["index"], choose),
    listen(model, ["canvases"], adopt),
    listen(model, ["draws_path"], acknowledge), // a figure that waited may be drawn now
    onNetwork(fit),
    onRestored(model.widget_manager, acknowledge), // the kernel may wait for word of an image that was lost
  ];
  return () => callAll(undo);
}
