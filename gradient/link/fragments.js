// The fragment of an address as pairs of names and texts: "#v=1&rate=0.1". It is what a person typed or a page was sent, so
// anything can be in it.

/** @typedef {[name: string, text: string][]} Pairs */

const LONGEST = 1 << 16; // letters; what is longer was made by no page
const MOST = 256; // pairs
const READABLE = /%(?:2C|3A|3B|3D|2F|40|24|28|29|21)/gi; // what may stand in a fragment as it is

/** A text with its escapes, or as it stands if they are broken. @param {string} text */
function unescaped(text) {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}

/** @param {string} text */
function escaped(text) {
  const whole = text.toWellFormed(); // half a pair of surrogates has no escape
  return encodeURIComponent(whole).replace(READABLE, decodeURIComponent).replaceAll("%20", "+");
}

/** The pairs of a fragment, with or without its "#"; what has no "=" is none. A name that comes twice has its last text. @param {string} fragment @returns {Pairs} */
export function pairsOf(fragment) {
  const parts = fragment.slice(0, LONGEST).replace(/^#/, "").split("&", MOST);
  const pairs = parts
    .filter((part) => part.includes("="))
    .map((part) => [part.slice(0, part.indexOf("=")), part.slice(part.indexOf("=") + 1)].map(unescaped));
  return [...new Map(/** @type {Pairs} */ (pairs))];
}

/** The word that a text of an address stands for, in any case and with or without a region, as `fr-CA` is `fr`; undefined if it is none. @param {string[]} words @param {string} text */
export const wordAmong = (words, text) => words.find((word) => word === text.toLowerCase().split("-")[0]);

/** The fragment of some pairs. @param {Pairs} pairs */
export const fragmentOf = (pairs) => (pairs.length ? `#${pairs.map((pair) => pair.map(escaped).join("=")).join("&")}` : "");
