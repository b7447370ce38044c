// The maps over the field: the switch between them, what they show, and a ring that sets both settings.

import { getModel } from "../adapters/ipywidgets.js";
import { numbersOf } from "./array.js";
import { clearedAxes, fitCanvas, makeMeasure } from "./axes_canvas.js";
import { makeCollector } from "./map_cells.js";
import { drawSettings, drawStarts, rangeOf } from "./map_drawing.js";
import { numberOf } from "./numbers.js";
import { callAll, listen, oncePerTask, onRatio, onSize } from "./observers.js";
import { boxOf, placeOn, takePointers } from "./pointers.js";
import { withRoot } from "./scrubbing.js";
import { setText } from "./texts.js";
import { onWords } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./map_cells.js").Cells} Cells */
/** @typedef {import("./map_drawing.js").MapTheme} MapTheme */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("./pointers.js").Domain} Domain */
/** @typedef {import("./pointers.js").Point} Point */
/** @typedef {[label: string, low: number, high: number, step: number]} Second what is varied besides the learning rate */

const SLICE = ["done", "done_kind", "settings", "losses", "valleys", "arrivals"];
const DRAWN = [
  ...["minima", "minimum_losses", "num_best", "low", "high", "num_steps", "limits", "second"],
  ...["domain", "layouts", "kind"],
];

let numMaps = 0; // whose radio buttons are apart

/** @param {ViewModel} model @returns {MapTheme} */
const themeOf = (model) => model.get("theme");

/** What is varied besides the learning rate; for a larger model, its start. @param {ViewModel} model @returns {Second} */
function secondOf(model) {
  const { kind, layouts } = { kind: model.get("kind"), layouts: model.get("layouts") };
  const { words } = themeOf(model);
  if (!model.get("is_planar")) return [words.random_start, 1, layouts[kind].rows, 1];
  const [name, low, high, step] = model.get("second");
  return [words.seconds[name], low, high, step];
}

/** What a map varies on axes of its own, by names in the address: a lesson that hides one of them hides the map, too. @param {ViewModel} model @param {number} kind */
function variesOf(model, kind) {
  if (!isOfSettings(model, kind)) return "";
  return `rate ${model.get("is_planar") ? model.get("second")[0] : "key"}`;
}

/** Whether a map has axes of its own, over all of the field. @param {ViewModel} model @param {number} kind */
const isOfSettings = (model, kind) =>
  kind === themeOf(model).settings || (kind === themeOf(model).starts && !model.get("is_planar"));

/** Whether the map that is shown has axes of its own. @param {ViewModel} model */
const hasOwnAxes = (model) => isOfSettings(model, model.get("kind"));

/** Whether the map lies on the parameters, under the path. @param {ViewModel} model */
const hasStarts = (model) => model.get("kind") === themeOf(model).starts && model.get("is_planar");

/** Leaves a map that gives away what a lesson hides. @param {ViewModel} model @param {Model} share */
function leaveHidden(model, share) {
  const varied = variesOf(model, model.get("kind")).split(" ");
  if (share.get("hidden").some((/** @type {string} */ name) => varied.includes(name))) choose(model, themeOf(model).loss);
}

/** The axes of the map in shares: the middle of the first cell is 0, that of the last 1. @param {ViewModel} model @returns {Domain} */
function sharesOf(model) {
  const { columns, rows } = model.get("layouts")[model.get("kind")];
  const [x, y] = [columns, rows].map((count) => 0.5 / Math.max(count - 1, 1));
  return [-x, 1 + x, -y, 1 + y];
}

/** @param {ViewModel} model @returns {Domain} */
const domainOf = (model) => (hasStarts(model) ? model.get("domain") : sharesOf(model));

/** One side of the switch. @param {string} name of the group @param {number} kind */
function makeKind(name, kind) {
  const [label, input, text] = ["label", "input", "span"].map((tag) => document.createElement(tag));
  Object.assign(input, { type: "radio", name, value: String(kind) });
  label.append(input, text);
  return { label, input: /** @type {HTMLInputElement} */ (input), text };
}

/** Builds the elements. @param {HTMLElement} el @param {MapTheme} theme */
function build(el, theme) {
  const [head, fieldset, legend, heading, area, canvas, ring] = [
    ...["div", "fieldset", "legend", "h2", "div", "canvas", "button"].map((tag) => document.createElement(tag)),
  ];
  numMaps += 1;
  const kinds = theme.words.kinds.map((/** @type {string} */ _, /** @type {number} */ i) =>
    makeKind(`techni-map-${numMaps}`, i),
  );
  legend.className = "techni-spoken";
  fieldset.className = "techni-at-map";
  fieldset.append(legend, ...kinds.map((/** @type {ReturnType<typeof makeKind>} */ { label }) => label));
  area.className = "techni-map";
  head.className = "techni-map-head";
  ring.className = "techni-setting";
  Object.assign(ring, { type: "button" });
  Object.assign(canvas, { width: 0, height: 0 }); // until there is a map
  canvas.setAttribute("role", "img");
  head.append(fieldset, heading);
  area.append(canvas, ring);
  el.append(head, area);
  return { legend, kinds, area, canvas: /** @type {HTMLCanvasElement} */ (canvas), heading, ring };
}

/** @typedef {ReturnType<typeof build>} Parts */

/** Shows which map is chosen, and what it is called. @param {ViewModel} model @param {Parts} parts @param {HTMLElement} el */
function showKind(model, { kinds, area, ring, heading }, el) {
  const { words } = themeOf(model);
  kinds.forEach((/** @type {ReturnType<typeof makeKind>} */ { label }, /** @type {number} */ i) => {
    label.dataset.varies = variesOf(model, i);
  });
  const [kind, [second]] = [model.get("kind"), secondOf(model)];
  kinds.forEach((/** @type {ReturnType<typeof makeKind>} */ { input, text }, /** @type {number} */ i) => {
    input.checked = i === kind;
    setText(text, fillIn(words[model.get("is_planar") ? "kinds" : "network_kinds"][i], { second }));
  });
  area.hidden = kind === themeOf(model).loss;
  if (area.hidden) setText(heading, model.get("is_planar") ? words.field : words.plane);
  ring.hidden = !hasOwnAxes(model);
  area.classList.toggle("techni-own-axes", hasOwnAxes(model));
  const field = el.closest(".techni-field");
  field?.classList.toggle("techni-covered", hasOwnAxes(model));
  field?.classList.toggle("techni-on-plane", !model.get("is_planar"));
}

/** What the map says. @param {ViewModel} model @param {Cells} cells */
function wordsOf(model, { losses, valleys }) {
  const { words, settings } = themeOf(model);
  const isOfLosses = model.get("kind") === settings;
  const numBest = Math.max(model.get("num_best"), 1); // if there is no minimum, the lowest loss known counts as one
  const known = losses.reduce((sum, loss) => sum + (Number.isNaN(loss) ? 0 : 1), 0);
  const best = valleys.reduce((sum, valley) => sum + (valley >= 0 && valley < numBest ? 1 : 0), 0);
  const share = `${Math.round((100 * best) / Math.max(known, 1))} %`;
  return fillIn(isOfLosses ? words.settings : model.get("is_planar") ? words.starts : words.random_starts, { share });
}

/** What the map says of one of its cells. @param {ViewModel} model @param {Cells} cells @param {number} i */
function wordsOfCell(model, { losses, layout }, i) {
  const { words } = themeOf(model);
  const loss = numberOf(losses[i]);
  if (hasStarts(model)) return fillIn(losses[i] < 0 ? words.diverging_start : words.start_cell, { loss });
  const [column, row] = [i % layout.columns, Math.floor(i / layout.columns)];
  const shares = /** @type {Point} */ ([column / (layout.columns - 1), row / Math.max(layout.rows - 1, 1)]);
  return fillIn(losses[i] < 0 ? words.diverging_setting : words.setting_cell, { ...settingsAt(model, shares), loss });
}

/** The settings at a place of the map, in words. @param {ViewModel} model @param {Point} place in shares of its axes */
function settingsAt(model, [x, y]) {
  const [[second, low, high], { rates }] = [secondOf(model), themeOf(model)];
  const rate = 10 ** (rates[0] + x * (rates[1] - rates[0]));
  return { x: numberOf(rate), y: numberOf(low + y * (high - low)), second };
}

/** The number of the cell under a pointer, or null. @param {ViewModel} model @param {Cells} cells @param {HTMLElement} area @param {MouseEvent} event */
function cellAt(model, { layout, losses }, area, event) {
  const [[x, y], box] = [placeOn(area, event), boxOf(model, area)];
  const across = (x - box.left) / box.width;
  const up = 1 - (y - box.top) / box.height;
  if (!(across >= 0 && across < 1 && up >= 0 && up < 1)) return null;
  const i = Math.floor(up * layout.rows) * layout.columns + Math.floor(across * layout.columns);
  return Number.isNaN(losses[i]) ? null : i;
}

/** Makes what draws the map. @param {ViewModel} model @param {Parts} parts */
function makePainter(model, { area, canvas }) {
  const { measured, measure } = makeMeasure(area);
  /** @param {Cells} cells */
  const paint = (cells) => {
    const { place, ratio, font } = measured;
    const [theme, box] = [themeOf(model), boxOf(model, place)];
    if (box.width <= 0 || box.height <= 0 || area.hidden) return;
    fitCanvas(canvas, place, ratio);
    const axes = clearedAxes(canvas, box, domainOf(model), { ratio, font, theme });
    const numbers = { numSteps: model.get("num_steps"), numBest: Math.max(model.get("num_best"), 1), second: secondOf(model) };
    const [minima, losses, limits] = ["minima", "minimum_losses", "limits"].map((name) => numbersOf(model.get(name)));
    if (hasStarts(model)) drawStarts(axes, theme, cells, { minima, losses, ...numbers });
    else {
      const isByLoss = model.get("kind") === theme.settings;
      const range = rangeOf(theme, model.get("low"), model.get("high"));
      drawSettings(axes, theme, cells, { isByLoss, range, limits, ...numbers });
    }
  };
  return { measure, paint };
}

/** Puts the ring at the present settings. @param {ViewModel} model @param {Parts} parts @param {Point} at */
function placeRing(model, { ring, area }, [x, y]) {
  if (ring.hidden) return;
  const [box, [xLow, xHigh, yLow, yHigh]] = [boxOf(model, area), sharesOf(model)];
  ring.style.left = `${box.left + (box.width * (x - xLow)) / (xHigh - xLow)}px`;
  ring.style.top = `${box.top + (box.height * (yHigh - y)) / (yHigh - yLow)}px`;
  ring.setAttribute("aria-label", fillIn(themeOf(model).words.handle, settingsAt(model, [x, y])));
}

/** How far an arrow key moves the ring: to the next place of each slider, as shares of the axes. @param {ViewModel} model @returns {Point} */
function keyStepOf(model) {
  const [[xLow, xHigh, yLow, yHigh], [, low, high, step]] = [sharesOf(model), secondOf(model)];
  const [rateLow, rateHigh, rateStep] = themeOf(model).rates;
  return [rateStep / (rateHigh - rateLow) / (xHigh - xLow), step / Math.max(high - low, step) / (yHigh - yLow)];
}

/** Makes the words of the map: about all of it, or about the cell under the pointer. @param {ViewModel} model @param {Parts} parts */
function makeCaption(model, { heading, canvas }) {
  let words = ""; // of all of it
  /** @type {number | null} */
  let pointed = null;
  const describe = (/** @type {Cells | undefined} */ cells) => {
    if (cells) words = wordsOf(model, cells);
    canvas.setAttribute("aria-label", words);
  };
  const say = (/** @type {Cells} */ cells) => setText(heading, pointed === null ? words : wordsOfCell(model, cells, pointed));
  const point = (/** @type {number | null} */ cell) => {
    pointed = cell;
  };
  return { describe, say, point };
}

/** Makes what shows the map, as far as it has come. @param {ViewModel} model @param {HTMLElement} el @param {Parts} parts @param {() => void} moveRing */
function makeShowing(model, el, parts, moveRing) {
  const { measure, paint } = makePainter(model, parts);
  const caption = makeCaption(model, parts);
  /** @type {Cells | undefined} */
  let cells;
  const isOfMap = () => cells?.layout === model.get("layouts")[model.get("kind")];
  const say = () => {
    if (cells && isOfMap()) caption.say(cells);
  };
  const show = () => {
    showKind(model, parts, el);
    if (cells && isOfMap()) paint(cells);
    else parts.canvas.width = 0; // of another map
    say();
    moveRing();
  };
  const update = (/** @type {Cells} */ found, /** @type {boolean} */ isDescribed) => {
    cells = found;
    if (isDescribed) caption.describe(cells);
    show();
  };
  const point = (/** @type {MouseEvent | null} */ event) => {
    caption.point(event && cells && isOfMap() ? cellAt(model, cells, parts.area, event) : null);
    say();
  };
  const rename = () => {
    parts.legend.textContent = themeOf(model).words.label;
    caption.describe(cells);
    show();
  };
  return { measure, show, update, point, rename };
}

/** Makes what takes a new slice of the map, and asks for the next. @param {ViewModel} model @param {(cells: Cells, isDescribed: boolean) => void} update */
function makeTaking(model, update) {
  const collect = makeCollector();
  return () => {
    const found = collect(model);
    if (!found) return;
    update(found.cells, found.isFirst || found.next === null); // in between, a share would only flicker
    if (found.next !== null) model.set("index", found.next); // the kernel is not told: it need not know each of them
  };
}

/** Reports pointers over the map, except for fingers, which scroll. Returns what undoes it. @param {HTMLElement} root @param {(event: MouseEvent | null) => void} point */
function followHovering(root, point) {
  const stop = new AbortController();
  const isOver = (/** @type {PointerEvent} */ { target, pointerType }) =>
    pointerType !== "touch" && target instanceof Element && target.closest(".techni-field") !== null;
  root.addEventListener("pointermove", (event) => point(isOver(event) ? event : null), { signal: stop.signal });
  root.addEventListener("pointerleave", () => point(null), { signal: stop.signal });
  return () => stop.abort();
}

/** Lets the ring be dragged, and moved by arrow keys. Returns what puts it at the present settings. @param {ViewModel} model @param {Parts} parts */
function followRing(model, parts) {
  const present = () => /** @type {Point} */ ([...numbersOf(model.get("point")), 0, 0].slice(0, 2));
  const ring = { element: parts.ring, start: present() };
  /** @param {string} name */
  const get = (name) => ({ domain: sharesOf(model), draggable: hasOwnAxes(model) })[name] ?? model.get(name);
  const set = (/** @type {Point} */ point) => pick(model, point);
  takePointers({ get }, parts.area, ring, set, () => keyStepOf(model));
  return () => {
    ring.start = present();
    placeRing(model, parts, ring.start);
  };
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const share = await getModel(model.widget_manager, model.get("share"));
  const parts = build(el, themeOf(model));
  const moveRing = followRing(model, parts);
  const { measure, show, update, point, rename } = makeShowing(model, el, parts, moveRing);
  const take = makeTaking(model, update);
  for (const { input } of parts.kinds) input.addEventListener("change", () => choose(model, Number(input.value)));
  const resized = () => callAll([measure, show]);
  const leave = () => leaveHidden(model, share);
  const undo = [
    listen(share, ["hidden"], leave),
    listen(model, ["kind", "second", "is_planar"], oncePerTask(leave)),
    listen(model, SLICE, oncePerTask(take)),
    listen(model, DRAWN, oncePerTask(show)),
    onWords(model, "theme", rename),
    listen(model, ["point"], oncePerTask(moveRing)),
    ...[onRatio(resized), onSize(parts.area, resized)],
    withRoot(el, (root) => followHovering(root, point)),
  ];
  take(); // a slice that came before
  rename();
  leave();
  return () => callAll(undo);
}

/** Asks for the settings at a place of the map. @param {ViewModel} model @param {Point} point */
function pick(model, [x, y]) {
  model.set("picked", [x, y, model.get("picked")[2] + 1]);
  model.save_changes();
}

/** Chooses a map. @param {ViewModel} model @param {number} kind */
function choose(model, kind) {
  model.set("kind", kind);
  model.save_changes();
}

export default { render };
