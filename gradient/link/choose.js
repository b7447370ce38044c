// A choice that sets other traits by a table, for the changes that a visitor makes.

import { deserialize, getModel } from "../adapters/ipywidgets.js";
import { isFromKernel, save, show, tellReady } from "./models.js";

/** The table's columns in the models' own form. @returns {Promise<{ model: any, name: string, values: any[] }[]>} */
function columnsOf(manager, table) {
  return Promise.all(
    table.map(async ([reference, name, values]) => {
      const model = await getModel(manager, reference);
      return { model, name, values: await Promise.all(values.map((value) => deserialize(model, name, value))) };
    }),
  );
}

/** The values of one row, grouped by their model. @returns {Map<any, object>} */
function rowOf(columns, index) {
  const row = new Map();
  for (const { model, name, values } of columns) {
    const value = values[Math.min(Math.max(Number(index), 0), values.length - 1)];
    row.set(model, { ...row.get(model), [name]: value });
  }
  return row;
}

/** What is only seen, no kernel knows: where one overwrites it, as after a lost connection, it is set again. */
function mended(columns, apply) {
  const act = (name) => (model) => isFromKernel(model, name) && setTimeout(apply);
  return columns.map(({ model, name }) => [model, name, act(name)]);
}

/** Follows the choice until the returned function is called. */
async function follow(manager, { self, source, trigger, table, sync_targets: syncTargets }) {
  const [own, chosen, triggerModel, columns] = await Promise.all([
    getModel(manager, self),
    getModel(manager, source[0]),
    getModel(manager, trigger[0]),
    columnsOf(manager, table),
  ]);
  const apply = () => {
    for (const [model, state] of rowOf(columns, chosen.get(source[1]))) (syncTargets ? save : show)(model, state);
  };
  const changed = () => isFromKernel(triggerModel, trigger[1]) || apply();
  const listening = syncTargets
    ? [[triggerModel, trigger[1], changed]]
    : [[triggerModel, trigger[1], apply], ...mended(columns, apply)];
  for (const [model, name, act] of listening) model.on(`change:${name}`, act);
  if (!syncTargets) apply();
  tellReady(own);
  return () => listening.forEach(([model, name, act]) => model.off(`change:${name}`, act));
}

export default {
  initialize({ model }) {
    let generation = 0;
    let unfollow = () => {};
    const start = async () => {
      unfollow();
      unfollow = () => {};
      const mine = ++generation;
      const stop = model.get("spec").source ? await follow(model.widget_manager, model.get("spec")) : () => {};
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
