// What is advised, as a sentence: the page shows and speaks it.

import { getModel } from "../adapters/ipywidgets.js";
import { fillParts, formatNumber } from "../link/text.js";
import { fillIn } from "./words.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ strip: Model, slider: Model }} Swept */
/** @typedef {Pick<ViewModel, "get" | "widget_manager">} AdviceModel */

/** What to say: nothing if there is nothing to advise. @param {AdviceModel} model @param {Swept[]} swept @returns {string} */
export function adviceOf(model, swept) {
  const words = model.get("words");
  const advised = swept[model.get("advised_slider")];
  if (!advised) {
    const isTooLarge = model.get("offset") || model.get("scale");
    return isTooLarge ? fillParts(words.rescale, (name) => model.get(name)) : "";
  }
  const value = advised.strip.get("values")[model.get("advised_index")];
  const label = advised.slider.get("description");
  return fillIn(words.sentence, { label, value: formatNumber(value), loss: formatNumber(model.get("advised_loss")) });
}

/** The strips and their sliders. @param {AdviceModel} model @returns {Promise<Swept[]>} */
export function resolveSwept(model) {
  const { widget_manager: manager } = model;
  return Promise.all(
    model.get("strips").map(async (/** @type {string} */ reference) => {
      const strip = await getModel(manager, reference);
      return { strip, slider: await getModel(manager, strip.get("slider")) };
    }),
  );
}
