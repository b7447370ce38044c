// Writes the outputs of a run to their targets: only those that have changed, because setting a trait redraws its views.

import { deserialize } from "../adapters/ipywidgets.js";
import { copyOutput, isSameOutput } from "./arrays.js";
import { setAndSync, setLocally } from "./models.js";
import { fill } from "./text.js";

/** @typedef {import("./arrays.js").Output} Output */
/** @typedef {import("./executor.js").Inputs} Inputs */
/** @typedef {import("./executor.js").ReadOutput} ReadOutput */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").State} State */
/** @typedef {import("./wiring.js").Target} Target */
/** @typedef {import("./wiring.js").Wiring} Wiring */

export class OutputWriter {
  /** @param {Wiring} wiring */
  constructor(wiring) {
    this.wiring = wiring;
    /** @type {Map<Target, { output: Output | string, value: any }>} */
    this.written = new Map(); // what this link has set last
    /** @type {Inputs} */
    this.lastInputs = {};
  }

  /** Sets all targets whose values have changed. @param {ReadOutput} read @param {Inputs} inputs static ones included */
  write(read, inputs) {
    const states = this.changedStates(read);
    const isAnimated = this.isTriggerChanged(inputs);
    const { transition, syncTargets } = this.wiring;
    if (transition && isAnimated) this.setDurations(transition.milliseconds);
    for (const [model, state] of states) (syncTargets ? setAndSync : setLocally)(model, state);
    if (isAnimated) this.setDurations(0);
  }

  /** The changed values, by model. @param {ReadOutput} read @returns {Map<Model, State>} */
  changedStates(read) {
    const states = new Map();
    for (const target of this.wiring.outputs) {
      const value = this.changedValue(target, read);
      if (value !== undefined) states.set(target.model, { ...states.get(target.model), [target.trait]: value });
    }
    return states;
  }

  /**
   * The value of a target; undefined if it has this value already, is hidden, or cannot take it.
   * @param {Target} target
   * @param {ReadOutput} read
   */
  changedValue(target, read) {
    const { field, model, trait, template } = target;
    if (model.get("visible") === false) {
      this.written.delete(target);
      return undefined;
    }
    const readNumber = (/** @type {string} */ name) => Number(read(name));
    const output = template ? fill(template, readNumber) : read(field);
    const written = this.written.get(target);
    if (written && written.value === model.get(trait) && isSameOutput(written.output, output)) return undefined;
    // A control cannot be set to infinity or NaN.
    if (this.wiring.syncTargets && typeof output === "number" && !Number.isFinite(output)) return undefined;
    const copy = copyOutput(output);
    const value = template ? copy : deserialize(model, trait, copy);
    this.written.set(target, { output: copy, value });
    return value;
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
