// The presenter's mode: one or two of the page's own pictures fill the screen, and keys go from step to step.

/** @typedef {{ pictures: Record<string, string>, choose: string, present: string, leave: string }} Words */

/** Where the pictures are on the page. @type {Record<string, string>} */
const PLACES = { map: ".techni-field", data: ".techni-fit-place", loss: ".techni-loss-place" };

/** What a key presses. @type {Record<string, string>} */
const STEPS = {
  ...{ " ": ".techni-next", ArrowRight: ".techni-next", ArrowLeft: ".techni-previous" },
  ...{ Home: ".techni-first", End: ".techni-last" },
};

/** What has a use of its own for keys. */
const TAKES_KEYS = "input, select, textarea, [contenteditable], [role=slider], [role=textbox], .techni-handle, .techni-setting";

/** Whether a key is meant for what has the focus. @param {KeyboardEvent} event */
function isTaken({ target, key, ctrlKey, metaKey, altKey }) {
  if (ctrlKey || metaKey || altKey || !(target instanceof Element)) return true;
  return target.matches(TAKES_KEYS) || (key === " " && target.matches("button, summary, a"));
}

/** The pictures after one of them was chosen: at most two, and at least one. @param {string[]} shown @param {string} name */
export function chosen(shown, name) {
  if (!shown.includes(name)) return [...shown, name].slice(-2);
  return shown.length > 1 ? shown.filter((other) => other !== name) : shown;
}

/** All that stands around an element. @param {Element} element @returns {HTMLElement[]} */
function surroundings(element) {
  const { parentElement: parent } = element;
  if (!parent) return [];
  const others = [...parent.children].filter((child) => child !== element && child instanceof HTMLElement && !child.inert);
  return [.../** @type {HTMLElement[]} */ (others), ...surroundings(parent)];
}

/** A button with the key that does the same. @param {string} text @param {string} key @param {() => void} act */
function makeButton(text, key, act) {
  const [button, hint] = [document.createElement("button"), document.createElement("kbd")];
  button.type = "button";
  hint.textContent = key;
  hint.setAttribute("aria-hidden", "true");
  button.append(`${text} `, hint);
  button.addEventListener("click", act);
  return button;
}

/** The bar below the pictures: which of them are shown, and how to leave. @param {HTMLElement} root @param {Words} words @param {() => void} leave */
function makeBar(root, words, leave) {
  const names = Object.keys(words.pictures);
  let shown = names.slice(0, 2);
  const show = () => {
    for (const [i, name] of names.entries()) {
      root.querySelector(PLACES[name])?.classList.toggle("techni-presented", shown.includes(name));
      buttons[i].setAttribute("aria-pressed", String(shown.includes(name)));
    }
    root.classList.toggle("techni-pair", shown.length > 1);
  };
  const choose = (/** @type {string} */ name) => {
    shown = chosen(shown, name);
    show();
  };
  const buttons = names.map((name, i) => makeButton(words.pictures[name], `${i + 1}`, () => choose(name)));
  const bar = document.createElement("div");
  bar.className = "techni-presenter";
  bar.setAttribute("role", "group");
  bar.setAttribute("aria-label", words.choose);
  bar.append(...buttons, makeButton(words.leave, "Esc", leave));
  return { bar, buttons, show };
}

/** Puts the app above all else on the page, and back. @param {HTMLElement} root @param {boolean} isOn */
function lift(root, isOn) {
  if (!root.showPopover) return; // it lies over the page only as far as the page lets it
  if (isOn) {
    root.popover = "manual";
    root.showPopover();
  } else {
    root.hidePopover();
    root.popover = null;
  }
}

/** Makes what switches the mode on and off. @param {HTMLElement} root @param {() => void} show the pictures @param {HTMLElement} opener the button that has the focus when the mode ends */
function makeSwitch(root, show, opener) {
  /** @type {HTMLElement[]} */
  let around = [];
  return (/** @type {boolean} */ isOn) => {
    if (isOn === isPresenting(root)) return;
    root.classList.toggle("techni-presenting", isOn);
    lift(root, isOn);
    if (isOn) around = surroundings(root);
    for (const element of around) element.inert = isOn; // the Tab key stays in the app
    if (isOn) show();
    else opener.focus();
  };
}

const isPresenting = (/** @type {HTMLElement} */ root) => root.classList.contains("techni-presenting");

/** Takes keys, wherever the focus is; in JupyterLab, which has keys of its own, only in the app. @param {HTMLElement} root @param {(key: string) => (() => void) | undefined} actOf what a key does @param {AbortSignal} signal */
function takeKeys(root, actOf, signal) {
  const press = (/** @type {KeyboardEvent} */ event) => {
    const isHere = isPresenting(root) || "voila" in document.body.dataset || event.composedPath().includes(root);
    const act = isHere && !isTaken(event) ? actOf(event.key) : undefined;
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  document.addEventListener("keydown", press, { capture: true, signal });
}

/**
 * Makes the presenter's mode of an app. Returns what switches it on and off, and what undoes it all.
 * @param {HTMLElement} root @param {Words} words @param {HTMLElement} opener the button that opens it
 */
export function makePresenter(root, words, opener) {
  const removed = new AbortController();
  const { bar, buttons, show } = makeBar(root, words, () => set(false));
  const set = makeSwitch(root, show, opener);
  const actOf = (/** @type {string} */ key) => {
    if (key.toLowerCase() === "p") return () => set(!isPresenting(root));
    if (!isPresenting(root)) return undefined;
    if (key === "Escape") return () => set(false);
    const step = STEPS[key] && root.querySelector(STEPS[key]);
    const button = buttons[Number(key) - 1] ?? step;
    return button ? () => /** @type {HTMLElement} */ (button).click() : undefined;
  };
  root.querySelector(".techni-grid")?.append(bar);
  opener.addEventListener("click", () => set(true), { signal: removed.signal });
  takeKeys(root, actOf, removed.signal);
  const close = () => {
    set(false);
    removed.abort();
    bar.remove();
  };
  return { set, close };
}
