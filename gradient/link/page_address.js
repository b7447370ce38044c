// The address of the page and the browser's history: follows the address, and writes into it what the parts have become.

import { fragmentOf, pairsOf, wordAmong } from "./fragments.js";
import { listenTo, ownsPage, pageKey, setLocally } from "./models.js";
import { cut, sentencesOf } from "./refusals.js";

/** @typedef {import("./address_parts.js").AddressParts} AddressParts */
/** @typedef {import("./fragments.js").Pairs} Pairs */
/** @typedef {import("./models.js").Model} Model */
/** @typedef {import("./refusals.js").Refusal} Refusal */

const PREFIX = "jaxlink-address:";
const QUIET_MS = 500; // after the last change; browsers take about a hundred entries of the history in 30 s

/** What the previous page had not written when it was left, if its address was this one. @param {string} key @returns {string} */
function takeUnwritten(key) {
  try {
    const [address, newest] = JSON.parse(sessionStorage.getItem(key) ?? "[]");
    sessionStorage.removeItem(key);
    return address === location.hash ? newest : "";
  } catch {
    return ""; // storage may be forbidden
  }
}

export class PageAddress {
  /** @param {Model} own @param {AddressParts} parts @param {Record<string, string[] | null>} keep names that others read and write, each with the words that it can be, null if it can be anything */
  constructor(own, parts, keep) {
    this.own = own;
    this.parts = parts;
    this.keep = keep;
    this.ownsPage = ownsPage(own.widget_manager);
    this.key = pageKey(PREFIX);
    this.written = fragmentOf(parts.pairs());
    this.read = ""; // the address' own part as it was read or written last
    this.timer = 0;
    this.isHeld = false; // a pointer is down, as in a drag
    this.isTouched = false; // a visitor has done something since the address was read: else what changes still follows from it
    /** @type {Refusal[]} */
    this.refused = []; // what was said last
  }

  /** The pairs of the address that belong to others. @returns {Pairs} */
  keptPairs() {
    return this.ownsPage ? pairsOf(location.hash).filter(([name]) => Object.hasOwn(this.keep, name)) : [];
  }

  /** The pairs of an address that others do not have; null if it is one of something else, such as a heading. @param {string} hash @returns {Pairs | null} */
  ownPairs(hash) {
    const pairs = pairsOf(hash);
    const isOthers = (/** @type {string} */ name) => Object.hasOwn(this.keep, name);
    if (hash.length > 1 && !pairs.some(([name]) => isOthers(name) || this.parts.has(name))) return null;
    return pairs.filter(([name]) => !isOthers(name));
  }

  /** What others cannot use of the address. @returns {Refusal[]} */
  refusedByOthers() {
    return this.keptPairs().flatMap(([name, text]) => {
      const words = this.keep[name];
      if (!words || wordAmong(words, text) !== undefined) return [];
      return [{ reason: "words", facts: { name, text: cut(text), words: words.join(", ") } }];
    });
  }

  /** Sets all parts, and says what was not used. @param {Pairs} pairs */
  apply(pairs) {
    this.isTouched = false;
    const refused = [...this.parts.set(pairs), ...this.refusedByOthers()];
    clearTimeout(this.timer);
    this.timer = 0;
    this.read = fragmentOf(pairs);
    this.written = fragmentOf(this.parts.pairs());
    this.say(refused);
  }

  /** Says what of the address was not used. @param {Refusal[]} refused */
  say(refused) {
    this.refused = refused;
    const text = sentencesOf(refused, this.own.get("words"));
    if (text !== this.own.get("refused")) setLocally(this.own, { refused: text });
  }

  /** The numbers of the address that could not stay, and have not been named yet. @returns {Refusal[]} */
  newlyMoved() {
    const said = this.refused.map(({ facts }) => facts.name);
    return this.parts.moved(pairsOf(this.read)).filter(({ facts }) => !said.includes(facts.name));
  }

  /** Writes the parts into the address, unless they are there. */
  write() {
    clearTimeout(this.timer);
    this.timer = 0;
    const own = this.parts.pairs();
    const [before, now] = [this.written, fragmentOf(own)];
    if (!this.ownsPage || before === now) return;
    if (!this.isTouched) this.say([...this.refused, ...this.newlyMoved()]);
    const isEntry = this.isTouched && this.parts.loud(own) !== this.parts.loud(pairsOf(before));
    this.written = this.read = now;
    try {
      history[isEntry ? "pushState" : "replaceState"](history.state, "", fragmentOf([...own, ...this.keptPairs()]));
    } catch {
      // A browser may allow no more entries for now, or none at all. The next change tries again.
    }
    if (isEntry) this.say([]); // what was refused is not in this address
  }

  /** Writes when nothing has changed for a while, and no pointer is down. */
  writeLater() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.isHeld || this.write(), QUIET_MS);
  }

  /** Follows the address: a link, back and forward, or what was typed. */
  follow() {
    const pairs = this.ownPairs(location.hash);
    if (!pairs) return;
    if (fragmentOf(pairs) !== this.read) this.apply(pairs);
    else this.say([...this.refused.filter(({ facts }) => !Object.hasOwn(this.keep, facts.name)), ...this.refusedByOthers()]);
  }

  /** Sets what the page's address says, if it says anything. */
  begin() {
    const unwritten = takeUnwritten(this.key);
    const pairs = this.ownPairs(unwritten || location.hash);
    if (!pairs) return;
    if (pairs.length) this.apply(pairs);
    else this.say(this.refusedByOthers());
    if (unwritten) history.replaceState(history.state, "", unwritten);
  }

  /** Keeps what is not written yet for the next page: a browser drops a change of the address while a page is being left. */
  keepUnwritten() {
    if (!this.timer) return;
    const newest = fragmentOf([...this.parts.pairs(), ...this.keptPairs()]);
    try {
      sessionStorage.setItem(this.key, JSON.stringify([location.hash, newest]));
    } catch {
      // Storage may be forbidden. Everything else works without it.
    }
  }

  /** Gives the present fragment to whoever asks. */
  tell() {
    this.write();
    setLocally(this.own, { fragment: fragmentOf([...this.parts.pairs(), ...this.keptPairs()]) });
  }

  /** Follows the page's address, and the pointers and keys of its visitor. @param {AbortSignal} signal that ends it */
  listenToPage(signal) {
    const options = { capture: true, signal };
    const hold = (/** @type {Event} */ { type }) => {
      this.isHeld = type === "pointerdown";
      if (this.timer) this.writeLater();
    };
    for (const event of ["pointerdown", "pointerup", "pointercancel"]) addEventListener(event, hold, options);
    for (const event of ["pointerdown", "keydown"]) addEventListener(event, () => this.parts.letGo(), options);
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
    const undo = listenTo(this.parts.traits().map(({ model, trait }) => [model, `change:${trait}`, changed]));
    return () => {
      asked();
      undo();
      stop.abort();
      this.parts.letGo();
      clearTimeout(this.timer);
    };
  }
}
