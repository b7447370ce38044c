// What the pictures show, in sentences that a screen reader reads with their names.

import { drawingOf } from "../adapters/bqplot.js";
import { getModel } from "../adapters/ipywidgets.js";
import { numberOf } from "./numbers.js";
import { isKernelsPath, presentPath } from "./iterates.js";
import { callAll, listen } from "./observers.js";
import { withRoot } from "./scrubbing.js";
import { setText } from "./texts.js";
import { onWords } from "./worded.js";
import { fillIn } from "./words.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {Record<"overlay" | "curve" | "readout" | "data" | "share", Model>} Described */
/** @typedef {"map" | "data" | "loss"} Picture */

const DESCRIBE_AFTER_MS = 800; // later than what is spoken of the controls, which comes first

/** @type {[Picture, (root: Element) => Element | null][]} */
const PICTURES = [
  ["map", (root) => root.querySelector(".techni-overlay")],
  ["data", (root) => drawingOf(root, ".techni-fit")],
  ["loss", (root) => drawingOf(root, ".techni-loss")],
];

/** The words for the way of the loss from one number to another. @param {{ courses: string[] }} words @param {number} from @param {number} to */
const courseOf = ({ courses }, from, to) => courses[1 + Math.sign(to - from)];

/** Where the path starts and ends, if its parameters are two. @param {import("./iterates.js").Path} path */
function endsOf({ path, last }) {
  const end = 2 * last;
  const [start_w, start_b, w, b] = [path[0], path[1], path[end], path[end + 1]].map(numberOf);
  return { start_w, start_b, w, b };
}

/** The first step of a path beyond the axes, never if there is none. @param {import("./iterates.js").Path} path @param {import("./pointers.js").Domain} domain @param {number} never */
function exitOf({ path, last }, [xLow, xHigh, yLow, yHigh], never) {
  for (let t = 0; t <= last && 2 * t < path.length; t++) {
    const [x, y] = path.subarray(2 * t, 2 * t + 2);
    if (!(x >= xLow && x <= xHigh && y >= yLow && y <= yHigh)) return t;
  }
  return never;
}

/** What each picture shows. @param {ViewModel} model @param {Described} shown @returns {Record<Picture, string>} */
function describe(model, { overlay, curve, readout, data, share }) {
  const words = model.get("words");
  const [[losses], last, step] = [curve.get("y"), readout.get("last"), readout.get("step")];
  const [first, end] = [losses[0], losses[last]];
  const numbers = {
    first: numberOf(first),
    end: numberOf(end),
    loss: numberOf(readout.get("loss")),
    step,
    last,
    count: data.get("x").length,
  };
  const path = presentPath(overlay, share);
  const exit = isKernelsPath(overlay) ? exitOf(path, overlay.get("domain"), model.get("never")) : overlay.get("exit_step");
  const way = fillIn(overlay.get("draggable") ? words.map : words.plane, {
    ...numbers,
    ...endsOf(path),
    course: courseOf(words, first, end),
  });
  return {
    map: exit === model.get("never") ? way : `${way} ${fillIn(words.exit, { exit })}`,
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
  const names = /** @type {const} */ (["overlay", "curve", "readout", "data", "share"]);
  const found = await Promise.all(names.map((name) => getModel(model.widget_manager, model.get(name))));
  const [overlay, curve, readout, data, share] = found;
  const follow = (/** @type {HTMLElement} */ root) => {
    let timer = 0;
    const show = () => write(root, lines, describe(model, { overlay, curve, readout, data, share }));
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(show, DESCRIBE_AFTER_MS);
    };
    wait();
    const undo = [
      listen(readout, ["loss", "step", "last"], wait),
      listen(overlay, ["path", "draggable", "exit_step"], wait),
      listen(data, ["x"], wait),
      listen(share, ["params", "last"], wait),
      onWords(model, "words", wait),
    ];
    return () => callAll([...undo, () => clearTimeout(timer)]);
  };
  return withRoot(el, follow);
}

export default { render };
