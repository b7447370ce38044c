// Views with words, which change with the page's language.

import { onPageLanguage } from "../link/page_language.js";
import { callAll, listen } from "./observers.js";

/** @typedef {import("./observers.js").RenderContext} RenderContext */
/** @typedef {(context: RenderContext) => (() => void) | Promise<() => void>} Render */

/** What a visitor has typed, chosen or unfolded in an element, and where the focus is. @param {HTMLElement} el */
function keepState(el) {
  const find = () => [...el.querySelectorAll("details, input:not([type=radio]), textarea, button, select, summary")];
  const before = find();
  const focused = before.indexOf(/** @type {any} */ (document.activeElement));
  return () => {
    const now = find();
    if (now.length !== before.length) return;
    now.forEach((part, i) => {
      const old = before[i];
      if (part instanceof HTMLDetailsElement && old instanceof HTMLDetailsElement) part.open = old.open;
      if (part instanceof HTMLTextAreaElement && old instanceof HTMLTextAreaElement) part.value = old.value;
      if (part instanceof HTMLInputElement && old instanceof HTMLInputElement) {
        part.value = old.value;
        part.checked = old.checked;
      }
    });
    const next = now[focused];
    if (next instanceof HTMLElement) next.focus({ preventScroll: true });
  };
}

/** Calls `act` in the task after the words of a model have changed, or the numbers of the page. Returns what undoes it. @param {import("./observers.js").Observable} model @param {string} trait which holds the words @param {() => void} act */
export function onWords(model, trait, act) {
  let timer = 0;
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(act); // when all that follows from the choice of a language is set
  };
  const undo = [() => clearTimeout(timer), listen(model, [trait], later), onPageLanguage(later)];
  return () => callAll(undo);
}

/** A view that is built anew when its words change. @param {Render} render @param {string} [trait] which holds the words @returns {Render} */
export function worded(render, trait = "words") {
  return async (context) => {
    const { model, el } = context;
    let undo = await render(context);
    let building = Promise.resolve();
    let isClosed = false;
    const build = async () => {
      if (isClosed) return;
      const restore = keepState(el);
      undo();
      el.replaceChildren();
      undo = await render(context);
      restore();
      if (isClosed) undo();
    };
    const stop = onWords(model, trait, () => {
      building = building.then(build);
    });
    return () => {
      isClosed = true;
      stop();
      undo();
    };
  };
}
