// The page's side of `address`: finds the models that its spec names, and begins when the choices are ready that come before.

import { getModel } from "../adapters/ipywidgets.js";
import { AddressParts } from "./address_parts.js";
import { PageAddress } from "./page_address.js";
import { markReady, startDescribed, whenReady } from "./readiness.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {import("./address_parts.js").FollowedChoice} FollowedChoice */
/** @typedef {import("./codecs.js").AddressPart} AddressPart */
/** @typedef {import("./codecs.js").Codec} Codec */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {Omit<AddressPart, "model" | "place"> & { model: string, place: string }} PartReference */
/** @typedef {{ self: string, version: number, parts: PartReference[], after: string[], keep: Record<string, string[] | null> }} Spec from `address.py` */

/** A choice that follows its source. @param {Manager} manager @param {string} reference @returns {Promise<FollowedChoice>} */
async function resolveChoice(manager, reference) {
  const own = await getModel(manager, reference);
  await whenReady(own);
  const [[at, trait]] = own.get("spec").sources;
  const source = await getModel(manager, at);
  return { own, source, trait, initial: source.get(trait) };
}

/** The models of a spec. @param {Manager} manager @param {Spec} spec @returns {Promise<[own: Model, parts: AddressPart[], choices: FollowedChoice[]]>} */
async function resolveSpec(manager, { self, parts, after }) {
  const find = (/** @type {string} */ reference) => getModel(manager, reference);
  const found = parts.map(async (part) => {
    const [model, place] = await Promise.all([find(part.model), find(part.place)]);
    return { ...part, model, place };
  });
  const choices = await Promise.all(after.map((reference) => resolveChoice(manager, reference)));
  return [await find(self), await Promise.all(found), choices];
}

/** Follows the page's address. @param {Manager} manager @param {Spec} spec @param {Record<string, Codec>} codecs @param {() => boolean} isClosed @returns {Promise<() => void>} what undoes it */
async function follow(manager, spec, codecs, isClosed) {
  const [own, parts, choices] = await resolveSpec(manager, spec);
  if (isClosed()) return () => {};
  const { version, keep } = own.get("spec");
  const address = new PageAddress(own, new AddressParts(parts, choices, codecs, version), keep);
  if (address.ownsPage) address.begin();
  markReady(own);
  return address.listen();
}

/**
 * What anywidget takes for an address.
 * @param {Record<string, Codec>} codecs of this page's own kinds
 */
export function addressed(codecs) {
  return {
    /** @param {{ model: import("../adapters/anywidget.js").ModelProxy }} widget */
    initialize: ({ model }) =>
      startDescribed(model, (isClosed) => follow(model.widget_manager, model.get("spec"), codecs, isClosed)),
  };
}
