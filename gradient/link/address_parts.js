// The parts of an address: writes what they are as names and texts, and sets them from such.

import { loosenViews } from "../adapters/ipywidgets.js";
import { VERSION_NAME } from "./constants.js";
import { CODECS, isBetweenSteps, NEAR, readNumeral, Refused, stepsBetween } from "./codecs.js";
import { fragmentOf } from "./fragments.js";
import { listenTo, markAddressed, setAndSync } from "./models.js";
import { cut } from "./refusals.js";

/** @typedef {import("./codecs.js").Codec} Codec */
/** @typedef {import("./codecs.js").AddressPart} AddressPart */
/** @typedef {import("./fragments.js").Pairs} Pairs */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").PageTrait} PageTrait */
/** @typedef {import("./models.js").State} State */
/** @typedef {import("./refusals.js").Refusal} Refusal */
/** @typedef {{ own: Model, source: Model, trait: string, initial: any }} FollowedChoice a `choose`, what it follows, and the index of that at first */

/** @param {State} one @param {State} other */
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Whether a reference is that of a model. @param {string} reference @param {Model} model */
const isOf = (reference, model) => reference.endsWith(model.model_id);

/** Whether a part is displayed. @param {AddressPart} part */
const isDisplayed = ({ place }) => place.get("layout")?.get("display") !== "none";

/**
 * Keeps a number between the steps of its slider: a view of the slider moves it to a step when it is made, or is set.
 * @param {Model} model @param {number} value @param {AbortSignal} signal of when the number need not be kept any more
 */
function keepBetweenSteps(model, value, signal) {
  const isKept = () => stepsBetween(model, model.get("value"), value) <= NEAR; // a loose slider has steps, too, if tiny ones
  const keep = async () => {
    await loosenViews(model);
    if (signal.aborted || isKept()) return;
    setAndSync(model, { value });
    if (!isKept()) stop(); // a view does not take it: to go on would be to do so for ever
  };
  const stop = listenTo([[model, "change:value", () => void keep()]]);
  signal.addEventListener("abort", stop);
  void keep();
}

export class AddressParts {
  /** @param {AddressPart[]} all @param {FollowedChoice[]} choices @param {Record<string, Codec>} codecs @param {number} version of their names and meanings */
  constructor(all, choices, codecs, version) {
    this.all = all;
    this.choices = choices;
    this.codecs = { ...CODECS, ...codecs };
    this.version = String(version);
    this.initial = new Map(all.map((part) => [part, this.stateOf(part)]));
    this.kept = new AbortController(); // of numbers between the steps of sliders
  }

  /** Whether an address has something of this name. @param {string} name */
  has(name) {
    return name === VERSION_NAME || this.all.some((part) => part.name === name);
  }

  /** The traits that the parts set. @returns {PageTrait[]} */
  traits() {
    return this.all.flatMap(({ model, traits }) => traits.map((trait) => ({ model, trait })));
  }

  /** @param {AddressPart} part @returns {State} */
  stateOf({ model, traits }) {
    return Object.fromEntries(traits.map((trait) => [trait, model.get(trait)]));
  }

  /** The state of a part that the address leaves out: what the choices before it set, or what it was at first. @param {AddressPart} part @returns {State} */
  defaultOf(part) {
    const state = { .../** @type {State} */ (this.initial.get(part)) };
    for (const { own, source, trait: chosen, initial } of this.choices) {
      const index = source.get(chosen);
      if (index === initial || (source === part.model && chosen === part.trait)) continue;
      for (const [reference, trait, values] of own.get("spec").table) {
        if (isOf(reference, part.model) && part.traits.includes(trait)) state[trait] = values[index];
      }
    }
    return { ...state, ...this.codecs[part.kind].standard?.(part, this.all) };
  }

  /** @param {AddressPart} part @param {State} state */
  textOf(part, state) {
    return this.codecs[part.kind].write(part, state, this.all);
  }

  /** The parts as names and texts, the version first. @returns {Pairs} */
  pairs() {
    /** @type {Pairs} */
    const pairs = [[VERSION_NAME, this.version]];
    for (const part of this.all) {
      const text = this.textOf(part, this.stateOf(part));
      const isDefault = text === this.textOf(part, this.defaultOf(part));
      if (!(isDefault && (part.brief || !isDisplayed(part)))) pairs.push([part.name, text]);
    }
    return pairs;
  }

  /** The part of an address whose changes make entries in the history. @param {Pairs} pairs */
  loud(pairs) {
    const quiet = this.all.filter((part) => part.quiet).map(({ name }) => name);
    return fragmentOf(pairs.filter(([name]) => !quiet.includes(name)));
  }

  /** Sets all parts: from the pairs, and what these do not have to its default. Returns what was not used. @param {Pairs} pairs @returns {Refusal[]} */
  set(pairs) {
    this.letGo();
    const given = new Map(pairs);
    const refused = this.refusalsOfNames(pairs);
    for (const part of this.all) {
      const { model, name, traits } = part;
      const state = this.defaultOf(part);
      const text = given.get(name);
      if (text === undefined) Object.assign(state, this.codecs[part.kind].absent?.(part, state, given));
      else Object.assign(state, this.readOr(part, text, refused, given));
      const present = this.stateOf(part); // an array has its bytes in a view, which JSON does not show
      if (!isSame(state, present) || this.textOf(part, state) !== this.textOf(part, present)) setAndSync(model, state);
      const isToStay = text !== undefined || !traits.includes("min"); // else other data may bring another number, with its steps
      if (isToStay && isBetweenSteps(part, state[part.trait])) keepBetweenSteps(model, state[part.trait], this.kept.signal);
      for (const trait of traits) markAddressed(model, trait);
    }
    return refused;
  }

  /** Lets sliders move to their steps again: it is a visitor who moves them now. */
  letGo() {
    this.kept.abort();
    this.kept = new AbortController();
  }

  /** The state that a text stands for. If not all of it can be used, notes why, and returns the state of the rest. @param {AddressPart} part @param {string} text @param {Refusal[]} refused @param {ReadonlyMap<string, string>} given the whole address @returns {State} */
  readOr(part, text, refused, given) {
    return this.tryTo(() => this.codecs[part.kind].read(part, text, this.all, given), part, text, refused);
  }

  /** What `read` returns. If it refuses the text of a part, notes why, and returns the part of it that can be used. @template T @param {() => T} read @param {AddressPart} part @param {string} text @param {Refusal[]} refused @returns {T | State} */
  tryTo(read, part, text, refused) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused.push({ reason: error.message, facts: { name: part.name, text: cut(text), ...error.facts } });
      return error.state;
    }
  }

  /** The numbers of an address that their sliders could not keep, because these have got other limits since. @param {Pairs} pairs @returns {Refusal[]} */
  moved(pairs) {
    /** @type {Refusal[]} */
    const refused = [];
    const given = new Map(pairs);
    for (const part of this.all) {
      const [text, value] = [given.get(part.name), this.stateOf(part)[part.trait]];
      const isMoved = text !== undefined && part.traits.includes("min") && this.textOf(part, { value }) !== text;
      if (isMoved) this.tryTo(() => readNumeral(part, text), part, text, refused);
    }
    return refused;
  }

  /** @param {Pairs} pairs @returns {Refusal[]} */
  refusalsOfNames(pairs) {
    return pairs.flatMap(([name, text]) => {
      const facts = { name: cut(name), text: cut(text) };
      if (name === VERSION_NAME) return text === this.version ? [] : [{ reason: "version", facts }];
      return this.has(name) ? [] : [{ reason: "name", facts }];
    });
  }
}
