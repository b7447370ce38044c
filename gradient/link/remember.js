// The page's side of `remember`: keeps controls' values in the tab's storage for a reload, and while the kernel is out of
// reach.

import { widgetClass } from "../adapters/anywidget.js";
import { getModel, optionNames } from "../adapters/ipywidgets.js";
import { copyBytes } from "./arrays.js";
import { isAddressed, listenTo, ownsPage, pageKey, setAndSync } from "./models.js";
import { restoreAfterReconnect } from "./reconnect.js";
import { markReady, startDescribed, whenReady } from "./readiness.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").PageTrait} PageTrait */
/** @typedef {{ self: string, controls: [reference: string, trait: string][], names: (string | null)[], after: string[] }} Spec from `remember.py` */

const PREFIX = "jaxlink:";
const STORE_MS = 200; // between writes, each of which takes longer than a run of the program

/** A value as JSON can hold it: an array with its bytes as text. @param {any} value */
function packed(value) {
  if (!(value?.value instanceof DataView)) return value;
  return {
    ...value,
    value: btoa(Array.from(new Uint8Array(copyBytes(value.value)), (byte) => String.fromCharCode(byte)).join("")),
  };
}

/** A value from what JSON has held. @param {any} value */
function unpacked(value) {
  if (typeof value?.value !== "string") return value;
  return { ...value, value: new DataView(Uint8Array.from(atob(value.value), (letter) => letter.charCodeAt(0)).buffer) };
}

/** @param {string} key @returns {any[]} */
function load(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "[]").map(unpacked);
  } catch {
    return []; // storage may be forbidden
  }
}

/** @param {string} key @param {any[]} values */
function store(key, values) {
  try {
    sessionStorage.setItem(key, JSON.stringify(values.map(packed)));
  } catch {
    // Storage may be forbidden. Everything else works without it.
  }
}

/**
 * Whether a control can take a value: a choice has it, a number lies in its range.
 * @param {PageTrait} control
 * @param {any} value
 * @param {Record<string, any>} others traits that are set with it, such as the limits of a slider
 */
function isPossible({ model, trait }, value, others) {
  if (value === undefined || typeof value !== typeof model.get(trait)) return false;
  if (trait === "index") return value < (optionNames(model).length || Number.POSITIVE_INFINITY);
  if (trait !== "value" || typeof value !== "number") return true;
  const base = model.get("base"); // the limits of a logarithmic slider are exponents
  const [low, high] = ["min", "max"]
    .map((limit) => others[limit] ?? model.get(limit))
    .map((limit) => (base ? base ** limit : limit));
  return !(value < low) && !(value > high);
}

/**
 * The key of the values in the storage: the page, which a server may show at two addresses, and the names of the controls. So
 * the values of other controls, or of an older version of the page, are never restored.
 * @param {PageTrait[]} controls @param {(string | null)[]} names what they are called
 */
function keyOf(controls, names) {
  const all = controls.map(({ model, trait }, i) => `${names[i] ?? widgetClass(model)} ${trait}`);
  return `${pageKey(PREFIX)} ${all.join(", ")}`;
}

/**
 * Stores the controls' values when they change, and when the page is left.
 * @param {string} key
 * @param {PageTrait[]} controls
 * @returns {() => void} what undoes it
 */
function keepStored(key, controls) {
  let timer = 0;
  const storeNow = () => {
    clearTimeout(timer);
    const values = controls.map(({ model, trait }) => model.get(trait));
    if (timer) store(key, values);
    timer = 0;
  };
  const storeLater = () => {
    timer ||= setTimeout(storeNow, STORE_MS);
  };
  const stop = listenTo(controls.map(({ model, trait }) => [model, `change:${trait}`, storeLater]));
  addEventListener("pagehide", storeNow);
  return () => {
    storeNow();
    stop();
    removeEventListener("pagehide", storeNow);
  };
}

/** Whether two values are the same, arrays by their bytes. @param {any} one @param {any} other */
const isEqual = (one, other) => one === other || JSON.stringify(packed(one)) === JSON.stringify(packed(other));

/** Sets those controls that can take their values, and traits of one control that follow each other as one change. @param {PageTrait[]} controls @param {any[]} values */
function restore(controls, values) {
  /** @type {Record<string, any>} */
  let state = {};
  controls.forEach((control, i) => {
    const { model, trait } = control;
    if (isPossible(control, values[i], state) && !isEqual(values[i], model.get(trait))) state[trait] = values[i];
    if (controls[i + 1]?.model === model) return;
    if (Object.keys(state).length) setAndSync(model, state);
    state = {};
  });
}

/**
 * Whether the page is loaded again: then its address says nothing that is not stored, and with fewer digits. Else what is stored of a
 * widget that the address sets belongs to other values.
 */
function isReload() {
  const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
  return navigation?.type === "reload";
}

/** @param {Manager} manager @param {Spec} spec @param {() => boolean} isClosed @returns {Promise<() => void>} what undoes it */
async function start(manager, spec, isClosed) {
  const controls = await Promise.all(
    spec.controls.map(async ([reference, trait]) => ({ model: await getModel(manager, reference), trait })),
  );
  const choices = await Promise.all(spec.after.map((reference) => getModel(manager, reference)));
  await Promise.all(choices.map(whenReady));
  if (isClosed()) return () => {};
  const release = restoreAfterReconnect(manager, controls, (values) => restore(controls, values));
  if (!ownsPage(manager)) return release;
  const key = keyOf(controls, spec.names);
  const stored = load(key);
  restore(
    controls,
    controls.map(({ model }, i) => (isAddressed(model) && !isReload() ? undefined : stored[i])),
  );
  markReady(await getModel(manager, spec.self));
  const stopStoring = keepStored(key, controls);
  return () => {
    release();
    stopStoring();
  };
}

export default {
  /** @param {{ model: import("../adapters/anywidget.js").ModelProxy }} widget */
  initialize: ({ model }) => startDescribed(model, (isClosed) => start(model.widget_manager, model.get("spec"), isClosed)),
};
