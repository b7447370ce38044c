// What this package uses of ipywidgets' JavaScript: its models, and the managers that make them in Voilà, in JupyterLab and on
// static pages. The typedefs name the members that are public; everything else that ipywidgets does not promise is in a
// function.

/**
 * @typedef {object} Model a WidgetModel of jupyter-widgets, which is a Backbone model
 * @property {string} model_id
 * @property {boolean} comm_live
 * @property {Manager} widget_manager
 * @property {Record<string, Promise<any>>} [views] all that have been made
 * @property {(name: string) => any} get
 * @property {(state: Record<string, any>) => void} set
 * @property {(state: Record<string, any>, options?: object) => void} save
 * @property {() => void} save_changes
 * @property {(state: Record<string, any>) => any} set_state
 * @property {(content: Record<string, any>) => void} send a custom message
 * @property {(events: string, act: Listener) => void} on
 * @property {(events: string, act: Listener) => void} once
 * @property {(events: string, act: Listener, context?: object) => void} off
 * @property {(event: string, ...details: any[]) => void} trigger
 */

/** @typedef {(...details: any[]) => void} Listener */

/**
 * @typedef {object} Manager a widget manager
 * @property {(id: string) => Promise<Model>} get_model
 * @property {(id: string) => boolean} has_model
 */

/**
 * @typedef {object} Message a Jupyter message
 * @property {{ msg_id: string, msg_type: string }} header
 * @property {{ msg_id?: string }} [parent_header]
 * @property {any} content
 */

/**
 * @template T
 * @typedef {object} Signal
 * @property {(act: (sender: any, value: T) => void) => void} connect
 * @property {(act: (sender: any, value: T) => void) => void} disconnect
 */

/**
 * @typedef {object} Kernel an IKernelConnection of the JupyterLab services
 * @property {string} status
 * @property {string} connectionStatus
 * @property {Signal<string>} statusChanged
 * @property {Signal<string>} connectionStatusChanged
 * @property {Signal<{ msg: Message, direction: "send" | "recv" }>} anyMessage
 */

/** A model with the members that ipywidgets does not promise. @param {Model} model @returns {any} */
const ipywidgetsInternals = (model) => model;

/**
 * Finds the model of a reference. Only ipywidgets' own serializers turn such a string into its model, and those of an
 * anywidget's traits cannot be declared.
 * @param {Manager} manager
 * @param {string} reference
 * @returns {Promise<Model>}
 */
export function getModel(manager, reference) {
  return manager.get_model(reference.replace("IPY_MODEL_", ""));
}

/** Whether a page has the model of a reference, or is making it. @param {Manager} manager @param {string} reference */
export const hasModel = (manager, reference) => manager.has_model(reference.replace("IPY_MODEL_", ""));

/**
 * The kernel of a page, undefined on a static page. Only the managers that have a kernel have this member.
 * @param {Manager} manager
 * @returns {Kernel | undefined}
 */
export function kernelOf(manager) {
  return /** @type {any} */ (manager).kernel;
}

/**
 * Calls `act` each time a manager has restored the kernel's state, after a lost connection. The base class of managers has no
 * such signal, and nothing else tells when it is done.
 * @param {Manager} manager
 * @param {() => void} act
 * @returns {() => void} what undoes it
 */
export function onRestored(manager, act) {
  /** @type {Signal<unknown> | undefined} */
  const restored = /** @type {any} */ (manager).restored;
  restored?.connect(act);
  return () => restored?.disconnect(act);
}

/**
 * Whether `set_state` is setting a trait of a model right now. The kernel's messages come that way, and no event tells who made
 * a change.
 * @param {Model} model
 * @param {string} name
 * @returns {boolean}
 */
export function isBeingRestored(model, name) {
  const { _state_lock: lock } = ipywidgetsInternals(model);
  return lock != null && name in lock;
}

/**
 * Whether a model keeps changes back because the message before them has not been answered yet. Nothing public tells.
 * @param {Model} model
 * @returns {boolean}
 */
export function hasUnsentChanges(model) {
  return ipywidgetsInternals(model)._msg_buffer != null;
}

/**
 * Whether the kernel of a model has ended. `comm_live` stays true then, and sending would throw.
 * @param {Model} model
 * @returns {boolean}
 */
export function isDisconnected(model) {
  return Boolean(ipywidgetsInternals(model).comm?.jsServicesComm?.isDisposed);
}

/**
 * Lets `isIgnored` keep status messages from a model. A model counts those that it waits for, and has no event for them.
 * @param {Model} model
 * @param {(message: Message) => boolean} isIgnored
 */
export function filterStatus(model, isIgnored) {
  const original = ipywidgetsInternals(model)._handle_status;
  ipywidgetsInternals(model)._handle_status = (/** @type {Message} */ message) =>
    isIgnored(message) || original.call(model, message);
}

/**
 * Makes a model go on as if the kernel had answered its last message. It would wait for a lost answer for ever, and send
 * nothing.
 * @param {Model} model
 */
export function assumeAnswered(model) {
  ipywidgetsInternals(model)._handle_status({ content: { execution_state: "idle" } });
}

/**
 * A value as the model itself keeps it, from the form in which a kernel sends it. Models do this only with whole messages.
 * @param {Model} model
 * @param {string} name
 * @param {any} value
 * @returns {any}
 */
export function deserialize(model, name, value) {
  const convert = ipywidgetsInternals(model).constructor.serializers?.[name]?.deserialize;
  return convert ? convert(value, model.widget_manager) : value;
}

/**
 * What a selection's options are called in every language, none for other models: their labels, whose trait is private, unless it is
 * one of this project's, which may show others.
 * @param {Model} model
 * @returns {string[]}
 */
export function optionNames(model) {
  return model.get("names") ?? model.get("_options_labels") ?? [];
}

/**
 * What a page shows of a selection's options, undefined for other models: the trait is private.
 * @param {Model} model
 * @returns {string[] | undefined}
 */
export function optionLabels(model) {
  return model.get("_options_labels");
}

const WRITE = Symbol.for("jaxlink.write"); // on a slider's model: what changes the text of its number

/**
 * Makes `write` change the text of a slider's number: d3's formats, which ipywidgets keeps in a private member, have a decimal point
 * only. Writes the number anew in all views.
 * @param {any} slider its model @param {(text: string, value: number) => string} write
 */
export async function writeNumberBy(slider, write) {
  if (!(WRITE in slider)) {
    let format = slider.readout_formatter;
    Object.defineProperty(slider, "readout_formatter", {
      get: () => (/** @type {unknown} */ value) => slider[WRITE](format(value), Number(value)),
      set: (next) => {
        format = next;
      },
    });
  }
  slider[WRITE] = write;
  for (const view of await Promise.all(Object.values(slider.views ?? {}))) {
    if (view.readout) view.readout.textContent = view.valueToString(slider.get("value"));
  }
}

// The elements of ipywidgets' controls, by class names that it does not promise.

/** The slider, with its label and its number. */
export const SLIDER = ".widget-slider";

/** What the widget manager writes in the place of a widget whose model it has not found in time. */
export const GIVEN_UP = "Error displaying widget: model not found";

/** What a slider is called on the page. @param {Element} slider */
export function labelOf(slider) {
  return slider.querySelector(".widget-label")?.textContent ?? "";
}

/** The number beside a slider, which can be edited. @param {Element} slider */
export function readoutOf(slider) {
  return slider.querySelector(".widget-readout");
}

/** The part of a slider that takes the focus and the keys; it is noUiSlider's, and has no name. @param {Element} slider */
export function handleOf(slider) {
  return slider.querySelector(".noUi-handle");
}

/** The track of the slider in a box. @param {Element | null} box */
export function trackOf(box) {
  return box?.querySelector(".noUi-target") ?? null;
}

/** Gives the focus to the handle of the slider in a box, and leaves the page where it is. @param {Element | null} box */
export function focusOn(box) {
  /** @type {HTMLElement | null | undefined} */ (box?.querySelector(".noUi-handle"))?.focus({ preventScroll: true });
}

/** noUiSlider's element around one of its handles, or null elsewhere. @param {Element} element */
export function sliderAround(element) {
  return element.matches(".noUi-handle") ? element.closest(".noUi-target") : null;
}

/** Moves a slider as a person does; it stops at its limits. @param {any} slider noUiSlider's element @param {number} value */
export function moveHandle(slider, value) {
  slider.noUiSlider.set(value); // noUiSlider's own object, which ipywidgets leaves on the element
}

// Each script of the page has its own instance of this module, so that the mark is on the slider.
const LOOSENED = 1e-4; // of a step
const OWN_STEP = Symbol.for("jaxlink.ownStep"); // on a slider that takes any number for now: its step

/**
 * Lets a slider take any number, or its own steps only: noUiSlider moves a number that was typed to the nearest step.
 * @param {any} slider noUiSlider's element @param {boolean} isLoose
 */
export function setLoose(slider, isLoose) {
  const { noUiSlider } = slider;
  const [present, own] = [noUiSlider.options.step, noUiSlider[OWN_STEP]];
  const wasLoose = present === own * LOOSENED; // ipywidgets sets the model's step again with other limits
  if (!wasLoose) delete noUiSlider[OWN_STEP];
  if (isLoose === wasLoose) return;
  if (isLoose) noUiSlider[OWN_STEP] = present;
  else delete noUiSlider[OWN_STEP];
  noUiSlider.updateOptions({ step: isLoose ? present * LOOSENED : own }, false);
}

/** Lets all sliders of a model take any number, as far as they are on the page. @param {Model} model */
export async function loosenViews(model) {
  for (const view of await Promise.all(Object.values(model.views ?? {}))) {
    const track = trackOf(view.el);
    if (track) setLoose(track, true);
  }
}

/** Makes a slider read its number, which it does at this key; it asks for the key's old code. @param {Element} readout */
export function pressEnter(readout) {
  readout.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", keyCode: 13, bubbles: true, cancelable: true }));
}

/** The elements that show a widget, or an error in its place. @param {ParentNode} root */
export function widgetElements(root) {
  return [...root.querySelectorAll(".jupyter-widgets")];
}

/**
 * Has the widgets of a static page set formulas. Controls look for who does it in a private member, which only the managers of
 * Voilà and JupyterLab have; outputs look in the public one.
 * @param {any} manager @param {(element: Element) => void} typeset sets the formulas in an element
 */
export function typesetBy(manager, typeset) {
  manager.renderMime = manager._rendermime = manager.renderMime.clone({ latexTypesetter: { typeset } });
}

/**
 * Has a static page say in words that a widget cannot be shown. ipywidgets would offer its JavaScript error.
 * @param {any} manager @param {string} words
 */
export async function sayWhatIsNotShown(manager, words) {
  const ErrorView = await manager.loadClass("ErrorWidgetView", "@jupyter-widgets/base", "2.0.0");
  ErrorView.prototype.render = function render() {
    this.el.classList.add("jupyter-widgets", "widget-label");
    this.el.textContent = words;
  };
}

/** Shows a model in an element. @param {Manager} manager @param {Model} model @param {Element} place */
export async function showView(manager, model, place) {
  const view = await /** @type {any} */ (manager).create_view(model);
  view.luminoWidget.constructor.attach(view.luminoWidget, place); // Lumino itself cannot be imported from here
}
