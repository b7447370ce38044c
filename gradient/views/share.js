// Sharing: the button that copies the page's address, its menu, and a line with the name of an exercise and what of a link was
// not used.

import { makeCopier } from "./clipboard.js";
import { button, element, pictureButton } from "./elements.js";
import { buildLesson } from "./lesson.js";
import { callAll, listen, onSize } from "./observers.js";
import { buildSaving } from "./saving.js";
import { readsFile, scriptOf } from "./script.js";
import { fileOfPoints, linkOf, presentFragment, resolveSources } from "./sources.js";
import { setText } from "./texts.js";
import { fillIn } from "./words.js";
import { worded } from "./worded.js";

/** @typedef {ReturnType<typeof makeCopier>} Copier */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("./sources.js").Sources} Sources */

const ROOM = "--share"; // in the style sheet
/** A narrow page, on which the controls stand one below the other, keeps no rows for what is hidden. */
const NARROW = "@container (max-width: 700px) { .techni-sliders { grid-template-rows: none !important; } }";
/** The room that the style sheet keeps for a control, which is free when that is hidden. @type {Record<string, string>} */
const FREED = { compare: "--add-run: 1em;", map: "--tabs: 0px !important;" };
const GAP = 6; // pixels from the buttons to what is left of them

/** The line over the page: the name of an exercise, and what of a link was not used. @param {Sources} sources */
function buildLine({ model, address }) {
  const { words } = model.get("theme");
  const [title, refused] = [element("h2"), element("span")];
  const dismissed = () => {
    hidden = address.get("refused");
    show();
  };
  const alert = element("p", {}, refused, pictureButton("✕", words.dismiss, dismissed));
  alert.setAttribute("role", "alert");
  const line = element("div", { className: "techni-lesson" }, title, alert);
  let hidden = ""; // what was dismissed
  const show = () => {
    const said = address.get("refused") === hidden ? "" : address.get("refused");
    setText(title, model.get("title"));
    setText(refused, said);
    [title.hidden, alert.hidden] = [!model.get("title"), !said];
    line.hidden = title.hidden && alert.hidden;
  };
  show();
  return { line, undo: [listen(model, ["title"], show), listen(address, ["refused"], show)] };
}

/** Makes the app higher by a line, so that the pictures keep their height. @param {HTMLElement} line */
function makeRoomFor(line) {
  return onSize(line, () => {
    const grid = /** @type {HTMLElement | null} */ (line.closest(".techni-grid"));
    grid?.style.setProperty("--lesson", line.offsetHeight ? `${line.offsetHeight + 4}px` : "0px");
  });
}

/** Whether no choice can fill the place of the optimizers' own controls: all are hidden, or some are and so is the choice. @param {ViewModel} model @param {string[]} hidden */
function isClosed(model, hidden) {
  /** @type {[string, Record<string, string>][]} */
  const optimizers = model.get("optimizers");
  const own = optimizers.flatMap(([, { learning_rate, ...others }]) => Object.values(others));
  const isHidden = (/** @type {string} */ name) => hidden.includes(name);
  return isHidden("optimizer") ? own.some(isHidden) : own.every(isHidden);
}

/** Hides the controls that a lesson does without. What stands beside them takes their places. @param {Sources} sources */
function buildHiding({ model }) {
  const style = element("style");
  const show = () => {
    /** @type {string[]} */
    const names = model.get("hidden").filter((/** @type {string} */ name) => name in model.get("hideable"));
    const places = names.map((name) => `.techni-at-${name}, [data-varies~="${name}"]`).join();
    const empty = `.techni-hyperparameters:not(:has(> :not([style*="display: none"], ${places})))`;
    const hidden = isClosed(model, names) ? `${places}, ${empty}` : places;
    const room = names.flatMap((name) => FREED[name] ?? []).join(" ");
    style.textContent =
      places && `.techni-grid :is(${hidden}) { display: none !important; } .techni-grid { ${room} } ${NARROW}`;
  };
  show();
  return { style, undo: listen(model, ["hidden"], show) };
}

/** Keeps room beside the choices for buttons whose words are longer than the style sheet has room for. @param {HTMLElement} buttons */
function makeRoomBeside(buttons) {
  return onSize(buttons, () => {
    const grid = /** @type {HTMLElement | null} */ (buttons.closest(".techni-grid"));
    if (!grid) return;
    grid.style.removeProperty(ROOM);
    const [room, width] = [Number.parseFloat(getComputedStyle(grid).getPropertyValue(ROOM)), buttons.offsetWidth + GAP];
    if (width > room) grid.style.setProperty(ROOM, `${width}px`);
  });
}

/** The choice of a language, each by its own name. @param {Sources} sources */
function buildLanguages({ model, language }) {
  const select = element("select", { onchange: () => choose(select.selectedIndex) });
  /** @type {{ code: string, name: string }[]} */
  const languages = language.get("languages");
  select.append(...languages.map(({ code, name }) => element("option", { textContent: name, lang: code })));
  const choose = (/** @type {number} */ index) => {
    language.set({ index });
    language.save_changes();
  };
  const show = () => {
    select.selectedIndex = Math.max(language.get("index"), 0);
  };
  show();
  const label = element("label", { className: "techni-language" }, model.get("theme").words.language, select);
  return { label, undo: listen(language, ["index"], show) };
}

/** What the menu has besides the lesson: the script, and the files. @param {Sources} sources @param {Copier} copier @param {HTMLElement} el */
function buildRest(sources, copier, el) {
  const { words } = sources.model.get("theme");
  const copyScript = () => {
    const script = scriptOf(sources);
    const done = readsFile(sources) ? fillIn(words.python_points, { file: fileOfPoints(sources) }) : words.python_copied;
    if (script === null) copier.say(words.python_own);
    else void copier.copy(script, done, words.copy_python);
  };
  const findField = () =>
    /** @type {HTMLElement | null} */ (el.closest(".techni-grid")?.querySelector(".techni-field") ?? null);
  const saving = buildSaving(sources, findField, copier.say);
  return { elements: [button(words.python, words.python_hint, copyScript), ...saving.elements], update: saving.update };
}

/** The menu and the button that opens it. While it is closed it is not on the page, where its words would be found twice; what was typed stays. @param {Sources} sources @param {Copier} copier @param {HTMLElement} el */
function buildMenu(sources, copier, el) {
  const { model } = sources;
  const { words } = model.get("theme");
  const [lesson, languages] = [buildLesson(sources, copier), buildLanguages(sources)];
  const rest = buildRest(sources, copier, el);
  const menu = element("div", { className: "techni-menu" }, languages.label, lesson.fold, ...rest.elements);
  const toggle = () => {
    model.set("is_open", !model.get("is_open"));
    model.save_changes();
  };
  const opener = pictureButton("⋯", words.menu, toggle);
  opener.title = words.menu_hint;
  const show = () => {
    const isOpen = model.get("is_open");
    opener.setAttribute("aria-expanded", String(isOpen));
    if (isOpen) el.insertBefore(menu, copier.box);
    else menu.remove();
    lesson.update();
    rest.update();
  };
  menu.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    toggle();
    opener.focus();
  });
  const undo = listen(model, ["is_open"], show);
  return { opener, show, undo: () => callAll([undo, languages.undo]) };
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const sources = await resolveSources(model);
  const { words } = model.get("theme");
  const copier = makeCopier(words);
  const share = () => {
    const [done, refused] = sources.ownsPage ? [words.copied, words.copy] : [words.copied_part, words.copy_part];
    void copier.copy(linkOf(sources, presentFragment(sources)), done, refused);
  };
  const [{ line, undo }, hiding, menu] = [buildLine(sources), buildHiding(sources), buildMenu(sources, copier, el)];
  const buttons = element("div", { className: "techni-share" }, button(words.share, words.share_hint, share), menu.opener);
  el.append(hiding.style, line, buttons, copier.box);
  menu.show();
  const all = [...undo, hiding.undo, menu.undo, copier.close, makeRoomFor(line), makeRoomBeside(buttons)];
  return () => callAll(all);
}

export default { render: worded(render, "theme") };
