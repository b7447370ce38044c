// The points that a visitor edits: how they are read and set, what was there before each change, and when the kernel is told.

import { drawOnlyMoves } from "../adapters/bqplot.js";
import { deserialize } from "../adapters/ipywidgets.js";
import { toScalar } from "../link/arrays.js";
import { isFromKernel, sendTogether, setLocally } from "../link/models.js";
import { callAll, listen, oncePerTask } from "./observers.js";
import { evenPlaces } from "./paste.js";
import { padded, pointsOf } from "./point_arrays.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./point_arrays.js").Points} Points */
/** @typedef {Points & { dataset: number, noise: number, origin: number }} Snapshot with the data set and its noise, and which of all loads it comes from */
/** @typedef {{ x: number[], y: number[], deviation: number[] | null, model: number, about: string, x_label: string, y_label: string }} Preset a data set */

const SEND_AFTER_MS = 250; // after which the kernel is told
const MOST_UNDONE = 100;
const SAME = 1e-5; // relative: an address has six digits of a number
const SENT = ["x", "y", "dataset", "model", "noise", "loads"];

/** Numbers as bqplot keeps them. @param {Model} mark @param {string} trait @param {number[]} values */
function arrayFor(mark, trait, values) {
  const value = new DataView(new Float32Array(values).buffer);
  return deserialize(mark, trait, { value, dtype: "float32", shape: [values.length], type: null });
}

/** Whether points are the same, but for digits that an address leaves out. @param {Points} one @param {Points} other */
function areSame(one, other) {
  const isNear = (/** @type {number[]} */ values, /** @type {number[]} */ others) =>
    values.length === others.length && values.every((value, i) => Math.abs(value - others[i]) <= SAME * Math.abs(value));
  return isNear(one.x, other.x) && isNear(one.y, other.y);
}

export class PointSet {
  /** @param {Model} model of the widget @param {Model} mark of bqplot, which shows the points */
  constructor(model, mark) {
    this.model = model;
    this.mark = mark;
    /** @type {Snapshot[]} */
    this.undone = [];
    /** @type {Snapshot[]} */
    this.done = [];
    this.origin = 0;
    this.numOrigins = 0;
    this.loads = model.get("loads");
    this.noise = model.get("noise");
    this.arrays = { x: model.get("x"), y: model.get("y") }; // as they were set or adopted last
    this.timer = 0;
    this.isHeld = false;
    /** @type {Set<() => void>} */
    this.listeners = new Set();
    this.present = this.read();
    const adopt = oncePerTask(() => this.adopt());
    const refill = () => ["x", "y"].some((trait) => isFromKernel(mark, trait)) && queueMicrotask(() => this.fill());
    const undo = [
      listen(model, ["x", "y", "dataset", "noise", "loads"], adopt),
      listen(mark, ["x", "y"], refill),
      drawOnlyMoves(mark),
    ];
    this.close = () => callAll([...undo, () => this.send()]);
    this.fill();
  }

  /** Words, limits and data sets. */
  get theme() {
    return this.model.get("theme");
  }

  /** @returns {Snapshot} */
  read() {
    const [dataset, noise] = ["dataset", "noise"].map((trait) => this.model.get(trait));
    return { ...pointsOf(this.model), dataset, noise, origin: this.origin };
  }

  /** The data set with a number, undefined for points of one's own. @param {number} index @returns {Preset | undefined} */
  presetAt(index) {
    return this.theme.sets[index];
  }

  /** Takes what somebody else has set: the kernel, another link, or what the tab remembers. */
  adopt() {
    const { model, present, arrays } = this;
    const [x, y, dataset, noise, loads] = ["x", "y", "dataset", "noise", "loads"].map((trait) => model.get(trait));
    const isLoaded = loads !== this.loads || x !== arrays.x || y !== arrays.y; // else the points are still to come
    const isOther = dataset !== present.dataset || (noise !== this.noise && this.presetAt(dataset)?.deviation);
    Object.assign(this, { loads, noise, arrays: { x, y } });
    const isAddressed = isLoaded && loads === model.get("given")[0];
    if (isAddressed) this.changed({ ...this.read(), origin: this.newOrigin() });
    else if (isLoaded) this.take({ ...this.read(), origin: this.newOrigin() });
    else if (isOther && this.presetAt(dataset)) this.loadPreset(dataset);
    else if (isOther) this.changed({ ...present, dataset });
  }

  newOrigin() {
    this.numOrigins += 1;
    return this.numOrigins;
  }

  /** A data set with the present noise. @param {number} index @returns {Points} */
  noisy(index) {
    const { x, y, deviation } = /** @type {Preset} */ (this.presetAt(index));
    const noise = this.model.get("noise");
    const short = (/** @type {number} */ value) => Number(toScalar(Math.fround(value), "float32"));
    return { x: x.map(short), y: y.map((value, i) => short(value + noise * (deviation?.[i] ?? 0))) };
  }

  /** Puts a data set in, and chooses the model that suits it. @param {number} index */
  loadPreset(index) {
    const { model } = /** @type {Preset} */ (this.presetAt(index));
    const others = index === this.present.dataset ? {} : { model };
    this.put({ ...this.noisy(index), dataset: index, noise: this.noise, origin: this.newOrigin() }, others);
  }

  /** Puts points of one's own in; thins them if they are too many. @param {Points} points */
  load({ x, y }) {
    const places = evenPlaces(x, this.theme.limits.most);
    const [thinX, thinY] = [x, y].map((values) => places.map((i) => values[i]));
    this.put({ x: thinX, y: thinY, dataset: this.theme.sets.length, noise: this.noise, origin: this.newOrigin() });
  }

  /** Sets the noise of a set that is made; the axes follow once the slider is let go. @param {number} noise @param {boolean} isDone */
  setNoise(noise, isDone) {
    const { dataset, origin } = this.present;
    if (isDone) this.release();
    else this.hold();
    setLocally(this.model, { noise });
    if (!this.presetAt(dataset)?.deviation) return;
    const next = { ...this.noisy(dataset), dataset, noise, origin };
    if (isDone) this.write(next, { loads: this.model.get("loads") + 1 });
    else this.write(next);
  }

  /** Takes a change of a few points. @param {Points} points @param {boolean} [isContinued] whether it goes on with the last one, as a drag does */
  edit({ x, y }, isContinued = false) {
    const next = { ...this.present, x, y, dataset: this.theme.sets.length };
    if (!isContinued) this.remember();
    this.write(next);
  }

  undo() {
    this.swap(this.done, this.undone);
  }

  redo() {
    this.swap(this.undone, this.done);
  }

  /** Goes to the last snapshot of one list, and keeps the present one in the other. @param {Snapshot[]} from @param {Snapshot[]} to */
  swap(from, to) {
    const next = from.pop();
    if (!next) return;
    to.push(this.present);
    const isLoad = next.origin !== this.present.origin;
    this.write(next, isLoad ? { loads: this.model.get("loads") + 1 } : {});
  }

  /** Keeps the present points for undoing. */
  remember() {
    this.done.push(this.present);
    if (this.done.length > MOST_UNDONE) this.done.shift();
    this.undone = [];
  }

  /** Takes points that stand in the model already; what a reload brings back is no change to undo. @param {Snapshot} next */
  take(next) {
    if (!areSame(next, this.present)) this.remember();
    this.changed(next);
  }

  /** Puts in whole data. @param {Snapshot} next @param {Record<string, any>} [others] traits that are set with them */
  put(next, others = {}) {
    this.remember();
    this.write(next, { ...others, loads: this.model.get("loads") + 1 });
  }

  /** Sets the points in one go, and tells the kernel once no drag is under way. @param {Snapshot} next @param {Record<string, any>} [others] */
  write(next, others = {}) {
    const { capacity } = this.theme.limits;
    this.arrays = { x: padded(next.x, capacity), y: padded(next.y, capacity) };
    setLocally(this.model, { ...this.arrays, dataset: next.dataset, noise: next.noise, ...others });
    this.noise = next.noise;
    this.loads = this.model.get("loads");
    this.changed(next);
    if (!this.isHeld) this.sendLater();
  }

  /** Tells the kernel nothing until the drag has ended. */
  hold() {
    this.isHeld = true;
    clearTimeout(this.timer);
  }

  release() {
    this.isHeld = false;
    this.sendLater();
  }

  sendLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), SEND_AFTER_MS);
  }

  /** @param {Snapshot} next */
  changed(next) {
    this.origin = next.origin;
    this.present = next;
    this.fill();
    callAll(this.listeners);
  }

  /** Shows the points in the mark. */
  fill() {
    const { x, y } = this.present;
    setLocally(this.mark, { x: arrayFor(this.mark, "x", x), y: arrayFor(this.mark, "y", y) });
  }

  /** Tells the kernel, in one message. */
  send() {
    clearTimeout(this.timer);
    sendTogether(this.model, SENT);
  }
}
