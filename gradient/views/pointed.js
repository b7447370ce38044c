// The label beside the pointer, and what it points at: a model on the field, or a step of the loss curve, which gets a mark.

import { getModel } from "../adapters/ipywidgets.js";
import { numbersOf } from "./array.js";
import { followHolds } from "./holding.js";
import { numberOf } from "./numbers.js";
import { callAll, listen, oncePerTask } from "./observers.js";
import { isInside, pointAt } from "./pointers.js";
import { makeStepMark, placeLabel } from "./pointed_place.js";
import { positionOf, withRoot } from "./scrubbing.js";
import { isInWindow, makeSketch } from "./sketch.js";
import { setHidden, setText } from "./texts.js";
import { fillIn } from "./words.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ point: [number, number], step: number }} Pointed the parameters, or a place of the plane, and the step or never */

/** @typedef {{ overlay: Model, steps: Model, curve: Model, sketched: Model[], never: number }} Sources */

/** What a pointer points at, or null. @param {Sources} sources @param {HTMLElement} root @param {MouseEvent} event @returns {Pointed | null} */
function pointedAt({ overlay, steps, never }, root, event) {
  const { target } = event;
  if (!(target instanceof Element)) return null;
  const field = /** @type {HTMLElement | null} */ (target.closest(".techni-overlay"));
  if (field) return isInside(overlay, field, event) ? { point: pointAt(overlay, field, event), step: never } : null;
  const { isInside: isOnCurve, share } = positionOf(root, event);
  return target.closest(".techni-loss") && isOnCurve ? stepAt(overlay, share * steps.get("value")) : null;
}

/** The step of the descent nearest to one, and where it is on the field. @param {Model} overlay @param {number} wanted @returns {Pointed} */
function stepAt(overlay, wanted) {
  const [path, last] = [numbersOf(overlay.get("path")), overlay.get("last")];
  const step = Math.min(Math.max(Math.round(wanted), 0), last);
  return { point: [path[2 * step] ?? 0, path[2 * step + 1] ?? 0], step };
}

/** What the label says. @param {ViewModel} model @param {boolean} isPlanar whether a point is w and b */
function textOf(model, isPlanar) {
  const words = model.get("words");
  const [w, b, step, loss] = numbersOf(model.get("place"));
  const kinds = isPlanar ? [words.point, words.step] : [words.plane, words.network_step];
  const [shownW, shownB] = [w, b].map(numberOf);
  const numbers = { w: shownW, b: shownB, loss: numberOf(loss), step };
  return fillIn(kinds[step === words.never ? 0 : 1], numbers);
}

/** Follows pointers over the app's element: a mouse that hovers, and a finger that is held. @param {ViewModel} model @param {Sources} sources @param {HTMLElement} root @param {(event: PointerEvent) => void} show */
function followPointer(model, sources, root, show) {
  const stop = new AbortController();
  const { signal } = stop;
  const hide = () => {
    if (model.get("is_shown")) model.set("is_shown", false);
  };
  const point = (/** @type {PointerEvent} */ event) => {
    const found = pointedAt(sources, root, event);
    if (!found) {
      hide();
      return;
    }
    model.set("is_shown", true); // first: a curve that is not shown is not set
    model.set("step", found.step);
    model.set("point", [...found.point, model.get("point")[2] + 1]);
    show(event);
  };
  const hover = (/** @type {PointerEvent} */ event) => {
    if (event.pointerType === "touch") return;
    if (event.buttons === 0) point(event);
    else hide();
  };
  root.addEventListener("pointermove", hover, { signal });
  for (const ending of ["pointerdown", "pointerleave"]) root.addEventListener(ending, hide, { signal });
  const isOnHandle = (/** @type {MouseEvent} */ { target }) => target instanceof Element && target.matches(".techni-handle");
  const isPlace = (/** @type {MouseEvent} */ event) => !isOnHandle(event) && pointedAt(sources, root, event) !== null;
  /** @type {NodeListOf<HTMLElement>} */
  const pictures = root.querySelectorAll(".techni-field, .techni-loss-place");
  const stopHolds = followHolds(root, pictures, { isPlace, point, end: hide });
  return () => callAll([stopHolds, () => stop.abort()]);
}

/** The label: its words, and a picture of the data if that of the page is out of view. @param {ViewModel} model @param {HTMLElement} el @param {Sources} sources */
function makeLabel(model, el, { overlay, sketched }) {
  const [words, [data, own, curve, dashed]] = [document.createElement("p"), sketched];
  const sketch = makeSketch({ points: [data, own], curves: [curve], dashed });
  el.setAttribute("aria-hidden", "true"); // the handle and the readout speak
  el.append(words, sketch.canvas);
  return (/** @type {HTMLElement} */ root) => {
    setText(words, textOf(model, overlay.get("draggable")));
    setHidden(sketch.canvas, isInWindow(root.querySelector(".techni-fit")));
    if (!sketch.canvas.hidden) sketch.draw();
  };
}

/** Shows what is pointed at in an app's element. @param {ViewModel} model @param {HTMLElement} el @param {Sources} sources @param {HTMLElement} root */
function followIn(model, el, sources, root) {
  const [write, mark] = [makeLabel(model, el, sources), makeStepMark(root, sources.curve)];
  /** @type {PointerEvent | undefined} */
  let last;
  const show = oncePerTask(() => {
    const [, , step, loss] = numbersOf(model.get("place"));
    setHidden(el, !last || !model.get("is_shown") || step === undefined);
    if (el.hidden || step === sources.never) mark.hide();
    else void mark.show(step, loss);
    if (el.hidden || !last) return;
    write(root);
    placeLabel(el, root, sources.overlay, last);
  });
  const point = (/** @type {PointerEvent} */ event) => {
    last = event;
    show();
  };
  const undo = [listen(model, ["is_shown", "place"], show), followPointer(model, sources, root, point), mark.remove];
  return () => callAll(undo);
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const find = (/** @type {string} */ reference) => getModel(model.widget_manager, reference);
  const names = ["overlay", "steps", "curve"].map((name) => model.get(name));
  const [overlay, steps, curve, ...sketched] = await Promise.all([...names, ...model.get("sketched")].map(find));
  el.hidden = true;
  return withRoot(el, (root) =>
    followIn(model, el, { overlay, steps, curve, sketched, never: model.get("words").never }, root),
  );
}

export default { render };
