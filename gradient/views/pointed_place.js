// Where the label of what is pointed at stands, and the mark on the loss curve.

import { pixelOf, plotArea } from "../adapters/bqplot.js";
import { boxOf } from "./pointers.js";
import { scaleOf } from "./scale.js";
import { setHidden } from "./texts.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {{ left: number, top: number, right: number, bottom: number }} Bounds in the window's pixels */

const GAP = 14; // pixels between the pointer and its label
const FINGER = 44; // and above a finger, which would cover it

/** @param {number} value @param {number} low @param {number} high if it is below `low`, that counts */
const between = (value, low, high) => Math.max(Math.min(value, high), low);

/** The axes of the picture that an event is in. @param {Model} overlay @param {HTMLElement} root @param {Element} target @returns {Bounds} */
function axesAround(overlay, root, target) {
  const field = /** @type {HTMLElement | null} */ (target.closest(".techni-overlay"));
  if (!field) return /** @type {Element} */ (plotArea(root, ".techni-loss")).getBoundingClientRect();
  const [{ left, top }, box, scale] = [field.getBoundingClientRect(), boxOf(overlay, field), scaleOf(field)];
  const [x, y] = [left + box.left * scale, top + box.top * scale];
  return { left: x, top: y, right: x + box.width * scale, bottom: y + box.height * scale };
}

/** The upper left corner of a label of some size beside a mouse: inside the axes. @param {Bounds} axes @param {MouseEvent} event @param {number} width @param {number} height */
function besideMouse(axes, { clientX: x, clientY: y }, width, height) {
  const left = x + GAP + width > axes.right ? x - GAP - width : x + GAP;
  const top = y - GAP - height < axes.top ? y + GAP : y - GAP - height;
  return [between(left, axes.left, axes.right - width), between(top, axes.top, axes.bottom - height)];
}

/** The same beside a finger, which is larger than most axes have room for: above it, inside the window. @param {Bounds} app @param {MouseEvent} event @param {number} width @param {number} height */
function besideFinger(app, { clientX: x, clientY: y }, width, height) {
  const left = x + GAP + width > app.right ? x - GAP - width : x + GAP;
  return [between(left, app.left, app.right - width), Math.max(y - FINGER - GAP - height, 0)];
}

/** Puts the label beside the pointer. @param {HTMLElement} el @param {HTMLElement} root @param {Model} overlay @param {PointerEvent} event */
export function placeLabel(el, root, overlay, event) {
  const app = root.getBoundingClientRect();
  const size = /** @type {const} */ ([el.offsetWidth, el.offsetHeight]);
  const target = /** @type {Element} */ (event.target);
  const [left, top] =
    event.pointerType === "touch"
      ? besideFinger(app, event, ...size)
      : besideMouse(axesAround(overlay, root, target), event, ...size);
  el.style.left = `${left - app.left}px`;
  el.style.top = `${top - app.top}px`;
}

/** Makes what marks a step on the loss curve, or none. @param {HTMLElement} root @param {Model} curve */
export function makeStepMark(root, curve) {
  const mark = document.createElement("span");
  mark.className = "techni-pointed-step";
  mark.hidden = true;
  let shown = 0; // counts the calls: the pointer may leave before the place of a step is known
  const show = async (/** @type {number} */ step, /** @type {number} */ loss) => {
    const own = ++shown;
    const pixel = await pixelOf(curve, root, step, loss);
    const [figure, area] = [root.querySelector(".techni-loss"), plotArea(root, ".techni-loss")];
    if (!figure || !area || !pixel || own !== shown) return;
    if (mark.parentElement !== figure) figure.append(mark);
    const [inner, outer] = [area.getBoundingClientRect(), figure.getBoundingClientRect()];
    mark.style.left = `${inner.left - outer.left + pixel[0]}px`;
    mark.style.top = `${inner.top - outer.top + between(pixel[1], 0, inner.height)}px`;
    setHidden(mark, false);
  };
  const hide = () => {
    shown += 1;
    setHidden(mark, true);
  };
  return { show, hide, remove: () => mark.remove() };
}
