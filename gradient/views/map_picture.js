// The map as a picture: its layers as one, and in an SVG the paths as lines.

import { FIGURE_SCALE } from "../adapters/bqplot.js";
import { numbersOf } from "./array.js";
import { clipSegment } from "./path.js";
import { boxOf } from "./pointers.js";

/** @typedef {import("../adapters/ipywidgets.js").Model} Model */
/** @typedef {import("./path.js").Look} Look */

const SVG = "http://www.w3.org/2000/svg";

/** The canvases of the field that are seen, from the lowest. @param {Element} field @returns {HTMLCanvasElement[]} */
function layersOf(field) {
  /** @type {NodeListOf<HTMLCanvasElement>} */
  const all = field.querySelectorAll(".techni-figures canvas, .techni-map canvas, .techni-overlay canvas");
  const isSeen = (/** @type {HTMLCanvasElement} */ canvas) =>
    canvas.width > 1 && canvas.offsetParent !== null && getComputedStyle(canvas).visibility !== "hidden";
  return [...all].filter(isSeen);
}

/** Some layers of the field as one canvas. @param {Element} field @param {(layer: HTMLCanvasElement) => boolean} isTaken @param {string} paper */
function composed(field, isTaken, paper) {
  const { left, top, width, height } = field.getBoundingClientRect();
  const canvas = Object.assign(document.createElement("canvas"), {
    width: width * FIGURE_SCALE,
    height: height * FIGURE_SCALE,
  });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.scale(FIGURE_SCALE, FIGURE_SCALE);
  context.fillStyle = paper;
  context.fillRect(0, 0, width, height);
  for (const layer of layersOf(field).filter(isTaken)) {
    const box = layer.getBoundingClientRect();
    context.drawImage(layer, box.left - left, box.top - top, box.width, box.height);
  }
  return canvas;
}

/** The whole map. @param {Element} field @param {Model} overlay */
export const mapCanvas = (field, overlay) => composed(field, () => true, overlay.get("theme").colours.paper);

/** An element of an SVG. @param {string} name @param {Record<string, string | number>} attributes @param {Node[]} children */
function vector(name, attributes, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, String(value));
  made.append(...children);
  return made;
}

/** @param {number} value */
const place = (value) => Math.round(value * 100) / 100;

/** What draws in the axes of the map. @param {Model} overlay @param {HTMLElement} area */
function axesOf(overlay, area) {
  const box = boxOf(overlay, area);
  const [xLow, xHigh, yLow, yHigh] = overlay.get("domain");
  const toX = (/** @type {number} */ x) => box.left + (box.width * (x - xLow)) / (xHigh - xLow);
  const toY = (/** @type {number} */ y) => box.top + (box.height * (yHigh - y)) / (yHigh - yLow);
  return { box, toX, toY };
}

/** The line through the points [x, y, …] up to one of them, cut off at the edges. @param {ReturnType<typeof axesOf>} axes @param {ArrayLike<number>} path @param {number} last */
function lineOf({ box, toX, toY }, path, last) {
  const { left, top, width, height } = box;
  const at = (/** @type {number} */ i) => [toX(path[2 * i]), toY(path[2 * i + 1])];
  const lines = Array.from({ length: last }, (_, i) => {
    const [[x0, y0], [x1, y1]] = [at(i), at(i + 1)];
    const seen = clipSegment([x0, y0, x1, y1], [left, top, left + width, top + height])?.map(place);
    return seen ? `M${seen[0]} ${seen[1]}L${seen[2]} ${seen[3]}` : "";
  });
  return lines.join("");
}

/** @typedef {{ colour: string, dashes?: number[], width: number, dot: number }} RunLook lengths in pixels */

/** A part of a path with a dot for each of its points. @param {ReturnType<typeof axesOf>} axes @param {Float32Array} path @param {RunLook} look */
function lineWithDots(axes, path, { colour, dashes = [], width, dot }) {
  const { left, top, width: across, height: down } = axes.box;
  const last = path.length / 2 - 1;
  const line = vector("path", {
    ...{ d: lineOf(axes, path, last), fill: "none", stroke: colour, "stroke-width": width, "stroke-linejoin": "round" },
    "stroke-dasharray": dashes.join(" ") || "none",
  });
  const places = Array.from({ length: dot ? last + 1 : 0 }, (_, i) => [axes.toX(path[2 * i]), axes.toY(path[2 * i + 1])]);
  const isInside = ([x, y] = /** @type {number[]} */ ([])) => x >= left && x <= left + across && y >= top && y <= top + down;
  const dots = places.filter(isInside).map(([x, y]) => vector("circle", { cx: place(x), cy: place(y), r: dot, fill: colour }));
  return [line, ...dots];
}

/** A run: paler after the step in view. @param {ReturnType<typeof axesOf>} axes @param {Float32Array} path @param {number} step @param {number} last @param {RunLook} look @param {number} later the opacity after the step */
function runOf(axes, path, step, last, look, later) {
  const after = vector("g", { opacity: later }, ...lineWithDots(axes, path.subarray(2 * step, 2 * last + 2), look));
  return vector("g", {}, after, ...lineWithDots(axes, path.subarray(0, 2 * step + 2), look));
}

/** The runs that are compared. @param {Model} overlay @param {ReturnType<typeof axesOf>} axes @param {number} width of their lines */
function otherRuns(overlay, axes, width) {
  const theme = overlay.get("theme");
  const [paths, steps, lasts] = ["others", "other_steps", "other_lasts"].map((name) => numbersOf(overlay.get(name)));
  const size = paths.length / Math.max(lasts.length, 1);
  return [...lasts].flatMap((last, i) => {
    const { colour, dashes } = /** @type {Look} */ (theme.others[i]);
    const look = { colour, width, dot: 0, dashes: dashes.map((length) => length * theme.pixelsPerPoint) };
    return last === theme.never
      ? []
      : [runOf(axes, paths.subarray(i * size, (i + 1) * size), steps[i], last, look, theme.later)];
  });
}

/** The marks at the start and at the step in view. @param {Model} overlay @param {ReturnType<typeof axesOf>} axes */
function marksOfRun(overlay, { toX, toY }) {
  const [theme, path, point] = [overlay.get("theme"), ...["path", "point"].map((name) => numbersOf(overlay.get(name)))];
  const marks = /** @type {const} */ ([
    ["start", path],
    ["point", point],
  ]);
  return marks.map(([kind, [x, y]]) => {
    const { face, edge, edge_width: width, size } = theme.marks[kind];
    const [r, line] = [(size / 2) * theme.pixelsPerPoint, width * theme.pixelsPerPoint];
    return vector("circle", { cx: place(toX(x)), cy: place(toY(y)), r, fill: face, stroke: edge, "stroke-width": line });
  });
}

/** All that lies over the losses. @param {Model} overlay @param {HTMLElement} area */
function runsOf(overlay, area) {
  const [theme, axes] = [overlay.get("theme"), axesOf(overlay, area)];
  const [width, dot] = [theme.lineWidths.path, theme.marks.iterate.size / 2].map((length) => length * theme.pixelsPerPoint);
  const [path, step, last] = [numbersOf(overlay.get("path")), overlay.get("step"), overlay.get("last")];
  const look = { colour: theme.colours.path, width, dot };
  return [...otherRuns(overlay, axes, width), runOf(axes, path, step, last, look, theme.later), ...marksOfRun(overlay, axes)];
}

/** The map as the text of an SVG: the losses as an image, the paths as lines; where the map has no path, or a kernel draws it, all of it as an image. @param {HTMLElement} field @param {Model} overlay */
export function mapSvg(field, overlay) {
  const area = /** @type {HTMLElement} */ (field.querySelector(".techni-overlay"));
  const hasLines = getComputedStyle(area).visibility !== "hidden" && overlay.get("draws_path") && overlay.get("draggable");
  const hasPath = hasLines && numbersOf(overlay.get("path")).length > 0;
  const isTaken = (/** @type {HTMLCanvasElement} */ layer) => !(hasPath && layer.matches(".techni-drawing"));
  const image = composed(field, isTaken, overlay.get("theme").colours.paper);
  const [width, height] = [image.width / FIGURE_SCALE, image.height / FIGURE_SCALE];
  const [bounds, own] = [field.getBoundingClientRect(), area.getBoundingClientRect()];
  const moved = { transform: `translate(${place(own.left - bounds.left)} ${place(own.top - bounds.top)})` };
  const svg = vector(
    "svg",
    { viewBox: `0 0 ${width} ${height}`, width, height },
    vector("image", { href: image.toDataURL("image/png"), width, height }),
    vector("g", moved, ...(hasPath ? runsOf(overlay, area) : [])),
  );
  return new XMLSerializer().serializeToString(svg);
}
