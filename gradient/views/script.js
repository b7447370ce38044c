// The page's descent as a script of Python.

import { shortestFloat } from "./numbers.js";
import { pointsOf } from "./point_arrays.js";
import { chosenIn, fileOfPoints, hasOwnData, partOf, settingOf } from "./sources.js";
import { fillIn } from "./words.js";

/** @typedef {import("./sources.js").Sources} Sources */

/** The data set that a visitor has chosen, undefined for points of their own. @param {Sources} sources */
function setOf(sources) {
  const { model } = partOf(sources, "data");
  return model.get("theme").sets[model.get("dataset")];
}

/** A visitor's points. @param {Sources} sources */
const presentPoints = (sources) => pointsOf(partOf(sources, "data").model);

/** Whether the script reads the points from a file, because they are too many for it. @param {Sources} sources */
export function readsFile(sources) {
  return hasOwnData(sources) && !setOf(sources) && presentPoints(sources).x.length > sources.model.get("theme").few;
}

/** Where the points come from: the name of a data set, a list, or a file. @param {Sources} sources */
function dataOf(sources) {
  const { own } = sources.model.get("theme").script;
  const set = setOf(sources);
  const noise = partOf(sources, "data").model.get("noise");
  if (set) return fillIn(set.deviation ? own.made : own.set, { name: set.known_as, noise });
  if (readsFile(sources)) return fillIn(own.many, { file: fileOfPoints(sources) });
  const { x, y } = presentPoints(sources);
  return fillIn(own.few, { x: x.join(", "), y: y.join(", ") });
}

/** How the problem of a visitor's own data is made. @param {Sources} sources */
function ownProblem(sources) {
  const { own } = sources.model.get("theme").script;
  const planar = sources.model.get("models")[settingOf(sources, "model")];
  const isStandardized = !planar || settingOf(sources, "standardize");
  const facts = { problem: chosenIn(sources, "problem"), model: planar ?? chosenIn(sources, "model") };
  const lines = [
    planar ? own.imports : own.larger_imports,
    setOf(sources) && own.import_set,
    planar && fillIn(own.import_model, facts),
    isStandardized && own.import_standardized,
    dataOf(sources),
    isStandardized && (planar ? own.standardized : own.larger_standardized),
    fillIn(planar ? own.problem : own.larger_problem, facts),
  ];
  return lines.filter(Boolean).join("\n");
}

/** How the problem is found or made, null for one that no script can have. @param {Sources} sources */
function problemOf(sources) {
  const { model } = sources;
  if (hasOwnData(sources)) return ownProblem(sources);
  const problem = chosenIn(sources, "problem");
  return model.get("problems").includes(problem) ? fillIn(model.get("theme").script.shipped, { problem }) : null;
}

/** The script that prints the page's numbers; null for a problem that no script finds. @param {Sources} sources */
export function scriptOf(sources) {
  const { model, others } = sources;
  const [{ script }, problem] = [model.get("theme"), problemOf(sources)];
  if (problem === null) return null;
  const number = (/** @type {string} */ name) => shortestFloat(settingOf(sources, name));
  /** @type {[key: string, names: Record<string, string>]} */
  const [optimizer, names] = model.get("optimizers")[settingOf(sources, "optimizer")];
  const settings = Object.entries(names).map(([name, at]) => fillIn(script.setting, { name, value: number(at) }));
  const isPlanar = others.overlay.get("draggable");
  const start = isPlanar
    ? fillIn(script.planar_start, { w: number("w"), b: number("b") })
    : fillIn(script.start, { key: settingOf(sources, "key") });
  const facts = { optimizer, start, num_steps: settingOf(sources, "steps"), step: others.readout.get("step") };
  const descent = fillIn(script.descent, { ...facts, settings: settings.join("\n") });
  return [isPlanar || readsFile(sources) ? script.numpy : "", problem, descent, isPlanar ? script.planar : ""].join("");
}
