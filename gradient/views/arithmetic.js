// The next step in numbers: the optimizer's formula with its values, and, unfolded, the arithmetic of one data point.

import { numbersOf } from "./array.js";
import { listOf, numberOf, vectorOf, withNumbers } from "./numbers.js";
import { oncePerTask } from "./observers.js";
import { setText, setTexts } from "./texts.js";
import { worded } from "./worded.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */

/** The optimizer's formula: for each symbol, what it becomes. @param {string} formula @returns {[symbol: string, becomes: string][]} */
function partsOf(formula) {
  const parts = formula.split(", ").map((part) => part.split(" ← "));
  return /** @type {[string, string][]} */ (parts.filter((part) => part.length === 2));
}

/** The values of what the optimizer remembers, and of the new parameters. @param {ViewModel} model */
function resultsOf(model) {
  const memory = numbersOf(model.get("memory"));
  const pairs = Array.from({ length: memory.length / 2 }, (_, i) => memory.subarray(2 * i, 2 * i + 2));
  return [...pairs, numbersOf(model.get("next_parameters"))];
}

/** Whether there is no next step. @param {ViewModel} model */
const endsHere = (model) => model.get("verdict") === model.get("ending");

/** The step of a model with two parameters. @param {ViewModel} model @returns {string[]} */
function planarTexts(model) {
  const words = model.get("words");
  const gradient = `g = ${vectorOf(numbersOf(model.get("gradient")))}`;
  if (endsHere(model)) return [gradient, words.ends];
  const settings = numbersOf(model.get("settings"));
  const numbers = Object.fromEntries(
    model.get("names").map((/** @type {string} */ name, /** @type {number} */ i) => [name, settings[i]]),
  );
  const results = resultsOf(model);
  const parts = partsOf(model.get("formula"));
  const shown = parts.length === results.length ? parts : [["p", ""]];
  const own = parts.length === results.length ? results : results.slice(-1);
  const from = vectorOf(numbersOf(model.get("parameters")));
  const texts = shown.map(([symbol, becomes], i) => {
    const result = vectorOf(own[i]);
    if (symbol !== "p") return `${symbol} ← ${withNumbers(becomes, numbers)} = ${result}`;
    const right = becomes.replace(/^p\b/, from);
    return `${words.parameters} ← ${right ? `${withNumbers(right, numbers)} = ` : ""}${result}`;
  });
  return [gradient, ...texts];
}

/** The gradient of a larger model, by layer. @param {ViewModel} model @returns {string[]} */
function layerTexts(model) {
  return [`${model.get("words").layers} ${listOf(numbersOf(model.get("layer_norms")))}`];
}

/** A table of the example's arithmetic: the point, and the mean of all points. @param {ViewModel} model */
function rowsOf(model) {
  const { columns, point, mean } = model.get("words");
  const example = Array.from(numbersOf(model.get("example")), numberOf);
  const means = [numberOf(model.get("loss")), ...Array.from(numbersOf(model.get("gradient")), numberOf)];
  const blanks = example.slice(0, example.length - means.length).map(() => "");
  return [
    ["", ...columns.slice(0, example.length)],
    [point, ...example],
    [mean, ...blanks, ...means],
  ];
}

/** Fills the table, whose rows stand side by side on a phone; roles keep it a table there. @param {HTMLTableElement} table @param {string[][]} rows */
function fillTable(table, rows) {
  table.style.setProperty("--columns", `${rows[0].length}`);
  table.replaceChildren(
    ...rows.map((cells, i) => {
      const row = document.createElement("tr");
      row.role = "row";
      row.append(
        ...cells.map((text, j) => {
          const cell = document.createElement((i === 0 || j === 0) && text ? "th" : "td"); // the corner is no heading
          cell.role = !text ? "cell" : i === 0 ? "columnheader" : j === 0 ? "rowheader" : "cell";
          cell.textContent = text;
          return cell;
        }),
      );
      return row;
    }),
  );
}

/** Builds the elements. @param {HTMLElement} el @param {Record<string, any>} words */
function build(el, words) {
  const [line, details, summary] = [
    document.createElement("p"),
    document.createElement("details"),
    document.createElement("summary"),
  ];
  const [table, note, label] = [document.createElement("table"), document.createElement("p"), document.createTextNode("")];
  summary.textContent = words.summary;
  table.role = "table";
  details.append(summary, table, note);
  line.append(label);
  el.append(line, details);
  return { line, label, details, table, note };
}

/** @param {import("./observers.js").RenderContext} context */
function render({ model, el }) {
  const words = model.get("words");
  const { line, label, details, table, note } = build(el, words);
  const show = () => {
    const isPlanar = numbersOf(model.get("parameters")).length > 0;
    label.data = isPlanar && !endsHere(model) ? words.next : words.here;
    setTexts(line, isPlanar ? planarTexts(model) : layerTexts(model), "span");
    setText(note, isPlanar ? `${words.note} ${words.gradient_note}` : words.note);
    if (details.open) fillTable(table, rowsOf(model));
  };
  const schedule = oncePerTask(show);
  details.addEventListener("toggle", show);
  model.on("change", schedule);
  show();
  return () => model.off("change", schedule);
}

export default { render: worded(render) };
