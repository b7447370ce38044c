// Shows the widgets of a published page, which has no kernel. It creates every model that the kernel had, also those that nothing
// displays, such as links.

import { isCanvas, showStored } from "../../adapters/ipympl.js";
import { sayWhatIsNotShown, typesetBy } from "../../adapters/ipywidgets.js";
import { whenReady } from "../../link/readiness.js";
import { addLaterPrograms } from "./later_programs.js";
import { addLaterWords } from "./later_words.js";

/**
 * @typedef {import("../../adapters/ipywidgets.js").Model} Model
 *
 * @typedef {object} State of all widgets, in ipywidgets' own format, with the places of programs that come later
 * @property {Record<string, { state: import("./later_programs.js").LinkState }>} state by the id of the model
 * @property {import("./later_programs.js").Place[]} programs
 * @property {import("./later_words.js").Words | null} words of other languages, which come later
 *
 * @typedef {object} HTMLManager ipywidgets' manager for pages without a kernel
 * @property {(name: string, module: string, version: string) => Promise<unknown>} loadClass
 * @property {(state: State) => Promise<Model[]>} set_state
 * @property {(id: string) => Promise<Model>} get_model
 * @property {(model: Model) => Promise<unknown>} create_view
 * @property {(view: unknown, element: HTMLElement) => Promise<void>} display_view
 */

const CONTROLS = "@jupyter-widgets/controls";
const NOT_SHOWN = "This widget cannot be shown here.";
const READY_TIMEOUT_MS = 1000;

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
  await sayWhatIsNotShown(manager, NOT_SHOWN);
  await manager.loadClass("LabelModel", CONTROLS, "2.0.0"); // it brings the theme, which other libraries draw with
  const models = await manager.set_state(state);
  for (const model of models) if (isCanvas(model)) showStored(model);
  // The controls get what `remember` has stored before they are shown: a view that is exchanged while it is made fails.
  const remembered = models.filter((model) => model.get("spec")?.after).map(whenReady);
  const timeout = new Promise((resolve) => setTimeout(resolve, READY_TIMEOUT_MS));
  await Promise.race([Promise.all(remembered), timeout]);
  if (state.words) await Promise.race([addLaterWords(/** @type {any} */ (manager), state.words), timeout]); // so that it speaks one language only
  for (const element of document.querySelectorAll("[data-model]")) {
    await showWidget(/** @type {HTMLElement} */ (element), manager, state).catch((error) => console.error(error)); // show the others
  }
  Object.assign(window, { widgetManager: manager }); // for inspection in the console
}

const idle = () => new Promise((resolve) => (window.requestIdleCallback ?? setTimeout)(resolve));

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

/** The words for a failure, in the first of the visitor's languages in which the page has them. @returns {HTMLTemplateElement} */
function wordsOfFailure() {
  /** @type {HTMLTemplateElement[]} */
  const known = [...document.querySelectorAll(/** @type {"template"} */ ("template.techni-failure"))];
  const found = navigator.languages.map((wanted) => known.find(({ lang }) => lang === wanted.split("-")[0])).find(Boolean);
  return found ?? known[0];
}

/** Shows a message instead of the widgets. @param {unknown} error @returns {never} */
function showFailure(error) {
  const message = document.createElement("p");
  const { lang, content } = wordsOfFailure();
  message.setAttribute("role", "alert");
  message.lang = lang;
  message.append(content);
  document.querySelector("[data-model]")?.replaceChildren(message);
  throw error;
}

/** Starts the page. @param {string} programs the file of the programs that it does not run at first, or an empty string */
export async function start(programs) {
  /** @type {State} */
  const state = JSON.parse(document.querySelector("#state")?.textContent ?? ""); // while the widgets' script is loading
  const loadPrograms = addLaterPrograms(state.state, programs, state.programs);
  await widgetsScript()
    .then(() => show(state))
    .catch(showFailure);
  await idle(); // the visitor comes first
  if (programs) void loadPrograms();
  await navigator.serviceWorker?.register("worker.js"); // which precaches the page; there is none unless the page came over HTTPS
}
