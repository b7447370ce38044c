// The path of the descent on the axes: its line with a halo, its iterates, start and current point, and where it leaves.

import { drawAsOne, setFont, write } from "./axes_canvas.js";
import { fillIn } from "./words.js";

/** @typedef {import("./axes_canvas.js").AxesCanvas} AxesCanvas */
/** @typedef {import("./pointers.js").Box} Box */
/** @typedef {import("./pointers.js").Point} Point */
/** @typedef {[x0: number, y0: number, x1: number, y1: number]} Segment */

const LINE_REACH = 50; // pixels beyond the box where the line is cut: its ends there do not show
const DOT_REACH = 9; // pixels beyond the box where a dot can still reach into it

/**
 * The part of a segment inside bounds [left, top, right, bottom], or null, by Liang and Barsky's algorithm: a path may go to 1e38.
 * @param {Segment} segment @param {Segment} bounds @returns {Segment | null}
 */
export function clipSegment([x0, y0, x1, y1], [left, top, right, bottom]) {
  let [from, to] = [0, 1];
  const [dx, dy] = [x1 - x0, y1 - y0];
  for (const [move, room] of [
    [-dx, x0 - left],
    [dx, right - x0],
    [-dy, y0 - top],
    [dy, bottom - y0],
  ]) {
    if (move === 0 && room < 0) return null;
    if (move < 0) from = Math.max(from, room / move);
    if (move > 0) to = Math.min(to, room / move);
  }
  return from > to ? null : [x0 + from * dx, y0 + from * dy, x0 + to * dx, y0 + to * dy];
}

/** The line through the pixels [x, y, x, y, …], where it is in or near the box. @param {Float64Array} pixels @param {Box} box */
function lineThrough(pixels, { left, top, width, height }) {
  /** @type {Segment} */
  const bounds = [left - LINE_REACH, top - LINE_REACH, left + width + LINE_REACH, top + height + LINE_REACH];
  const line = new Path2D();
  let [endX, endY] = [Number.NaN, Number.NaN];
  for (let i = 2; i < pixels.length; i += 2) {
    const part = clipSegment([pixels[i - 2], pixels[i - 1], pixels[i], pixels[i + 1]], bounds);
    if (!part) continue;
    if (part[0] !== endX || part[1] !== endY) line.moveTo(part[0], part[1]);
    [endX, endY] = [part[2], part[3]];
    line.lineTo(endX, endY);
  }
  return line;
}

/** The first `count` iterates in CSS pixels. @param {AxesCanvas} axes @param {Float32Array} path @param {number} count */
export function pixelsOf({ toX, toY }, path, count) {
  const pixels = new Float64Array(2 * Math.min(count, path.length / 2));
  for (let i = 0; i < pixels.length; i += 2) [pixels[i], pixels[i + 1]] = [toX(path[i]), toY(path[i + 1])];
  return pixels;
}

/** Traces a polygon, given its corners in units of `r`. @param {CanvasRenderingContext2D} context @param {number} r @param {Point[]} corners */
function polygon(context, r, corners) {
  for (const [x, y] of corners) context.lineTo(x * r, y * r);
}

/** @typedef {"disc" | "diamond" | "triangle" | "square"} Shape */
/** @typedef {{ colour: string, dashes: number[], shape: Shape }} Look */
/** @typedef {{ look: Look, path: Float32Array, point: Float32Array, step: number, last: number }} OtherRun */

/** @type {Record<Shape, (context: CanvasRenderingContext2D, r: number) => void>} */
const SHAPES = {
  disc: (context, r) => context.arc(0, 0, r, 0, 2 * Math.PI),
  diamond: (context, r) =>
    polygon(context, r * Math.SQRT2, [
      [0, 1],
      [1, 0],
      [0, -1],
      [-1, 0],
    ]),
  square: (context, r) =>
    polygon(context, r * Math.SQRT1_2 * 1.2, [
      [-1, -1],
      [1, -1],
      [1, 1],
      [-1, 1],
    ]),
  triangle: (context, r) =>
    polygon(context, r, [
      [1, 0],
      [-1, 1],
      [-1, -1],
    ]),
};

/**
 * Draws one of the theme's marks, in a colour of its own if one is given; a triangle points along `angle`.
 * @param {AxesCanvas} axes @param {string} kind @param {Shape} shape @param {number} x @param {number} y @param {number} [angle]
 * @param {string} [colour]
 */
export function drawMark({ context, theme }, kind, shape, x, y, angle = 0, colour = "") {
  const { face, edge, edge_width, size } = theme.marks[kind];
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.beginPath();
  SHAPES[shape](context, (size * theme.pixelsPerPoint) / 2);
  context.closePath();
  Object.assign(context, {
    fillStyle: colour || face,
    strokeStyle: edge,
    lineWidth: edge_width * theme.pixelsPerPoint,
    lineJoin: "miter",
  });
  context.fill();
  context.stroke();
  context.restore();
}

/** Where places from `low` to `low + length` reach, with room for their dots. @param {Float64Array} places @param {number} low @param {number} length */
function reachOf(places, low, length) {
  const ends = [Math.min(...places) - DOT_REACH, Math.max(...places) + DOT_REACH];
  return ends.map((end) => Math.min(Math.max(end, low), low + length));
}

/** Draws what comes after the current step, paler. @param {AxesCanvas} axes @param {Float64Array} pixels */
export function drawLater(axes, pixels) {
  const { box, theme } = axes;
  const [left, right] = reachOf(
    pixels.filter((_, i) => i % 2 === 0),
    box.left,
    box.width,
  );
  const [top, bottom] = reachOf(
    pixels.filter((_, i) => i % 2 === 1),
    box.top,
    box.height,
  );
  const bounds = { left, top, width: right - left, height: bottom - top };
  drawAsOne(axes, bounds, theme.later, (layer) => drawLine(layer, pixels));
}

/** Draws the runs that are compared. @param {AxesCanvas} axes @param {OtherRun[]} runs */
export function drawOthers(axes, runs) {
  for (const run of runs) drawOther(axes, run);
}

/** Draws a run: its line, dashed and paler after the current step, and its mark there. @param {AxesCanvas} axes @param {OtherRun} run */
function drawOther(axes, { look, path, point, step, last }) {
  const { context, theme, box, toX, toY } = axes;
  const pixels = pixelsOf(axes, path, last + 1);
  context.save();
  Object.assign(context, { lineJoin: "round", lineCap: "butt", globalAlpha: theme.later });
  context.setLineDash(look.dashes.map((length) => length * theme.pixelsPerPoint));
  strokeWith(axes, lineThrough(pixels.subarray(2 * step), box), theme.lineWidths.path, look.colour);
  context.globalAlpha = 1;
  strokeWith(axes, lineThrough(pixels.subarray(0, 2 * step + 2), box), theme.lineWidths.path, look.colour);
  context.restore();
  drawMark(axes, "other", look.shape, toX(point[0]), toY(point[1]), -Math.PI / 2, look.colour);
}

/** Draws the line and the iterates on it. @param {AxesCanvas} axes @param {Float64Array} pixels */
export function drawLine(axes, pixels) {
  const { context, theme, box } = axes;
  const line = lineThrough(pixels, box);
  Object.assign(context, { lineJoin: "round", lineCap: "round" });
  strokeWith(axes, line, theme.lineWidths.halo, theme.colours.paper);
  strokeWith(axes, line, theme.lineWidths.path, theme.colours.path);
  // The dots' edges are under all the dots, so that a dense path keeps its colour.
  const { face, edge, edge_width, size } = theme.marks.iterate;
  drawDots(axes, pixels, edge, size + edge_width);
  drawDots(axes, pixels, face, size - edge_width);
}

/** @param {AxesCanvas} axes @param {Path2D} line @param {number} width in points @param {string} colour */
export function strokeWith({ context, theme }, line, width, colour) {
  Object.assign(context, { lineWidth: width * theme.pixelsPerPoint, strokeStyle: colour });
  context.stroke(line);
}

/** Draws a dot for each iterate that is in or near the box. @param {AxesCanvas} axes @param {Float64Array} pixels @param {string} colour @param {number} size in points */
function drawDots({ context, theme, box }, pixels, colour, size) {
  const radius = (size * theme.pixelsPerPoint) / 2;
  /** @param {number} place @param {number} low @param {number} length */
  const isNear = (place, low, length) => place > low - DOT_REACH && place < low + length + DOT_REACH;
  context.beginPath();
  for (let i = 0; i < pixels.length; i += 2) {
    const [x, y] = [pixels[i], pixels[i + 1]];
    if (!isNear(x, box.left, box.width) || !isNear(y, box.top, box.height)) continue;
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fillStyle = colour;
  context.fill();
}

/**
 * Draws a triangle where the path leaves the box, along the step that does, and a note that says which step it is.
 * @param {AxesCanvas} axes @param {ArrayLike<number>} point @param {ArrayLike<number>} direction @param {number} step
 */
export function drawExit(axes, point, direction, step) {
  const { toX, toY, box, theme } = axes;
  const [x, y] = [toX(point[0]), toY(point[1])];
  drawMark(axes, "exit", "triangle", x, y, Math.atan2(toY(direction[1]) - toY(0), toX(direction[0]) - toX(0)));
  const isRight = x > box.left + box.width / 2;
  const isUpper = y < box.top + box.height / 2;
  drawNote(axes, fillIn(theme.exitNote.template, { step }), [x, y], isRight, isUpper);
}

/** Writes a note beside a point, towards the middle of the box. @param {AxesCanvas} axes @param {string} text @param {Point} point @param {boolean} isRight @param {boolean} isUpper */
function drawNote(axes, text, [x, y], isRight, isUpper) {
  const { context, theme } = axes;
  const points = theme.pixelsPerPoint;
  const [dx, dy] = theme.exitNote.offset.map((length) => length * points);
  const pad = theme.exitNote.pad * points;
  setFont(axes, "small");
  const width = context.measureText(text).width;
  const left = isRight ? x - dx - width : x + dx;
  const middle = y + (isUpper ? dy : -dy);
  const height = (theme.fontSizes.small + 1) * points + 2 * pad;
  Object.assign(context, { fillStyle: theme.colours.paper, strokeStyle: theme.colours.grid, lineWidth: points });
  context.beginPath();
  context.rect(left - pad, middle - height / 2, width + 2 * pad, height);
  context.fill();
  context.stroke();
  write(axes, text, left, middle, theme.colours.ink, "left", "middle");
}
