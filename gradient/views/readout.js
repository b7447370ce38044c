// The readout's numbers and its verdict. The words come from Python, the numbers from whoever computes.

import { getModel } from "../adapters/ipywidgets.js";
import { fillParts } from "../link/text.js";
import { adviceOf, resolveAdvised } from "./advised.js";
import { numbersOf } from "./array.js";
import { numberOf } from "./numbers.js";
import { callAll, listen, oncePerTask } from "./observers.js";
import { setText } from "./texts.js";
import { worded } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {{ style: string, word: string, sentence: import("../link/text.js").Part[] }} VerdictWords */

const SPEAK_AFTER_MS = 600; // a screen reader hears what stays this long

const ADVISED = ["advised_slider", "advised_index", "advised_loss"];
const NUMBERS = ["loss", "best_known", "gradient_norm", "step"];

/** @param {string} tag @param {string} text @param {Record<string, string>} [attributes] */
function make(tag, text, attributes = {}) {
  const element = document.createElement(tag);
  element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** Builds the elements. @param {HTMLElement} el @param {Record<string, string>} words */
function build(el, words) {
  const list = document.createElement("dl");
  const numbers = NUMBERS.map((name) => make("dd", "", { "data-name": name }));
  numbers.forEach((number, i) => {
    const row = document.createElement("div");
    row.append(make("dt", words[NUMBERS[i]]), number);
    list.append(row);
  });
  const [pill, sentence] = [make("strong", ""), make("span", "")];
  const verdict = make("p", "", { class: "techni-verdict" });
  verdict.append(pill, " ", sentence);
  const error = make("p", "", { class: "techni-error", role: "alert" });
  const spoken = make("p", "", { class: "techni-spoken", role: "status", "aria-live": "polite" });
  el.classList.add("techni-readout");
  el.append(list, verdict, error, spoken);
  return { numbers, pill, sentence, error, spoken };
}

/** What the model's verdict is called. @param {ViewModel} model @returns {VerdictWords} */
const verdictOf = (model) => model.get("verdicts")[model.get("verdict")];

/** Shows the model's numbers and words. @param {ReturnType<typeof build>} parts @param {ViewModel} model */
function draw({ numbers, pill, sentence, error }, model) {
  numbers.forEach((number, i) => {
    setText(number, numberOf(model.get(NUMBERS[i])));
  });
  const verdict = verdictOf(model);
  setText(pill, verdict.word);
  pill.dataset.verdict = verdict.style;
  setText(
    sentence,
    fillParts(verdict.sentence, (name) => model.get(name), numberOf),
  );
  setText(error, model.get("error"));
}

/** What is spoken of the model's state: of two parameters, where it is. @param {ViewModel} model @returns {string} */
function spokenOf(model) {
  const words = model.get("words");
  const [step, loss] = ["step", "loss"].map((name) => numberOf(model.get(name)));
  const [w, b] = [...numbersOf(model.get("parameters"))].map(numberOf);
  const state = fillIn(words.spoken, { step, loss, verdict: verdictOf(model).word.toLowerCase() });
  return w === undefined ? state : `${state}. ${fillIn(words.spoken_place, { w, b })}`;
}

/** What is spoken of the best learning rate, nothing if there is none, or a lesson hides it. @param {ViewModel} model @param {Model} rates its strip @param {import("./advised.js").Swept[]} swept */
function spokenBestOf(model, rates, swept) {
  if (swept.some(({ strip, isHidden }) => strip === rates && isHidden())) return "";
  const [best, values] = [rates.get("best"), rates.get("values")];
  if (best === rates.get("theme").never) return "";
  const loss = numberOf(numbersOf(rates.get("losses"))[best]);
  return fillIn(model.get("words").spoken_best, { value: numberOf(values[best]), loss });
}

/** Speaks what is new: the best learning rate and the advice follow from few of the controls. @param {HTMLElement} region */
function makeSpeaker(region) {
  /** @type {string[]} */
  let said = [];
  return (/** @type {string} */ state, /** @type {string[]} */ ...rest) => {
    const parts = [state, ...rest.filter((part, i) => part && part !== said[i + 1])];
    if (parts.length > 1 || state !== said[0]) region.textContent = parts.join(". ");
    said = [state, ...rest];
  };
}

/** Makes what calls `speak` when nothing has changed for a while. @param {() => void} speak */
function makeLater(speak) {
  /** @type {number | undefined} */
  let timer;
  const cancel = () => clearTimeout(timer);
  const speakLater = () => {
    cancel();
    timer = setTimeout(speak, SPEAK_AFTER_MS);
  };
  return { speakLater, cancel };
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const parts = build(el, model.get("words"));
  const speak = makeSpeaker(parts.spoken);
  const [rates, advice] = await Promise.all(["rates", "advice"].map((name) => getModel(model.widget_manager, model.get(name))));
  const about = await resolveAdvised(advice);
  const { speakLater, cancel } = makeLater(() =>
    speak(spokenOf(model), spokenBestOf(model, rates, about.swept), adviceOf(advice, about)),
  );
  const show = () => {
    draw(parts, model);
    speakLater();
  };
  const schedule = oncePerTask(show);
  model.on("change", schedule);
  const undo = [
    () => model.off("change", schedule),
    listen(rates, ["best", "losses"], speakLater),
    listen(advice, ADVISED, speakLater),
    listen(about.share, ["hidden"], speakLater),
  ];
  show();
  return () => {
    cancel();
    callAll(undo);
  };
}

export default { render: worded(render) };
