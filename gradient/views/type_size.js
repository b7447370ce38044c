// The size of type: the style sheet says how large it is, and the pictures follow without being drawn by a kernel. bqplot's margins
// hold its numbers and labels, and the field is shown larger as a whole.

import { getModel } from "../adapters/ipywidgets.js";
import { setLocally } from "../link/models.js";
import { callAll, onSize } from "./observers.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */

/** How many times larger than on a common screen type is, in an app. @param {Element} grid @param {number} normal its size there, in pixels */
const timesOf = (grid, normal) => Number.parseFloat(getComputedStyle(grid).fontSize) / normal;

/** Makes a function that gives a bqplot figure margins for type of another size. @param {Model} figure */
function makeMargins(figure) {
  const margins = Object.entries(figure.get("fig_margin"));
  /** @type {[Model, string][]} */
  const offsets = figure.get("axes").map((/** @type {Model} */ axis) => [axis, axis.get("label_offset")]);
  return (/** @type {number} */ times) => {
    const scaled = margins.map(([side, width]) => [side, Math.round(width * times)]);
    setLocally(figure, { fig_margin: Object.fromEntries(scaled) });
    for (const [axis, offset] of offsets)
      setLocally(axis, { label_offset: `${Math.round(Number.parseFloat(offset) * times)}px` });
  };
}

/**
 * Keeps the pictures' type as large as that of the app. Returns what undoes it.
 * @param {import("./observers.js").ViewModel} model whose `figures` are bqplot's, and whose `type_size` is the common one
 * @param {HTMLElement} root
 */
export function followTypeSize(model, root) {
  const grid = /** @type {HTMLElement} */ (root.querySelector(".techni-grid"));
  const figures = Promise.all(model.get("figures").map((/** @type {string} */ name) => getModel(model.widget_manager, name)));
  const all = figures.then((found) => found.map(makeMargins));
  let times = 1;
  const follow = () => {
    const next = timesOf(grid, model.get("type_size"));
    if (next === times) return;
    times = next;
    root.classList.toggle("techni-zoomed", times !== 1);
    root.style.setProperty("--zoom", String(times));
    void all.then((setMargins) => callAll(setMargins.map((set) => () => set(times))));
  };
  return onSize(grid, follow);
}
