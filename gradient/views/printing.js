// Prepares the page for printing. The pictures are printed as they are drawn, only smaller or larger: a drawing of another
// size would come too late.

import { labelOf, readoutOf, SLIDER } from "../adapters/ipywidgets.js";
import { setText } from "./texts.js";

const PIXELS_PER_MM = 96 / 25.4;

/** The room for each picture, in millimetres: width and height on a page of A4 or Letter that is wide, and on one that is high. @type {[selector: string, wide: number[], high: number[]][]} */
const ROOMS = [
  [".techni-field", [141, 134], [138, 106]],
  [".techni-fit-place", [115, 66], [138, 57]],
  [".techni-loss-place", [115, 66], [138, 52]],
];

/** How high a part of a picture is that stays empty on paper: the tools over one's own data. @param {HTMLElement} picture */
function blankOf(picture) {
  const drawing = /** @type {HTMLElement | null} */ (picture.querySelector(":scope:has(> .techni-open) > .bqplot"));
  return drawing?.offsetTop ?? 0;
}

/** How much smaller a picture has to be for a room. @param {number} pictureWidth @param {number} pictureHeight @param {number[]} room */
function fitOf(pictureWidth, pictureHeight, [width, height]) {
  return PIXELS_PER_MM * Math.min(width / Math.max(pictureWidth, 1), height / Math.max(pictureHeight, 1));
}

/** Tells the style sheet how large a picture is now, and by how much to scale it. @param {HTMLElement} picture @param {number[]} wide @param {number[]} high */
function hold(picture, wide, high) {
  const [across, up] = [picture.offsetWidth, picture.offsetHeight - blankOf(picture)];
  const values = {
    "--width": `${across}px`,
    "--height": `${up}px`,
    "--held-tabs": getComputedStyle(picture).getPropertyValue("--tabs") || "0px",
    "--wide-scale": String(fitOf(across, up, wide)),
    "--high-scale": String(fitOf(across, up, high)),
  };
  for (const [name, value] of Object.entries(values)) picture.style.setProperty(name, value);
}

/** The settings as they are shown: the title of a lesson, each choice, that of own data included, and each slider, with its name. @param {Element} root @returns {string} */
function settingsOf(root) {
  const isShown = (/** @type {Element} */ element) => element.getClientRects().length > 0;
  const titles = [...root.querySelectorAll(".techni-lesson h2")].filter(isShown);
  const choices = [...root.querySelectorAll(".techni-choices select, .techni-fit-place select")].filter(isShown);
  const sliders = [...root.querySelectorAll(`.techni-sliders ${SLIDER}`)].filter(isShown);
  return [
    ...titles.map(({ textContent }) => textContent ?? ""),
    ...choices.map((choice) => /** @type {HTMLSelectElement} */ (choice).selectedOptions[0]?.textContent ?? ""),
    ...sliders.map((slider) => `${labelOf(slider)} ${readoutOf(slider)?.textContent ?? ""}`),
  ].join(" · ");
}

/** Prepares the page for each print. Returns what undoes it. @param {HTMLElement} root @param {HTMLElement} settings where they are written */
export function followPrinting(root, settings) {
  const prepare = () => {
    setText(settings, settingsOf(root));
    for (const [selector, wide, high] of ROOMS) {
      const picture = /** @type {HTMLElement | null} */ (root.querySelector(selector));
      if (picture) hold(picture, wide, high);
    }
  };
  addEventListener("beforeprint", prepare);
  return () => removeEventListener("beforeprint", prepare);
}
