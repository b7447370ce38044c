// The transport bar. It plays in the browser: every tick is one change of `step`, which whoever computes then follows.

const ICONS = {
  first: "M5 4h2.5v16H5zM20 4v16L9 12z",
  previous: "M17 4v16L6 12z",
  play: "M7 4v16l13-8z",
  pause: "M6 4h4.5v16H6zM13.5 4H18v16h-4.5z",
  next: "M7 4v16l11-8z",
  last: "M4 4v16l11-8zM16.5 4H19v16h-2.5z",
  repeat: "M17 3l4 4-4 4V8H8a3 3 0 0 0-3 3v2H3v-2a5 5 0 0 1 5-5h9zM7 21l-4-4 4-4v3h9a3 3 0 0 0 3-3v-2h2v2a5 5 0 0 1-5 5H7z",
};
// Not just "change", which ipywidgets swallows when a change makes another one in the same model, as `Reset` does of the step.
const SHOWN = "change:step change:repeat change:speed";
const SPEEDS = [
  ["Slow", 4],
  ["Normal", 12],
  ["Fast", 40],
];

/** @param {string} name @param {keyof typeof ICONS} icon */
function button(name, icon) {
  const element = document.createElement("button");
  element.type = "button";
  setIcon(element, name, icon);
  return element;
}

function setIcon(element, name, icon) {
  element.title = name;
  element.setAttribute("aria-label", name);
  element.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
}

/** How far the descent goes: what the slider `Steps` says. */
const numSteps = (model) => model.end.get("value");

/** The step that is looked at: what lies past the end means the end, wherever that moves. */
const shownStep = (model) => Math.min(model.get("step"), numSteps(model));

/** Sets a trait, and tells the kernel. */
function set(model, name, value) {
  model.set(name, value);
  model.save_changes();
}

/** Moves the step, within its range, and tells the kernel. */
function go(model, step) {
  const wanted = Math.max(Math.round(step), 0);
  set(model, "step", wanted < numSteps(model) ? wanted : model.get("past"));
  return shownStep(model);
}

/** Builds the bar's elements; the listeners are added by `render`. @param {HTMLElement} el */
function build(el) {
  el.classList.add("techni-transport");
  const buttons = Object.fromEntries(
    ["first", "previous", "play", "next", "last", "repeat"].map((icon) => {
      return [icon, button(icon[0].toUpperCase() + icon.slice(1), icon)];
    }),
  );
  const keys = document.createElement("div");
  keys.className = "techni-keys";
  keys.append(...Object.values(buttons));
  const place = document.createElement("label");
  place.className = "techni-step";
  place.innerHTML = `<span>Step</span><input type="range" min="0" step="1" aria-label="Step"><output></output>`;
  const pace = document.createElement("label");
  pace.className = "techni-speed";
  pace.innerHTML = `<span>Speed</span><select aria-label="Speed">${SPEEDS.map(
    ([name, speed]) => `<option value="${speed}">${name}</option>`,
  ).join("")}</select>`;
  const reset = document.createElement("button");
  reset.type = "button";
  reset.className = "techni-reset";
  reset.textContent = "Reset";
  reset.title = "Back to this problem's defaults";
  el.append(keys, place, pace, reset);
  // JupyterLab has a meaning of its own for the arrow keys.
  for (const control of el.querySelectorAll("input, select")) control.dataset.lmSuppressShortcuts = "true";
  return {
    ...buttons,
    slider: place.querySelector("input"),
    shown: place.querySelector("output"),
    speed: pace.querySelector("select"),
    reset,
  };
}

/**
 * A player that ticks while it is on. At the end it stops, or starts again if it repeats; it also stops when something else
 * has moved the step, such as another problem.
 */
function player(model, onChange) {
  let timer = 0;
  let asked = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    onChange(false);
  };
  const tick = () => {
    const [step, end] = [shownStep(model), numSteps(model)];
    if (step !== asked) stop();
    else if (step < end) asked = go(model, step + 1);
    else if (model.get("repeat")) asked = go(model, 0);
    else stop();
  };
  const start = () => {
    asked = shownStep(model) < numSteps(model) ? shownStep(model) : go(model, 0);
    clearInterval(timer);
    timer = setInterval(tick, 1000 / model.get("speed"));
    onChange(true);
  };
  return { start, stop, isOn: () => timer !== 0 };
}

const NEAR = 10; // pixels around the loss curve's axes that still are a press on them

/**
 * A press, a drag or a tap on the loss curve goes to the step under the pointer; a finger that moves there scrolls the page.
 * Returns what undoes it. @param {Element} root @param {(share: number) => void} seek
 */
function scrubOn(root, seek) {
  const place = (event) => {
    const area = root.querySelector(".techni-loss .plotarea_background")?.getBoundingClientRect();
    const [x, y] = area ? [event.clientX - area.left, event.clientY - area.top] : [0, 0];
    const isInside = area && x > -NEAR && y > -NEAR && x < area.width + NEAR && y < area.height + NEAR;
    return { isInside, share: area ? x / area.width : 0 };
  };
  let pointer = "";
  let held = null; // the id of the pointer that drags
  const move = (event) => event.pointerId === held && seek(place(event).share);
  const release = (event) => {
    if (event.pointerId === held) held = null;
  };
  const down = (event) => {
    pointer = event.pointerType;
    if ((held ?? event.pointerId) !== event.pointerId || pointer === "touch" || event.button !== 0 || !place(event).isInside)
      return;
    held = event.pointerId;
    move(event);
  };
  const tap = (event) => pointer === "touch" && place(event).isInside && seek(place(event).share);
  const listeners = [
    [root, "pointerdown", down],
    [root, "pointermove", move],
    [root, "click", tap],
    [window, "pointerup", release],
    [window, "pointercancel", release],
  ];
  for (const [target, type, act] of listeners) target.addEventListener(type, act);
  return () => {
    for (const [target, type, act] of listeners) target.removeEventListener(type, act);
  };
}

/** Makes the bar's controls act; `goTo` ends the playing and goes to a step. */
function takeControls(bar, model, play, goTo) {
  const steps = {
    first: () => 0,
    previous: () => shownStep(model) - 1,
    next: () => shownStep(model) + 1,
    last: () => numSteps(model),
  };
  for (const [name, step] of Object.entries(steps)) bar[name].addEventListener("click", () => goTo(step()));
  bar.slider.addEventListener("input", () => goTo(Number(bar.slider.value)));
  bar.play.addEventListener("click", () => (play.isOn() ? play.stop() : play.start()));
  bar.repeat.addEventListener("click", () => set(model, "repeat", !model.get("repeat")));
  bar.speed.addEventListener("change", () => set(model, "speed", Number(bar.speed.value)));
  bar.reset.addEventListener("click", () => {
    play.stop();
    set(model, "resets", model.get("resets") + 1);
  });
}

/** Shows where the step is. */
function draw(bar, model) {
  const [step, last] = [shownStep(model), numSteps(model)];
  bar.slider.max = last;
  bar.slider.value = step;
  bar.shown.textContent = `${step} / ${last}`;
  bar.repeat.setAttribute("aria-pressed", String(model.get("repeat")));
  bar.speed.value = model.get("speed");
}

/** Calls `act` with the app's element once it is there, one task after its parts. Returns what undoes both. */
function withRoot(el, act) {
  let undo = () => {};
  const later = setTimeout(() => {
    const root = el.closest(".techni-app");
    if (root) undo = act(root);
  });
  return () => {
    clearTimeout(later);
    undo();
  };
}

async function render({ model: own, el }) {
  const bar = build(el);
  const end = await own.widget_manager.get_model(own.get("end").replace("IPY_MODEL_", ""));
  const model = { ...own, end };
  const play = player(model, (on) => setIcon(bar.play, on ? "Pause" : "Play", on ? "pause" : "play"));
  const goTo = (step) => {
    play.stop();
    go(model, step);
  };
  takeControls(bar, model, play, goTo);
  const show = () => draw(bar, model);
  const repace = () => play.isOn() && play.start();
  model.on(SHOWN, show);
  model.on("change:speed", repace);
  end.on("change:value", show);
  show();
  const unscrub = withRoot(el, (root) => scrubOn(root, (share) => goTo(share * numSteps(model))));
  return () => {
    play.stop();
    unscrub();
    model.off(SHOWN, show);
    model.off("change:speed", repace);
    end.off("change:value", show);
  };
}

export default { render };
