// The page's side of `choose`: sets traits by a table when a visitor changes the trigger.

import { deserialize, getModel } from "../adapters/ipywidgets.js";
import { isFromKernel, listenTo, markReady, setAndSync, setLocally } from "./models.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").State} State */
/** @typedef {import("./models.js").PageTrait & { values: any[] }} Column */
/** @typedef {[reference: string, trait: string]} Reference */

/**
 * The description that `choose.py` sends.
 * @typedef {object} Spec
 * @property {string} self
 * @property {Reference} source
 * @property {Reference} trigger
 * @property {[reference: string, trait: string, values: any[]][]} table
 * @property {boolean} sync_targets
 */

/**
 * The columns of a table, with values as the models keep them.
 * @param {Manager} manager
 * @param {Spec["table"]} table
 * @returns {Promise<Column[]>}
 */
function resolveColumns(manager, table) {
  return Promise.all(
    table.map(async ([reference, trait, values]) => {
      const model = await getModel(manager, reference);
      return { model, trait, values: await Promise.all(values.map((value) => deserialize(model, trait, value))) };
    }),
  );
}

/** One row of a table, by model. @param {Column[]} columns @param {any} index @returns {Map<Model, State>} */
function rowAt(columns, index) {
  /** @type {Map<Model, State>} */
  const row = new Map();
  for (const { model, trait, values } of columns) {
    const value = values[Math.min(Math.max(Number(index), 0), values.length - 1)];
    row.set(model, { ...row.get(model), [trait]: value });
  }
  return row;
}

/**
 * Applies a table that is only displayed again when the kernel, which does not know its values, overwrites one.
 * @param {Column[]} columns
 * @param {() => void} apply
 */
function overwriteListeners(columns, apply) {
  return columns.map(
    /** @returns {[Model, string, () => void]} */ ({ model, trait }) => [
      model,
      `change:${trait}`,
      () => isFromKernel(model, trait) && setTimeout(apply),
    ],
  );
}

/**
 * Applies the table whenever the trigger changes.
 * @param {Manager} manager
 * @param {Spec} spec
 * @returns {Promise<() => void>} what undoes it
 */
async function follow(manager, { self, source, trigger, table, sync_targets: syncTargets }) {
  const [own, chosen, triggering, columns] = await Promise.all([
    getModel(manager, self),
    getModel(manager, source[0]),
    getModel(manager, trigger[0]),
    resolveColumns(manager, table),
  ]);
  const set = syncTargets ? setAndSync : setLocally;
  const apply = () => {
    if (chosen.get(source[1]) === null) return;
    for (const [model, state] of rowAt(columns, chosen.get(source[1]))) set(model, state);
  };
  const event = `change:${trigger[1]}`;
  const stop = syncTargets
    ? listenTo([[triggering, event, () => isFromKernel(triggering, trigger[1]) || apply()]])
    : listenTo([[triggering, event, apply], ...overwriteListeners(columns, apply)]);
  if (!syncTargets) apply();
  markReady(own);
  return stop;
}

export default {
  /** @param {{ model: import("../adapters/anywidget.js").ModelProxy }} widget */
  initialize({ model }) {
    let generation = 0;
    let unfollow = () => {};
    const start = async () => {
      unfollow();
      unfollow = () => {};
      generation += 1;
      const mine = generation;
      const spec = model.get("spec");
      const stop = spec.source ? await follow(model.widget_manager, spec) : () => {};
      if (mine === generation) unfollow = stop;
      else stop();
    };
    model.on("change:spec", start);
    void start();
    return () => {
      generation += 1;
      model.off("change:spec", start);
      unfollow();
    };
  },
};
