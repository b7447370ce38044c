// What is shared of the page: the parts of its address, and what they stand for.

import { getModel, optionNames } from "../adapters/ipywidgets.js";
import { wordOf } from "../link/codecs.js";
import { ownsPage } from "../link/models.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ model: Model, trait: string, place: Model }} Part */
/** @typedef {"readout" | "fit" | "loss" | "overlay"} Other a view that the page has besides */

/**
 * @typedef {object} Sources
 * @property {ViewModel} model
 * @property {Model} address
 * @property {Map<string, Part>} parts of the address, by their names
 * @property {Model} language the choice of one
 * @property {Record<Other, Model>} others
 * @property {boolean} ownsPage whether the address of the page is the notebook's
 */

/** @param {ViewModel} model @returns {Promise<Sources>} */
export async function resolveSources(model) {
  const manager = model.widget_manager;
  const find = (/** @type {string} */ reference) => getModel(manager, reference);
  const address = await find(model.get("address"));
  /** @type {import("../link/addressing.js").Spec} */
  const spec = address.get("spec");
  const parts = spec.parts.map(async (part) => {
    const [owner, place] = await Promise.all([find(part.model), find(part.place)]);
    return /** @type {const} */ ([part.name, { model: owner, trait: part.trait, place }]);
  });
  const names = /** @type {Other[]} */ (["readout", "fit", "loss", "overlay"]);
  const others = await Promise.all(names.map(async (name) => [name, await find(model.get(name))]));
  return {
    model,
    address,
    parts: new Map(await Promise.all(parts)),
    language: await find(model.get("language")),
    others: Object.fromEntries(others),
    ownsPage: ownsPage(manager),
  };
}

/** @param {Sources} sources @param {string} name @returns {Part} */
export const partOf = ({ parts }, name) => /** @type {Part} */ (parts.get(name));

/** The value of a part. @param {Sources} sources @param {string} name */
export function settingOf(sources, name) {
  const { model, trait } = partOf(sources, name);
  return model.get(trait);
}

/** What is chosen in a part that is a choice. @param {Sources} sources @param {string} name */
export const chosenIn = (sources, name) => optionNames(partOf(sources, name).model)[settingOf(sources, name)];

/** Whether the control of a part is shown. @param {Sources} sources @param {string} name */
export const isShown = ({ parts }, name) => parts.get(name)?.place.get("layout").get("display") !== "none";

/** The name of a file: what it belongs to, and what it is. @param {Sources} sources @param {string} what @param {string} ending */
export function fileName(sources, what, ending) {
  const of = ["problem", "optimizer"].map((name) => wordOf(chosenIn(sources, name)));
  return `${[...of, what].join("-")}.${ending}`;
}

/** Whether a visitor's own data are fitted. @param {Sources} sources @returns {boolean} */
export const hasOwnData = (sources) => partOf(sources, "data").model.get("is_shown");

/** The name of the file with a visitor's points. @param {Sources} sources */
export const fileOfPoints = (sources) => `${wordOf(chosenIn(sources, "problem"))}-points.csv`;

/** The fragment of the page's address as it is now. @param {Sources} sources @returns {string} */
export function presentFragment({ address }) {
  address.trigger("jaxlink:tell");
  return address.get("fragment");
}

/** The address of the page with a fragment; where it is another's, the fragment alone. @param {Sources} sources @param {string} fragment */
export function linkOf(sources, fragment) {
  return sources.ownsPage ? `${location.href.split("#")[0]}${fragment}` : fragment;
}
