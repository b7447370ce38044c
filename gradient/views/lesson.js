// Makes a lesson link: the page as it is, with a name, and without some of its controls.

import { fragmentOf, pairsOf } from "../link/fragments.js";
import { element } from "./elements.js";
import { isShown, linkOf, presentFragment } from "./sources.js";

/** @typedef {import("./sources.js").Sources} Sources */
/** @typedef {ReturnType<typeof import("./clipboard.js").makeCopier>} Copier */

/** The names in the address of what a lesson adds to it. @param {Sources} sources */
function lessonNames({ parts }) {
  const nameOf = (/** @type {string} */ wanted) => [...parts].find(([, { trait }]) => trait === wanted)?.[0] ?? "";
  return { hide: nameOf("hidden"), title: nameOf("title"), play: nameOf("starts_playing") };
}

/** A checkbox with its words. @param {string} text */
function checkbox(text) {
  const input = element("input", { type: "checkbox" });
  return { input, label: element("label", {}, input, element("span", { textContent: text })) };
}

/** The checkboxes of what can be hidden, by names. @param {Sources} sources */
function buildChoices(sources) {
  /** @type {[string, string][]} */
  const names = Object.entries(sources.model.get("hideable"));
  const boxes = names.map(([name, text]) => ({ name, ...checkbox(text) }));
  const update = () => {
    for (const { name, label } of boxes) label.hidden = !isShown(sources, name);
  };
  const chosen = () => boxes.filter(({ input, label }) => input.checked && !label.hidden).map(({ name }) => name);
  return { boxes: boxes.map(({ label }) => label), update, chosen };
}

/** Builds the fold. @param {Sources} sources @param {Copier} copier */
export function buildLesson(sources, copier) {
  const { words, longest } = sources.model.get("theme");
  const names = lessonNames(sources);
  const hiding = buildChoices(sources);
  const title = element("input", { type: "text", maxLength: longest });
  const plays = checkbox(words.plays);
  const copy = () => {
    const own = pairsOf(presentFragment(sources)).filter(([name]) => !Object.values(names).includes(name));
    /** @type {import("../link/fragments.js").Pairs} */
    const added = [
      [names.hide, hiding.chosen().join(",")],
      [names.title, title.value.trim()],
      [names.play, plays.input.checked ? "1" : ""],
    ];
    const link = linkOf(sources, fragmentOf([...own, ...added.filter(([, text]) => text)]));
    const [done, refused] = sources.ownsPage ? [words.lesson_copied, words.copy] : [words.copied_part, words.copy_part];
    void copier.copy(link, done, refused);
  };
  const fold = element(
    "details",
    { ontoggle: hiding.update },
    element("summary", { textContent: words.lesson }),
    element("label", { className: "techni-lesson-title" }, element("span", { textContent: words.title }), title),
    element("fieldset", {}, element("legend", { textContent: words.hide }), ...hiding.boxes),
    plays.label,
    element("button", { type: "button", textContent: words.copy_lesson, onclick: copy }),
  );
  return { fold, update: hiding.update };
}
