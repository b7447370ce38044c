// How the page is shown: its theme, the size of its type, to a class, and on paper.

import { wordAmong } from "../link/fragments.js";
import { callAll, listen } from "./observers.js";
import { makePresenter } from "./presenter.js";
import { followPrinting } from "./printing.js";
import { withRoot } from "./scrubbing.js";
import { followTypeSize } from "./type_size.js";
import { onWords } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */

/** The icons of the themes: a half disc, a sun, a moon. @type {Record<string, string>} */
const ICONS = {
  auto: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zm0 2.2a6.8 6.8 0 0 1 0 13.6z",
  light:
    "M12 7a5 5 0 1 0 0 10a5 5 0 0 0 0-10zM11 1h2v4h-2zM11 19h2v4h-2zM1 11h4v2H1zM19 11h4v2h-4zM4.9 3.5l2.8 2.8-1.4 1.4-2.8-2.8zM17.7 16.3l2.8 2.8-1.4 1.4-2.8-2.8zM3.5 19.1l2.8-2.8 1.4 1.4-2.8 2.8zM16.3 6.3l2.8-2.8 1.4 1.4-2.8 2.8z",
  dark: "M20.5 14.5A9 9 0 0 1 9.5 3.5a9 9 0 1 0 11 11z",
};

const SCREEN = "M2 4h20v13H2zm2 2v9h16V6zM8 19h8v2H8z";

/** What the address says after its #. A page within JupyterLab has none of its own. */
function addressed() {
  return new URLSearchParams("voila" in document.body.dataset ? location.hash.slice(1) : "");
}

/** Lets the page fill a frame on another page, or a window whose address says so, with pictures and the most important controls. Returns what undoes it. */
function fillFrame() {
  const { classList } = document.documentElement;
  const asked = addressed().get("embed");
  const isFrame = "voila" in document.body.dataset && window.self !== window.top;
  classList.toggle("techni-embedded", asked === null ? isFrame : asked === "1");
  return () => classList.remove("techni-embedded");
}

/** Shows a button what it stands for. @param {HTMLButtonElement} button @param {string} name @param {string} icon */
function setButton(button, name, icon) {
  button.title = name;
  button.setAttribute("aria-label", name);
  button.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${icon}"/></svg>`;
}

/** Chooses a theme, and tells the kernel. @param {ViewModel} model @param {string} theme */
function choose(model, theme) {
  model.set("theme", theme);
  model.save_changes();
}

/** Gives the page its theme: all of a page that is the app's own, else the app. Returns what undoes it. @param {ViewModel} model @param {HTMLElement} root @param {HTMLButtonElement} button */
function followTheme(model, root, button) {
  const place = "voila" in document.body.dataset ? document.documentElement : root;
  const show = () => {
    const { themes, theme: sentence } = model.get("words");
    const theme = model.get("theme");
    place.dataset.theme = theme;
    setButton(button, fillIn(sentence, { theme: themes[theme] }), ICONS[theme]);
  };
  const stop = listen(model, ["theme"], show);
  const stopWords = onWords(model, "words", show);
  show();
  return () => {
    stop();
    stopWords();
    delete place.dataset.theme;
  };
}

/** Enters the presenter's mode, and chooses the theme, if the address says so. @param {ViewModel} model @param {(isOn: boolean) => void} present */
function applyAddress(model, present) {
  const asked = addressed();
  const theme = wordAmong(Object.keys(model.get("words").themes), asked.get("theme") ?? "");
  if (theme && theme !== model.get("theme")) choose(model, theme);
  if (asked.get("present") === "1") present(true);
}

/** Builds the two buttons, and the line for paper. @param {HTMLElement} el @param {Record<string, string>} words */
function build(el, words) {
  const buttons = ["theme", "present"].map(() => Object.assign(document.createElement("button"), { type: "button" }));
  const [theme, opener] = /** @type {HTMLButtonElement[]} */ (buttons);
  setButton(opener, words.present, SCREEN);
  el.classList.add("techni-display");
  el.append(opener, theme);
  const settings = Object.assign(document.createElement("p"), { className: "techni-settings" });
  settings.setAttribute("aria-hidden", "true"); // for paper only
  return { theme, opener, settings };
}

/** @param {import("./observers.js").RenderContext} context */
function render({ model, el }) {
  const names = Object.keys(model.get("words").themes);
  const { theme, opener, settings } = build(el, model.get("words"));
  theme.addEventListener("click", () => choose(model, names[(names.indexOf(model.get("theme")) + 1) % names.length]));
  return withRoot(el, (root) => {
    root.querySelector(".techni-grid")?.append(settings);
    let presenter = makePresenter(root, model.get("words"), opener);
    const rename = () => {
      setButton(opener, model.get("words").present, SCREEN);
      presenter.close();
      presenter = makePresenter(root, model.get("words"), opener);
    };
    const undo = [
      onWords(model, "words", rename),
      ...[followTheme(model, root, theme), followTypeSize(model, root), followPrinting(root, settings)],
      ...[fillFrame(), () => presenter.close(), () => settings.remove()],
    ];
    applyAddress(model, presenter.set);
    return () => callAll(undo);
  });
}

export default { render };
