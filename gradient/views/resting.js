// Sends the kernel the field that the page has computed, when its visitor rests, so that the figure under the overlay shows it, too.

import { getModel, isDisconnected, kernelOf } from "../adapters/ipywidgets.js";
import { isFromKernel, isUnsent, listenTo, sendTogether } from "../link/models.js";
import { numbersOf } from "./array.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */

const REST_MS = 600; // as long as a screen reader waits
const SENT = ["domain", "field_losses", "field_gradients"];

/** The numbers of a trait, an array or a list. @param {Model} model @param {string} trait @returns {ArrayLike<number>} */
function numbersIn(model, trait) {
  const value = model.get(trait);
  return Array.isArray(value) ? value : numbersOf(value);
}

/** @param {ArrayLike<number>} one @param {ArrayLike<number>} other */
function areSame(one, other) {
  return one.length === other.length && Array.from(one).every((value, i) => Object.is(value, other[i]));
}

/** Sends the field when it has rested. */
class Teller {
  /** @param {Model} model of the overlay */
  constructor(model) {
    this.model = model;
    this.timer = 0;
    this.isHeld = false; // a pointer is down, as in a drag
    /** @type {Map<string, ArrayLike<number>>} */
    this.known = new Map(); // what the kernel was told last, or has told
  }

  /** The traits that the kernel does not know as they are, none unless the overlay draws them. */
  unknown() {
    const { model, known } = this;
    const isDrawn = model.get("draws_field") && model.get("draws_path") && numbersIn(model, "field_losses").length;
    const isNew = (/** @type {string} */ trait) => !areSame(numbersIn(model, trait), known.get(trait) ?? []);
    return isDrawn ? SENT.filter((trait) => isUnsent(model, trait) && isNew(trait)) : [];
  }

  send() {
    this.timer = 0;
    if (isDisconnected(this.model)) return;
    const traits = this.unknown();
    for (const trait of traits) this.known.set(trait, numbersIn(this.model, trait));
    sendTogether(this.model, traits);
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isHeld || this.send(), REST_MS);
  }

  /** @param {string} trait */
  changed(trait) {
    if (isFromKernel(this.model, trait)) this.known.set(trait, numbersIn(this.model, trait));
    this.wait();
  }

  /** @param {Event} event */
  hold({ type }) {
    this.isHeld = type === "pointerdown";
    if (this.timer) this.wait();
  }

  /** Returns what undoes it. */
  listen() {
    const stop = new AbortController();
    const options = { capture: true, signal: stop.signal };
    for (const event of ["pointerdown", "pointerup", "pointercancel"]) addEventListener(event, (of) => this.hold(of), options);
    const undo = listenTo(SENT.map((trait) => [this.model, `change:${trait}`, () => this.changed(trait)]));
    this.wait();
    return () => {
      stop.abort();
      undo();
      clearTimeout(this.timer);
    };
  }
}

/**
 * Tells the kernel of a page, if it has one, of the overlay's field. Returns what ends that.
 * @param {import("../adapters/anywidget.js").ModelProxy} proxy of the overlay
 */
export function tellAtRest(proxy) {
  let end = () => {};
  let isEnded = false;
  const begin = async () => {
    if (isEnded || !proxy.get("itself")) return;
    proxy.off("change:itself", begin);
    const model = await getModel(proxy.widget_manager, proxy.get("itself"));
    if (!isEnded) end = new Teller(model).listen();
  };
  if (kernelOf(proxy.widget_manager)) {
    proxy.on("change:itself", begin);
    void begin();
  }
  return () => {
    isEnded = true;
    end();
  };
}
