// The comparison: a button that keeps the present settings as a run, and a table of all runs.

import { getModel, optionLabels } from "../adapters/ipywidgets.js";
import { numbersOf } from "./array.js";
import { button, element, pictureButton } from "./elements.js";
import { numberOf } from "./numbers.js";
import { callAll, listen, oncePerTask } from "./observers.js";
import { actions, rowsOf } from "./runs.js";
import { withRoot } from "./scrubbing.js";
import { setHidden, setText } from "./texts.js";
import { worded } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("./runs.js").Actions} Actions */
/** @typedef {import("./runs.js").Controls} Controls */
/** @typedef {import("./runs.js").Row} Row */
/** @typedef {import("./path.js").Look} Look */

const IN_VIEW = 0.5; // how much of the table is seen where no way to it is shown
const TABLE = ["runs", "order", "is_open", "losses", "verdicts", "close_steps"];

/** The controls that hold the present settings. @param {ViewModel} model @returns {Promise<Controls>} */
async function resolve(model) {
  const get = (/** @type {string} */ reference) => getModel(model.widget_manager, reference);
  const [optimizer, ...sliders] = await Promise.all([model.get("optimizer"), ...model.get("sliders")].map(get));
  return { optimizer, sliders };
}

/** The marks of a sign, around (22, 7). */
const MARKS = {
  disc: '<circle cx="22" cy="7" r="5"/>',
  square: '<rect x="17.5" y="2.5" width="9" height="9"/>',
  triangle: '<path d="M22 1.5 27.5 12h-11z"/>',
  diamond: '<path d="M22 0.5 28 7 22 13.5 16 7z"/>',
};

/** The sign of a run in the pictures: a piece of its line, and its mark. @param {Look} look */
function sign({ colour, dashes, shape }) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 44 14");
  svg.setAttribute("aria-hidden", "true");
  svg.innerHTML = `<path d="M1 7h42" style="stroke: ${colour}" stroke-width="2.5" stroke-dasharray="${dashes.join(" ")}"/>
    <g style="fill: ${colour}; stroke: var(--paper)">${MARKS[shape]}</g>`;
  return svg;
}

/** What a run says of itself: its optimizer, and its settings. @param {ViewModel} model @param {Controls} controls @param {Row} row */
function namesOf(model, { optimizer, sliders }, row) {
  const own = model.get("own");
  const index = Math.min(row[0], own.length - 1); // what a tab remembers may be of an app with more optimizers
  const settings = own[index].map((/** @type {number} */ place) => {
    const label = sliders[place - 1].get("description");
    return `${label} ${numberOf(row[place])}`;
  });
  return [optionLabels(optimizer)?.[index] ?? "", settings.join(", ")];
}

/** The control that chooses a run. @param {ViewModel} model @param {number} at @param {Actions} act */
function chooser(model, at, act) {
  const { words, looks } = model.get("theme");
  const place = model.get("order")[at];
  const properties = { type: "radio", name: `techni-run-${act.group}`, checked: place === 0 };
  const input = element("input", { ...properties, onchange: () => act.choose(at) });
  input.setAttribute("aria-label", fillIn(words.choose, { run: at + 1 }));
  return element("label", {}, input, sign(looks[place]));
}

/** The buttons of a row. @param {ViewModel} model @param {number} at @param {number} count @param {Actions} act */
function rowButtons(model, at, count, act) {
  const { words } = model.get("theme");
  const run = at + 1;
  const up = pictureButton("▲", fillIn(words.up, { run }), () => act.move(at, at - 1));
  const down = pictureButton("▼", fillIn(words.down, { run }), () => act.move(at, at + 1));
  const remove = pictureButton("✕", fillIn(words.remove, { run }), () => act.remove(at));
  up.disabled = at === 0;
  down.disabled = at === count - 1;
  remove.disabled = model.get("order")[at] === 0;
  return [up, down, remove];
}

/** A row of the table, without its words. @param {ViewModel} model @param {number} at @param {number} count @param {Actions} act */
function buildRow(model, at, count, act) {
  const names = model.get("theme").words.columns.slice(1, -1);
  const cells = names.map((/** @type {string} */ name) => {
    const cell = element("td");
    cell.dataset.name = name; // which the style sheet writes where there is no room for a heading
    return cell;
  });
  const buttons = element("td", {}, ...rowButtons(model, at, count, act));
  return element("tr", {}, element("td", {}, chooser(model, at, act)), ...cells, buttons);
}

/** The results of a run: its loss, the step from which that is close to the lowest known, and its verdict. @param {ViewModel} model @param {number} place */
function resultsOf(model, place) {
  const { words, verdicts, never } = model.get("theme");
  const [losses, codes, steps] = ["losses", "verdicts", "close_steps"].map((name) => numbersOf(model.get(name)));
  if (place >= losses.length) return ["", "", ""]; // they are being computed
  const close = steps[place] === never ? words.never : fillIn(words.at, { step: steps[place] });
  return [numberOf(losses[place]), close, verdicts[codes[place]]];
}

/** Writes the words of a row. @param {ViewModel} model @param {Controls} controls @param {HTMLTableRowElement} row @param {number} place of its run */
function fillRow(model, controls, row, place) {
  const texts = [...namesOf(model, controls, rowsOf(model, controls)[place]), ...resultsOf(model, place)];
  for (const [i, text] of texts.entries()) setText(row.cells[i + 1], text);
}

/** The table, and a button below it. @param {Record<string, any>} words @param {HTMLButtonElement} best */
function buildSection(words, best) {
  const titles = words.columns.map((/** @type {string} */ text) => element("th", { scope: "col", textContent: text }));
  const body = element("tbody");
  const head = element("thead", {}, element("tr", {}, ...titles));
  const table = element("table", {}, element("caption", { textContent: words.label }), head, body);
  return { section: element("div", { className: "techni-runs" }, table, best), body };
}

/** Builds the rows anew; the focus goes with the run that has it. @param {HTMLTableSectionElement} body @param {HTMLTableRowElement[]} rows @param {number} focused the row that is to have it */
function replaceRows(body, rows, focused) {
  const active = /** @type {HTMLElement | null} */ (body.contains(document.activeElement) ? document.activeElement : null);
  const controlsOf = (/** @type {Element | null | undefined} */ row) => [...(row?.querySelectorAll("input, button") ?? [])];
  const place = controlsOf(active?.closest("tr")).indexOf(/** @type {Element} */ (active));
  body.replaceChildren(...rows);
  if (!active) return;
  const controls = /** @type {HTMLButtonElement[]} */ (controlsOf(rows[Math.min(focused, rows.length - 1)]));
  const near = [place, place + 1, place - 1, place - 2].find((i) => controls[i] && !controls[i].disabled);
  if (near !== undefined) controls[near].focus();
}

/** Makes the app higher by the section's height, so that the pictures keep theirs. @param {HTMLElement} section */
function makeRoom(section) {
  const grid = /** @type {HTMLElement | null} */ (section.closest(".techni-grid"));
  grid?.style.setProperty("--runs", section.hidden ? "0px" : `${section.offsetHeight + 6}px`);
}

/** A button over the pictures that goes to the table. @param {Record<string, any>} words @param {HTMLElement} section */
function buildWay(words, section) {
  const go = () => {
    const behavior = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
    section.scrollIntoView({ block: "nearest", behavior });
  };
  return element("div", { className: "techni-to-runs", hidden: true }, button(words.to_table, "", go));
}

/** Shows the way to the table while most of that is out of view. Returns what undoes it. @param {HTMLElement} way @param {HTMLElement} section */
function followTable(way, section) {
  const show = (/** @type {IntersectionObserverEntry[]} */ entries) => {
    const ratio = entries.at(-1)?.intersectionRatio ?? 1;
    setHidden(way, Boolean(section.hidden) || ratio > IN_VIEW);
  };
  const observer = new IntersectionObserver(show, { threshold: [0, IN_VIEW] });
  observer.observe(section);
  return () => observer.disconnect();
}

/**
 * Makes what shows the runs in the table; it is given the row that is to have the focus if the rows change.
 * @param {ViewModel} model @param {Controls} controls @param {ReturnType<typeof buildSection>} parts @param {Actions} act
 */
function makeTable(model, controls, { section, body }, act) {
  let built = "";
  return (/** @type {number} */ focused) => {
    /** @type {number[]} */
    const order = model.get("order");
    setHidden(section, !model.get("is_open"));
    if (`${order}` !== built) {
      const rows = order.map((_, at) => buildRow(model, at, order.length, act));
      replaceRows(body, rows, focused);
      makeRoom(section);
    }
    built = `${order}`;
    if (section.hidden) return;
    for (const [at, row] of [...body.rows].entries()) fillRow(model, controls, row, order[at]);
  };
}

/** Puts a part behind the choices, where it is seen, for the Tab key. Returns what undoes it. @param {HTMLElement} el @param {HTMLElement} part */
const placeAtChoices = (el, part) =>
  withRoot(el, (root) => {
    root.querySelector(".techni-choices")?.after(part);
    return () => part.remove();
  });

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const controls = await resolve(model);
  const { words, maxRuns } = model.get("theme");
  let focused = 0;
  const act = actions(model, controls, (at) => (focused = at));
  const add = button(words.add, words.add_hint, act.add);
  const best = button(words.best, words.best_hint, act.best);
  best.dataset.varies = "rate"; // which it would give away
  const parts = buildSection(words, best);
  const way = buildWay(words, parts.section);
  const place = element("div", { className: "techni-add-run techni-at-compare" }, add);
  el.append(place, way, parts.section);
  const showRuns = makeTable(model, controls, parts, act);
  const show = () => {
    add.disabled = model.get("order").length === maxRuns;
    showRuns(focused);
  };
  const schedule = oncePerTask(show);
  const undo = [
    placeAtChoices(el, place),
    followTable(way, parts.section),
    listen(model, TABLE, schedule),
    listen(controls.optimizer, ["index"], schedule),
    ...controls.sliders.map((slider) => listen(slider, ["value"], schedule)),
  ];
  show();
  return () => callAll(undo);
}

export default { render: worded(render, "theme") };
