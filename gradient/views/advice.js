// The advice: a sentence about a value that was run, and a button that sets it.

import { getModel } from "../adapters/ipywidgets.js";
import { fillParts, formatNumber } from "../link/text.js";
import { oncePerTask } from "./observers.js";
import { setText } from "./texts.js";
import { fillIn } from "./words.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {{ strip: Model, slider: Model }} Swept */

/** What to say: nothing if there is nothing to advise. @param {ViewModel} model @param {Swept[]} swept @returns {string} */
function sentenceOf(model, swept) {
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

/** Sets what is advised. @param {ViewModel} model @param {Swept[]} swept */
function follow(model, swept) {
  const { strip } = swept[model.get("advised_slider")];
  strip.set({ picked: model.get("advised_index"), picks: strip.get("picks") + 1 });
  strip.save_changes();
}

/** The strips and their sliders. @param {ViewModel} model @returns {Promise<Swept[]>} */
function resolve(model) {
  const { widget_manager: manager } = model;
  return Promise.all(
    model.get("strips").map(async (/** @type {string} */ reference) => {
      const strip = await getModel(manager, reference);
      return { strip, slider: await getModel(manager, strip.get("slider")) };
    }),
  );
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const swept = await resolve(model);
  const [sentence, button] = [document.createElement("span"), document.createElement("button")];
  Object.assign(button, { type: "button", textContent: model.get("words").button });
  el.append(sentence, button);
  const show = () => {
    setText(sentence, sentenceOf(model, swept));
    button.hidden = model.get("advised_slider") === model.get("never");
  };
  button.addEventListener("click", () => follow(model, swept));
  const schedule = oncePerTask(show);
  model.on("change", schedule);
  show();
  return () => model.off("change", schedule);
}

export default { render };
