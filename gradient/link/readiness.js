// The order in which links begin on a page: each marks the stage that it has reached, and others wait for that.

import { getModel } from "../adapters/ipywidgets.js";
import { marksOf } from "./models.js";

/** @typedef {import("./models.js").Model} Model */
/** @typedef {"listening" | "ready"} Stage it hears of changes; it has begun, too */

const LONGEST_WAIT_MS = 5000; // for a program that is compiled or loaded very slowly

/** The mark of a stage, which all instances of this module share. @param {Stage} stage */
const markOf = (stage) => Symbol.for(`jaxlink.${stage}`);

/** Marks that a link has reached a stage. @param {Model} link @param {Stage} stage */
function markReached(link, stage) {
  marksOf(link)[markOf(stage)] = true;
  link.trigger(`jaxlink:${stage}`);
}

/** @param {Model} link @param {Stage} stage @returns {Promise<void>} */
function whenReached(link, stage) {
  return marksOf(link)[markOf(stage)] ? Promise.resolve() : new Promise((done) => link.once(`jaxlink:${stage}`, done));
}

/** Marks that a link hears of changes. @param {Model} link */
export const markListening = (link) => markReached(link, "listening");

/** Marks a link as ready: it follows its sources. @param {Model} link */
export const markReady = (link) => markReached(link, "ready");

/** Waits until a link follows its sources. @param {Model} link */
export const whenReady = (link) => whenReached(link, "ready");

/** Marks a link that does not begin, so that those declared after it need not wait for it. @param {Model} link */
export function markSkipped(link) {
  markListening(link);
  markReady(link);
}

/** Waits for something, but no longer than `LONGEST_WAIT_MS`. @param {Promise<unknown>} promise @returns {Promise<unknown>} */
export function orTimeout(promise) {
  return Promise.race([promise, new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT_MS))]);
}

/**
 * Waits until the link that was declared before another one is as far, if the page has it. As in the kernel, links begin, and hear of
 * changes, in the order in which they were declared: two of them may set the same trait.
 * @param {Model} link
 * @param {Stage} stage
 * @returns {Promise<void>}
 */
export async function whenPrevious(link, stage) {
  const previous = link.get("previous");
  if (!link.widget_manager.has_model(previous)) return;
  await orTimeout(getModel(link.widget_manager, previous).then((model) => whenReached(model, stage)));
}

/**
 * Starts a widget once the kernel has described it.
 * @param {import("../adapters/anywidget.js").ModelProxy} model whose `spec` is the description
 * @param {(isClosed: () => boolean) => Promise<() => void>} start returns what undoes it
 * @returns {() => void} what ends it
 */
export function startDescribed(model, start) {
  let isClosed = false;
  let stop = () => {};
  const begin = async () => {
    if (isClosed || !model.get("spec").self) return;
    model.off("change:spec", begin);
    stop = await start(() => isClosed);
    if (isClosed) stop();
  };
  model.on("change:spec", begin);
  void begin();
  return () => {
    isClosed = true;
    stop();
  };
}
