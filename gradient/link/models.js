// What the links on a page have in common: how they find models, read what the kernel sends, and know who made a change.

import { isBeingRestored } from "../adapters/ipywidgets.js";

// Every link has a module instance of its own; a mark on the model is what they share.
const WRITING = Symbol.for("jaxlink.writing");
const SHOWN = Symbol.for("jaxlink.shown");
const READY = Symbol.for("jaxlink.ready");

/** Whether the present change of a model was sent by the kernel. @param {any} model @param {string} name */
export function isFromKernel(model, name) {
  return !model[WRITING] && isBeingRestored(model, name);
}

/** Whether a link makes the present change of a model, and may be about to make more. @param {any} model */
export function isByLink(model) {
  return Boolean(model[WRITING]);
}

/** Changes a model as a link. @param {any} model @param {() => void} act */
function writing(model, act) {
  const before = model[WRITING];
  model[WRITING] = true;
  try {
    act();
  } finally {
    model[WRITING] = before;
  }
}

/** Sets traits without telling the kernel. @param {any} model @param {object} state */
export function show(model, state) {
  model[SHOWN] ??= new Set();
  for (const name of Object.keys(state)) model[SHOWN].add(name);
  writing(model, () => model.set_state(state));
}

/** Tells the kernel a trait that has only been shown so far. @param {any} model @param {string} name */
export function tell(model, name) {
  if (model.comm_live && model[SHOWN]?.delete(name)) model.save({ [name]: model.get(name) }, { patch: true });
}

/** Sets traits and tells the kernel in one message. Limits of a slider come before the value, or it would be cut at the old ones. */
export function save(model, state) {
  writing(model, () => {
    if (["min", "max", "value"].every((name) => name in state)) {
      model.set({ min: Math.min(model.get("min"), state.min), max: Math.max(model.get("max"), state.max) });
      model.set({ value: state.value });
    }
    model.set(state);
  });
  model.save_changes();
}

/** Lets others wait for a link that has to follow its sources first. @param {any} own the link's model */
export function tellReady(own) {
  own[READY] = true;
  own.trigger("jaxlink:ready");
}

/** Resolves when the link of a model follows its sources. @param {any} own */
export function readiness(own) {
  return own[READY] ? Promise.resolve() : new Promise((done) => own.once("jaxlink:ready", done));
}
