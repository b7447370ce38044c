// Pointers, touch and keys over the picture of the data: they add, move, choose and remove points.

import { axesOf, boxOnScreen, isInBox, nearest, rounded, toPoint, toScreen } from "./point_places.js";
import { ARROW_KEYS } from "./pointers.js";

/** @typedef {import("./point_places.js").Axes} Axes */
/** @typedef {import("./point_places.js").Pair} Pair */
/** @typedef {import("./point_places.js").Scales} Scales */
/** @typedef {import("./point_set.js").PointSet} PointSet */

const POINT_REACH = { mouse: 10, touch: 24 }; // pixels around a point where a press is one on it
const STILL = 8; // pixels that a finger at rest may move
const PRESS_MS = 600; // how long one is held to remove a point
const KEY_STEPS = { usual: 0.01, large: 0.1 }; // how far an arrow key moves a point, as shares of the axes

export class PointEditor {
  /**
   * @param {HTMLElement} area that lies over the picture @param {PointSet} set @param {Scales} scales
   * @param {{ tell: (note: "fewest" | "most") => void, changed: () => void }} says what is refused, and that another point is chosen or grabbed
   */
  constructor(area, set, scales, says) {
    this.area = area;
    this.set = set;
    this.scales = scales;
    this.says = says;
    this.chosen = -1;
    this.origin = set.present.origin; // of the points among which it is chosen
    this.isGrabbed = this.isMoved = false;
    /** @type {number | null} */
    this.dragging = null; // the pointer's id: a second finger is ignored
    /** @type {{ box: DOMRect | null, area: DOMRect } | null} */
    this.boxes = null;
    this.pressTimer = 0;
    this.pointer = matchMedia("(pointer: coarse)").matches ? "touch" : "mouse"; // the last one
    /** @type {Pair} */
    this.pressedAt = [0, 0];
    this.takePointers();
    area.addEventListener("keydown", (event) => this.keyPressed(event));
  }

  /** The axes' box and the layer's, on the screen. In a drag they stay: asking makes the browser lay out the page. */
  measure() {
    if (this.dragging === null || !this.boxes) {
      const box = boxOnScreen(this.area.parentElement?.parentElement);
      this.boxes = { box, area: this.area.getBoundingClientRect() };
    }
    return this.boxes;
  }

  axes() {
    return axesOf(this.measure().box, this.scales);
  }

  takePointers() {
    const { area } = this;
    area.addEventListener("pointerdown", (event) => this.pressed(event));
    area.addEventListener("pointermove", (event) => this.moved(event));
    for (const ending of ["pointerup", "pointercancel", "lostpointercapture"])
      area.addEventListener(ending, (event) => this.released(/** @type {PointerEvent} */ (event)));
    area.addEventListener("click", (event) => this.tapped(event));
    // A finger on a point moves the point, and anywhere else the page.
    area.addEventListener("touchstart", (event) => this.dragging !== null && event.preventDefault(), { passive: false });
    area.addEventListener("contextmenu", (event) => this.pointer === "touch" && event.preventDefault());
  }

  /** @param {PointerEvent} event */
  pressed(event) {
    const axes = this.axes();
    if (this.dragging !== null || event.button !== 0 || !axes) return;
    this.pointer = event.pointerType;
    /** @type {Pair} */
    const place = [event.clientX, event.clientY];
    const found = nearest(axes, this.set.present, place, this.pointer === "mouse" ? POINT_REACH.mouse : POINT_REACH.touch);
    // A finger that is on no point may be about to scroll the page; a tap comes as a click.
    if (found < 0 && (this.pointer === "touch" || !this.add(axes, place))) return;
    if (found >= 0) this.choose(found);
    this.begin(event, found >= 0);
  }

  /** @param {PointerEvent} event @param {boolean} isThere whether the point was there before */
  begin(event, isThere) {
    this.dragging = event.pointerId;
    this.set.hold();
    this.isMoved = !isThere; // what moves a new point belongs to adding it
    this.pressedAt = [event.clientX, event.clientY];
    this.area.setPointerCapture(event.pointerId);
    this.area.focus({ preventScroll: true });
    event.preventDefault();
    if (isThere && this.pointer !== "mouse") this.pressTimer = setTimeout(() => this.removePressed(), PRESS_MS);
  }

  removePressed() {
    this.dragging = null;
    this.set.release();
    this.remove();
  }

  /** @param {PointerEvent} event */
  moved(event) {
    if (event.pointerId !== this.dragging) return;
    const [left, top] = this.pressedAt;
    const distance = Math.hypot(event.clientX - left, event.clientY - top);
    if (!this.isMoved && distance < (this.pointer === "mouse" ? 1 : STILL)) return;
    clearTimeout(this.pressTimer);
    const axes = this.axes();
    if (axes) this.move(toPoint(axes, [event.clientX, event.clientY]));
  }

  /** @param {PointerEvent} event */
  released(event) {
    if (event.pointerId !== this.dragging) return;
    clearTimeout(this.pressTimer);
    this.dragging = null;
    this.isMoved = false;
    this.set.release();
  }

  /** @param {MouseEvent} event */
  tapped(event) {
    const axes = this.axes();
    if (this.pointer !== "touch" || this.dragging !== null || !axes) return;
    this.add(axes, [event.clientX, event.clientY]);
  }

  /** Adds a point at a place of the screen, and chooses it; false if there is no room for it. @param {Axes} axes @param {Pair} place */
  add(axes, place) {
    if (!isInBox(axes, place)) return false;
    const { x, y } = this.set.present;
    if (x.length >= this.set.theme.limits.most) {
      this.says.tell("most");
      return false;
    }
    const [newX, newY] = toPoint(axes, place);
    this.set.edit({ x: [...x, newX], y: [...y, newY] });
    this.choose(x.length);
    return true;
  }

  /** Moves the chosen point; all moves of one drag are undone together. @param {Pair} point */
  move([newX, newY]) {
    const { x, y } = this.set.present;
    this.set.edit({ x: x.with(this.chosen, newX), y: y.with(this.chosen, newY) }, this.isMoved);
    this.isMoved = true;
    this.says.changed();
  }

  /** Removes the chosen point, unless two would not be left. */
  remove() {
    const { x, y } = this.set.present;
    if (this.chosen < 0) return;
    if (x.length <= this.set.theme.limits.fewest) {
      this.says.tell("fewest");
      return;
    }
    const chosen = this.chosen;
    this.choose(Math.min(chosen, x.length - 2));
    this.set.edit({ x: x.toSpliced(chosen, 1), y: y.toSpliced(chosen, 1) });
    this.says.changed();
  }

  /** @param {number} index of a point, or -1 */
  choose(index) {
    this.chosen = index;
    this.isGrabbed = this.isMoved = false;
    this.says.changed();
  }

  /** After the points have changed by others: a point that is there no more cannot be chosen. */
  check() {
    const { origin, x } = this.set.present;
    if (origin === this.origin && this.chosen < x.length) return;
    this.origin = origin;
    if (this.chosen >= 0) this.choose(-1);
  }

  /** Lets a grabbed point go. */
  letGo() {
    if (this.isGrabbed) this.choose(this.chosen);
  }

  /** @param {KeyboardEvent} event */
  keyPressed(event) {
    const act = event.ctrlKey || event.metaKey ? this.commands(event) : this.keys(event);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** What a key does together with Ctrl. @param {KeyboardEvent} event */
  commands(event) {
    const key = event.key.toLowerCase();
    if (key === "y" || (key === "z" && event.shiftKey)) return () => this.set.redo();
    return key === "z" ? () => this.set.undo() : undefined;
  }

  /** What a key does. @param {KeyboardEvent} event @returns {(() => void) | undefined} */
  keys(event) {
    const direction = ARROW_KEYS[event.key];
    if (direction && (this.isGrabbed || event.altKey)) return () => this.push(direction, event.shiftKey);
    if (direction) return () => this.step(direction[0] + direction[1]);
    /** @type {Record<string, () => void>} */
    const acts = {
      ...{ Enter: () => this.grab(), " ": () => this.grab() },
      ...{ Delete: () => this.remove(), Backspace: () => this.remove() },
      ...{ "+": () => this.addBeside(), Insert: () => this.addBeside() },
      ...(this.isGrabbed && { Escape: () => this.putBack() }),
    };
    return acts[event.key];
  }

  /** Moves the chosen point by keys. @param {Pair} direction @param {boolean} isLarge */
  push([across, up], isLarge) {
    const axes = this.axes();
    if (this.chosen < 0 || !axes) return;
    const { x, y } = this.set.present;
    const share = isLarge ? KEY_STEPS.large : KEY_STEPS.usual;
    const [width, height] = [axes.xHigh - axes.xLow, axes.yHigh - axes.yLow];
    const inside = (/** @type {number} */ value, /** @type {number} */ low, /** @type {number} */ high) =>
      Math.min(Math.max(value, Math.min(low, high)), Math.max(low, high));
    const newX = across
      ? rounded(inside(x[this.chosen] + across * share * width, axes.xLow, axes.xHigh), 0.01 * width * share)
      : x[this.chosen];
    const newY = up
      ? rounded(inside(y[this.chosen] + up * share * height, axes.yLow, axes.yHigh), 0.01 * height * share)
      : y[this.chosen];
    this.move([newX, newY]);
  }

  /** Chooses the next point, or the one before, in the order of x. @param {number} by 1 or -1 */
  step(by) {
    const { x } = this.set.present;
    const byX = Array.from(x, (_, i) => i).toSorted((i, j) => x[i] - x[j]);
    const place = byX.indexOf(this.chosen);
    this.choose(byX[place < 0 ? 0 : Math.min(Math.max(place + by, 0), x.length - 1)]);
  }

  /** Grabs the chosen point, or lets it go. */
  grab() {
    if (this.chosen < 0) this.step(1);
    this.isGrabbed = !this.isGrabbed;
    this.isMoved = false;
    this.says.changed();
  }

  /** Puts the grabbed point where it was. */
  putBack() {
    if (this.isMoved) this.set.undo();
    this.choose(this.chosen);
  }

  /** Adds a point a little right of the chosen one, or in the middle, and grabs it. */
  addBeside() {
    const axes = this.axes();
    if (!axes) return;
    const { x, y } = this.set.present;
    const { box } = axes;
    const [left, top] = this.chosen < 0 ? [box.left, box.top] : toScreen(axes, x[this.chosen], y[this.chosen]);
    /** @type {Pair} */
    const place = this.chosen < 0 ? [left + box.width / 2, top + box.height / 2] : [Math.min(left + STILL * 2, box.right), top];
    if (!this.add(axes, [place[0], Math.min(Math.max(place[1], box.top), box.bottom)])) return;
    this.isGrabbed = this.isMoved = true;
    this.says.changed();
  }
}
