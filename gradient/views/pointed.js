// The label beside the pointer, and what it points at: a model on the field, or a step of the loss curve.

import { getModel } from "../adapters/ipywidgets.js";
import { formatNumber } from "../link/text.js";
import { numbersOf } from "./array.js";
import { callAll, listen, oncePerTask } from "./observers.js";
import { isInside, pointAt } from "./pointers.js";
import { positionOf, withRoot } from "./scrubbing.js";
import { setText } from "./texts.js";
import { fillIn } from "./words.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ point: [number, number], step: number }} Pointed the parameters, or a place of the plane, and the step or never */

const GAP = 14; // pixels between the pointer and its label
const FINGER = 44; // and above a finger, which would cover it

/** @typedef {{ overlay: Model, steps: Model, never: number }} Sources */

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
  const [shownW, shownB] = [w, b].map((number) => formatNumber(number).replace("-", "−"));
  const numbers = { w: shownW, b: shownB, loss: formatNumber(loss), step };
  return fillIn(kinds[step === words.never ? 0 : 1], numbers);
}

/** Puts the label beside the pointer, where it is inside the app. @param {HTMLElement} el @param {HTMLElement} root @param {PointerEvent} event */
function placeLabel(el, root, { clientX, clientY, pointerType }) {
  const bounds = root.getBoundingClientRect();
  const [x, y] = [clientX - bounds.left, clientY - bounds.top];
  const isLeft = x + GAP + el.offsetWidth > bounds.width;
  el.style.left = `${Math.max(isLeft ? x - GAP - el.offsetWidth : x + GAP, 0)}px`;
  el.style.top = `${Math.max(y - (pointerType === "touch" ? FINGER : 0) - GAP - el.offsetHeight, 0)}px`;
}

/** Follows pointers over the app's element. @param {ViewModel} model @param {Sources} sources @param {HTMLElement} root @param {(event: PointerEvent) => void} show */
function followPointer(model, sources, root, show) {
  const stop = new AbortController();
  const { signal } = stop;
  const hide = () => {
    if (model.get("is_shown")) model.set("is_shown", false);
  };
  const point = (/** @type {PointerEvent} */ event) => {
    const isPointing = event.pointerType === "touch" || event.buttons === 0;
    const found = isPointing ? pointedAt(sources, root, event) : null;
    if (!found) {
      hide();
      return;
    }
    model.set("is_shown", true); // first: a curve that is not shown is not set
    model.set("step", found.step);
    model.set("point", [...found.point, model.get("point")[2] + 1]);
    show(event);
  };
  root.addEventListener("pointermove", point, { signal });
  root.addEventListener("pointerdown", (event) => (event.pointerType === "touch" ? point(event) : hide()), { signal });
  for (const ending of ["pointerup", "pointercancel", "pointerleave"]) {
    root.addEventListener(ending, hide, { signal });
  }
  return () => stop.abort();
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const [overlay, steps] = await Promise.all(
    ["overlay", "steps"].map((name) => getModel(model.widget_manager, model.get(name))),
  );
  const sources = { overlay, steps, never: model.get("words").never };
  const label = document.createElement("p");
  label.setAttribute("aria-hidden", "true"); // the handle and the readout speak
  el.append(label);
  let place = () => {};
  const show = oncePerTask(() => {
    el.hidden = !model.get("is_shown") || numbersOf(model.get("place")).length === 0;
    if (el.hidden) return;
    setText(label, textOf(model, overlay.get("draggable")));
    place();
  });
  const follow = (/** @type {HTMLElement} */ root) =>
    followPointer(model, sources, root, (event) => {
      place = () => placeLabel(el, root, event);
      show();
    });
  const undo = [listen(model, ["is_shown", "place"], show), withRoot(el, follow)];
  show();
  return () => callAll(undo);
}

export default { render };
