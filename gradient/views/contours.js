// Contours of numbers on a grid: a spline between the nodes, and marching squares on it.

/** @typedef {import("./pointers.js").Box} Box */
/** @typedef {{ values: Float32Array, side: number }} Square a square grid of numbers with `side` nodes along each edge, rows upwards */

const OUTSIDE = 6; // pixels beyond the box where what is cut off by it is closed

/** How much of four neighbouring nodes Catmull and Rom's spline mixes at a place from the second (0) to the third (1). @param {number} t */
function splineWeights(t) {
  const s = 1 - t;
  const near = (/** @type {number} */ u) => 1 - 2.5 * u * u + 1.5 * u ** 3;
  return [(-t * s * s) / 2, near(t), near(s), (-s * t * t) / 2];
}

/**
 * Lines of numbers with `factor` - 1 more between each two of a line. Beyond its ends a line goes on as it ends.
 * @param {Float32Array} values @param {number} count of lines @param {number} size of each line @param {number} stride from one line
 * to the next @param {number} step from one number of a line to the next @param {number} factor
 * @returns {Float32Array} line after line
 */
function refinedLines(values, count, size, stride, step, factor) {
  const finer = (size - 1) * factor + 1;
  const weights = Array.from({ length: factor }, (_, i) => splineWeights(i / factor));
  const result = new Float32Array(count * finer);
  for (let line = 0; line < count; line++) {
    const start = line * stride;
    for (let i = 0, out = line * finer; i < size - 1; i++) {
      const at = start + i * step;
      const [b, c] = [values[at], values[at + step]];
      const a = i > 0 ? values[at - step] : 2 * b - c;
      const d = i < size - 2 ? values[at + 2 * step] : 2 * c - b;
      for (let j = 0; j < factor; j++, out++) {
        const w = weights[j];
        result[out] = w[0] * a + w[1] * b + w[2] * c + w[3] * d;
      }
    }
    result[line * finer + finer - 1] = values[start + (size - 1) * step];
  }
  return result;
}

/** A square grid with `factor` - 1 nodes more between each two. @param {Square} square @param {number} factor @returns {Square} */
export function refined({ values, side }, factor) {
  const finer = (side - 1) * factor + 1;
  const columns = refinedLines(values, side, side, 1, side, factor); // the lines are the columns
  return { values: refinedLines(columns, finer, side, 1, finer, factor), side: finer };
}

/** A square grid with one more node around it, lower than all. @param {Square} square @returns {Square} */
function padded({ values, side }) {
  const wider = side + 2;
  const result = new Float32Array(wider * wider).fill(-Infinity);
  for (let row = 0; row < side; row++) {
    result.set(values.subarray(row * side, (row + 1) * side), (row + 1) * wider + 1);
  }
  return { values: result, side: wider };
}

// A cell's edges: its lower, right, upper and left one.
const [LOWER, RIGHT, UPPER, LEFT] = [0, 1, 2, 3];
// From which edge to which a contour goes, with what is higher on its left, by which of the cell's corners are higher: 1 for the
// lower left one, 2 for the lower right one, 4 for the upper right one, 8 for the upper left one.
const WAYS = [
  [],
  [LOWER, LEFT],
  [RIGHT, LOWER],
  [RIGHT, LEFT],
  [UPPER, RIGHT],
  [LOWER, LEFT, UPPER, RIGHT],
  [UPPER, LOWER],
  [UPPER, LEFT],
  [LEFT, UPPER],
  [LOWER, UPPER],
  [RIGHT, LOWER, LEFT, UPPER],
  [RIGHT, UPPER],
  [LEFT, RIGHT],
  [LOWER, RIGHT],
  [LEFT, LOWER],
  [],
];
// The same where two opposite corners are higher and joined by the middle.
/** @type {Record<number, number[] | undefined>} */
const JOINED = { 5: [LOWER, RIGHT, UPPER, LEFT], 10: [LEFT, LOWER, RIGHT, UPPER] };

/**
 * The edges of the grid that each level's contours go through: from, to, from, to, … An edge has the number of the node at its lower
 * left end, twice; one that goes upwards has one more.
 * @param {Square} square @param {number} numLevels the levels are 1 .. numLevels
 */
function waysThrough({ values, side }, numLevels) {
  /** @type {number[][]} */
  const ways = Array.from({ length: numLevels + 1 }, () => []);
  const offsets = [0, 3, 2 * side, 1]; // of a cell's edges, from twice its lower left node
  const bands = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i++) bands[i] = values[i] > 0 ? Math.min(values[i], numLevels) : 0;
  for (let row = 0; row < side - 1; row++) {
    for (let node = row * side; node < (row + 1) * side - 1; node++) {
      const [a, b, c, d] = [bands[node], bands[node + 1], bands[node + side + 1], bands[node + side]];
      if (a === b && b === c && c === d) continue;
      const highest = Math.max(a, b, c, d);
      for (let level = Math.min(a, b, c, d) + 1; level <= highest; level++) {
        const higher = (a >= level ? 1 : 0) | (b >= level ? 2 : 0) | (c >= level ? 4 : 0) | (d >= level ? 8 : 0);
        const [way, found] = [wayOf(higher, values, node, side, level), ways[level]];
        for (let i = 0; i < way.length; i++) found.push(2 * node + offsets[way[i]]);
      }
    }
  }
  return ways;
}

/** @param {number} higher @param {Float32Array} values @param {number} node @param {number} side @param {number} level */
function wayOf(higher, values, node, side, level) {
  const joined = JOINED[higher];
  if (!joined) return WAYS[higher];
  const middle = (values[node] + values[node + 1] + values[node + side] + values[node + side + 1]) / 4;
  return middle >= level ? joined : WAYS[higher];
}

/** Where the columns, or rows, of a padded grid are. @param {number} side @param {number} from the first inner one @param {number} to the last */
function placesOf(side, from, to) {
  const outside = Math.sign(to - from) * OUTSIDE;
  return Float64Array.from({ length: side }, (_, i) =>
    i === 0 ? from - outside : i === side - 1 ? to + outside : from + ((to - from) * (i - 1)) / (side - 3),
  );
}

/**
 * The regions of a grid at and above each of the levels 1 .. numLevels, whose outlines are the contours. What reaches an edge of the
 * grid is closed a little beyond the box, over which the grid lies.
 * @param {Square} square @param {number} numLevels @param {Box} box
 * @returns {Path2D[]} the first is that of level 1
 */
export function regionsAbove(square, numLevels, { left, top, width, height }) {
  const grid = padded(square);
  const [xs, ys] = [placesOf(grid.side, left, left + width), placesOf(grid.side, top + height, top)];
  const after = new Int32Array(2 * grid.side ** 2).fill(-1);
  return waysThrough(grid, numLevels)
    .slice(1)
    .map((ways, i) => regionOf(grid, ways, i + 1, after, xs, ys));
}

/**
 * @param {Square} grid @param {number[]} ways @param {number} level @param {Int32Array} after the edge after each, -1 if none is; it is left so
 * @param {Float64Array} xs @param {Float64Array} ys
 */
function regionOf({ values, side }, ways, level, after, xs, ys) {
  for (let i = 0; i < ways.length; i += 2) after[ways[i]] = ways[i + 1];
  const region = new Path2D();
  const go = (/** @type {number} */ edge, /** @type {boolean} */ isFirst) => {
    const node = edge >> 1;
    const row = Math.floor(node / side);
    const [column, isUpwards] = [node - row * side, edge & 1];
    const [from, to] = [values[node], values[isUpwards ? node + side : node + 1]];
    const share = (level - Math.min(from, to)) / Math.abs(to - from) || 0; // from the lower end; none beyond which is nothing
    const place = from < to ? share : 1 - share;
    const x = isUpwards ? xs[column] : xs[column] + place * (xs[column + 1] - xs[column]);
    const y = isUpwards ? ys[row] + place * (ys[row + 1] - ys[row]) : ys[row];
    if (isFirst) region.moveTo(x, y);
    else region.lineTo(x, y);
  };
  for (let i = 0; i < ways.length; i += 2) {
    if (after[ways[i]] < 0) continue; // it belongs to a ring that is there
    for (let edge = ways[i]; after[edge] >= 0; ) {
      go(edge, edge === ways[i]);
      const next = after[edge];
      after[edge] = -1;
      edge = next;
    }
    region.closePath();
  }
  return region;
}
