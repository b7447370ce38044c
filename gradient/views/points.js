// The editor of a visitor's own points: a layer over the picture of the data, and a row of tools with a line of words.

import { getModel } from "../adapters/ipywidgets.js";
import { setLocally } from "../link/models.js";
import { isCopied } from "./clipboard.js";
import { numberOf } from "./numbers.js";
import { callAll, listen, oncePerTask, onSize } from "./observers.js";
import { writePoints } from "./paste.js";
import { make, PastePanel } from "./paste_panel.js";
import { PointEditor } from "./point_editor.js";
import { toScreen } from "./point_places.js";
import { PointSet } from "./point_set.js";
import { conditionOf, scalingOf, warningOf } from "./point_words.js";
import { roundNumbers } from "./round_numbers.js";
import { withRoot } from "./scrubbing.js";
import { setText } from "./texts.js";
import { worded } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("./point_places.js").Scales} Scales */
/** @typedef {ReturnType<typeof build>} Parts */

const RELAYOUT_MS = 500; // after which bqplot has followed another size
const LETTER_WIDTH = 0.6; // of the type's size
const NOTE_MS = 8000; // for which a note takes the place of the other words

/** The points, which all views of the widget share. @type {Promise<PointSet>} */
let shared;

/** @param {string} textContent @param {string} title @param {() => void} act */
function toolButton(textContent, title, act) {
  return make("button", { type: "button", textContent, title, onclick: act });
}

/** A button with a sign for a word. @param {string} sign @param {string} label @param {() => void} act */
function signButton(sign, label, act) {
  const made = toolButton(sign, label, act);
  made.setAttribute("aria-label", label);
  return made;
}

/** The switch and the slider. @param {Record<string, any>} words */
function buildSettings(words) {
  const standardize = make("input", { type: "checkbox" });
  const condition = make("span", { className: "techni-condition techni-at-standardize" });
  const standardizeName = make("span", {});
  const standardized = make("label", { className: "techni-at-standardize" }, standardize, standardizeName);
  const noise = make("input", { type: "range", min: "0", max: "1", step: "0.01" });
  const noiseShown = make("output", {});
  const noisy = make("label", {}, make("span", { textContent: words.noise }), noise, noiseShown);
  return { standardize, standardizeName, condition, standardized, noise, noiseShown, noisy };
}

/** The layer over the picture. @param {Record<string, any>} words */
function buildArea(words) {
  const ring = make("span", { className: "techni-chosen", hidden: true });
  const area = make("div", { className: "techni-points-area", tabIndex: 0 }, ring);
  area.setAttribute("role", "application"); // its keys are its own
  area.setAttribute("aria-label", words.label);
  area.setAttribute("data-lm-suppress-shortcuts", "true"); // JupyterLab would take the keys
  return { area, ring };
}

/** @param {HTMLElement} el @param {Record<string, any>} words @param {Record<string, () => void>} acts */
function build(el, words, acts) {
  const settings = buildSettings(words);
  const layer = buildArea(words);
  const undo = signButton("↶", words.undo, acts.undo);
  const redo = signButton("↷", words.redo, acts.redo);
  const buttons = [undo, redo, toolButton(words.paste, words.paste_hint, acts.paste), toolButton(words.copy, "", acts.copy)];
  const { noisy, standardized, condition } = settings;
  const tools = make("div", { className: "techni-points-tools" }, make("div", {}, ...buttons), standardized, condition);
  const said = make("p", { className: "techni-points-words" });
  const line = make("div", { className: "techni-points-line" }, said, noisy);
  const spoken = make("p", { className: "techni-spoken" });
  spoken.setAttribute("role", "status");
  el.append(tools, line, layer.area, spoken);
  return { ...settings, ...layer, said, spoken, undo, redo };
}

/** Whether the model takes x and y standardized, whatever the switch says. @param {ViewModel} model */
const isLarger = (model) => model.get("model") >= model.get("theme").planar;

/** The words under the tools. @param {ViewModel} model @param {PointSet} set @param {PointEditor} editor @param {string} note */
function wordsOfPoints(model, { present }, editor, note) {
  const theme = model.get("theme");
  const { words } = theme;
  const about = theme.sets[present.dataset]?.about ?? fillIn(words.own, { count: present.x.length });
  const isStandardized = !isLarger(model) && model.get("standardized");
  const standardized = { x: isLarger(model) || isStandardized, y: isLarger(model) };
  const warning = warningOf(present, theme, standardized, model.get("condition"));
  const isByKeys = editor.area.matches(":focus-visible");
  const hint = editor.pointer === "touch" ? words.touch_hint : isByKeys ? words.key_hint : words.hint;
  if (editor.isGrabbed) return words.grabbed;
  if (note) return note;
  if (warning) return `${warning} ${about}`;
  if (isStandardized && !isByKeys) return `${about} ${scalingOf(model.get("scaling"), theme)}`;
  return isLarger(model) ? about : `${about} ${hint}`;
}

/** What is spoken of the chosen point. @param {PointSet} set @param {PointEditor} editor */
function spokenOfPoint({ present: { x, y }, theme }, { chosen }) {
  if (chosen < 0 || chosen >= x.length) return "";
  const numbers = { x: numberOf(x[chosen]), y: numberOf(y[chosen]) };
  return fillIn(theme.words.point, { number: chosen + 1, count: x.length, ...numbers });
}

/** Puts the ring around the chosen point. @param {Parts} parts @param {PointEditor} editor @param {PointSet} set */
function placeRing({ ring }, editor, { present: { x, y } }) {
  ring.hidden = !(editor.chosen in x);
  const axes = ring.hidden ? null : editor.axes();
  if (!axes) return;
  const bounds = editor.measure().area;
  const [left, top] = toScreen(axes, x[editor.chosen], y[editor.chosen]);
  ring.style.left = `${left - bounds.left}px`;
  ring.style.top = `${top - bounds.top}px`;
  ring.classList.toggle("techni-grabbed", editor.isGrabbed);
}

/** Shows the settings. @param {Parts} parts @param {ViewModel} model @param {PointSet} set */
function showSettings(parts, model, set) {
  const theme = model.get("theme");
  const [{ words }, areBoth] = [theme, isLarger(model)];
  parts.noisy.hidden = !theme.sets[set.present.dataset]?.deviation;
  parts.noise.value = String(model.get("noise"));
  setText(parts.noiseShown, numberOf(model.get("noise")));
  parts.standardize.checked = areBoth || model.get("standardized");
  parts.standardize.disabled = areBoth;
  setText(parts.standardizeName, areBoth ? words.standardize_both : words.standardize);
  parts.standardized.title = areBoth ? words.standardize_both_hint : words.standardize_hint;
  setText(parts.condition, areBoth ? words.larger : conditionOf(model.get("condition"), theme));
  parts.condition.title = areBoth ? words.standardize_both_hint : words.condition_hint;
  parts.undo.disabled = set.done.length === 0;
  parts.redo.disabled = set.undone.length === 0;
}

/** Makes texts and files that come onto the picture points. @param {HTMLElement} area @param {PastePanel} panel @param {() => string} text of the points, for copying */
function takeTexts(area, panel, text) {
  area.addEventListener("paste", (event) => {
    event.preventDefault();
    panel.take(event.clipboardData?.getData("text/plain") ?? "");
  });
  area.addEventListener("copy", (event) => {
    event.preventDefault();
    event.clipboardData?.setData("text/plain", text());
  });
  for (const kind of ["dragenter", "dragover"]) area.addEventListener(kind, (event) => event.preventDefault());
  area.addEventListener("drop", (event) => {
    event.preventDefault();
    const [file] = event.dataTransfer?.files ?? [];
    if (file) void panel.takeFile(file);
    else panel.take(event.dataTransfer?.getData("text/plain") ?? "");
  });
}

/** Makes the switch and the slider set their traits. @param {Parts} parts @param {ViewModel} model @param {PointSet} set */
function takeSettings({ standardize, noise }, model, set) {
  standardize.addEventListener("change", () => {
    model.set("standardized", standardize.checked);
    model.save_changes();
  });
  noise.addEventListener("input", () => set.setNoise(Number(noise.value), false));
  noise.addEventListener("change", () => set.setNoise(Number(noise.value), true));
}

/** A note that goes after a while, or with the next. @param {() => void} show */
function makeNote(show) {
  const note = { text: "", timer: 0 };
  const say = (/** @type {string} */ text) => {
    clearTimeout(note.timer);
    note.text = text;
    if (text) note.timer = setTimeout(() => say(""), NOTE_MS);
    show();
  };
  return { note, say };
}

/** @param {ViewModel} model @returns {Promise<PointSet>} */
async function makeSet(model) {
  if (!model.get("itself")) await new Promise((done) => model.on("change:itself", done));
  const [itself, mark] = await Promise.all(["itself", "mark"].map((name) => getModel(model.widget_manager, model.get(name))));
  return new PointSet(itself, mark);
}

/** Places the ticks of an axis at round numbers. @param {import("../adapters/ipywidgets.js").Model} axis */
function placeTicks(axis) {
  const scale = axis.get("scale");
  const values = Float64Array.from(roundNumbers(scale.get("min"), scale.get("max")));
  const before = axis.get("tick_values");
  const isPlaced = before?.length === values.length && values.every((value, i) => value === before[i]);
  if (!isPlaced) setLocally(axis, { tick_values: values }); // which would draw the axis anew
}

/** Whether a name is no longer than the area is high. @param {string} name @param {HTMLElement} area */
const isRoomFor = (name, area) =>
  name.length * LETTER_WIDTH * Number.parseFloat(getComputedStyle(area).fontSize) < area.offsetHeight;

/** Calls the axes what the columns of a data set are; y by its letter where there is no room for its name. @param {import("../adapters/ipywidgets.js").Model[]} axes @param {import("./point_set.js").Preset | undefined} preset @param {HTMLElement} area */
function nameAxes(axes, preset, area) {
  const names = preset ? [preset.x_label, isRoomFor(preset.y_label, area) ? preset.y_label : "y"] : ["x", "y"];
  axes.forEach((axis, i) => {
    if (axis.get("label") !== names[i]) setLocally(axis, { label: names[i] });
  });
}

/** @param {{ model: ViewModel }} context */
function initialize({ model }) {
  shared = makeSet(model);
  return () => void shared.then((set) => set.close());
}

/** Builds the tools and the layer, and makes them act. @param {ViewModel} model @param {HTMLElement} el @param {PointSet} set @param {(text: string) => void} say */
function buildTools(model, el, set, say) {
  const theme = model.get("theme");
  const text = () => writePoints(set.present.x, set.present.y);
  const parts = build(el, theme.words, {
    undo: () => set.undo(),
    redo: () => set.redo(),
    paste: () => panel.show(),
    copy: async () => ((await isCopied(text())) ? say(theme.words.copied) : panel.show(text())),
  });
  const use = (/** @type {import("./point_set.js").Points} */ points, /** @type {string[]} */ said) => {
    set.load(points);
    say(said.join(" "));
  };
  const panel = new PastePanel(theme, use, () => parts.area.focus({ preventScroll: true }));
  el.append(panel.element);
  takeTexts(parts.area, panel, text);
  takeSettings(parts, model, set);
  return parts;
}

/** Makes the editor of the points in the layer. @param {ViewModel} model @param {HTMLElement} area @param {PointSet} set @param {Scales} scales @param {(text: string) => void} say @param {() => void} changed */
function makeEditor(model, area, set, scales, say, changed) {
  const { words, limits } = model.get("theme");
  const tell = (/** @type {"fewest" | "most"} */ name) => say(fillIn(words[name], { count: limits[name] }));
  const editor = new PointEditor(area, set, scales, { tell, changed });
  area.addEventListener("blur", () => editor.letGo());
  return editor;
}

/** Shows the tools, the chosen point and the words. @param {ViewModel} model @param {Parts} parts @param {PointSet} set @param {PointEditor} editor @param {string} note */
function draw(model, parts, set, editor, note) {
  editor.check();
  showSettings(parts, model, set);
  placeRing(parts, editor, set);
  const said = wordsOfPoints(model, set, editor, note);
  setText(parts.said, said);
  parts.said.title = said;
  setText(parts.spoken, [note, spokenOfPoint(set, editor)].filter(Boolean).join(" "));
}

/** Calls `schedule` when something changes that is shown. Returns what undoes it. @param {ViewModel} model @param {HTMLElement} el @param {HTMLElement} area @param {Scales} scales @param {() => void} schedule */
function followShown(model, el, area, { x, y }, schedule) {
  return [
    listen(model, ["is_shown", "standardized", "scaling", "condition", "noise", "model"], schedule),
    ...[x, y].map((scale) => listen(scale, ["min", "max"], schedule)),
    onSize(area, () => {
      schedule();
      setTimeout(schedule, RELAYOUT_MS);
    }),
    withRoot(el, () => {
      schedule();
      return () => {};
    }),
  ];
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const set = await shared;
  const find = (/** @type {string} */ reference) => getModel(model.widget_manager, reference);
  const [x, y, ...axes] = await Promise.all([model.get("x_scale"), model.get("y_scale"), ...model.get("axes")].map(find));
  const scales = { x, y };
  const schedule = oncePerTask(() => show());
  const { note, say } = makeNote(schedule);
  const parts = buildTools(model, el, set, say);
  const editor = makeEditor(model, parts.area, set, scales, say, schedule);
  const show = () => {
    const isShown = model.get("is_shown");
    el.classList.toggle("techni-open", isShown);
    nameAxes(axes, isShown ? set.presetAt(set.present.dataset) : undefined, parts.area);
    if (!isShown) return;
    axes.forEach(placeTicks);
    draw(model, parts, set, editor, note.text);
  };
  const changed = () => say(""); // a note is about the change before
  set.listeners.add(changed);
  const undo = [() => set.listeners.delete(changed), ...followShown(model, el, parts.area, scales, schedule)];
  show();
  return () => callAll(undo);
}

export default { initialize, render: worded(render, "theme") };
