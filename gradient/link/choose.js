// The page's side of `choose`: sets traits by a table when a visitor changes the trigger.

import { deserialize, getModel, hasModel } from "../adapters/ipywidgets.js";
import { MAX_DEPTH } from "./constants.js";
import { isFromKernel, listenTo, NO_CAUSE, setAndSync, setLocally, writingCause } from "./models.js";
import { markReady } from "./readiness.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").State} State */
/** @typedef {import("./models.js").PageTrait & { values: any[] }} Column */
/** @typedef {[reference: string, trait: string]} Reference */

/**
 * The description that `choose.py` sends.
 * @typedef {object} Spec
 * @property {string} self
 * @property {Reference[]} sources
 * @property {Reference[]} triggers
 * @property {[reference: string, trait: string, values: any[]][]} table
 * @property {boolean} sync_targets
 */

/** Values as a model keeps them, in lists that hold lists, so deep. @param {Model} model @param {string} trait @param {any} value @param {number} depth @returns {Promise<any>} */
async function deserializeAll(model, trait, value, depth) {
  if (depth === 0) return deserialize(model, trait, value);
  return Promise.all(value.map((/** @type {any} */ each) => deserializeAll(model, trait, each, depth - 1)));
}

/**
 * The columns of a table, with values as the models keep them.
 * @param {Manager} manager
 * @param {Spec["table"]} table
 * @param {number} depth how many choices there are
 * @returns {Promise<Column[]>}
 */
function resolveColumns(manager, table, depth) {
  const columns = table.filter(([reference]) => hasModel(manager, reference)); // of widgets that are not closed
  return Promise.all(
    columns.map(async ([reference, trait, values]) => {
      const model = await getModel(manager, reference);
      return { model, trait, values: await deserializeAll(model, trait, values, depth) };
    }),
  );
}

/** The value at an index of each choice. @param {any} values @param {any[]} indices */
const valueAt = (values, indices) =>
  indices.reduce((found, index) => found[Math.min(Math.max(Number(index), 0), found.length - 1)], values);

/** One row of a table, by model. @param {Column[]} columns @param {any[]} indices @returns {Map<Model, State>} */
function rowAt(columns, indices) {
  /** @type {Map<Model, State>} */
  const row = new Map();
  for (const { model, trait, values } of columns) row.set(model, { ...row.get(model), [trait]: valueAt(values, indices) });
  return row;
}

/**
 * Whether traits have these values. Setting them again, in a listener to the model's own change, would make ipywidgets swallow that
 * change, and its view would go on showing the value before: two choices that keep each other the same do so.
 * @param {Model} model @param {State} state
 */
const isSet = (model, state) => Object.entries(state).every(([trait, value]) => model.get(trait) === value);

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
 * Makes what applies a table, and what ends that.
 * @param {Column[]} columns
 * @param {() => any[]} read the present indices, null for none
 * @param {typeof setLocally} set
 */
function makeTable(columns, read, set) {
  let isFollowed = true; // until another table takes its place: what waits must not show this one again
  let depth = 0; // of nested applications, which other tables cause: without end if no values satisfy all tables
  const apply = (cause = NO_CAUSE) => {
    const indices = read();
    if (!isFollowed || indices.includes(null) || depth === MAX_DEPTH) return;
    depth += 1;
    try {
      for (const [model, state] of rowAt(columns, indices)) if (!isSet(model, state)) set(model, state, cause);
    } finally {
      depth -= 1;
    }
  };
  const end = () => {
    isFollowed = false;
  };
  return { apply, end };
}

/**
 * Applies the table whenever the trigger changes.
 * @param {Manager} manager
 * @param {Spec} spec
 * @returns {Promise<() => void>} what undoes it
 */
async function follow(manager, { self, sources, triggers, table, sync_targets: syncTargets }) {
  const find = (/** @type {Reference[]} */ traits) => Promise.all(traits.map(([reference]) => getModel(manager, reference)));
  const [own, chosen, triggering, columns] = await Promise.all([
    getModel(manager, self),
    find(sources),
    find(triggers),
    resolveColumns(manager, table, sources.length),
  ]);
  const read = () => chosen.map((model, i) => model.get(sources[i][1]));
  const { apply, end } = makeTable(columns, read, syncTargets ? setAndSync : setLocally);
  const listeners = triggering.map(
    /** @returns {[Model, string, () => void]} */ (model, i) => [
      model,
      `change:${triggers[i][1]}`,
      () => (syncTargets && isFromKernel(model, triggers[i][1])) || apply(writingCause()),
    ],
  );
  const stop = listenTo(syncTargets ? listeners : [...listeners, ...overwriteListeners(columns, apply)]);
  if (!syncTargets) apply();
  markReady(own);
  return () => {
    end();
    stop();
  };
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
      const isWhole =
        spec.sources && [...spec.sources, ...spec.triggers].every(([reference]) => hasModel(model.widget_manager, reference));
      const stop = isWhole ? await follow(model.widget_manager, spec) : () => {};
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
