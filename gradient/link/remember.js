// The page's side of `remember`: keeps controls' values in the tab's storage for a reload, and while the kernel is out of
// reach.

import { widgetClass } from "../adapters/anywidget.js";
import { getModel, kernelOf, numOptions } from "../adapters/ipywidgets.js";
import { listenTo, markReady, setAndSync, whenReady } from "./models.js";
import { restoreAfterReconnect } from "./reconnect.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").PageTrait} PageTrait */
/** @typedef {{ self: string, controls: [reference: string, trait: string][], after: string[] }} Spec from `remember.py` */

const PREFIX = "jaxlink:";
const STORE_MS = 200; // between writes, each of which takes longer than a run of the program

/**
 * Whether a reload gets a new kernel. JupyterLab's kernel outlives its page, and keeps the values itself.
 * @param {Manager} manager
 */
const startsAnew = (manager) => "voila" in document.body.dataset || !kernelOf(manager);

/** @param {string} key @returns {any[]} */
function load(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "[]");
  } catch {
    return []; // storage may be forbidden
  }
}

/** @param {string} key @param {any[]} values */
function store(key, values) {
  try {
    sessionStorage.setItem(key, JSON.stringify(values));
  } catch {
    // Storage may be forbidden. Everything else works without it.
  }
}

/**
 * Whether a control can take a value: a choice has it, a number lies in its range.
 * @param {PageTrait} control
 * @param {any} value
 */
function isPossible({ model, trait }, value) {
  if (value === undefined || typeof value !== typeof model.get(trait)) return false;
  if (trait === "index") return value < (numOptions(model) ?? Number.POSITIVE_INFINITY);
  if (trait !== "value" || typeof value !== "number") return true;
  const base = model.get("base"); // the limits of a logarithmic slider are exponents
  const [low, high] = ["min", "max"].map((limit) => (base ? base ** model.get(limit) : model.get(limit)));
  return !(value < low) && !(value > high);
}

/**
 * The key of the values in the storage: the page, which a server may show at two addresses, and the names of the controls. So
 * the values of other controls, or of an older version of the page, are never restored.
 * @param {PageTrait[]} controls
 */
function keyOf(controls) {
  const names = controls.map(({ model, trait }) => `${model.get("description") ?? widgetClass(model)} ${trait}`);
  return `${PREFIX}${document.body.dataset.home ?? location.pathname} ${names.join(", ")}`;
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

/** Sets those controls that can take their values. @param {PageTrait[]} controls @param {any[]} values */
function restore(controls, values) {
  controls.forEach((control, i) => {
    const { model, trait } = control;
    if (isPossible(control, values[i]) && values[i] !== model.get(trait)) setAndSync(model, { [trait]: values[i] });
  });
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
  if (!startsAnew(manager)) return release;
  const key = keyOf(controls);
  restore(controls, load(key));
  markReady(await getModel(manager, spec.self));
  const stopStoring = keepStored(key, controls);
  return () => {
    release();
    stopStoring();
  };
}

export default {
  /** @param {{ model: import("../adapters/anywidget.js").ModelProxy }} widget */
  initialize({ model }) {
    let isClosed = false;
    let stop = () => {};
    const begin = async () => {
      if (isClosed || !model.get("spec").self) return;
      model.off("change:spec", begin);
      stop = await start(model.widget_manager, model.get("spec"), () => isClosed);
      if (isClosed) stop();
    };
    model.on("change:spec", begin);
    void begin();
    return () => {
      isClosed = true;
      stop();
    };
  },
};
