// The steps of the present descent, and a visitor's points, as the texts of files.

import { numbersOf } from "./array.js";
import { shortestFloat } from "./numbers.js";
import { pointsOf } from "./point_arrays.js";
import { chosenIn, linkOf, partOf, presentFragment, settingOf } from "./sources.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {import("./sources.js").Sources} Sources */
/** @typedef {{ parameters: number[], loss: number, gradientNorm: number }} Step */

/** The steps that the model has, none while they are computed. @param {ViewModel} model @returns {Step[]} */
function stepsOf(model) {
  const [params, losses, norms] = ["params", "losses", "gradient_norms"].map((name) => numbersOf(model.get(name)));
  const size = params.length / Math.max(losses.length, 1);
  return [...losses.slice(0, model.get("last") + 1)].map((loss, t) => ({
    ...{ loss, gradientNorm: norms[t] },
    parameters: [...params.subarray(t * size, (t + 1) * size)],
  }));
}

/** What the parameters are called. @param {Sources} sources @param {number} count */
function parameterNames({ model, others }, count) {
  const { columns } = model.get("theme");
  if (others.overlay.get("draggable")) return columns.planar;
  return Array.from({ length: count }, (_, i) => `${columns.parameter}${i + 1}`);
}

/** Waits until there are steps. @param {ViewModel} model @returns {Promise<Step[]>} */
export async function presentSteps(model) {
  while (!stepsOf(model).length) await new Promise((done) => model.on("change:losses", done));
  return stepsOf(model);
}

/** A table as text. @param {(string | number)[][]} rows */
const tableOf = (rows) => rows.map((row) => `${row.join(",")}\n`).join("");

/** A visitor's points. @param {Sources} sources */
export function pointsAsCsv(sources) {
  const { x, y } = pointsOf(partOf(sources, "data").model);
  return tableOf([sources.model.get("theme").columns.points, ...x.map((value, i) => [value, y[i]])]);
}

/** @param {Sources} sources @param {Step[]} steps */
export function asCsv(sources, steps) {
  const { columns } = sources.model.get("theme");
  const names = parameterNames(sources, steps[0].parameters.length);
  const rows = steps.map(({ parameters, loss, gradientNorm }, t) => [
    t,
    ...[...parameters, loss, gradientNorm].map(shortestFloat),
  ]);
  return tableOf([[columns.step, ...names, columns.loss, columns.gradient_norm], ...rows]);
}

/** @param {Sources} sources @param {Step[]} steps */
export function asJson(sources, steps) {
  const { columns } = sources.model.get("theme");
  const [key, settings] = sources.model.get("optimizers")[settingOf(sources, "optimizer")];
  const exact = (/** @type {number} */ value) => Number(shortestFloat(value));
  const names = /** @type {[string, string][]} */ (Object.entries(settings));
  const data = {
    problem: chosenIn(sources, "problem"),
    optimizer: key,
    settings: Object.fromEntries(names.map(([name, at]) => [name, exact(settingOf(sources, at))])),
    link: linkOf(sources, presentFragment(sources)),
    steps: steps.map(({ parameters, loss, gradientNorm }, t) => ({
      ...{ [columns.step]: t, [columns.parameters]: parameters.map(exact) },
      ...{ [columns.loss]: exact(loss), [columns.gradient_norm]: exact(gradientNorm) },
    })),
  };
  return `${JSON.stringify(data, null, 1)}\n`;
}
