// What the pictures show, in sentences that a screen reader reads with their names.

import { drawingOf } from "../adapters/bqplot.js";
import { getModel } from "../adapters/ipywidgets.js";
import { formatNumber } from "../link/text.js";
import { numbersOf } from "./array.js";
import { callAll, listen } from "./observers.js";
import { withRoot } from "./scrubbing.js";
import { setText } from "./texts.js";
import { onWords } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {Record<"overlay" | "curve" | "readout" | "data", Model>} Described */
/** @typedef {"map" | "data" | "loss"} Picture */

const DESCRIBE_AFTER_MS = 800; // later than what is spoken of the controls, which comes first

/** @type {[Picture, (root: Element) => Element | null][]} */
const PICTURES = [
  ["map", (root) => root.querySelector(".techni-overlay")],
  ["data", (root) => drawingOf(root, ".techni-fit")],
  ["loss", (root) => drawingOf(root, ".techni-loss")],
];

/** A number as it is read. @param {number} number */
const said = (number) => formatNumber(number).replace("-", "−");

/** The words for the way of the loss from one number to another. @param {{ courses: string[] }} words @param {number} from @param {number} to */
const courseOf = ({ courses }, from, to) => courses[1 + Math.sign(to - from)];

/** Where the path starts and ends, if its parameters are two. @param {Model} overlay */
function endsOf(overlay) {
  const [path, end] = [numbersOf(overlay.get("path")), 2 * overlay.get("last")];
  const [start_w, start_b, w, b] = [path[0], path[1], path[end], path[end + 1]].map(said);
  return { start_w, start_b, w, b };
}

/** What each picture shows. @param {ViewModel} model @param {Described} shown @returns {Record<Picture, string>} */
function describe(model, { overlay, curve, readout, data }) {
  const words = model.get("words");
  const [[losses], last, step] = [curve.get("y"), readout.get("last"), readout.get("step")];
  const [first, end] = [losses[0], losses[last]];
  const numbers = {
    first: said(first),
    end: said(end),
    loss: said(readout.get("loss")),
    step,
    last,
    count: data.get("x").length,
  };
  const exit = overlay.get("exit_step");
  const path = fillIn(overlay.get("draggable") ? words.map : words.plane, {
    ...numbers,
    ...endsOf(overlay),
    course: courseOf(words, first, end),
  });
  return {
    map: exit === model.get("never") ? path : `${path} ${fillIn(words.exit, { exit })}`,
    data: fillIn(words.data, numbers),
    loss: fillIn(words.loss, { ...numbers, course: courseOf(words, first, readout.get("loss")) }),
  };
}

/** Writes the sentences, and tells each picture which is its own. @param {HTMLElement} root @param {Map<Picture, HTMLElement>} lines @param {Record<Picture, string>} sentences */
function write(root, lines, sentences) {
  for (const [name, find] of PICTURES) {
    const line = /** @type {HTMLElement} */ (lines.get(name));
    setText(line, sentences[name]);
    const picture = find(root);
    if (picture?.getAttribute("aria-describedby") !== line.id) picture?.setAttribute("aria-describedby", line.id);
  }
}

/** A line for each picture, which nobody sees. @param {HTMLElement} el @returns {Map<Picture, HTMLElement>} */
function makeLines(el) {
  const lines = new Map(PICTURES.map(([name]) => [name, document.createElement("p")]));
  for (const line of lines.values()) line.id = `techni-description-${Math.random().toString(36).slice(2)}`;
  el.hidden = true; // a hidden text still describes
  el.append(...lines.values());
  return lines;
}

/** @param {import("./observers.js").RenderContext} context */
async function render({ model, el }) {
  const lines = makeLines(el);
  const names = /** @type {const} */ (["overlay", "curve", "readout", "data"]);
  const found = await Promise.all(names.map((name) => getModel(model.widget_manager, model.get(name))));
  const [overlay, curve, readout, data] = found;
  const follow = (/** @type {HTMLElement} */ root) => {
    let timer = 0;
    const show = () => write(root, lines, describe(model, { overlay, curve, readout, data }));
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(show, DESCRIBE_AFTER_MS);
    };
    wait();
    const undo = [
      listen(readout, ["loss", "step", "last"], wait),
      listen(overlay, ["path", "draggable", "exit_step"], wait),
      listen(data, ["x"], wait),
      onWords(model, "words", wait),
    ];
    return () => callAll([...undo, () => clearTimeout(timer)]);
  };
  return withRoot(el, follow);
}

export default { render };
