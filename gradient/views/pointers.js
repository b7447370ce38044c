// Pointers, touch and keys on the overlay. A press sets the start, a drag moves it; touch drags only by the handle, so
// that a finger elsewhere scrolls the page.

import { scaleOf } from "./scale.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ clientWidth: number, clientHeight: number }} Place an element's size, in CSS pixels */
/** @typedef {{ left: number, top: number, width: number, height: number }} Box in CSS pixels from the overlay's upper left corner */
/** @typedef {[number, number]} Point */
/** @typedef {Pick<ViewModel, "get">} Axes has the traits `margins`, `domain` and `draggable` of the overlay */
/** @typedef {[xLow: number, xHigh: number, yLow: number, yHigh: number]} Domain */

/** How far an arrow key moves the handle, as shares of the axes. @type {Point} */
const KEY_STEP = [0.01, 0.01];

/** The axes' box in an overlay of this size. @param {Axes} model @param {Place} place @returns {Box} */
export function boxOf(model, { clientWidth, clientHeight }) {
  const [left, top, right, bottom] = model.get("margins");
  return { left, top, width: clientWidth - left - right, height: clientHeight - top - bottom };
}

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** Where a pointer is in an element: in the element's own pixels from its upper left corner. @param {HTMLElement} el @param {MouseEvent} event @returns {Point} */
export function placeOn(el, event) {
  const [{ left, top }, scale] = [el.getBoundingClientRect(), scaleOf(el)];
  return [(event.clientX - left) / scale, (event.clientY - top) / scale];
}

/** Where a pointer is in the axes' box: in CSS pixels from the box's upper left corner. @param {Box} box @param {HTMLElement} el @param {MouseEvent} event @returns {Point} */
function placeIn(box, el, event) {
  const [x, y] = placeOn(el, event);
  return [x - box.left, y - box.top];
}

/** Where a pointer is in the axes, kept inside them. @param {Axes} model @param {HTMLElement} el @param {MouseEvent} event @returns {Point} */
export function pointAt(model, el, event) {
  const box = boxOf(model, el);
  const [x, y] = placeIn(box, el, event);
  const [xLow, xHigh, yLow, yHigh] = /** @type {Domain} */ (model.get("domain"));
  return [xLow + (xHigh - xLow) * clamp(x / box.width, 0, 1), yHigh - (yHigh - yLow) * clamp(y / box.height, 0, 1)];
}

/** @param {Axes} model @param {HTMLElement} el @param {MouseEvent} event */
export function isInside(model, el, event) {
  const box = boxOf(model, el);
  const [x, y] = placeIn(box, el, event);
  return x >= 0 && y >= 0 && x <= box.width && y <= box.height;
}

/** In which direction an arrow key moves what has the focus. @type {Record<string, Point>} */
export const ARROW_KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/** In which direction a key moves the handle: an arrow by a step, Home and End to the end of the horizontal axis. @type {Record<string, Point>} */
const DIRECTIONS = { ...ARROW_KEYS, Home: [-Infinity, 0], End: [Infinity, 0] };

/**
 * The overlay's handle, and where it says that the path starts.
 * @typedef {{ element: HTMLElement, start: Point }} Handle
 */

/** Makes keys move the handle, as they move a slider. @param {Axes} model @param {Handle} handle @param {(start: Point) => void} pick @param {() => Point} keyStep */
function takeKeys(model, handle, pick, keyStep) {
  handle.element.addEventListener("keydown", (event) => {
    const direction = DIRECTIONS[event.key];
    if (!direction) return;
    event.preventDefault();
    const [xLow, xHigh, yLow, yHigh] = /** @type {Domain} */ (model.get("domain"));
    const [x, y] = handle.start;
    const [across, up] = keyStep();
    const [dx, dy] = [direction[0] * (xHigh - xLow) * across, direction[1] * (yHigh - yLow) * up];
    pick([clamp(x + dx, xLow, xHigh), clamp(y + dy, yLow, yHigh)]);
  });
}

/**
 * Makes the overlay and its handle take pointers and keys. Returns what says whether a drag is on.
 * @param {Axes} model @param {HTMLElement} el @param {Handle} handle
 * @param {(start: Point) => void} pick is called with each new place of the handle
 * @param {() => Point} keyStep how far an arrow key moves it, as shares of the axes
 */
export function takePointers(model, el, handle, pick, keyStep = () => KEY_STEP) {
  /** @type {number | null} */
  let dragging = null; // the pointer's id: a second finger is ignored
  let pointer = ""; // not every browser says with a click what made it
  const canTake = (/** @type {MouseEvent} */ event) => model.get("draggable") && isInside(model, el, event);
  el.addEventListener("pointerdown", (event) => {
    if ((dragging ?? event.pointerId) !== event.pointerId) return;
    pointer = event.pointerType;
    const isOnHandle = event.target === handle.element;
    if (event.button !== 0 || !(isOnHandle ? model.get("draggable") : canTake(event))) return;
    if (pointer === "touch" && !isOnHandle) return; // this may be a scroll; a tap comes as a click
    dragging = event.pointerId;
    el.setPointerCapture(event.pointerId);
    if (!isOnHandle) pick(pointAt(model, el, event));
    handle.element.focus({ preventScroll: true });
    event.preventDefault();
  });
  el.addEventListener("pointermove", (event) => event.pointerId === dragging && pick(pointAt(model, el, event)));
  const release = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId === dragging) dragging = null;
  };
  el.addEventListener("pointerup", release);
  el.addEventListener("pointercancel", release);
  el.addEventListener("lostpointercapture", release); // whatever became of the pointer
  el.addEventListener("click", (event) => {
    if (dragging === null && pointer === "touch" && canTake(event)) pick(pointAt(model, el, event));
  });
  takeKeys(model, handle, pick, keyStep);
  return () => dragging !== null;
}
