// A visitor's own data in an address: the word of a data set, with its noise if it has some, or the points, "1,2;3,4.5". The model is
// the one that suits the data set, unless the address names another. The numbers of a start may lie beyond the limits that its sliders
// have before the data are there.

import { Refused, readNumeral, readWord, wordOf, writeNumeral, writeWord } from "../link/codecs.js";
import { padded, pointsOf } from "./point_arrays.js";

/** @typedef {import("../link/codecs.js").AddressPart} AddressPart */
/** @typedef {import("../link/models.js").Model} Model */
/** @typedef {{ x: number[], y: number[] }} Points */

const DIGITS = 6; // of a coordinate: a picture shows no more

/** @param {number} value */
const withDigits = (value) => String(Number(value.toPrecision(DIGITS)));

const FOR_DATA = ["rate", "w", "b"]; // what other points set in the controls

/** The points of a load, with those controls that the address sets for them. @param {number} loads @param {ReadonlyMap<string, string>} given */
const withGiven = (loads, given) => ({ loads, given: [loads, ...FOR_DATA.map((name) => Number(given.has(name)))] });

/** What comes with other points: the map is made for them, and so are those controls that the address does not have. @param {Model} model @param {ReadonlyMap<string, string>} given */
const asLoaded = (model, given) => withGiven(model.get("loads") + 1, given);

/** The points of a text. @param {string} text @param {Record<string, number>} limits @returns {Points} */
function pointsIn(text, { fewest, most, largest }) {
  const pairs = text.split(";").map((pair) => pair.split(",").map(Number));
  const areNumbers = pairs.every((pair) => pair.length === 2 && pair.every((value) => Math.abs(value) <= largest));
  if (!areNumbers || /[^\d.,;e+-]/i.test(text) || /(^|[,;])([,;]|$)/.test(text)) throw new Refused("data");
  if (pairs.length < fewest || pairs.length > most) throw new Refused("count", { fewest, most });
  return { x: pairs.map(([x]) => x), y: pairs.map(([, y]) => y) };
}

/** @type {import("../link/codecs.js").Codec} */
export const points = {
  write: ({ model }, { x, y, dataset, noise }) => {
    const set = model.get("theme").sets[dataset];
    if (set) return wordOf(set.known_as) + (set.deviation ? `,${withDigits(noise)}` : "");
    const found = pointsOf({ get: (/** @type {string} */ name) => ({ x, y })[name] });
    return found.x.map((value, i) => `${withDigits(value)},${withDigits(found.y[i])}`).join(";");
  },
  read: ({ model }, text, _, given) => {
    const { sets, limits } = model.get("theme");
    const [word, noise = String(model.get("noise"))] = text.split(",");
    const dataset = sets.findIndex((/** @type {{ known_as: string }} */ each) => wordOf(each.known_as) === word);
    if (dataset < 0) {
      const { x, y } = pointsIn(text, limits);
      return { x: padded(x, limits.capacity), y: padded(y, limits.capacity), dataset: sets.length, ...asLoaded(model, given) };
    }
    const amount = Number(noise);
    if (!(amount >= 0 && amount <= 1)) throw new Refused("range", { low: 0, high: 1 });
    const { x, y, deviation } = sets[dataset];
    const noisy = y.map((/** @type {number} */ value, /** @type {number} */ i) => value + amount * (deviation?.[i] ?? 0));
    const arrays = { x: padded(x, limits.capacity), y: padded(noisy, limits.capacity) };
    return { ...arrays, dataset, noise: deviation ? amount : model.get("noise"), ...asLoaded(model, given) };
  },
  absent: ({ model }, { loads }, given) =>
    given.get("problem") === wordOf(model.get("theme").known_as) ? withGiven(loads, given) : {},
};

/** What holds the points. @param {AddressPart[]} all */
const pointsAmong = (all) => all.find(({ kind }) => kind === "points")?.model;

/** The choice of a model as any other choice is written and read. @param {AddressPart} part @returns {AddressPart} */
const asOption = (part) => ({ ...part, kind: "option" });

/** @type {import("../link/codecs.js").Codec} */
export const model = {
  write: (part, state) => writeWord(asOption(part), state[part.trait]),
  read: (part, text) => ({ [part.trait]: readWord(asOption(part), text) }),
  standard: ({ trait }, all) => {
    const data = pointsAmong(all);
    const set = data?.get("theme").sets[data.get("dataset")];
    return set ? { [trait]: set.model } : {};
  },
};

/** Whether the problem that the address has before is a visitor's own. @param {AddressPart[]} all */
const isOwn = (all) => pointsAmong(all)?.get("is_shown") ?? false;

/** @type {import("../link/codecs.js").Codec} */
export const start = {
  write: (part, state) => writeNumeral(part, state.value),
  read: (part, text, all) => {
    if (!isOwn(all)) return { value: readNumeral(part, text) };
    const value = readNumeral({ ...part, model: unlimited(part.model) }, text);
    return { value, min: Math.min(part.model.get("min"), value), max: Math.max(part.model.get("max"), value) };
  },
};

/** A slider without limits and steps. @param {Model} slider @returns {Model} */
function unlimited(slider) {
  const free = /** @type {Record<string, any>} */ ({ min: -Number.MAX_VALUE, max: Number.MAX_VALUE, step: 0 });
  return /** @type {Model} */ (
    /** @type {unknown} */ ({ get: (/** @type {string} */ name) => free[name] ?? slider.get(name) })
  );
}
