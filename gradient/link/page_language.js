// How the page writes numbers in texts, and the words in its pictures. Files and addresses have a decimal point, whatever it is.

/** @typedef {{ decimal: string, labels: Record<string, string> }} PageLanguage the sign before decimals; words in pictures by those that Python has drawn */

// Each script of the page has its own instance of this module, so that this is kept, and told, where all of them find it.
const LANGUAGE = Symbol.for("jaxlink.language");
const CHANGED = "jaxlink-language";

/** What all scripts of the page share. @type {Record<symbol, PageLanguage | undefined>} */
const ofPage = /** @type {any} */ (globalThis);

/** The decimal sign of the page. @returns {string} */
export const decimalSign = () => ofPage[LANGUAGE]?.decimal ?? ".";

/** Sets how the page writes from now on. @param {PageLanguage} language */
export function setPageLanguage(language) {
  ofPage[LANGUAGE] = language;
  dispatchEvent(new Event(CHANGED));
}

/** Calls `act` when that changes. Returns what undoes it. @param {() => void} act */
export function onPageLanguage(act) {
  addEventListener(CHANGED, act);
  return () => removeEventListener(CHANGED, act);
}

/** A text with the page's sign before the decimals of its numbers. @param {string} text */
export function localised(text) {
  const sign = decimalSign();
  return sign === "." ? text : text.replace(/(\d)\.(?=\d)/g, `$1${sign}`);
}

/** What a picture says on this page. @param {string} text */
export const pictureLabel = (text) => ofPage[LANGUAGE]?.labels[text] ?? localised(text);
