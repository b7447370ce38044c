// The path of the descent on the sheet: its line with a halo, its iterates, start and current point, and where it leaves.

import { setFont, write } from "./sheet.js";

/** The part of a segment inside a box [left, top, right, bottom], or null (Liang and Barsky's way): a path may go to 1e38. */
export function clipSegment(x0, y0, x1, y1, [left, top, right, bottom]) {
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

/** The line through the pixels [x, y, x, y, …], where it is in or near the box. */
function lineThrough(pixels, { left, top, width, height }) {
  const bounds = [left - 50, top - 50, left + width + 50, top + height + 50]; // its ends there do not show
  const line = new Path2D();
  let end = [NaN, NaN];
  for (let i = 2; i < pixels.length; i += 2) {
    const part = clipSegment(pixels[i - 2], pixels[i - 1], pixels[i], pixels[i + 1], bounds);
    if (!part) continue;
    if (part[0] !== end[0] || part[1] !== end[1]) line.moveTo(part[0], part[1]);
    line.lineTo(part[2], part[3]);
    end = part.slice(2);
  }
  return line;
}

/** The first `count` iterates in CSS pixels. @param {import("./sheet.js").Sheet} sheet */
export function pixelsOf({ toX, toY }, path, count) {
  const pixels = new Float64Array(2 * Math.min(count, path.length / 2));
  for (let i = 0; i < pixels.length; i += 2) [pixels[i], pixels[i + 1]] = [toX(path[i]), toY(path[i + 1])];
  return pixels;
}

const SHAPES = {
  disc: (context, r) => context.arc(0, 0, r, 0, 2 * Math.PI),
  diamond: (context, r) =>
    [
      [0, 1],
      [1, 0],
      [0, -1],
      [-1, 0],
    ].forEach(([x, y]) => context.lineTo(x * r * Math.SQRT2, y * r * Math.SQRT2)),
  triangle: (context, r) =>
    [
      [1, 0],
      [-1, 1],
      [-1, -1],
    ].forEach(([x, y]) => context.lineTo(x * r, y * r)),
};

/** A mark of one of Python's kinds; a triangle points along `angle`. @param {import("./sheet.js").Sheet} sheet */
export function drawMark({ context, look }, kind, shape, x, y, angle = 0) {
  const { face, edge, edge_width, size } = look.marks[kind];
  context.save();
  context.translate(x, y);
  context.rotate(angle);
  context.beginPath();
  SHAPES[shape](context, (size * look.pixelsPerPoint) / 2);
  context.closePath();
  [context.fillStyle, context.strokeStyle, context.lineWidth, context.lineJoin] = [
    face,
    edge,
    edge_width * look.pixelsPerPoint,
    "miter",
  ];
  context.fill();
  context.stroke();
  context.restore();
}

/** The line and the iterates on it. @param {import("./sheet.js").Sheet} sheet */
export function drawLine(sheet, pixels) {
  const { context, look, box } = sheet;
  const line = lineThrough(pixels, box);
  [context.lineJoin, context.lineCap] = ["round", "round"];
  for (const [width, colour] of [
    [look.widths.halo, look.colours.paper],
    [look.widths.path, look.colours.path],
  ]) {
    [context.lineWidth, context.strokeStyle] = [width * look.pixelsPerPoint, colour];
    context.stroke(line);
  }
  drawIterates(sheet, pixels);
}

/** A dot for each iterate that is in or near the box. The dots' edges are under all the dots: a dense path keeps its colour. */
function drawIterates({ context, look, box }, pixels) {
  const { face, edge, edge_width, size } = look.marks.iterate;
  const isNear = (place, low, length) => place > low - 9 && place < low + length + 9;
  for (const [colour, points] of [
    [edge, size + edge_width],
    [face, size - edge_width],
  ]) {
    const radius = (points * look.pixelsPerPoint) / 2;
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
}

/** A triangle where the path leaves the box, along the step that does, and a note that says which. */
export function drawExit(sheet, [x, y], [dx, dy], step) {
  const { toX, toY, box } = sheet;
  const [px, py] = [toX(x), toY(y)];
  drawMark(sheet, "exit", "triangle", px, py, Math.atan2(toY(dy) - toY(0), toX(dx) - toX(0)));
  const isRight = px > box.left + box.width / 2;
  const isUpper = py < box.top + box.height / 2;
  drawNote(sheet, `left at step ${step}`, px, py, isRight, isUpper);
}

function drawNote(sheet, text, x, y, isRight, isUpper) {
  const { context, look } = sheet;
  const points = look.pixelsPerPoint;
  setFont(sheet, 9);
  const width = context.measureText(text).width;
  const left = isRight ? x - 12 * points - width : x + 12 * points;
  const middle = y + (isUpper ? 16 : -16) * points;
  [context.fillStyle, context.strokeStyle, context.lineWidth] = [look.colours.paper, look.colours.grid, points];
  context.beginPath();
  context.rect(left - 2 * points, middle - 7 * points, width + 4 * points, 14 * points);
  context.fill();
  context.stroke();
  write(sheet, text, left, middle, look.colours.ink, "left", "middle");
}
