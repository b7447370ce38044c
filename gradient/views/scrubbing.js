// Presses, drags and taps on the loss curve, which go to the step under the pointer.

import { plotArea } from "../adapters/bqplot.js";

const REACH = 10; // pixels around the curve's axes where a press still is one on them

/** @typedef {{ isInside: boolean, share: number }} Position whether a pointer is on the curve, and where: 0 at the first step, 1 at the last */

/** Calls `act` with the app's element once it is there, one task after its parts. Returns what undoes both. @param {HTMLElement} el @param {(root: HTMLElement) => () => void} act */
export function withRoot(el, act) {
  let undo = () => {};
  const later = setTimeout(() => {
    const root = /** @type {HTMLElement | null} */ (el.closest(".techni-app"));
    if (root) undo = act(root);
  });
  return () => {
    clearTimeout(later);
    undo();
  };
}

/** Where a pointer is on the loss curve. @param {HTMLElement} root @param {MouseEvent} event @returns {Position} */
export function positionOf(root, event) {
  const area = plotArea(root, ".techni-loss")?.getBoundingClientRect();
  if (!area) return { isInside: false, share: 0 };
  const [x, y] = [event.clientX - area.left, event.clientY - area.top];
  const isInside = x > -REACH && y > -REACH && x < area.width + REACH && y < area.height + REACH;
  return { isInside, share: x / area.width };
}

/**
 * Calls `seek` with a share of the curve's length for each press, drag and tap on it; a finger that moves there scrolls the page.
 * Returns what undoes it. @param {HTMLElement} root @param {(share: number) => void} seek
 */
export function followScrubbing(root, seek) {
  const stop = new AbortController();
  const { signal } = stop;
  let pointer = "";
  /** @type {number | null} */
  let dragging = null; // the pointer's id
  const release = (/** @type {PointerEvent} */ event) => {
    if (event.pointerId === dragging) dragging = null;
  };
  const press = (/** @type {PointerEvent} */ event) => {
    pointer = event.pointerType;
    if ((dragging ?? event.pointerId) !== event.pointerId || pointer === "touch" || event.button !== 0) return;
    const { isInside, share } = positionOf(root, event);
    if (!isInside) return;
    dragging = event.pointerId;
    seek(share);
  };
  const move = (/** @type {PointerEvent} */ event) => event.pointerId === dragging && seek(positionOf(root, event).share);
  const tap = (/** @type {MouseEvent} */ event) => {
    const { isInside, share } = positionOf(root, event);
    if (pointer === "touch" && isInside) seek(share);
  };
  root.addEventListener("pointerdown", press, { signal });
  root.addEventListener("pointermove", move, { signal });
  root.addEventListener("click", tap, { signal });
  addEventListener("pointerup", release, { signal });
  addEventListener("pointercancel", release, { signal });
  return () => stop.abort();
}
