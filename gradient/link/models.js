// What all links on a page share: how they set traits, and how they know who made a change.

import { hasUnsentChanges, isBeingRestored, kernelOf } from "../adapters/ipywidgets.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {Record<string, any>} State values of traits, by their names */
/** @typedef {{ model: Model, trait: string }} PageTrait */

// Each link has its own instance of this module, so what they share is marked on the models.
const WRITING = Symbol.for("jaxlink.writing"); // on a model whether, and on the page why, a link makes the present change
const UNSENT = Symbol.for("jaxlink.unsent"); // the traits that were set locally, and whose values the kernel does not know
const ADDRESSED = Symbol.for("jaxlink.addressed"); // the traits that the page's address has set

/**
 * What a change follows from: the trait that a visitor has set, and those that links have set since, as "model trait"; and whether
 * a control has rounded one of the values in between; and how often links have set one of these traits again.
 * @typedef {{ traits: Set<string>, isRounded: boolean, rounds: number }} Cause
 */

/** @type {Cause} */
export const NO_CAUSE = { traits: new Set(), isRounded: false, rounds: 0 };

/** The name of a trait in a cause. @param {PageTrait} trait */
const nameOf = ({ model, trait }) => `${model.model_id} ${trait}`;

/** Both causes as one. @param {Cause} one @param {Cause} other @returns {Cause} */
export function joinCauses(one, other) {
  return {
    traits: new Set([...one.traits, ...other.traits]),
    isRounded: one.isRounded || other.isRounded,
    rounds: Math.max(one.rounds, other.rounds),
  };
}

/** What the present change of a trait follows from: itself, unless a link makes it. @param {PageTrait} changed @returns {Cause} */
export function causeOf(changed) {
  return joinCauses({ ...NO_CAUSE, traits: new Set([nameOf(changed)]) }, writingCause());
}

/** What the present change follows from if a link makes it, or a `jslink` that follows the link's change. @returns {Cause} */
export const writingCause = () => marksOf(globalThis)[WRITING] ?? NO_CAUSE;

/** Whether a change of a trait is part of a cause. @param {Cause} cause @param {PageTrait} trait */
export const isIn = (cause, trait) => cause.traits.has(nameOf(trait));

/** The marks on a model. @param {object} model @returns {Record<symbol, any>} */
export const marksOf = (model) => /** @type {Record<symbol, any>} */ (model);

/** Whether the kernel makes the present change of a trait. @param {Model} model @param {string} trait */
export function isFromKernel(model, trait) {
  return !marksOf(model)[WRITING] && isBeingRestored(model, trait);
}

/**
 * Whether a link makes the present change of a model, and may be about to make more.
 * @param {Model} model
 * @returns {boolean}
 */
export function isFromLink(model) {
  return Boolean(marksOf(model)[WRITING]);
}

/** Marks the changes that `act` makes as those of a link. @param {Model} model @param {Cause} cause @param {() => void} act */
function asLink(model, cause, act) {
  const [marks, shared] = [marksOf(model), marksOf(globalThis)];
  const [before, causeBefore] = [marks[WRITING], shared[WRITING]];
  marks[WRITING] = true;
  shared[WRITING] = cause;
  try {
    act();
  } finally {
    marks[WRITING] = before;
    shared[WRITING] = causeBefore;
  }
}

/** Sets traits on this page, and does not tell the kernel. @param {Model} model @param {State} state @param {Cause} [cause] */
export function setLocally(model, state, cause = NO_CAUSE) {
  const marks = marksOf(model);
  marks[UNSENT] ??= new Set();
  for (const trait of Object.keys(state)) marks[UNSENT].add(trait);
  asLink(model, cause, () => model.set_state(state));
}

/** Whether a trait was set locally, and the kernel does not know it. @param {Model} model @param {string} trait @returns {boolean} */
export const isUnsent = (model, trait) => Boolean(marksOf(model)[UNSENT]?.has(trait));

/** Sends the kernel, in one message, those traits that were only set locally. @param {Model} model @param {string[]} traits */
export function sendTogether(model, traits) {
  const unsent = model.comm_live ? traits.filter((trait) => marksOf(model)[UNSENT]?.delete(trait)) : [];
  if (unsent.length) model.save(Object.fromEntries(unsent.map((trait) => [trait, model.get(trait)])), { patch: true });
}

/** Whether the kernel has not been told of all changes of some models. @param {Model[]} models */
export function areChangesUnsent(models) {
  return models.some(hasUnsentChanges);
}

/**
 * Sets traits and tells the kernel in one message. A slider's value comes after its limits and its step: it would be moved to
 * a place between the old ones.
 * @param {Model} model
 * @param {State} state
 * @param {Cause} [cause]
 */
export function setAndSync(model, state, cause = NO_CAUSE) {
  const { value, ...others } = state;
  asLink(model, cause, () => model.set("value" in state ? { ...others, value } : state));
  model.save_changes();
}

/**
 * Calls `act` for events of models.
 * @param {[model: Model, events: string, act: (...details: any[]) => void][]} listeners
 * @returns {() => void} what undoes it
 */
export function listenTo(listeners) {
  for (const [model, events, act] of listeners) model.on(events, act);
  return () => {
    for (const [model, events, act] of listeners) model.off(events, act);
  };
}

/**
 * Whether the page is the notebook's own, and a reload gets a new kernel or none. JupyterLab's address is its own, and its kernel
 * outlives its page.
 * @param {Manager} manager
 */
export const ownsPage = (manager) => "voila" in document.body.dataset || !kernelOf(manager);

/** The key under which a page stores something: a server may show the same page at two addresses. @param {string} prefix */
export const pageKey = (prefix) => `${prefix}${document.body.dataset.home ?? location.pathname}`;

/** Marks a trait that the page's address has set. @param {Model} model @param {string} trait */
export function markAddressed(model, trait) {
  const marks = marksOf(model);
  marks[ADDRESSED] ??= new Set();
  marks[ADDRESSED].add(trait);
}

/** Whether the page's address has set any trait of a model. @param {Model} model @returns {boolean} */
export const isAddressed = (model) => Boolean(marksOf(model)[ADDRESSED]?.size);
