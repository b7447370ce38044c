// The page's side of `address`: sets parts from the fragment of the page's address, and writes them into it.

import { getModel, loosenViews } from "../adapters/ipywidgets.js";
import { CODECS, isBetweenSteps, NEAR, Refused, stepsBetween } from "./codecs.js";
import { fragmentOf, pairsOf } from "./fragments.js";
import { listenTo, markAddressed, ownsPage, pageKey, setAndSync, setLocally } from "./models.js";
import { markReady, whenReady } from "./turns.js";

/** @typedef {import("../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {import("./codecs.js").Codec} Codec */
/** @typedef {import("./codecs.js").AddressPart} AddressPart */
/** @typedef {import("./fragments.js").Pairs} Pairs */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./models.js").State} State */
/** @typedef {Omit<AddressPart, "model" | "place"> & { model: string, place: string }} PartReference */
/** @typedef {{ self: string, version: number, parts: PartReference[], after: string[], keep: string[] }} Spec from `address.py` */
/** @typedef {{ reason: string, facts: Record<string, string | number> }} Refusal */
/** @typedef {{ own: Model, source: Model, trait: string, initial: any }} FollowedChoice a `choose`, what it follows, and the index of that at first */

const PREFIX = "jaxlink-address:";
const QUIET_MS = 500; // after the last change; browsers take about a hundred entries of the history in 30 s
const VERSION = "v";
const SHOWN_REFUSALS = 3;
const SHOWN_LETTERS = 40;

/** A sentence with words in the place of their {name}. @param {string} template @param {Record<string, string | number>} facts */
const withWords = (template, facts) => template.replace(/\{(\w+)\}/g, (_, name) => String(facts[name]));

/** A text as far as a sentence has room for it. @param {string} text */
const cut = (text) => (text.length > SHOWN_LETTERS ? `${text.slice(0, SHOWN_LETTERS)}…` : text);

/** @param {State} one @param {State} other */
const isSame = (one, other) => JSON.stringify(one) === JSON.stringify(other);

/** Whether a reference is that of a model. @param {string} reference @param {Model} model */
const isOf = (reference, model) => reference.endsWith(model.model_id);

/** Whether a part is displayed. @param {AddressPart} part */
const isDisplayed = ({ place }) => place.get("layout")?.get("display") !== "none";

/** What the page that was left had not written yet, if its address was this one. @param {string} key @returns {string} */
function takeUnwritten(key) {
  try {
    const [address, newest] = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    sessionStorage.removeItem(key);
    return address === location.hash ? newest : "";
  } catch {
    return ""; // storage may be forbidden
  }
}

/**
 * Keeps a number between the steps of its slider: a view of the slider moves it to a step when it is made, or is set.
 * @param {Model} model @param {number} value @param {AbortSignal} signal of when the number need not be kept any more
 */
function keepBetweenSteps(model, value, signal) {
  const keep = async () => {
    await loosenViews(model);
    // A loose slider has steps, too, if tiny ones.
    if (!signal.aborted && stepsBetween(model, model.get("value"), value) > NEAR) setAndSync(model, { value });
  };
  const stop = listenTo([[model, "change:value", () => void keep()]]);
  signal.addEventListener("abort", stop);
  void keep();
}

class Address {
  /** @param {Model} own @param {AddressPart[]} parts @param {FollowedChoice[]} choices @param {Record<string, Codec>} codecs */
  constructor(own, parts, choices, codecs) {
    this.own = own;
    this.parts = parts;
    this.choices = choices;
    this.codecs = { ...CODECS, ...codecs };
    /** @type {Spec} */
    this.spec = own.get("spec");
    this.ownsPage = ownsPage(own.widget_manager);
    this.key = pageKey(PREFIX);
    this.initial = new Map(parts.map((part) => [part, this.stateOf(part)]));
    this.written = fragmentOf(this.pairs());
    this.read = ""; // the address' own part as it was read or written last
    this.timer = 0;
    this.isHeld = false; // a pointer is down, as in a drag
    this.isTouched = false; // a visitor has done something since the address was read: else what changes still follows from it
    this.kept = new AbortController(); // of numbers between the steps of sliders
    /** @type {Refusal[]} */
    this.refused = []; // what was said last
  }

  /** @param {AddressPart} part @returns {State} */
  stateOf({ model, traits }) {
    return Object.fromEntries(traits.map((trait) => [trait, model.get(trait)]));
  }

  /** What a part is if the address does not have it: what the choices before it set, or what it was at first. @param {AddressPart} part @returns {State} */
  defaultOf(part) {
    const state = { .../** @type {State} */ (this.initial.get(part)) };
    for (const { own, source, trait: chosen, initial } of this.choices) {
      const index = source.get(chosen);
      if (index === initial || (source === part.model && chosen === part.trait)) continue;
      for (const [reference, trait, values] of own.get("spec").table) {
        if (isOf(reference, part.model) && part.traits.includes(trait)) state[trait] = values[index];
      }
    }
    return { ...state, ...this.codecs[part.kind].standard?.(part, this.parts) };
  }

  /** @param {AddressPart} part @param {State} state */
  textOf(part, state) {
    return this.codecs[part.kind].write(part, state, this.parts);
  }

  /** The parts as names and texts, the version first. @returns {Pairs} */
  pairs() {
    /** @type {Pairs} */
    const pairs = [[VERSION, String(this.spec.version)]];
    for (const part of this.parts) {
      const text = this.textOf(part, this.stateOf(part));
      const isDefault = text === this.textOf(part, this.defaultOf(part));
      if (!(isDefault && (part.brief || !isDisplayed(part)))) pairs.push([part.name, text]);
    }
    return pairs;
  }

  /** What others have in the address. @returns {Pairs} */
  keptPairs() {
    return this.ownsPage ? pairsOf(location.hash).filter(([name]) => this.spec.keep.includes(name)) : [];
  }

  /** The pairs of an address that others do not have; null if it is one of something else, such as a heading. @param {string} hash @returns {Pairs | null} */
  ownPairs(hash) {
    const [pairs, { keep }] = [pairsOf(hash), this.spec];
    const isKnown = (/** @type {string} */ name) => [VERSION, ...keep, ...this.parts.map((part) => part.name)].includes(name);
    if (hash.length > 1 && !pairs.some(([name]) => isKnown(name))) return null;
    return pairs.filter(([name]) => !keep.includes(name));
  }

  /** Sets all parts: from the pairs, and what these do not have to its default. @param {Pairs} pairs */
  apply(pairs) {
    this.letGo();
    this.isTouched = false;
    const given = new Map(pairs);
    const refused = this.refusalsOfNames(pairs);
    for (const part of this.parts) {
      const { model, name, traits } = part;
      const state = this.defaultOf(part);
      const text = given.get(name);
      if (text !== undefined) Object.assign(state, this.readOr(part, text, refused, new Set(given.keys())));
      const present = this.stateOf(part); // an array has its bytes in a view, which JSON does not show
      if (!isSame(state, present) || this.textOf(part, state) !== this.textOf(part, present)) setAndSync(model, state);
      if (isBetweenSteps(part, state[part.trait])) keepBetweenSteps(model, state[part.trait], this.kept.signal);
      for (const trait of traits) markAddressed(model, trait);
    }
    clearTimeout(this.timer);
    this.timer = 0;
    this.read = fragmentOf(pairs);
    this.written = fragmentOf(this.pairs());
    this.say(refused);
  }

  /** Lets sliders move to their steps again: it is a visitor who moves them now. */
  letGo() {
    this.kept.abort();
    this.kept = new AbortController();
  }

  /** The state that a text stands for; if it stands for none, nothing, and why. @param {AddressPart} part @param {string} text @param {Refusal[]} refused @param {Set<string>} given the names of the address @returns {State} */
  readOr(part, text, refused, given) {
    try {
      return this.codecs[part.kind].read(part, text, this.parts, given);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      refused.push({ reason: error.message, facts: { name: part.name, text: cut(text), ...error.facts } });
      return {};
    }
  }

  /** @param {Pairs} pairs @returns {Refusal[]} */
  refusalsOfNames(pairs) {
    const [names, version] = [new Set(this.parts.map(({ name }) => name)), String(this.spec.version)];
    return pairs.flatMap(([name, text]) => {
      const facts = { name: cut(name), text: cut(text) };
      if (name === VERSION) return text === version ? [] : [{ reason: "version", facts }];
      return names.has(name) ? [] : [{ reason: "name", facts }];
    });
  }

  /** Says what of the address was not used. @param {Refusal[]} refused */
  say(refused) {
    this.refused = refused;
    const words = this.own.get("words");
    const sentences = refused.slice(0, SHOWN_REFUSALS).map(({ reason, facts }) => withWords(words[reason], facts));
    const count = refused.length - SHOWN_REFUSALS;
    if (count > 0) sentences.push(withWords(words.more, { count }));
    const text = sentences.length ? [words.beginning, ...sentences].join(" ") : "";
    if (text !== this.own.get("refused")) setLocally(this.own, { refused: text });
  }

  /** Writes the parts into the address, unless they are there. */
  write() {
    clearTimeout(this.timer);
    this.timer = 0;
    const own = this.pairs();
    const [before, now] = [this.written, fragmentOf(own)];
    if (!this.ownsPage || before === now) return;
    const isEntry = this.isTouched && this.loud(own) !== this.loud(pairsOf(before));
    this.written = this.read = now;
    try {
      history[isEntry ? "pushState" : "replaceState"](history.state, "", fragmentOf([...own, ...this.keptPairs()]));
    } catch {
      // A browser may allow no more entries for now, or none at all. The next change tries again.
    }
    if (isEntry) this.say([]); // what was refused is not in this address
  }

  /** The part of an address whose changes make entries in the history. @param {Pairs} pairs */
  loud(pairs) {
    const quiet = this.parts.filter((part) => part.quiet).map(({ name }) => name);
    return fragmentOf(pairs.filter(([name]) => !quiet.includes(name)));
  }

  /** Writes when nothing has changed for a while, and no pointer is down. */
  writeLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isHeld || this.write(), QUIET_MS);
  }

  /** Follows the address: a link, back and forward, or what was typed. */
  follow() {
    const pairs = this.ownPairs(location.hash);
    if (pairs && fragmentOf(pairs) !== this.read) this.apply(pairs);
  }

  /** Sets what the page's address says, if it says anything. */
  begin() {
    const unwritten = takeUnwritten(this.key);
    const pairs = this.ownPairs(unwritten || location.hash);
    if (!pairs?.length) return;
    this.apply(pairs);
    if (unwritten) history.replaceState(history.state, "", unwritten);
  }

  /** Keeps what is not written yet for a page that comes next: an address that changes while a page is left is lost. */
  keepUnwritten() {
    if (!this.timer) return;
    const newest = fragmentOf([...this.pairs(), ...this.keptPairs()]);
    try {
      sessionStorage.setItem(this.key, JSON.stringify([location.hash, newest]));
    } catch {
      // Storage may be forbidden. Everything else works without it.
    }
  }

  /** Gives the present fragment to whoever asks. */
  tell() {
    this.write();
    setLocally(this.own, { fragment: fragmentOf([...this.pairs(), ...this.keptPairs()]) });
  }

  /** Follows the page's address, and the pointers and keys of its visitor. @param {AbortSignal} signal that ends it */
  listenToPage(signal) {
    const options = { capture: true, signal };
    const hold = (/** @type {Event} */ { type }) => {
      this.isHeld = type === "pointerdown";
      if (this.timer) this.writeLater();
    };
    for (const event of ["pointerdown", "pointerup", "pointercancel"]) addEventListener(event, hold, options);
    for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => this.letGo(), options);
    const touch = () => {
      this.isTouched = true;
    };
    for (const event of ["pointerdown", "keydown", "input", "change", "click"]) addEventListener(event, touch, options);
    addEventListener("hashchange", () => this.follow(), options);
    addEventListener("pagehide", () => this.keepUnwritten(), options);
  }

  /** Follows the parts and the address. Returns what undoes it. */
  listen() {
    const asked = listenTo([
      [this.own, "jaxlink:tell", () => this.tell()],
      [this.own, "change:words", () => this.say(this.refused)],
    ]);
    if (!this.ownsPage) return asked;
    const stop = new AbortController();
    this.listenToPage(stop.signal);
    const changed = () => this.writeLater();
    const traits = this.parts.flatMap(({ model, traits }) => traits.map((trait) => ({ model, event: `change:${trait}` })));
    const undo = listenTo(traits.map(({ model, event }) => [model, event, changed]));
    return () => {
      asked();
      undo();
      stop.abort();
      this.letGo();
      clearTimeout(this.timer);
    };
  }
}

/** A choice that follows its source. @param {Manager} manager @param {string} reference @returns {Promise<FollowedChoice>} */
async function resolveChoice(manager, reference) {
  const own = await getModel(manager, reference);
  await whenReady(own);
  const [[at, trait]] = own.get("spec").sources;
  const source = await getModel(manager, at);
  return { own, source, trait, initial: source.get(trait) };
}

/** The models of a spec. @param {Manager} manager @param {Spec} spec @returns {Promise<[own: Model, parts: AddressPart[], choices: FollowedChoice[]]>} */
async function resolveSpec(manager, { self, parts, after }) {
  const find = (/** @type {string} */ reference) => getModel(manager, reference);
  const found = parts.map(async (part) => {
    const [model, place] = await Promise.all([find(part.model), find(part.place)]);
    return { ...part, model, place };
  });
  const choices = await Promise.all(after.map((reference) => resolveChoice(manager, reference)));
  return [await find(self), await Promise.all(found), choices];
}

/**
 * What anywidget takes for an address.
 * @param {Record<string, Codec>} codecs of this page's own kinds
 */
export function addressed(codecs) {
  return {
    /** @param {{ model: import("../adapters/anywidget.js").ModelProxy }} widget */
    initialize({ model }) {
      let isClosed = false;
      let stop = () => {};
      const begin = async () => {
        if (isClosed || !model.get("spec").self) return;
        model.off("change:spec", begin);
        const [own, parts, choices] = await resolveSpec(model.widget_manager, model.get("spec"));
        if (isClosed) return;
        const address = new Address(own, parts, choices, codecs);
        if (address.ownsPage) address.begin();
        markReady(own);
        stop = address.listen();
      };
      model.on("change:spec", begin);
      void begin();
      return () => {
        isClosed = true;
        stop();
      };
    },
  };
}
