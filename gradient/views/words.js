// Sentences that come from Python, with words put in.

/** Puts words in the place of their {name}. @param {string} template @param {Record<string, string | number>} words */
export function fillIn(template, words) {
  return template.replace(/\{(\w+)\}/g, (_, name) => String(words[name]));
}
