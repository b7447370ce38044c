// The page's language: the one of its address, else the one that the browser prefers. It says how numbers are written.

import { setPageLanguage } from "../link/page_language.js";
import { listen } from "./observers.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ code: string } & import("../link/page_language.js").PageLanguage} Language */

const NAME = "lang"; // in the address

/** The language that the address asks for. A page within JupyterLab has no address of its own. */
function addressed() {
  return "voila" in document.body.dataset ? new URLSearchParams(location.hash.slice(1)).get(NAME) : null;
}

/** Which of the page's languages one is, regions aside; -1 for another. @param {Language[]} languages @param {string | null} wanted */
function indexOf(languages, wanted) {
  return languages.findIndex(({ code }) => code === wanted?.toLowerCase().split("-")[0]);
}

/** The first of a visitor's languages that the page has, else its first. @param {Language[]} languages @param {readonly string[]} wanted */
export function preferred(languages, wanted) {
  const found = wanted.map((each) => indexOf(languages, each)).find((index) => index >= 0);
  return found ?? 0;
}

/** Takes the language that the address asks for, if it asks for one that there is. @param {ViewModel} model */
function applyAddress(model) {
  const index = indexOf(model.get("languages"), addressed());
  if (index < 0 || index === model.get("index")) return;
  model.set("index", index);
  model.save_changes();
}

/** Chooses for a visitor who has not. The kernel speaks the first language until it hears of another. @param {ViewModel} model */
function chooseFirst(model) {
  if (model.get("index") >= 0) return;
  const index = preferred(model.get("languages"), navigator.languages ?? []);
  model.set("index", index);
  if (index > 0) model.save_changes();
}

/** Leaves out of the address a language that is no longer the page's: a page that is loaded again would go back to it. @param {string} code */
function leaveAddress(code) {
  const asked = addressed();
  if (asked === null || asked === code) return;
  const rest = location.hash
    .slice(1)
    .split("&")
    .filter((pair) => pair.split("=")[0] !== NAME);
  history.replaceState(history.state, "", `#${[...rest, `${NAME}=${code}`].join("&")}`);
}

/** @param {{ model: ViewModel }} context */
function initialize({ model }) {
  /** @returns {Language} */
  const chosen = () => model.get("languages")[Math.max(model.get("index"), 0)];
  const changed = () => {
    setPageLanguage(chosen());
    leaveAddress(chosen().code);
  };
  const addressChanged = () => applyAddress(model);
  applyAddress(model);
  chooseFirst(model);
  if (model.get("index") > 0) setPageLanguage(chosen());
  const stop = listen(model, ["index"], changed);
  addEventListener("hashchange", addressChanged);
  return () => {
    stop();
    removeEventListener("hashchange", addressChanged);
  };
}

export default { initialize };
