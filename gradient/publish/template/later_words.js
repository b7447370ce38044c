// The words of other languages come in a file of their own, when the page's language is one of them.

import { getModel } from "../../adapters/ipywidgets.js";
import { load } from "./later_programs.js";

/** @typedef {import("../../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("../../adapters/ipywidgets.js").Manager} Manager */
/** @typedef {{ file: string, choice: string }} Words the file, and the id of the `choose` whose table it has */

/**
 * Loads the file as soon as another language than the first is chosen, and gives the page what is in it.
 * @param {Manager} manager
 * @param {Words} words
 * @returns {Promise<void>} resolves when the page has the words of its present language
 */
export async function addLaterWords(manager, { file, choice: id }) {
  const choice = await manager.get_model(id);
  const [[reference, trait]] = choice.get("spec").sources;
  const language = await getModel(manager, reference);
  let isHere = false;
  const add = async () => {
    if (isHere || language.get(trait) <= 0) return;
    const bytes = await load(file).catch(() => null);
    if (isHere || !bytes) return; // without it the page goes on as it is, and asks again at the next choice
    isHere = true;
    /** @type {{ table: unknown[], prose: string[] }} */
    const { table, prose } = JSON.parse(new TextDecoder().decode(bytes));
    document.querySelectorAll(".jp-RenderedMarkdown > div[lang]").forEach((place, i) => {
      place.innerHTML = prose[i]; // of the notebook's author, like all of the page
    });
    choice.set({ spec: { ...choice.get("spec"), table } });
  };
  language.on(`change:${trait}`, () => void add());
  return add();
}
