// The transport bar. It plays in the browser: every tick is one change of `step`, which whoever computes then follows.

import { getModel } from "../adapters/ipywidgets.js";
import { callAll, listen } from "./observers.js";
import { followScrubbing, withRoot } from "./scrubbing.js";
import { setText } from "./texts.js";
import { onWords } from "./worded.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("./observers.js").Observable} Observable */
/** @typedef {ViewModel & { end: Observable, reached: Observable }} Model with the slider that says how many steps there are, and the readout */

const ICONS = {
  first: "M5 4h2.5v16H5zM20 4v16L9 12z",
  previous: "M17 4v16L6 12z",
  play: "M7 4v16l13-8z",
  pause: "M6 4h4.5v16H6zM13.5 4H18v16h-4.5z",
  next: "M7 4v16l11-8z",
  last: "M4 4v16l11-8zM16.5 4H19v16h-2.5z",
  repeat: "M17 3l4 4-4 4V8H8a3 3 0 0 0-3 3v2H3v-2a5 5 0 0 1 5-5h9zM7 21l-4-4 4-4v3h9a3 3 0 0 0 3-3v-2h2v2a5 5 0 0 1-5 5H7z",
};

/** @typedef {keyof typeof ICONS} Icon */

/** Gives a button an icon, and says what it is. @param {HTMLElement} button @param {string} name @param {Icon} icon */
function setIcon(button, name, icon) {
  button.title = name;
  button.setAttribute("aria-label", name);
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
}

/** How far the descent goes: what the slider `Steps` says. @param {Model} model @returns {number} */
const numSteps = (model) => model.end.get("value");

/** The last step that there is: where the descent diverges, if it does. @param {Model} model @returns {number} */
const lastStep = (model) => {
  const hasDiverged = model.reached.get("diverged_step") !== model.get("never");
  return hasDiverged ? Math.min(model.reached.get("last"), numSteps(model)) : numSteps(model);
};

/** The step that is shown; one past the end means the end, wherever that moves. @param {Model} model @returns {number} */
const shownStep = (model) => Math.min(model.get("step"), lastStep(model));

/** Sets a trait, and tells the kernel. @param {Model} model @param {string} name @param {unknown} value */
function assign(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

/** Moves the step, within its range, and tells the kernel. Returns the step that is shown then. @param {Model} model @param {number} step */
function moveTo(model, step) {
  const wanted = Math.max(Math.round(step), 0);
  assign(model, "step", wanted < lastStep(model) ? wanted : model.get("past"));
  return shownStep(model);
}

/** @template {keyof HTMLElementTagNameMap} T @param {T} tag @param {Record<string, string>} [properties] */
function make(tag, properties = {}) {
  return Object.assign(document.createElement(tag), properties);
}

/** A control in a label of its own, whose text comes later. @param {string} className @param {HTMLElement[]} parts the control first */
function labelled(className, ...parts) {
  const [label, text] = [make("label", { className }), make("span")];
  label.append(text, ...parts);
  return { label, text };
}

/** @typedef {Record<string, string> & { speeds: Record<string, string> }} Words */

/** Builds the bar, without its words. @param {HTMLElement} el @param {[name: string, speed: number][]} speeds */
function build(el, speeds) {
  const iconButton = (/** @type {Icon} */ icon) => make("button", { type: "button", className: `techni-${icon}` });
  const buttons = {
    first: iconButton("first"),
    previous: iconButton("previous"),
    play: iconButton("play"),
    next: iconButton("next"),
    last: iconButton("last"),
    repeat: iconButton("repeat"),
  };
  buttons.repeat.classList.add("techni-at-repeat");
  const row = make("div", { className: "techni-buttons" });
  row.append(...Object.values(buttons));
  const slider = make("input", { type: "range", min: "0", step: "1" });
  const shown = make("output");
  const speed = make("select");
  const choices = speeds.map(([name, value]) => ({ name, option: make("option", { value: String(value) }) }));
  speed.append(...choices.map(({ option }) => option));
  const reset = make("button", { type: "button", className: "techni-reset" });
  el.classList.add("techni-transport");
  const step = labelled("techni-step techni-at-step", slider, shown);
  const pace = labelled("techni-speed techni-at-speed", speed);
  el.append(row, step.label, pace.label, reset);
  for (const control of [slider, speed]) control.dataset.lmSuppressShortcuts = "true"; // JupyterLab has a use for the arrow keys
  return { ...buttons, slider, shown, speed, reset, choices, step: step.text, pace: pace.text };
}

/** Says what the button does. @param {Bar} bar @param {Words} words @param {boolean} isPlaying */
function namePlay(bar, words, isPlaying) {
  const play = isPlaying ? "pause" : "play";
  setIcon(bar.play, words[play], play);
}

/** Gives the bar its words. @param {Bar} bar @param {Words} words @param {boolean} isPlaying */
function name(bar, words, isPlaying) {
  for (const icon of /** @type {const} */ (["first", "previous", "next", "last", "repeat"]))
    setIcon(bar[icon], words[icon], icon);
  namePlay(bar, words, isPlaying);
  for (const { name, option } of bar.choices) option.textContent = words.speeds[name];
  bar.reset.textContent = words.reset;
  bar.reset.title = words.reset_hint;
  bar.step.textContent = words.step;
  bar.slider.setAttribute("aria-label", words.step);
  bar.pace.textContent = words.speed;
  bar.speed.setAttribute("aria-label", words.speed);
}

/** @typedef {ReturnType<typeof build>} Bar */

/**
 * A player that ticks while it is on. At the end it stops, or starts again if it repeats. It also stops when something else has
 * moved the step, such as another problem. @param {Model} model @param {(isOn: boolean) => void} onChange
 */
function makePlayer(model, onChange) {
  let timer = 0;
  let expected = 0; // the step, if nothing else has moved it
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    onChange(false);
  };
  const tick = () => {
    const [step, end] = [shownStep(model), lastStep(model)];
    if (step !== expected) stop();
    else if (step < end) expected = moveTo(model, step + 1);
    else if (model.get("repeat")) expected = moveTo(model, 0);
    else stop();
  };
  const start = () => {
    expected = shownStep(model) < lastStep(model) ? shownStep(model) : moveTo(model, 0);
    clearInterval(timer);
    timer = setInterval(tick, 1000 / model.get("speed"));
    onChange(true);
  };
  return { start, stop, isOn: () => timer !== 0 };
}

/** Makes the bar's controls act. @param {Bar} bar @param {Model} model @param {ReturnType<typeof makePlayer>} player @param {(step: number) => void} goTo */
function takeControls(bar, model, player, goTo) {
  bar.first.addEventListener("click", () => goTo(0));
  bar.previous.addEventListener("click", () => goTo(shownStep(model) - 1));
  bar.next.addEventListener("click", () => goTo(shownStep(model) + 1));
  bar.last.addEventListener("click", () => goTo(numSteps(model)));
  bar.slider.addEventListener("input", () => goTo(Number(bar.slider.value)));
  bar.play.addEventListener("click", () => (player.isOn() ? player.stop() : player.start()));
  bar.repeat.addEventListener("click", () => assign(model, "repeat", !model.get("repeat")));
  bar.speed.addEventListener("change", () => assign(model, "speed", Number(bar.speed.value)));
  bar.reset.addEventListener("click", () => {
    player.stop();
    assign(model, "resets", model.get("resets") + 1);
  });
}

/** Plays once there is a descent, if the page is to start so. Returns what undoes it. @param {Model} model @param {() => void} play */
function startPlaying(model, play) {
  let isDone = false;
  const check = () => {
    if (isDone || !model.get("starts_playing") || !model.reached.get("last")) return;
    isDone = true;
    setTimeout(play); // when all that the address sets is set
  };
  check();
  const undo = [listen(model, ["starts_playing"], check), listen(model.reached, ["last"], check)];
  return () => callAll(undo);
}

/** Shows where the step is. @param {Bar} bar @param {Model} model */
function draw(bar, model) {
  const [step, last] = [shownStep(model), numSteps(model)];
  bar.slider.max = String(last);
  bar.slider.value = String(step);
  setText(bar.shown, `${step} / ${last}`);
  bar.repeat.setAttribute("aria-pressed", String(model.get("repeat")));
  bar.speed.value = model.get("speed");
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model: own, el }) {
  const bar = build(el, own.get("speeds"));
  const [end, reached] = await Promise.all(["end", "reached"].map((name) => getModel(own.widget_manager, own.get(name))));
  /** @type {Model} */
  const model = { ...own, end, reached };
  const rename = () => name(bar, own.get("words"), player.isOn());
  const player = makePlayer(model, (isOn) => namePlay(bar, own.get("words"), isOn));
  const goTo = (/** @type {number} */ step) => {
    player.stop();
    moveTo(model, step);
  };
  takeControls(bar, model, player, goTo);
  const show = () => draw(bar, model);
  const undo = [
    player.stop,
    onWords(own, "words", rename),
    startPlaying(model, player.start),
    withRoot(el, (root) => followScrubbing(root, (share) => goTo(share * numSteps(model)))),
    // Not just "change", which ipywidgets swallows when one change makes another in the same model, as `Reset` does of the step.
    listen(model, ["step", "repeat", "speed"], show),
    listen(model, ["speed"], () => player.isOn() && player.start()),
    listen(end, ["value"], show),
    listen(reached, ["last", "diverged_step"], show),
  ];
  rename();
  show();
  return () => callAll(undo);
}

export default { render };
