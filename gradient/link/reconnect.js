// A connection to the kernel that breaks and comes back. Answers on their way are lost. When it is back, the widget manager
// sets all models to the kernel's state, which lacks what the visitor did meanwhile.

import { assumeAnswered, filterStatus, isDisconnected, kernelOf, onRestored } from "../adapters/ipywidgets.js";
import { isFromKernel, listenTo, marksOf } from "./models.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {import("../adapters/ipywidgets.js").Message} Message */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").PageTrait} PageTrait */

const WATCHED = Symbol.for("jaxlink.watched"); // on a kernel whose connection is watched
const UNSURE = Symbol.for("jaxlink.unsure"); // on a model whose last change may not have reached the kernel
const ABANDONED = Symbol.for("jaxlink.abandoned"); // on a model: the messages whose answers no longer count

const isChange = (/** @type {Message} */ { header, content }) =>
  header.msg_type === "comm_msg" && content.data.method === "update";
const isIdle = (/** @type {Message} */ { content }) => content.execution_state === "idle";
const isAnswer = (/** @type {Message} */ message) => message.header.msg_type === "status" && isIdle(message);

/** Ignores the answer to a message: a server may send it after all. @param {Model} model @param {string} message */
function ignoreAnswer(model, message) {
  const marks = marksOf(model);
  if (!marks[ABANDONED]) {
    /** @type {Set<string | undefined>} */
    const abandoned = new Set();
    marks[ABANDONED] = abandoned;
    filterStatus(model, (status) => isIdle(status) && abandoned.delete(status.parent_header?.msg_id));
  }
  marks[ABANDONED].add(message);
}

/** Stops waiting for the answer to a model's message. @param {Manager} manager @param {string} id @param {string} message */
async function abandonAnswer(manager, id, message) {
  if (!manager.has_model(id)) return;
  const model = await manager.get_model(id);
  if (!model.comm_live || isDisconnected(model)) return;
  marksOf(model)[UNSURE] = true;
  ignoreAnswer(model, message);
  assumeAnswered(model);
}

/**
 * Lets models send again after the connection was lost. ipywidgets holds a model's changes until the last one is answered,
 * which is for ever if the answer is lost. One link does it for all of a kernel.
 * @param {Manager} manager
 */
export function surviveReconnect(manager) {
  const kernel = kernelOf(manager);
  if (!kernel || marksOf(kernel)[WATCHED]) return;
  marksOf(kernel)[WATCHED] = true;
  /** @type {Map<string | undefined, string>} */
  const unanswered = new Map(); // the id of the model, by message
  kernel.anyMessage.connect((_, { msg, direction }) => {
    if (direction === "send" && isChange(msg)) unanswered.set(msg.header.msg_id, msg.content.comm_id);
    else if (isAnswer(msg)) unanswered.delete(msg.parent_header?.msg_id);
  });
  kernel.connectionStatusChanged.connect((_, status) => {
    if (status === "connected") return;
    for (const [message, id] of unanswered) void abandonAnswer(manager, id, /** @type {string} */ (message));
    unanswered.clear();
  });
}

/** Calls `act` whenever the connection to the kernel is back. @param {Manager} manager @param {() => void} act @returns {() => void} what undoes it */
export function onReconnect(manager, act) {
  const signal = kernelOf(manager)?.connectionStatusChanged;
  const changed = (/** @type {unknown} */ _, /** @type {string} */ status) => status === "connected" && act();
  signal?.connect(changed);
  return () => signal?.disconnect(changed);
}

/**
 * Restores controls to what the visitor set, after the manager has set them to the kernel's older state.
 * @param {Manager} manager
 * @param {PageTrait[]} traits
 * @param {(values: any[]) => void} restore
 * @returns {() => void} what undoes it
 */
export function restoreAfterReconnect(manager, traits, restore) {
  const kernel = kernelOf(manager);
  if (!kernel) return () => {};
  const values = traits.map(({ model, trait }) => model.get(trait));
  const recorded =
    (/** @type {PageTrait} */ { model, trait }, /** @type {number} */ i) =>
    () => {
      const marks = marksOf(model);
      if (!isFromKernel(model, trait)) marks[UNSURE] ||= kernel.connectionStatus !== "connected";
      else if (marks[UNSURE]) return;
      values[i] = model.get(trait);
    };
  const restored = () => {
    if (!traits.some(({ model }) => marksOf(model)[UNSURE])) return;
    for (const { model } of traits) marksOf(model)[UNSURE] = false;
    restore([...values]); // a copy: a choice among them sets others, which are recorded
  };
  const undo = [
    listenTo(traits.map((found, i) => [found.model, `change:${found.trait}`, recorded(found, i)])),
    onRestored(manager, restored),
  ];
  return () => {
    for (const act of undo) act();
  };
}
