// What a request follows from, as the two sides tell each other: a circle may have a link in the kernel and one on a page.

import { CAUSE_LENGTH } from "./constants.js";
import { isIn } from "./models.js";

/** @typedef {import("./models.js").Cause} Cause */
/** @typedef {import("./models.js").PageTrait} PageTrait */
/** @typedef {{ type: "cause", traits: string, rounded: number, rounds: number }} CauseMessage see `causes.py` */

/** @param {Cause} cause @returns {CauseMessage} */
export const causeMessage = ({ traits, isRounded, rounds }) => ({
  type: "cause",
  traits: [...traits].join(",").slice(0, CAUSE_LENGTH),
  rounded: Number(isRounded),
  rounds,
});

/** @param {CauseMessage} message @returns {Cause} */
export const causeOfMessage = ({ traits, rounded, rounds }) => ({
  traits: new Set(traits.split(",")),
  isRounded: Boolean(rounded),
  rounds,
});

/** Whether a cause has more than these inputs, whose changes the other side hears of anyway. @param {Cause} cause @param {PageTrait[]} inputs */
export const saysMore = (cause, inputs) => cause.traits.size > inputs.filter((input) => isIn(cause, input)).length;
