// The plane of a larger model on the axes: bands of equal loss, ticks and a caption.

import { localised } from "../link/page_language.js";
import { contextOf, setFont, write } from "./axes_canvas.js";
import { drawTicks } from "./axes_marks.js";
import { numberOf } from "./numbers.js";
import { fillIn } from "./words.js";

/** @typedef {import("./axes_canvas.js").AxesCanvas} AxesCanvas */
/** @typedef {import("./axes_canvas.js").PlaneWords} PlaneWords */

const MOST_PIXELS = 400_000; // finer than this takes too long to colour, and shows nothing new

/**
 * For each of `count` places along `size` nodes: which four nodes Catmull and Rom's spline mixes there, and how much of each.
 * @param {number} count @param {number} size
 */
function splinesOf(count, size) {
  const first = new Int32Array(count);
  const weights = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const place = ((i + 0.5) / count) * (size - 1);
    first[i] = Math.min(Math.floor(place), size - 2);
    const t = place - first[i];
    const s = 1 - t;
    const near = (/** @type {number} */ u) => 1 - 2.5 * u * u + 1.5 * u ** 3;
    weights.set([(-t * s * s) / 2, near(t), near(s), (-s * t * t) / 2], 4 * i);
  }
  return { first, weights };
}

/**
 * The losses as places among the bands, 0 at the range's lower end, on a logarithmic scale; the outermost rows and columns come
 * twice. What is far beyond the bands is brought near them, because a spline that goes through a cliff undershoots beside it.
 * @param {Float32Array} plane @param {number} size @param {ArrayLike<number>} range @param {number} bands
 */
function levelsOf(plane, size, range, bands) {
  const [low, high] = Array.from(range);
  const scale = bands / Math.log(high / low);
  const inside = (/** @type {number} */ i) => Math.min(Math.max(i - 1, 0), size - 1);
  const levels = new Float32Array((size + 2) ** 2);
  for (let i = 0; i < levels.length; i++) {
    const loss = plane[inside(Math.floor(i / (size + 2))) * size + inside(i % (size + 2))];
    levels[i] = Math.min(Math.max(Math.log(Math.max(loss, 1e-12) / low) * scale, -bands / 2), 1.5 * bands);
  }
  return levels;
}

/**
 * Colours `pixels` [height, width], the first row on top, by the band that each is in.
 * @param {Uint32Array} pixels @param {number} width @param {number} height @param {Float32Array} levels @param {number} size
 * @param {Uint32Array} table the bands' colours
 */
function colourIn(pixels, width, height, levels, size, table) {
  const [across, along] = [splinesOf(width, size), splinesOf(height, size)];
  const side = size + 2;
  const row = new Float32Array(side);
  const highest = table.length - 1;
  for (let y = 0, pixel = 0; y < height; y++) {
    const up = height - 1 - y; // the plane's rows go upwards
    const [a, b, c, d] = along.weights.subarray(4 * up, 4 * up + 4);
    const start = along.first[up] * side;
    for (let i = 0, at = start; i < side; i++, at++) {
      row[i] = a * levels[at] + b * levels[at + side] + c * levels[at + 2 * side] + d * levels[at + 3 * side];
    }
    for (let x = 0, w = 0; x < width; x++, w += 4) {
      const { first, weights } = across;
      const i = first[x];
      const level =
        weights[w] * row[i] + weights[w + 1] * row[i + 1] + weights[w + 2] * row[i + 2] + weights[w + 3] * row[i + 3];
      pixels[pixel++] = table[level < 0 ? 0 : level > highest ? highest : level | 0];
    }
  }
}

/** Colours as the 32-bit numbers that stand for them in an image. @param {string[]} colours */
export function tableOf(colours) {
  const bytes = colours.flatMap((colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)).concat(255));
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

/** @param {number[]} one @param {number[]} other */
const areEqual = (one, other) => one.length === other.length && one.every((value, i) => value === other[i]);

/** Makes a function that draws the bands. It keeps their image until the losses, their range or the size change. */
export function makeBands() {
  const canvas = document.createElement("canvas");
  const context = contextOf(canvas);
  /** @type {ImageData | undefined} */
  let image;
  /** @type {number[]} */
  let before = [];
  /** @param {number} width @param {number} height */
  const imageOf = (width, height) => {
    if (image && canvas.width === width && canvas.height === height) return image;
    [canvas.width, canvas.height] = [width, height];
    image = context.createImageData(width, height);
    return image;
  };
  /** @param {AxesCanvas} axes @param {Float32Array} plane @param {Float32Array} range */
  return ({ context: target, box, ratio, theme }, plane, range) => {
    const fine = Math.min(ratio, Math.sqrt(MOST_PIXELS / (box.width * box.height)));
    const [width, height] = [Math.round(box.width * fine), Math.round(box.height * fine)];
    const now = [width, height, ...range, ...plane];
    if (!areEqual(before, now)) {
      before = now;
      const coloured = imageOf(width, height);
      const size = Math.sqrt(plane.length);
      const levels = levelsOf(plane, size, range, theme.bands.length);
      colourIn(new Uint32Array(coloured.data.buffer), width, height, levels, size, tableOf(theme.bands));
      context.putImageData(coloured, 0, 0);
    }
    target.drawImage(canvas, box.left, box.top, box.width, box.height);
  };
}

/** Draws the plane's outline, ticks and labels. @param {AxesCanvas} axes @param {PlaneWords} words */
export function drawAxes(axes, words) {
  const ticks = axes.theme.ticks.map((place) => ({ place, label: localised(place.toFixed(1).replace("-", "−")) }));
  drawTicks(axes, { across: ticks, up: ticks, labels: [words.x_label, words.y_label] });
}

/** Words in as many lines as they need. @param {string[]} words @param {string} separator @param {(line: string) => boolean} fits */
function linesOf(words, separator, fits) {
  const lines = [words[0]];
  for (const word of words.slice(1)) {
    const longer = `${lines.at(-1)}${separator}${word}`;
    if (fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The true losses of the plane's corners in words. @param {AxesCanvas["theme"]} theme @param {ArrayLike<number>} corners @param {number} third @param {number} last @param {boolean} hasThird */
function lossesOf(theme, corners, third, last, hasThird) {
  const [first, middle, end] = Array.from(corners, numberOf);
  const templates = theme.lossTemplates;
  return [
    fillIn(templates.start, { loss: first }),
    ...(hasThird ? [fillIn(templates.third, { loss: middle, step: third })] : []),
    fillIn(templates.end, { loss: end, step: last }),
  ];
}

const CAPTION_INSET = 2; // pixels from the axes

/** Writes the true losses of the plane's corners, and what its case has to remark. @param {AxesCanvas} axes @param {ArrayLike<number>} corners @param {number} third @param {number} last @param {number} planeCase */
export function drawCaption(axes, corners, third, last, planeCase) {
  const { context, box, theme } = axes;
  const pad = 3 * theme.pixelsPerPoint;
  setFont(axes, "small");
  const widthOf = (/** @type {string} */ text) => context.measureText(text).width;
  const fits = (/** @type {string} */ text) => widthOf(text) <= box.width - 2 * pad - 2 * CAPTION_INSET;
  const losses = lossesOf(theme, corners, third, last, planeCase === theme.throughPath);
  const remark = linesOf(theme.planeWords[planeCase].remark.split(" "), " ", fits);
  const lines = [...linesOf(losses, " · ", fits), ...remark].filter(Boolean);
  const [left, top] = [box.left + CAPTION_INSET + pad, box.top + CAPTION_INSET + pad];
  const lineHeight = (theme.fontSizes.small + 2) * theme.pixelsPerPoint;
  context.fillStyle = "rgb(255 255 255 / 85%)";
  context.fillRect(left - pad, top - pad, Math.max(...lines.map(widthOf)) + 2 * pad, lines.length * lineHeight + 1.4 * pad);
  lines.forEach((line, i) => {
    write(axes, line, left, top + i * lineHeight, "black");
  });
}
