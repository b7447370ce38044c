// Patches what the libraries leave out: names for ipywidgets' slider handles and bqplot's drawings, ticks that can be read, a way
// for the Tab key past ipympl's canvas, and a second try for an app whose widget came late.

import { drawingOf, drawUnpadded, writeTicksBy } from "../adapters/bqplot.js";
import {
  focusOn,
  GIVEN_UP,
  handleOf,
  labelOf,
  moveHandle,
  pressEnter,
  setLoose,
  trackOf,
  widgetElements,
  readoutOf,
  SLIDER,
  showView,
  sliderAround,
  writeNumberBy,
} from "../adapters/ipywidgets.js";
import { getModel } from "../adapters/ipywidgets.js";
import { markMain } from "../adapters/voila.js";
import { localised } from "../link/page_language.js";
import { followLossScales } from "./loss_ticks.js";
import { callAll } from "./observers.js";
import { worded } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ slider_readout: string, pictures: Record<string, string>, language: string }} Words */

/** Sets the attributes that differ: that is cheaper, and the observer below hears of each. @param {Element | null} element @param {Record<string, string>} attributes */
function setAttributes(element, attributes) {
  for (const [attribute, value] of Object.entries(attributes)) {
    if (element?.getAttribute(attribute) !== value) element?.setAttribute(attribute, value);
  }
}

/** Names a slider's handle and its number. @param {Element} slider @param {Words} words */
function nameSlider(slider, words) {
  const label = labelOf(slider);
  const readout = readoutOf(slider);
  // A logarithmic slider would otherwise speak its exponent.
  setAttributes(handleOf(slider), { "aria-label": label, "aria-valuetext": readout?.textContent ?? "" });
  setAttributes(readout, { "aria-label": fillIn(words.slider_readout, { label }), role: "textbox" });
}

/** Patches everything. @param {Element} root @param {Words} words */
function patchAll(root, words) {
  for (const slider of root.querySelectorAll(SLIDER)) nameSlider(slider, words);
  for (const [picture, label] of Object.entries(words.pictures)) {
    setAttributes(drawingOf(root, `.techni-${picture}`), { role: "img", "aria-label": label });
  }
  // ipympl's canvas takes the focus and keeps the Tab key; what the canvas could be used for is in the overlay.
  setAttributes(root.querySelector(".techni-figures"), { inert: "" });
}

/** Whether a change has added elements outside of sliders and drawings. @param {MutationRecord} record */
function hasNewElements({ target, addedNodes }) {
  const isKnown = target instanceof Element && target.closest(`${SLIDER}, svg`);
  return !isKnown && [...addedNodes].some((node) => node instanceof Element);
}

/** Patches what has changed, which in a drag is one slider and what bqplot draws. @param {Element} root @param {MutationRecord[]} records @param {Words} words */
function patch(root, records, words) {
  if (records.some(hasNewElements)) {
    patchAll(root, words);
    return;
  }
  const sliders = new Set(records.map(({ target }) => (target instanceof Element ? target.closest(SLIDER) : null)));
  for (const slider of sliders) if (slider) nameSlider(slider, words);
}

/** Moves a slider to its present limits: noUiSlider's own Home and End keys know only those that it was made with. @param {KeyboardEvent} event */
function goToLimit(event) {
  const end = { Home: -Number.MAX_VALUE, End: Number.MAX_VALUE }[event.key];
  const slider = end && event.target instanceof Element && sliderAround(event.target);
  if (!slider) return;
  event.preventDefault();
  event.stopPropagation();
  moveHandle(slider, end);
}

/** The numbers that were written over and have not been taken yet. @type {WeakSet<Element>} */
const typed = new WeakSet();

/** Notes that a number is written over. @param {Event} event */
function noteTyped({ target }) {
  const slider = target instanceof Element && target.closest(SLIDER);
  if (slider && readoutOf(slider) === target) typed.add(target);
}

/** Before ipywidgets reads a number: takes a comma for a point, and keeps the slider from rounding what was typed. ipywidgets reads it at the key Enter only. @param {Event} event */
function takeTyped(event) {
  const { target } = event;
  if (!(target instanceof Element) || (event instanceof KeyboardEvent && event.key !== "Enter")) return;
  const track = trackOf(target.closest(SLIDER));
  if (!track || target !== readoutOf(/** @type {Element} */ (target.closest(SLIDER)))) return;
  const text = (target.textContent ?? "").replace(",", ".").replaceAll("−", "-");
  if (!typed.delete(target)) {
    if (event.type === "keydown") target.textContent = text;
    return;
  }
  setLoose(track, true); // which shows the slider's own number
  target.textContent = text;
  if (event.type === "blur") pressEnter(target);
}

/** Before a slider is moved: lets it go in its own steps again. A finger gives it the focus, as a mouse does. @param {Event} event */
function takeSteps({ target, type }) {
  const track = target instanceof Element && target.closest(".noUi-target");
  if (!track) return;
  setLoose(track, false);
  if (type === "pointerdown") focusOn(track);
}

/** Shows the app in a place that holds an error. @param {Element} place @param {ViewModel} model */
async function showIn(place, model) {
  place.textContent = "";
  await showView(model.widget_manager, await getModel(model.widget_manager, model.get("app")), place);
}

/**
 * Shows the app where ipywidgets has given up. It looks for the model of an output every tenth of a second for two seconds. On a
 * page that is too busy making models it may stop looking before the model is there, and the output stays an error. In
 * JupyterLab that output may be another notebook's, so nothing is done there.
 * @param {{ model: ViewModel }} context
 */
function initialize({ model }) {
  if (!("voila" in document.body.dataset)) return undefined;
  markMain();
  const check = () => {
    const place = widgetElements(document).find(({ textContent }) => textContent === GIVEN_UP);
    if (!place && !document.querySelector(".techni-app")) return;
    observer.disconnect();
    if (place && model.get("app")) void showIn(place, model);
  };
  const observer = new MutationObserver(check);
  observer.observe(document.body, { childList: true, subtree: true });
  check();
  return () => observer.disconnect();
}

/** A slider's number with an exponent where it would be cut, or would read 0; that may be a letter longer. @param {string} text @param {number} value @param {number} longest in letters */
function readableNumber(text, value, longest) {
  const isReadable = text.length <= longest && (value === 0 || /[1-9]/.test(text));
  if (isReadable) return text;
  const exact = value.toExponential(2);
  return (exact.length > longest + 1 ? value.toExponential(1) : exact).replaceAll("-", "−");
}

/** Has the numbers of sliders and axes the decimal sign of the language, and true minus signs. Returns what does so for views that are new. @param {ViewModel} model */
function localiseNumbers(model) {
  const find = (/** @type {string} */ name) =>
    Promise.all(model.get(name).map((/** @type {string} */ reference) => getModel(model.widget_manager, reference)));
  /** @type {import("../adapters/ipywidgets.js").Model[]} */
  let axes = [];
  const localiseAxes = () => axes.map((axis) => writeTicksBy(axis, (text) => localised(text.replaceAll("-", "−"))));
  void Promise.all([find("axes"), find("sliders")]).then(([foundAxes, sliders]) => {
    const write = (/** @type {string} */ text, /** @type {number} */ value) =>
      localised(readableNumber(text, value, model.get("longest_number")));
    for (const slider of sliders) void writeNumberBy(slider, write);
    axes = foundAxes;
    for (const rewrite of localiseAxes()) void rewrite();
  });
  return localiseAxes;
}

/** Says which language the app is in; the notebook's text follows. All of a page that is the app's own is in that language. @param {HTMLElement} root @param {string} language */
function tellLanguage(root, language) {
  root.lang = document.documentElement.dataset.language = language;
  if ("voila" in document.body.dataset) document.documentElement.lang = language;
}

/** Takes what is done to sliders before they do. @param {HTMLElement} root @param {AbortSignal} signal that ends it */
function takeSliders(root, signal) {
  const options = { capture: true, signal };
  root.addEventListener("input", noteTyped, options);
  for (const event of ["keydown", "blur"]) root.addEventListener(event, takeTyped, options);
  for (const event of ["keydown", "pointerdown"]) root.addEventListener(event, takeSteps, options);
  root.addEventListener("keydown", goToLimit, options);
}

/** Patches the pictures of the descent. Each promise is of what undoes it. @param {ViewModel} model @returns {Promise<() => void>[]} */
function followPictures(model) {
  const draw = async (/** @type {string} */ curve) => drawUnpadded(await getModel(model.widget_manager, curve));
  return [followLossScales(model, model.get("loss_axes"), model.get("tick_formats")), ...model.get("curves").map(draw)];
}

/** @param {import("./observers.js").RenderContext} context */
function render({ model, el }) {
  const words = model.get("words");
  const localiseAxes = localiseNumbers(model);
  el.style.display = "none";
  const removed = new AbortController();
  const following = followPictures(model);
  const observer = new MutationObserver((records) => {
    const root = el.closest(".techni-app");
    if (root) patch(root, records, words);
    localiseAxes();
  });
  // The app's own element is there one task after its children are rendered.
  const start = setTimeout(() => {
    const root = /** @type {HTMLElement | null} */ (el.closest(".techni-app"));
    if (!root) return;
    tellLanguage(root, words.language);
    patchAll(root, words);
    takeSliders(root, removed.signal);
    observer.observe(root, { childList: true, subtree: true, attributeFilter: ["aria-valuetext"] });
  });
  return () => {
    clearTimeout(start);
    removed.abort();
    void Promise.all(following).then(callAll);
    observer.disconnect();
  };
}

export default { initialize, render: worded(render) };
