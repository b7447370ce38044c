// The runs of a comparison as its model keeps them, and what is done to them.

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {number[]} Row an optimizer's index, a learning rate and the values of all sliders, and zeros up to a fixed length */
/** @typedef {{ optimizer: Model, sliders: Model[] }} Controls */
/** @typedef {ReturnType<typeof actions>} Actions */

let numGroups = 0; // of radio buttons, one for each view

/** The present settings. @param {Controls} controls @param {number} length @returns {Row} */
function presentRow({ optimizer, sliders }, length) {
  const row = [optimizer.get("index"), ...sliders.map((slider) => slider.get("value"))];
  return [...row, ...Array(length - row.length).fill(0)];
}

/** The rows of the runs in their places: first the present one, then the others; empty places have a learning rate of 0. @param {ViewModel} model @param {Controls} controls @returns {Row[]} */
export function rowsOf(model, controls) {
  const [runs, length] = [model.get("runs"), model.get("setting").length];
  const others = Array.from({ length: runs.length / length }, (_, i) => runs.slice(i * length, (i + 1) * length));
  return [presentRow(controls, length), ...others];
}

/** Sets the other runs and the order of the table. @param {ViewModel} model @param {Row[]} rows @param {number[]} order @param {Record<string, any>} [besides] */
function setRuns(model, rows, order, besides = {}) {
  const runs = rows.slice(1).flatMap((row, i) => (order.includes(i + 1) ? row : row.map(() => 0)));
  const state = { runs, order, is_open: order.length > 1, ...besides };
  for (const [name, value] of Object.entries(state)) model.set(name, value);
  model.save_changes();
}

/** Lets the controls and a run exchange their settings, and with them their rows. @param {ViewModel} model @param {Controls} controls @param {number} place of the run */
function exchange(model, controls, place) {
  const [rows, order] = [rowsOf(model, controls), model.get("order")];
  const exchanged = order.map((/** @type {number} */ other) => ({ 0: place, [place]: 0 })[other] ?? other);
  setRuns(model, rows.with(place, rows[0]), exchanged, { setting: rows[place], restores: model.get("restores") + 1 });
}

/**
 * What the buttons do to the run in a row of the table.
 * @param {ViewModel} model
 * @param {Controls} controls
 * @param {(at: number) => void} focusOn is told the row that the focus belongs to afterwards
 */
export function actions(model, controls, focusOn) {
  numGroups += 1;
  return {
    group: numGroups,
    add: () => {
      const [rows, order] = [rowsOf(model, controls), model.get("order")];
      const free = rows.findIndex((_, place) => !order.includes(place));
      setRuns(model, rows.with(free, rows[0]), [...order, free]);
    },
    best: () => {
      model.set("asks", model.get("asks") + 1);
      model.save_changes();
    },
    /** @param {number} at */
    remove: (at) => {
      focusOn(at);
      setRuns(model, rowsOf(model, controls), model.get("order").toSpliced(at, 1));
    },
    /** @param {number} at @param {number} to */
    move: (at, to) => {
      const order = model.get("order");
      focusOn(to);
      setRuns(model, rowsOf(model, controls), order.toSpliced(at, 1).toSpliced(to, 0, order[at]));
    },
    /** @param {number} at */
    choose: (at) => {
      focusOn(at);
      exchange(model, controls, model.get("order")[at]);
    },
  };
}
