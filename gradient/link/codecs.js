// How a part is written in an address, and read from it: one codec for each kind.

import { optionNames } from "../adapters/ipywidgets.js";
import { onStep } from "./arrays.js";
import { NUMERAL } from "./numerals.js";

/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").State} State */

/**
 * A part as `address.py` describes it, with its models.
 * @typedef {object} AddressPart
 * @property {string} name
 * @property {Model} model
 * @property {string} trait
 * @property {string[]} traits all that its codec sets in the model
 * @property {Model} place
 * @property {boolean} brief
 * @property {boolean} quiet
 * @property {string} kind
 * @property {Record<string, any> | null} words
 * @property {number} [low]
 * @property {number} [high]
 * @property {number} [max_length]
 */

/**
 * @typedef {object} Codec
 * @property {(part: AddressPart, state: State, all: AddressPart[]) => string} write a state of the part's traits as a text
 * @property {(part: AddressPart, text: string, all: AddressPart[], given: ReadonlyMap<string, string>) => State} read the state that a text stands for, in an address with these texts by name; it throws `Refused`
 * @property {(part: AddressPart, state: State, given: ReadonlyMap<string, string>) => State} [absent] what an address without the part changes of its default
 * @property {(part: AddressPart, all: AddressPart[]) => State} [standard] the state, or a part of it, that follows from what other parts are, if the address does not have this one
 */

const ENOUGH_DIGITS = 17; // digits that tell any two numbers apart
export const NEAR = 0.01; // of a step: so near to it a number means it
const LOOSE = 1e-4; // of a step: where a slider can stand that takes a number between its steps
const EQUAL = 1e-9; // relative; programs compute with fewer digits

/** A text that is not used, and why: a word of `REFUSED` in `address.py`, and what stands in its sentence. */
export class Refused extends Error {
  /** @param {string} reason @param {Record<string, string | number>} [facts] @param {State} [state] what the rest of the text stands for */
  constructor(reason, facts = {}, state = {}) {
    super(reason);
    this.facts = facts;
    this.state = state;
  }
}

/** The word that stands for a label: its letters and digits. @param {string} label */
export const wordOf = (label) =>
  label
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]+/gu, "_")
    .replaceAll(/^_+|_+$/g, "");

/** The limits of a part's numbers: those of its slider, or those that its trait declares. @param {AddressPart} part @returns {[low: number, high: number]} */
function limitsOf({ model, trait, low, high }) {
  const [min, max, base] = trait === "value" ? ["min", "max", "base"].map((name) => model.get(name)) : [];
  const isLogarithmic = typeof base === "number"; // its limits are exponents
  const limit = (/** @type {any} */ value, /** @type {number} */ other) =>
    typeof value === "number" ? (isLogarithmic ? base ** value : value) : other;
  return [limit(min, low ?? Number.NEGATIVE_INFINITY), limit(max, high ?? Number.POSITIVE_INFINITY)];
}

/** How far two numbers of a slider are from each other, in steps. @param {Model} slider @param {number} one @param {number} other */
export function stepsBetween(slider, one, other) {
  const base = slider.get("base");
  const [from, to] = [one, other].map((number) => (base ? Math.log(number) / Math.log(base) : number));
  return Math.abs(to - from) / slider.get("step");
}

/** The step of its slider that a number all but is; null if it is none, or there are no steps. @param {AddressPart} part @param {number} value */
function ownStep({ model, trait }, value) {
  const nearest = trait === "value" && model.get("step") > 0 ? onStep(value, model) : null;
  return nearest !== null && stepsBetween(model, nearest, value) < NEAR ? nearest : null;
}

/** @param {AddressPart} part @param {number} value */
const onOwnStep = (part, value) => ownStep(part, value) ?? value;

/** Whether a slider would move from its number to a step. @param {AddressPart} part @param {any} value @returns {value is number} */
export function isBetweenSteps(part, value) {
  return part.trait === "value" && typeof value === "number" && part.model.get("step") > 0 && ownStep(part, value) === null;
}

/** Reads a number within the limits of its part. @param {AddressPart} part @param {string} text */
export function readNumeral(part, text) {
  const written = text.replace("−", "-");
  if (!NUMERAL.test(written)) throw new Refused("number");
  const [value, [low, high]] = [Number(written), limitsOf(part)];
  if (part.kind === "whole" && !Number.isInteger(value)) throw new Refused("whole");
  // A slider's limit may have been rounded when it was written.
  const slack = EQUAL * Math.max(Math.abs(low), Math.abs(high), 1);
  if (!(value >= low - slack && value <= high + slack))
    throw new Refused("range", { low: shortest(low), high: shortest(high) });
  return Math.min(Math.max(onOwnStep(part, value), low), high);
}

/** A number without the noise of its last digits. @param {number} value */
const shortest = (value) => String(Number(value.toPrecision(ENOUGH_DIGITS - 3)));

/** The shortest text that is read as a number. @param {AddressPart} part @param {number} value */
export function writeNumeral(part, value) {
  const isSlider = part.trait === "value" && part.model.get("step") > 0;
  const isSameNumber = (/** @type {number} */ read) =>
    isSlider ? stepsBetween(part.model, read, value) < LOOSE : Math.abs(read - value) <= EQUAL * Math.abs(value);
  const texts = Array.from({ length: ENOUGH_DIGITS }, (_, i) => String(Number(value.toPrecision(i + 1))));
  return texts.find((text) => isSameNumber(onOwnStep(part, Number(text)))) ?? String(value);
}

/** The words of a part and what each stands for. @param {AddressPart} part @returns {[word: string, value: any][]} */
export function wordsOf({ model, kind, words }) {
  if (kind === "option") return optionNames(model).map((label, i) => [wordOf(label), i]);
  return Object.entries(words ?? {});
}

/** @param {AddressPart} part @param {string} text */
export function readWord(part, text) {
  const words = wordsOf(part);
  const found = words.find(([word]) => word === wordOf(text));
  if (!found) throw new Refused("words", { words: words.map(([word]) => word).join(", ") });
  return found[1];
}

/** @param {AddressPart} part @param {any} value */
export const writeWord = (part, value) => wordsOf(part).find(([, other]) => other === value)?.[0] ?? "";

/** @type {Codec} */
const number = {
  write: (part, state) => writeNumeral(part, state[part.trait]),
  read: (part, text) => ({ [part.trait]: readNumeral(part, text) }),
};

/** @type {Codec} */
const word = {
  write: (part, state) => writeWord(part, state[part.trait]),
  read: (part, text) => ({ [part.trait]: readWord(part, text) }),
};

/** @type {Codec} */
const flag = {
  write: ({ trait }, state) => (state[trait] ? "1" : "0"),
  read: ({ trait }, text) => {
    if (text !== "0" && text !== "1") throw new Refused("words", { words: "0, 1" });
    return { [trait]: text === "1" };
  },
};

/** @type {Codec} */
const plain = {
  write: ({ trait }, state) => state[trait],
  read: ({ trait, max_length: length = Number.POSITIVE_INFINITY }, text) => {
    if (text.length > length) throw new Refused("long", { length });
    return { [trait]: text };
  },
};

/** @type {Record<string, Codec>} */
export const CODECS = { number, whole: number, option: word, words: word, flag, text: plain };
