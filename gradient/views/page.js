// Mends what libraries leave out: names for ipywidgets' slider handles and bqplot's pictures, a way past ipympl's canvas, and a
// second look for an app that came late.

const SLIDER = ".widget-slider";
const GIVEN_UP = "Error displaying widget: model not found";

/** Sets only what differs: that is cheaper, and the observer below hears of it. */
function name(element, attributes) {
  for (const [attribute, value] of Object.entries(attributes)) {
    if (element?.getAttribute(attribute) !== value) element?.setAttribute(attribute, value);
  }
}

/** @param {Element} slider */
function nameHandle(slider) {
  const label = slider.querySelector(".widget-label")?.textContent ?? "";
  const readout = slider.querySelector(".widget-readout");
  // A logarithmic slider would otherwise speak its exponent.
  name(slider.querySelector(".noUi-handle"), { "aria-label": label, "aria-valuetext": readout?.textContent ?? "" });
  name(readout, { "aria-label": `${label} as a number`, role: "textbox" });
}

/** Says what bqplot's pictures are. @param {Element} root */
function namePictures(root) {
  const names = {
    ".techni-fit svg.svg-figure": "The data and the fitted curve",
    ".techni-loss svg.svg-figure": "The loss over the steps",
  };
  for (const [selector, label] of Object.entries(names))
    name(root.querySelector(selector), { role: "img", "aria-label": label });
}

/** ipympl's canvas takes the focus and keeps the Tab key to itself; what it could be used for is in the layer over it. @param {Element} root */
function freeTheTabKey(root) {
  name(root.querySelector(".techni-figures"), { inert: "" });
}

/** noUiSlider's Home and End keys go to the limits that a slider was made with. @param {KeyboardEvent} event */
function goToLimit(event) {
  const place = { Home: -Number.MAX_VALUE, End: Number.MAX_VALUE }[event.key];
  if (!place || !event.target.matches(".noUi-handle")) return;
  event.preventDefault();
  event.stopPropagation();
  event.target.closest(".noUi-target").noUiSlider.set(place);
}

/** @param {Element} root */
function mendAll(root) {
  for (const slider of root.querySelectorAll(SLIDER)) nameHandle(slider);
  namePictures(root);
  freeTheTabKey(root);
}

/** Mends what has changed, which in a drag is one slider and what bqplot draws. @param {Element} root @param {MutationRecord[]} records */
function mend(root, records) {
  const sliders = new Set(records.map(({ target }) => target.closest(SLIDER)));
  const isNew = ({ target, addedNodes }) => !target.closest(`${SLIDER}, svg`) && [...addedNodes].some((node) => node.tagName);
  if (records.some(isNew)) mendAll(root);
  else for (const slider of sliders) if (slider) nameHandle(slider);
}

/** Shows the app in a place that holds an error. */
async function showIn(place, model) {
  const manager = model.widget_manager;
  const view = await manager.create_view(await manager.get_model(model.get("app").replace("IPY_MODEL_", "")));
  place.textContent = "";
  view.luminoWidget.constructor.attach(view.luminoWidget, place);
}

/**
 * ipywidgets looks for the model of an output every tenth of a second for two seconds. If a page is so busy making models that
 * the last of these looks comes late, it is left out, and the output stays an error although its model is there. In JupyterLab it
 * may be another notebook's.
 */
function initialize({ model }) {
  if (!("voila" in document.body.dataset)) return undefined;
  const observer = new MutationObserver(() => look());
  const look = () => {
    const place = [...document.querySelectorAll(".jupyter-widgets")].find(({ textContent }) => textContent === GIVEN_UP);
    if (!place && !document.querySelector(".techni-app")) return;
    observer.disconnect();
    if (place && model.get("app")) void showIn(place, model);
  };
  observer.observe(document.body, { childList: true, subtree: true });
  look();
  return () => observer.disconnect();
}

/** @param {{ el: HTMLElement }} context */
function render({ el }) {
  el.style.display = "none";
  const gone = new AbortController();
  let observer;
  // The app's own element is there one task after its children are rendered.
  const start = setTimeout(() => {
    const root = el.closest(".techni-app");
    if (!root) return;
    mendAll(root);
    root.addEventListener("keydown", goToLimit, { capture: true, signal: gone.signal });
    observer = new MutationObserver((records) => mend(root, records));
    observer.observe(root, { childList: true, subtree: true, attributeFilter: ["aria-valuetext"] });
  });
  return () => {
    clearTimeout(start);
    gone.abort();
    observer?.disconnect();
  };
}

export default { initialize, render };
