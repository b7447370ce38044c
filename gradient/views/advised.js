// What is advised, as a sentence: the page shows and speaks it.

import { getModel } from "../adapters/ipywidgets.js";
import { fillParts } from "../link/text.js";
import { numberOf } from "./numbers.js";
import { fillIn } from "./words.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ strip: Model, slider: Model, isHidden: () => boolean }} Swept a control, and whether a lesson hides it */
/** @typedef {{ swept: Swept[], share: Model, points: Model }} Advised what an advice is about, and what knows what is hidden, and whose data these are */
/** @typedef {Pick<ViewModel, "get" | "widget_manager">} AdviceModel */

/** What to say: nothing if there is nothing to advise. Of a visitor's own x the points' words say it. @param {AdviceModel} model @param {Advised} about @returns {string} */
export function adviceOf(model, { swept, points }) {
  const words = model.get("words");
  const advised = swept[model.get("advised_slider")];
  if (!advised) {
    const isTooLarge = !points.get("is_shown") && (model.get("offset") || model.get("scale"));
    return isTooLarge ? fillParts(words.rescale, (name) => model.get(name), numberOf) : "";
  }
  if (advised.isHidden()) return "";
  const value = advised.strip.get("values")[model.get("advised_index")];
  const label = advised.slider.get("description");
  return fillIn(words.sentence, { label, value: numberOf(value), loss: numberOf(model.get("advised_loss")) });
}

/** The strips and their sliders, and the other models. @param {AdviceModel} model @returns {Promise<Advised>} */
export async function resolveAdvised(model) {
  const { widget_manager: manager } = model;
  const [share, points] = await Promise.all(["share", "points"].map((name) => getModel(manager, model.get(name))));
  const find = async (/** @type {string} */ reference, /** @type {number} */ i) => {
    const strip = await getModel(manager, reference);
    const isHidden = () => share.get("hidden").includes(model.get("names")[i]);
    return { strip, slider: await getModel(manager, strip.get("slider")), isHidden };
  };
  return { swept: await Promise.all(model.get("strips").map(find)), share, points };
}
