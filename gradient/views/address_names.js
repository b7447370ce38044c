// A part of an address that is a list of names: "hide=optimizer,momentum".

import { Refused } from "../link/codecs.js";
import { cut } from "../link/refusals.js";

/** @type {import("../link/codecs.js").Codec} */
export const names = {
  write: ({ trait }, state) => state[trait].join(","),
  read: ({ trait, words }, text) => {
    const [given, known] = [text.split(",").filter(Boolean), Object.keys(words ?? {})];
    const state = { [trait]: known.filter((name) => given.includes(name)) };
    const other = given.find((name) => !known.includes(name));
    if (other !== undefined) throw new Refused("words", { text: cut(other), words: known.join(", ") }, state);
    return state;
  },
};
