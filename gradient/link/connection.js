// A connection to the kernel that breaks and comes back. Answers that were on their way are lost, and the widget manager then
// sets all models to the kernel's state, which has not heard of all that the visitor did.

import { assumeAnswered, filterStatus, isDisconnected, kernelOf, onRestored } from "../adapters/ipywidgets.js";
import { isFromKernel } from "./models.js";

const OUTLIVED = Symbol.for("jaxlink.outlived");
const UNSURE = Symbol.for("jaxlink.unsure"); // on a model of whose last change the kernel may not know
const LATE = Symbol.for("jaxlink.late"); // on a model: messages whose answer is not waited for any more

const isChange = ({ header, content }) => header.msg_type === "comm_msg" && content.data.method === "update";
const isIdle = ({ content }) => content.execution_state === "idle";
const isAnswer = (msg) => msg.header.msg_type === "status" && isIdle(msg);

/** Lets the answer to a message make no difference any more; a server may send it again. */
function ignore(model, message) {
  if (!model[LATE]) {
    const late = new Set();
    model[LATE] = late;
    filterStatus(model, (status) => isIdle(status) && late.delete(status.parent_header?.msg_id));
  }
  model[LATE].add(message);
}

/** Gives up waiting for the answer to a message of a model. */
async function giveUp(manager, id, message) {
  if (!manager.has_model(id)) return;
  const model = await manager.get_model(id);
  if (!model.comm_live || isDisconnected(model)) return;
  model[UNSURE] = true;
  ignore(model, message);
  assumeAnswered(model);
}

/**
 * Lets models send again when the connection is back, once for each kernel: ipywidgets keeps the changes of a model until the
 * last one is answered, and if that answer is lost, for ever.
 */
export function outlive(manager) {
  const kernel = kernelOf(manager);
  if (!kernel || kernel[OUTLIVED]) return;
  kernel[OUTLIVED] = true;
  const asked = new Map(); // the model of each change that is not answered
  kernel.anyMessage.connect((_, { msg, direction }) => {
    if (direction === "send" && isChange(msg)) asked.set(msg.header.msg_id, msg.content.comm_id);
    else if (isAnswer(msg)) asked.delete(msg.parent_header.msg_id);
  });
  kernel.connectionStatusChanged.connect((_, status) => {
    if (status === "connected") return;
    for (const [message, id] of asked) void giveUp(manager, id, message);
    asked.clear();
  });
}

/**
 * Sets controls as the visitor had them, when the kernel's older state has been restored. Returns what undoes it.
 * @param {[model: any, name: string][]} traits
 * @param {(values: any[]) => void} put
 */
export function hold(manager, traits, put) {
  const kernel = kernelOf(manager);
  if (!kernel) return () => {};
  const held = traits.map(([model, name]) => model.get(name));
  const listening = traits.map(([model, name], i) => [
    model,
    `change:${name}`,
    () => {
      if (!isFromKernel(model, name)) model[UNSURE] ||= kernel.connectionStatus !== "connected";
      else if (model[UNSURE]) return;
      held[i] = model.get(name);
    },
  ]);
  const restored = () => {
    if (!traits.some(([model]) => model[UNSURE])) return;
    const values = [...held]; // a choice among them sets others, and what is held of these
    for (const [model] of traits) model[UNSURE] = false;
    put(values);
  };
  for (const [model, event, act] of listening) model.on(event, act);
  const unfollow = onRestored(manager, restored);
  return () => {
    for (const [model, event, act] of listening) model.off(event, act);
    unfollow();
  };
}
