// Saves the pictures and the steps of the page as files.

import { canvasOfFigure, svgOfFigure } from "../adapters/bqplot.js";
import { button, element } from "./elements.js";
import { mapCanvas, mapSvg } from "./map_picture.js";
import { fileName, fileOfPoints, hasOwnData } from "./sources.js";
import { asCsv, asJson, pointsAsCsv, presentSteps } from "./steps_file.js";
import { fillIn } from "./words.js";

/** @typedef {import("./sources.js").Sources} Sources */
/** @typedef {{ format: string, ending: string, make: () => Promise<Blob> }} Form in which something is saved */
/** @typedef {"map" | "fit" | "loss" | "steps" | "points"} Export what is saved */

const KEPT_MS = 60_000; // how long a file that is being saved can be read

/** Gives the browser a file to save. @param {string} name @param {Blob} blob */
function save(name, blob) {
  const link = element("a", { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), KEPT_MS);
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
function pngOf(canvas) {
  return new Promise((done, fail) => canvas.toBlob((blob) => (blob ? done(blob) : fail(new Error("no picture")))));
}

/** @param {string} text @param {string} type */
const file = (text, type) => new Blob([text], { type: `${type};charset=utf-8` });

/** The forms of a picture. @param {Record<string, string>} words @param {() => Promise<HTMLCanvasElement> | HTMLCanvasElement} canvas @param {() => Promise<string> | string} svg @returns {Form[]} */
function formsOf(words, canvas, svg) {
  return [
    { format: words.as_png, ending: "png", make: async () => pngOf(await canvas()) },
    { format: words.as_svg, ending: "svg", make: async () => file(await svg(), "image/svg+xml") },
  ];
}

/** All that can be saved. @param {Sources} sources @param {() => HTMLElement | null} findField @returns {Record<Export, Form[]>} */
function exportsOf(sources, findField) {
  const { model, others } = sources;
  const { words } = model.get("theme");
  const field = () => /** @type {HTMLElement} */ (findField());
  const pictures = (/** @type {"fit" | "loss"} */ name) =>
    formsOf(
      words,
      () => canvasOfFigure(others[name]),
      () => svgOfFigure(others[name]),
    );
  return {
    map: formsOf(
      words,
      () => mapCanvas(field(), others.overlay),
      () => mapSvg(field(), others.overlay),
    ),
    fit: pictures("fit"),
    loss: pictures("loss"),
    steps: [
      { format: words.as_csv, ending: "csv", make: async () => file(asCsv(sources, await presentSteps(model)), "text/csv") },
      {
        ...{ format: words.as_json, ending: "json" },
        make: async () => file(asJson(sources, await presentSteps(model)), "application/json"),
      },
    ],
    points: [{ format: words.as_csv, ending: "csv", make: async () => file(pointsAsCsv(sources), "text/csv") }],
  };
}

/** Builds the buttons; `update` shows those that the present problem has. @param {Sources} sources @param {() => HTMLElement | null} findField @param {(text: string) => void} say */
export function buildSaving(sources, findField, say) {
  const { words } = sources.model.get("theme");
  const row = ([what, forms] = /** @type {[string, Form[]]} */ (["", []])) => {
    const buttons = forms.map(({ format, ending, make }) => {
      const act = async () => {
        try {
          save(what === "points" ? fileOfPoints(sources) : fileName(sources, what, ending), await make());
        } catch {
          say(words.failed);
        }
      };
      const made = button(format, "", () => void act());
      made.setAttribute("aria-label", fillIn(words.save_hint, { what: words[what], format }));
      return made;
    });
    return element("div", { className: "techni-saving" }, element("span", { textContent: words[what] }), ...buttons);
  };
  const { steps, points, ...pictures } = exportsOf(sources, findField);
  const ownPoints = row(["points", points]);
  const elements = [
    element("h3", { textContent: words.pictures }),
    ...Object.entries(pictures).map(row),
    element("h3", { textContent: words.numbers }),
    row(["steps", steps]),
    ownPoints,
  ];
  const update = () => {
    ownPoints.hidden = !hasOwnData(sources);
  };
  return { elements, update };
}
