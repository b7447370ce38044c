// The traits of a link, as `wiring.py` describes them, with models in the place of references.

import { getModel, hasModel, kernelOf } from "../adapters/ipywidgets.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").PageTrait} PageTrait */
/** @typedef {import("./text.js").Part} Part */
/** @typedef {[reference: string, trait: string]} Reference */
/** @typedef {import("./constants.js").Kind} Kind */
/** @typedef {[reference: string, trait: string, template: Part[] | null, kind: Kind, table: string | null]} TargetReference */
/** @typedef {PageTrait & { name: string }} Source an input of the function */
/** @typedef {{ field: string, template: Part[] | null, kind: Kind, table: string | null }} Written how a field is written, and the key of the options of a selection's value */
/** @typedef {PageTrait & Written} Target of a field of the function's result */
/** @typedef {{ triggers: string[], durations: PageTrait[], milliseconds: number }} Transition */

/**
 * @typedef {object} Spec
 * @property {string} self
 * @property {number} order
 * @property {Record<string, Reference>} inputs
 * @property {Record<string, Reference>} static
 * @property {Record<string, TargetReference[]>} outputs
 * @property {boolean} sync_targets
 * @property {boolean} warms_up
 * @property {string[]} triggers
 * @property {Reference | null} errors
 * @property {Reference | null} browser_renders
 * @property {{ triggers: string[], durations: Reference[], milliseconds: number } | null} transition
 */

/**
 * @typedef {object} Wiring
 * @property {Model} own the link's model
 * @property {number} order in which the link was declared among all
 * @property {boolean} hasKernel false on a static page
 * @property {Source[]} inputs
 * @property {Source[]} static
 * @property {Target[]} outputs
 * @property {boolean} syncTargets
 * @property {boolean} warmsUp whether programs are made fast before they are chosen
 * @property {string[]} triggers
 * @property {PageTrait | null} errors
 * @property {PageTrait | null} browserRenders
 * @property {Transition | null} transition
 */

/** Whether a page has the inputs of a link. @param {Manager} manager @param {Spec} spec */
export function hasInputs(manager, { inputs, static: choices }) {
  return [...Object.values(inputs), ...Object.values(choices)].every(([reference]) => hasModel(manager, reference));
}

/**
 * Finds the models of a link's traits.
 * @param {Manager} manager
 * @param {Spec} spec
 * @returns {Promise<Wiring>}
 */
export async function resolveWiring(manager, spec) {
  /** @param {Reference} reference @returns {Promise<PageTrait>} */
  const find = async ([reference, trait]) => ({ model: await getModel(manager, reference), trait });
  const findSources = (/** @type {Record<string, Reference>} */ traits) =>
    Promise.all(Object.entries(traits).map(async ([name, reference]) => ({ name, ...(await find(reference)) })));
  const findTargets = (/** @type {[string, TargetReference[]]} */ [field, targets]) =>
    targets
      .filter(([reference]) => hasModel(manager, reference)) // those that are not closed
      .map(async ([reference, trait, template, kind, table]) => ({
        ...{ field, template, kind, table },
        ...(await find([reference, trait])),
      }));
  const { transition } = spec;
  return {
    own: await getModel(manager, spec.self),
    order: spec.order,
    hasKernel: Boolean(kernelOf(manager)),
    inputs: await findSources(spec.inputs),
    static: await findSources(spec.static),
    outputs: await Promise.all(Object.entries(spec.outputs).flatMap(findTargets)),
    syncTargets: spec.sync_targets,
    warmsUp: spec.warms_up,
    triggers: spec.triggers,
    errors: spec.errors && (await find(spec.errors)),
    browserRenders: spec.browser_renders && (await find(spec.browser_renders)),
    transition: transition && { ...transition, durations: await Promise.all(transition.durations.map(find)) },
  };
}
