// Writes the outputs of a run to their targets: only those that have changed, because setting a trait redraws its views.

import { deserialize, optionLabels } from "../adapters/ipywidgets.js";
import { asKind, copyOutput, indexOfOption, isClose, isSameOutput } from "./arrays.js";
import { KINDS, MAX_ROUNDS, ROUNDING } from "./constants.js";
import { causeOf, isIn, joinCauses, NO_CAUSE, setAndSync, setLocally } from "./models.js";
import { fillParts } from "./text.js";

/** @typedef {import("./arrays.js").Output} Output */
/** @typedef {import("./executor.js").Inputs} Inputs */
/** @typedef {import("./executor.js").ReadOutput} ReadOutput */
/** @typedef {import("./models.js").Cause} Cause */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").State} State */
/** @typedef {import("./wiring.js").Target} Target */
/** @typedef {import("./wiring.js").Wiring} Wiring */

export class OutputWriter {
  /** @param {Wiring} wiring */
  constructor(wiring) {
    this.wiring = wiring;
    this.targets = inOrder(wiring.outputs);
    /** @type {Map<Target, { output: Output | string, value: any }>} */
    this.written = new Map(); // what this link has set last
    /** @type {Inputs} */
    this.lastInputs = {};
    this.cause = NO_CAUSE; // of the present run, and what its outputs add to it
    this.ownRun = { model: wiring.own, trait: "state" }; // stands for this link's runs in a cause
    this.isRoundAgain = false; // whether the present run follows from one of this link
    this.rounds = 0; // of a circle, before the present run
    this.isContradicted = false; // by other links, in the present run
  }

  /**
   * Sets all targets whose values have changed.
   * @param {ReadOutput} read
   * @param {Inputs} inputs static ones included
   * @param {Cause} cause what the run follows from
   */
  write(read, inputs, cause) {
    this.isRoundAgain = isIn(cause, this.ownRun);
    this.cause = joinCauses(cause, causeOf(this.ownRun));
    this.rounds = cause.rounds;
    this.isContradicted = false;
    const states = this.changedStates(read);
    const isAnimated = this.isTriggerChanged(inputs);
    const { transition, syncTargets } = this.wiring;
    if (transition && isAnimated) this.setDurations(transition.milliseconds);
    for (const [model, state] of states) (syncTargets ? setAndSync : setLocally)(model, state, this.cause);
    if (isAnimated) this.setDurations(0);
  }

  /** Forgets what it has written, so that the next run sets all anew. */
  forget() {
    this.written.clear();
  }

  /** The changed values, by model. @param {ReadOutput} read @returns {Map<Model, State>} */
  changedStates(read) {
    const states = new Map();
    for (const target of this.targets) {
      const { model, trait } = target;
      const value = this.changedValue(target, read, withState(model, states.get(model)));
      if (value !== undefined) states.set(model, { ...states.get(model), [trait]: value });
    }
    return states;
  }

  /**
   * The value of a target; undefined if it has this value already, is hidden, or cannot take it.
   * @param {Target} target
   * @param {ReadOutput} read
   * @param {Pick<Model, "get">} limited what has the limits of its control
   */
  changedValue(target, read, limited) {
    const { field, model, trait, template, kind, table } = target;
    if (trait !== "visible" && model.get("visible") === false) {
      this.written.delete(target);
      return undefined;
    }
    const output = template ? fillParts(template, read) : read(field);
    const written = this.written.get(target);
    if (written && limited === model && written.value === model.get(trait) && isSameOutput(written.output, output))
      return undefined;
    // A control cannot be set to infinity or NaN.
    if (this.wiring.syncTargets && typeof output === "number" && !Number.isFinite(output)) return undefined;
    const copy = copyOutput(output);
    const taken = table
      ? indexOfOption(Number(copy), this.wiring.own.get("output_tables")[table])
      : template
        ? copy
        : asKind(copy, kind, trait === "value" ? limited : undefined);
    if (taken === null || isNoIndex(model, trait, taken) || this.isSettled(target, taken) || !this.mayGoRound(target))
      return undefined;
    this.noteRounding(target, copy, taken);
    const value = template ? taken : deserialize(model, trait, taken);
    this.written.set(target, { output: copy, value });
    return value;
  }

  /** Whether a circle of links comes back to a value that differs by rounding only. @param {Target} target @param {any} value */
  isSettled(target, value) {
    return isIn(this.cause, target) && (this.cause.isRounded || isClose(value, target.model.get(target.trait)));
  }

  /**
   * Counts the rounds of a circle of links, and whether there may be one more. A `jslink` can be in the circle, too, which does not
   * tell what it has followed.
   * @param {Target} target
   */
  mayGoRound(target) {
    if (!this.isRoundAgain && !isIn(this.cause, target)) return true;
    this.isContradicted ||= this.rounds === MAX_ROUNDS;
    this.cause = joinCauses(this.cause, { ...NO_CAUSE, rounds: this.rounds + 1 });
    return !this.isContradicted;
  }

  /** @param {Target} target @param {Output | string} output @param {any} value that is set in its place */
  noteRounding({ kind }, output, value) {
    const isRounded =
      ROUNDING.includes(kind) && !isClose(value, typeof output === "object" ? asKind(output, KINDS.NUMBERS) : output);
    if (isRounded) this.cause = joinCauses(this.cause, { ...NO_CAUSE, isRounded });
  }

  /** Whether an input that triggers the transition has changed since the last run. @param {Inputs} inputs */
  isTriggerChanged(inputs) {
    const before = this.lastInputs;
    this.lastInputs = inputs;
    const triggers = this.wiring.transition?.triggers ?? [];
    return triggers.some((name) => name in before && before[name] !== inputs[name]);
  }

  /** @param {number} milliseconds */
  setDurations(milliseconds) {
    for (const { model, trait } of this.wiring.transition?.durations ?? []) setLocally(model, { [trait]: milliseconds });
  }
}

/** The targets, values behind the limits that they have to keep. @param {Target[]} targets */
function inOrder(targets) {
  return targets.toSorted((one, other) => Number(one.trait === "value") - Number(other.trait === "value"));
}

/** A model with the values that are about to be set. @param {Model} model @param {State} [state] @returns {Pick<Model, "get">} */
function withState(model, state) {
  return state ? { get: (trait) => (trait in state ? state[trait] : model.get(trait)) } : model;
}

/** Whether a trait is an index, and the value lies beyond the options or pages that there are. @param {Model} model @param {string} trait @param {any} value */
function isNoIndex(model, trait, value) {
  const choices = { index: optionLabels(model), selected_index: model.get("children") }[trait];
  return Array.isArray(choices) && typeof value === "number" && (value < 0 || value >= choices.length);
}
