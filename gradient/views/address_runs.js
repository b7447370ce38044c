// The runs of a comparison in an address: "adam,rate=0.1,b1=0.9,b2=0.999;nesterov,rate=0.2,momentum=0.5". An empty run is the
// present one, if that is not the first, and a number before a run is its place, if that is not its turn.

import { Refused, readNumeral, readWord, writeNumeral, writeWord } from "../link/codecs.js";

/** @typedef {import("../link/codecs.js").AddressPart} AddressPart */
/** @typedef {import("./runs.js").Row} Row */
/** @typedef {{ own: number[][], length: number, defaults: number[], optimizer: AddressPart, columns: AddressPart[] }} Table what a row holds */

const PLACED = /^(?:(\d):)?(.*)$/s;

/** What a row of a comparison holds, by the parts of the address that hold the same. @param {AddressPart} part @param {AddressPart[]} all @returns {Table} */
function tableOf({ model }, all) {
  const find = (/** @type {string} */ reference) =>
    /** @type {AddressPart} */ (all.find((other) => reference.endsWith(other.model.model_id)));
  return {
    ...{ own: model.get("own"), defaults: model.get("defaults"), length: model.get("setting").length },
    ...{ optimizer: find(model.get("optimizer")), columns: model.get("sliders").map(find) },
  };
}

/** @param {Row} row @param {Table} table */
function writeRow(row, { own, optimizer, columns }) {
  const settings = (own[row[0]] ?? []).map((at) => `${columns[at - 1].name}=${writeNumeral(columns[at - 1], row[at])}`);
  return [writeWord(optimizer, row[0]), ...settings].join(",");
}

/** A setting of a run. @param {string} text "rate=0.1" @param {number} index of the optimizer @param {Table} table @returns {[at: number, value: number]} */
function readSetting(text, index, { own, columns }) {
  const [name, value = ""] = text.split("=");
  const at = own[index].find((place) => columns[place - 1].name === name);
  const names = own[index].map((place) => columns[place - 1].name);
  if (at === undefined) throw new Refused("words", { text: name, words: names.join(", ") });
  try {
    return [at, readNumeral(columns[at - 1], value)];
  } catch (error) {
    throw error instanceof Refused ? new Refused(error.message, { name, text: value, ...error.facts }) : error;
  }
}

/** @param {string} text @param {Table} table @returns {Row} */
function readRow(text, table) {
  const [word, ...settings] = text.split(",");
  const index = readWord(table.optimizer, word);
  const row = [index, ...table.defaults, ...Array(table.length).fill(0)].slice(0, table.length);
  for (const setting of settings) {
    const [at, value] = readSetting(setting, index, table);
    row[at] = value;
  }
  return row;
}

/** @type {import("../link/codecs.js").Codec} */
export const runs = {
  write: (part, state, all) => {
    const table = tableOf(part, all);
    const rowAt = (/** @type {number} */ place) => state.runs.slice((place - 1) * table.length, place * table.length);
    let turn = 0;
    const write = (/** @type {number} */ place) => {
      turn += place ? 1 : 0;
      return place ? `${place === turn ? "" : `${place}:`}${writeRow(rowAt(place), table)}` : "";
    };
    const texts = state.order.map(write);
    return (texts[0] === "" ? texts.slice(1) : texts).join(";");
  },
  read: (part, text, all) => {
    const table = tableOf(part, all);
    const count = part.model.get("runs").length / table.length;
    const texts = text ? text.split(";") : [];
    const given = texts.includes("") ? texts : ["", ...texts];
    const [rows, order] = [Array(count).fill(Array(table.length).fill(0)), /** @type {number[]} */ ([])];
    for (const each of given) {
      const [, placed, row] = /** @type {RegExpExecArray} */ (PLACED.exec(each));
      const turn = order.filter(Boolean).length + 1;
      const place = row === "" ? 0 : Number(placed ?? turn);
      if (order.includes(place) || place > count || (placed && !row)) throw new Refused("runs", { count });
      order.push(place);
      if (place) rows[place - 1] = readRow(row, table);
    }
    return { runs: rows.flat(), order, is_open: order.length > 1 };
  },
};
