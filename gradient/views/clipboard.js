// Copies texts. Where a browser refuses, it offers the text in a field, selected.

import { element, pictureButton } from "./elements.js";
import { setText } from "./texts.js";

const MOST_ROWS = 12;
const SAID_MS = 5000; // long enough to be read

/** Copies a text; false if the browser does not allow it. @param {string} text */
export async function isCopied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false; // not allowed, or not there without HTTPS
  }
}

/** Makes what copies, with the element in which it says so. @param {{ close: string }} words */
export function makeCopier(words) {
  const [said, label, field] = [element("p"), element("span"), element("textarea", { readOnly: true })];
  said.setAttribute("role", "status");
  let timer = 0;
  const hide = () => {
    setText(said, "");
    offer.hidden = true;
  };
  const offer = element("div", { hidden: true }, element("label", {}, label, field), pictureButton("✕", words.close, hide));
  const box = element("div", { className: "techni-said" }, said, offer);
  const say = (/** @type {string} */ text) => {
    clearTimeout(timer);
    offer.hidden = true;
    setText(said, text);
    timer = setTimeout(hide, SAID_MS);
  };
  /** Copies a text. @param {string} text @param {string} done what is said then @param {string} refused what is said over the field */
  const copy = async (text, done, refused) => {
    if (await isCopied(text)) return say(done);
    clearTimeout(timer);
    setText(said, "");
    setText(label, refused);
    field.value = text;
    field.rows = Math.min(text.split("\n").length + 2, MOST_ROWS);
    offer.hidden = false;
    field.select();
    return undefined;
  };
  return { box, copy, say, close: () => clearTimeout(timer) };
}
