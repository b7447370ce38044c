// Shows the widgets of a published page, which has no kernel. It creates every model that the kernel had, also those that nothing
// displays, such as links, and takes the kernel's place in drawing the figures at the sizes that the page asks for.

import { drawOnResize, isCanvas, showStored } from "../../adapters/ipympl.js";
import { typesetBy } from "../../adapters/ipywidgets.js";
import { whenReady } from "../../link/models.js";
import { drawStretched, leastStretched, loadBitmap } from "./prerendered.js";

/**
 * @typedef {import("../../adapters/ipywidgets.js").Model} Model
 * @typedef {import("../../adapters/ipympl.js").CanvasModel} CanvasModel
 * @typedef {import("./prerendered.js").Size} Size
 * @typedef {import("./prerendered.js").Prerendered} Prerendered
 * @typedef {import("./prerendered.js").Layout} Layout
 *
 * @typedef {object} State of all widgets, in ipywidgets' own format, with the prerendered images of each figure
 * @property {Record<string, unknown>} state by the id of the model
 * @property {Record<string, (Prerendered & Layout)[]>} figures by the id of the model
 *
 * @typedef {object} HTMLManager ipywidgets' manager for pages without a kernel
 * @property {(name: string, module: string, version: string) => Promise<unknown>} loadClass
 * @property {(state: State) => Promise<Model[]>} set_state
 * @property {(id: string) => Promise<Model>} get_model
 * @property {(model: Model) => Promise<unknown>} create_view
 * @property {(view: unknown, element: HTMLElement) => Promise<void>} display_view
 */

const CONTROLS = "@jupyter-widgets/controls";
const READY_TIMEOUT_MS = 1000;

/** Has a figure draw its prerendered images by itself. @param {CanvasModel} canvas @param {(Prerendered & Layout)[]} images */
function drawFrom(canvas, images) {
  drawOnResize(canvas, async (size) => {
    const image = leastStretched(images, size);
    const bitmap = await loadBitmap(image);
    return (context, ratio) => drawStretched(context, bitmap, image, size, ratio);
  });
}

/** Sets the formulas in the texts of widgets and in outputs of HTML, if the page has any; its script is there then. @param {HTMLManager} manager */
function setFormulas(manager) {
  const { temml } = /** @type {{ temml?: { renderMathInElement: (element: Element, options: object) => void } }} */ (window);
  if (!temml) return;
  const typeset = (/** @type {Element} */ element) => temml.renderMathInElement(element, { fences: "all" });
  typesetBy(manager, typeset);
  for (const element of document.querySelectorAll(".jp-RenderedHTML")) typeset(element);
}

/** Shows a widget in its element, and removes the element of a widget that the notebook has closed. @param {HTMLElement} element @param {HTMLManager} manager @param {State} state */
async function showWidget(element, manager, state) {
  const id = element.dataset.model ?? "";
  if (!(id in state.state)) return element.remove();
  const view = await manager.create_view(await manager.get_model(id));
  element.replaceChildren();
  return manager.display_view(view, element);
}

/** Creates every model of a state, and shows those that have an element on the page. @param {State} state */
async function show(state) {
  const { requirejs } = /** @type {any} */ (window);
  const loader = (/** @type {string} */ name) => new Promise((resolve, reject) => requirejs([name], resolve, reject));
  const { HTMLManager } = /** @type {any} */ (await loader("@jupyter-widgets/html-manager"));
  /** @type {HTMLManager} */
  const manager = new HTMLManager({ loader });
  setFormulas(manager);
  await manager.loadClass("LabelModel", CONTROLS, "2.0.0"); // it brings the theme, which other libraries draw with
  const models = await manager.set_state(state);
  for (const model of models) {
    const images = state.figures[model.model_id];
    if (images) drawFrom(/** @type {any} */ (model), images);
    else if (isCanvas(model)) showStored(model);
  }
  // A figure that is exchanged while it is made fails, so the controls get what `remember` has stored before they are shown.
  const remembered = models.filter((model) => model.get("spec")?.after).map(whenReady);
  await Promise.race([Promise.all(remembered), new Promise((resolve) => setTimeout(resolve, READY_TIMEOUT_MS))]);
  for (const element of document.querySelectorAll("[data-model]")) {
    await showWidget(/** @type {HTMLElement} */ (element), manager, state).catch((error) => console.error(error)); // show the others
  }
  Object.assign(window, { widgetManager: manager }); // for inspection in the console
}

/** Precaches the page for visits without a network, with the other images of a window like this one. @param {Prerendered[]} images */
async function precache(images) {
  const workers = navigator.serviceWorker;
  if (!workers) return; // the page did not come over HTTPS
  await new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve)); // the visitor comes first
  const controlled = workers.controller || new Promise((resolve) => workers.addEventListener("controllerchange", resolve));
  await workers.register("worker.js");
  await controlled;
  await Promise.all(images.map(({ file }) => fetch(file, { cache: "force-cache" })));
}

/** Resolves when the widgets' script has run, and rejects when it has failed to load, even if that was before the call. @returns {Promise<void>} */
function widgetsScript() {
  const script = /** @type {HTMLScriptElement} */ (document.querySelector("script[src]"));
  return new Promise((resolve, reject) => {
    const check = () => ("requirejs" in window ? resolve() : reject(new Error(`${script.src} cannot be loaded`)));
    if ("requirejs" in window || document.readyState === "complete") return check();
    script.addEventListener("load", check);
    return addEventListener("load", check);
  });
}

/** Shows a message instead of the widgets. @param {unknown} error @returns {never} */
function showFailure(error) {
  const message = document.createElement("p");
  message.setAttribute("role", "alert");
  message.innerHTML = `This page could not be loaded. <a href="">Load it again</a>`;
  document.querySelector("[data-model]")?.replaceChildren(message);
  throw error;
}

/** @param {Prerendered[]} first images of the figure that is shown first, if there is one; its element is on the page already */
export async function start(first) {
  const { clientWidth, clientHeight } = document.querySelector(".techni-field") ?? document.body;
  /** @type {Size} */
  const size = [clientWidth, clientHeight];
  if (first.length) loadBitmap(leastStretched(first, size)).catch(() => {}); // it is loaded again when it is drawn
  /** @type {State} */
  const state = JSON.parse(document.querySelector("#state")?.textContent ?? ""); // while the widgets' script is loading
  await widgetsScript()
    .then(() => show(state))
    .catch(showFailure);
  await precache(Object.values(state.figures).map((images) => leastStretched(images, size)));
}
