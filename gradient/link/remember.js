// Keeps the controls' values: in the tab's own storage, for a page that is loaded anew, and while the kernel is out of reach.

import { widgetClass } from "../adapters/anywidget.js";
import { getModel, kernelOf, numOptions } from "../adapters/ipywidgets.js";
import { hold } from "./connection.js";
import { readiness, save, tellReady } from "./models.js";

const PREFIX = "jaxlink:";
const STORE_MS = 200; // at most so often, as it costs more than a run of the program; and when the page goes

/** Whether each load of the page begins anew: JupyterLab's kernel outlives its page and remembers by itself. */
const beginsAnew = (manager) => "voila" in document.body.dataset || !kernelOf(manager);

function stored(key) {
  try {
    return JSON.parse(sessionStorage.getItem(key) ?? "[]");
  } catch {
    return []; // a page may be forbidden to store anything
  }
}

function store(key, values) {
  try {
    sessionStorage.setItem(key, JSON.stringify(values));
  } catch {
    // as above: then nothing is remembered, and all else works
  }
}

/** Whether a control can stand at a value: a choice has it, a number lies in its range. */
function isPossible(model, name, value) {
  if (value === undefined || typeof value !== typeof model.get(name)) return false;
  if (name === "index") return value < (numOptions(model) ?? Number.POSITIVE_INFINITY);
  if (name !== "value" || typeof value !== "number") return true;
  const base = model.get("base"); // the limits of a logarithmic slider are exponents
  const [low, high] = ["min", "max"].map((limit) => (base ? base ** model.get(limit) : model.get(limit)));
  return !(value < low) && !(value > high);
}

/**
 * By what values are kept: the page, of which a server may show one at two addresses, and which controls they are of. So the
 * values of other controls, of a second memory or of an older version of the page, are never set.
 */
function keyOf(traits) {
  const names = traits.map(([model, name]) => `${model.get("description") ?? widgetClass(model)} ${name}`);
  return `${PREFIX}${document.body.dataset.home ?? location.pathname} ${names.join(", ")}`;
}

/** Keeps the controls' values in the tab's storage. Returns what undoes it. */
function keepStored(key, traits) {
  let timer = 0;
  const flush = () => {
    clearTimeout(timer);
    if (timer)
      store(
        key,
        traits.map(([model, name]) => model.get(name)),
      );
    timer = 0;
  };
  const keep = () => (timer ||= setTimeout(flush, STORE_MS));
  for (const [model, name] of traits) model.on(`change:${name}`, keep);
  addEventListener("pagehide", flush);
  return () => {
    flush();
    for (const [model, name] of traits) model.off(`change:${name}`, keep);
    removeEventListener("pagehide", flush);
  };
}

async function start(manager, { self, controls, after }, isClosed) {
  const traits = await Promise.all(controls.map(async ([reference, name]) => [await getModel(manager, reference), name]));
  const choices = await Promise.all(after.map((reference) => getModel(manager, reference)));
  await Promise.all(choices.map(readiness));
  if (isClosed()) return () => {};
  const put = (values) => {
    traits.forEach(([model, name], i) => {
      if (isPossible(model, name, values[i]) && values[i] !== model.get(name)) save(model, { [name]: values[i] });
    });
  };
  const release = hold(manager, traits, put);
  if (!beginsAnew(manager)) return release;
  const key = keyOf(traits);
  put(stored(key));
  tellReady(await getModel(manager, self));
  const forget = keepStored(key, traits);
  return () => {
    release();
    forget();
  };
}

export default {
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
