// The panel in which a visitor pastes points, or opens a file with them. Nothing that is typed in it is lost.

import { oncePerTask } from "./observers.js";
import { readPoints } from "./paste.js";
import { setText } from "./texts.js";
import { fillIn } from "./words.js";

/** @typedef {import("./paste.js").Reading} Reading */
/** @typedef {import("./paste.js").Unread} Unread */
/** @typedef {import("./point_set.js").Points} Points */
/** @typedef {{ words: Record<string, any>, limits: Record<string, number> }} Theme from `points.py` */

const SHOWN_LETTERS = 20; // of a value that cannot be read

/** Why a line is left out. @param {Theme} theme @param {Unread} unread */
function reasonOf({ words }, { line, reason, text }) {
  const shown = text.length > SHOWN_LETTERS ? `${text.slice(0, SHOWN_LETTERS)}…` : text;
  return fillIn(words.unread[reason === "few" && !text ? "none" : reason], { line, text: shown });
}

/** What is said of a text that was read. @param {Theme} theme @param {Reading} reading @returns {string[]} */
export function wordsOf(theme, { x, unread, columns, numColumns }) {
  const { words, limits } = theme;
  const [first, ...others] = unread;
  const [one, other] = columns.map((column) => column + 1);
  return [
    ...(first ? [reasonOf(theme, first)] : []),
    ...(others.length ? [fillIn(words.unread.others, { count: others.length })] : []),
    ...(x.length < limits.fewest ? [words.few_points] : []),
    ...(x.length > limits.most ? [fillIn(words.thinned, { count: x.length, most: limits.most })] : []),
    ...(x.length && (numColumns > 2 || one > other) ? [fillIn(words.columns, { one, other, count: numColumns })] : []),
  ];
}

/** @template {keyof HTMLElementTagNameMap} Name @param {Name} tag @param {Record<string, any>} properties @param {Node[]} children */
export function make(tag, properties, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
}

/** @param {Record<string, any>} words */
function buildPanel(words) {
  const text = make("textarea", { spellcheck: false, placeholder: words.placeholder });
  text.setAttribute("aria-label", words.text);
  const said = make("p", {});
  said.setAttribute("role", "status");
  const [use, open, cancel] = [words.use_none, words.open, words.cancel].map((textContent) =>
    make("button", { type: "button", textContent }),
  );
  const file = make("input", { type: "file", accept: ".csv,.tsv,.txt,text/*", hidden: true });
  const panel = make("div", { className: "techni-paste", hidden: true }, text, said, make("div", {}, use, open, cancel, file));
  panel.setAttribute("role", "dialog");
  panel.setAttribute("aria-label", words.text);
  panel.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab would take the keys
  return { panel, text, said, use, open, cancel, file };
}

export class PastePanel {
  /**
   * @param {Theme} theme
   * @param {(points: Points, words: string[]) => void} use takes the points that were read, and what is to be said of them
   * @param {() => void} closed gives the focus back
   */
  constructor(theme, use, closed) {
    this.theme = theme;
    this.use = use;
    this.closed = closed;
    this.parts = buildPanel(theme.words);
    this.element = this.parts.panel;
    /** @type {Reading | null} */
    this.reading = null;
    this.listen();
  }

  listen() {
    const { panel, text, use, open, cancel, file } = this.parts;
    text.addEventListener(
      "input",
      oncePerTask(() => this.read()),
    ); // some ways to insert a text do it line by line
    use.addEventListener("click", () => this.finish());
    open.addEventListener("click", () => file.click());
    cancel.addEventListener("click", () => this.close());
    file.addEventListener("change", () => {
      if (file.files?.[0]) void this.takeFile(file.files[0]);
      file.value = "";
    });
    panel.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Escape") this.close();
    });
  }

  /** Opens it, with a text in the place of the one that it has, or with that. @param {string} [text] */
  show(text) {
    if (text !== undefined) this.parts.text.value = text;
    this.element.hidden = false;
    this.read();
    this.parts.text.focus();
  }

  close() {
    this.element.hidden = true;
    this.closed();
  }

  /** Reads the text, and says what is wrong with it. */
  read() {
    const { text, said, use } = this.parts;
    const { words, limits } = this.theme;
    const isLong = text.value.length > limits.letters;
    this.reading = isLong ? null : readPoints(text.value, limits.largest);
    const count = this.reading?.x.length ?? 0;
    use.disabled = count < limits.fewest;
    setText(use, use.disabled ? words.use_none : fillIn(words.use, { count: Math.min(count, limits.most) }));
    setText(said, isLong ? words.long : text.value.trim() ? this.said().join(" ") : "");
  }

  said() {
    return this.reading ? wordsOf(this.theme, this.reading) : [];
  }

  finish() {
    const { reading } = this;
    if (!reading) return;
    this.element.hidden = true;
    this.use(reading, this.said());
    this.closed();
  }

  /** Takes a text at once if all of it can be read; else shows it, and says what cannot. @param {string} text */
  take(text) {
    this.parts.text.value = text;
    this.read();
    const isWhole = this.reading?.unread.length === 0 && this.reading.x.length >= this.theme.limits.fewest;
    if (isWhole) this.finish();
    else this.show();
  }

  /** @param {File} file */
  async takeFile(file) {
    if (file.size <= this.theme.limits.letters) {
      this.take(await file.text());
      return;
    }
    this.show();
    setText(this.parts.said, this.theme.words.long);
  }
}
