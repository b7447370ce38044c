// The plane of a larger model on the sheet: bands of equal loss, axes, a colour bar, and what there is to say of it.

import { general, setFont, write, writeUpwards } from "./sheet.js";

const MOST_PIXELS = 400_000; // finer than this takes too long to colour, and shows nothing new

/** For each of `count` places along `size` nodes: which four nodes Catmull and Rom's spline mixes there, and how much of each. */
function splinesOf(count, size) {
  const first = new Int32Array(count);
  const weights = new Float32Array(4 * count);
  for (let i = 0; i < count; i++) {
    const place = ((i + 0.5) / count) * (size - 1);
    first[i] = Math.min(Math.floor(place), size - 2);
    const t = place - first[i];
    const s = 1 - t;
    const near = (u) => 1 - 2.5 * u * u + 1.5 * u ** 3;
    weights.set([(-t * s * s) / 2, near(t), near(s), (-s * t * t) / 2], 4 * i);
  }
  return { first, weights };
}

/**
 * The losses in bands, from 0 at the range's lower end, on a logarithmic scale; each side has one more row, of the same. What is
 * far beyond the bands is brought near them: a spline that goes through a cliff undershoots beside it.
 */
function levelsOf(plane, size, [low, high], bands) {
  const scale = bands / Math.log(high / low);
  const inside = (i) => Math.min(Math.max(i - 1, 0), size - 1);
  const levels = new Float32Array((size + 2) ** 2);
  for (let i = 0; i < levels.length; i++) {
    const loss = plane[inside(Math.floor(i / (size + 2))) * size + inside(i % (size + 2))];
    levels[i] = Math.min(Math.max(Math.log(Math.max(loss, 1e-12) / low) * scale, -bands / 2), 1.5 * bands);
  }
  return levels;
}

/** Colours `pixels` [height, width], the first row on top, by the band that each is in. */
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

/** Colours as the 32-bit numbers that stand for them in an image. */
function tableOf(colours) {
  const bytes = colours.flatMap((colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16)).concat(255));
  return new Uint32Array(new Uint8Array(bytes).buffer);
}

/** What draws the bands: it keeps its picture until the losses, their range or the size are others. */
export function makeBands() {
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  let image;
  let before = [];
  const isAsBefore = (now) => before.length === now.length && now.every((value, i) => value === before[i]);
  return ({ context: target, box, ratio, look }, plane, range) => {
    const fine = Math.min(ratio, Math.sqrt(MOST_PIXELS / (box.width * box.height)));
    const [width, height] = [Math.round(box.width * fine), Math.round(box.height * fine)];
    const now = [width, height, ...range, ...plane];
    if (!isAsBefore(now)) {
      before = now;
      if (canvas.width !== width || canvas.height !== height || !image) {
        [canvas.width, canvas.height] = [width, height];
        image = context.createImageData(width, height);
      }
      const size = Math.sqrt(plane.length);
      const levels = levelsOf(plane, size, range, look.bands.length);
      colourIn(new Uint32Array(image.data.buffer), width, height, levels, size, tableOf(look.bands));
      context.putImageData(image, 0, 0);
    }
    target.drawImage(canvas, box.left, box.top, box.width, box.height);
  };
}

/** The frame around the axes, ticks and labels. @param {import("./sheet.js").Sheet} sheet */
export function drawAxes(sheet, [xLabel, yLabel]) {
  const { context, box, toX, toY, look } = sheet;
  const { muted, ink } = look.colours;
  const [points, bottom] = [look.pixelsPerPoint, box.top + box.height];
  const labels = look.ticks.map((tick) => tick.toFixed(1).replace("-", "−"));
  setFont(sheet, 9);
  const widest = Math.max(...labels.map((label) => context.measureText(label).width));
  const ticks = new Path2D();
  ticks.rect(box.left, box.top, box.width, box.height);
  look.ticks.forEach((tick, i) => {
    ticks.rect(toX(tick), bottom, 0, 3.5 * points);
    ticks.rect(box.left - 3.5 * points, toY(tick), 3.5 * points, 0);
    write(sheet, labels[i], toX(tick), bottom + 7 * points, muted, "center");
    write(sheet, labels[i], box.left - 7 * points, toY(tick), muted, "right", "middle");
  });
  [context.strokeStyle, context.lineWidth] = [muted, 0.8 * points];
  context.stroke(ticks);
  setFont(sheet, 10);
  write(sheet, xLabel, box.left + box.width / 2, bottom + 19 * points, ink, "center");
  writeUpwards(sheet, yLabel, box.left - 10 * points - widest, box.top + box.height / 2, ink, "bottom");
}

/** Which colour means which loss. @param {import("./sheet.js").Sheet} sheet */
export function drawColourBar(sheet, [low, high]) {
  const { context, box, look, ratio } = sheet;
  const [points, left, bottom] = [look.pixelsPerPoint, box.left + box.width + 12, box.top + box.height];
  const heightOf = (share) => Math.round((bottom - box.height * share) * ratio) / ratio; // no seams between the bands
  look.bands.forEach((colour, i) => {
    const top = heightOf((i + 1) / look.bands.length);
    context.fillStyle = colour;
    context.fillRect(left, top, 12, heightOf(i / look.bands.length) - top);
  });
  [context.strokeStyle, context.lineWidth] = [look.colours.grid, 0.8 * points];
  context.strokeRect(left, box.top, 12, box.height);
  setFont(sheet, 9);
  context.fillStyle = look.colours.muted;
  for (let tick = 1; tick < 6; tick++) {
    const y = bottom - (box.height * tick) / 6;
    context.fillRect(left + 12, y - 0.4 * points, 3.5 * points, 0.8 * points);
    write(sheet, general(low * (high / low) ** (tick / 6), 2), left + 12 + 7 * points, y, look.colours.muted, "left", "middle");
  }
  setFont(sheet, 10);
  writeUpwards(sheet, look.colourLabel, left + 12 * 4.6, box.top + box.height / 2, look.colours.ink, "top");
}

/** What there is to say: the true losses of the plane's corners, and its case. @returns {[string[], string][]} words, separator */
function factsOf(corners, third, last, isThroughPath, sentence) {
  const losses = Array.from(corners, (loss) => general(loss, 3));
  const words = [`true loss: start ${losses[0]}`, `step ${third} ◇ ${losses[1]}`, `step ${last} ${losses[2]}`];
  return [
    [isThroughPath ? words : [words[0], words[2]], " · "],
    [sentence.split(" "), " "],
  ];
}

/** Words in as many lines as they need. @returns {string[]} */
function linesOf(words, separator, fits) {
  const lines = [words[0]];
  for (const word of words.slice(1)) {
    const longer = lines.at(-1) + separator + word;
    if (fits(longer)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** @param {import("./sheet.js").Sheet} sheet */
export function drawFacts(sheet, corners, third, last, planeCase) {
  const { context, box, look } = sheet;
  const pad = 4 * look.pixelsPerPoint;
  setFont(sheet, 9);
  const widthOf = (text) => context.measureText(text).width;
  const fits = (text) => widthOf(text) <= box.width - 2 * pad - 6;
  const facts = factsOf(corners, third, last, planeCase === look.throughPath, look.cases[planeCase][2]);
  const lines = facts.flatMap(([words, separator]) => linesOf(words, separator, fits)).filter(Boolean);
  const [left, top, step] = [box.left + 3 + pad, box.top + 3 + pad, 12 * look.pixelsPerPoint];
  context.fillStyle = "rgb(255 255 255 / 85%)";
  context.fillRect(left - pad, top - pad, Math.max(...lines.map(widthOf)) + 2 * pad, lines.length * step + 1.4 * pad);
  lines.forEach((line, i) => write(sheet, line, left, top + i * step, "black"));
}
