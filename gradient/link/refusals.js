// What of an address was not used, and how a page says so.

/** @typedef {{ reason: string, facts: Record<string, string | number> }} Refusal a word of `REFUSED` in `address.py`, and what stands in its sentence */

const SHOWN_REFUSALS = 3;
const SHOWN_LETTERS = 40;

/** A sentence with words in the place of their {name}. @param {string} template @param {Record<string, string | number>} facts */
const withWords = (template, facts) => template.replace(/\{(\w+)\}/g, (_, name) => String(facts[name]));

/** A text as far as a sentence has room for it. @param {string} text */
export const cut = (text) => (text.length > SHOWN_LETTERS ? `${text.slice(0, SHOWN_LETTERS)}…` : text);

/** What is said of refusals; nothing if there are none. @param {Refusal[]} refused @param {Record<string, string>} words */
export function sentencesOf(refused, words) {
  const sentences = refused.slice(0, SHOWN_REFUSALS).map(({ reason, facts }) => withWords(words[reason], facts));
  const count = refused.length - SHOWN_REFUSALS;
  if (count > 0) sentences.push(withWords(words.more, { count }));
  return sentences.length ? [words.beginning, ...sentences].join(" ") : "";
}
