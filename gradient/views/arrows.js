// Arrows down the gradient, shaped as matplotlib's, with lengths and colours by the gradient's norm.

import { arrowLength, normScale, shareOf } from "./levels.js";

/** @typedef {import("./axes_canvas.js").AxesCanvas} AxesCanvas */
/** @typedef {import("./axes_canvas.js").Theme} Theme */
/** @typedef {import("./pointers.js").Box} Box */
/** @typedef {{ gradients: Float32Array, side: number, norms: Float64Array, scale: import("./levels.js").NormScale }} Arrows */

/** The gradients [side, side, 2] and what their norms are shown by. @param {Float32Array} gradients @param {import("./levels.js").LevelRules} rules @returns {Arrows} */
export function arrowsOf(gradients, rules) {
  const norms = new Float64Array(gradients.length / 2);
  for (let i = 0; i < norms.length; i++) norms[i] = Math.hypot(gradients[2 * i], gradients[2 * i + 1]);
  return { gradients, side: Math.sqrt(norms.length), norms, scale: normScale(norms, rules) };
}

/**
 * Draws an arrow at the middle of each cell of the box, or of every other one in every other row.
 * @param {AxesCanvas} axes @param {Arrows} arrows @param {import("./pointers.js").Domain} domain of the axes @param {boolean} areFew
 */
export function drawArrows({ context, box, theme }, arrows, domain, areFew) {
  const { arrowColours } = theme.field;
  /** @type {Map<number, Path2D>} */
  const paths = new Map();
  addArrows(box, theme, arrows, domain, areFew ? 2 : 1, (share) => {
    const colour = Math.min(Math.floor(share * arrowColours.length), arrowColours.length - 1);
    if (!paths.has(colour)) paths.set(colour, new Path2D());
    return /** @type {Path2D} */ (paths.get(colour));
  });
  for (const [colour, path] of paths) {
    context.fillStyle = arrowColours[colour];
    context.fill(path);
  }
}

/**
 * Adds the arrow of each cell, at every `stride`-th of them, to the path for its share of the colours.
 * @param {Box} box @param {Theme} theme @param {Arrows} arrows @param {import("./pointers.js").Domain} domain
 * @param {number} stride @param {(share: number) => Path2D} pathFor
 */
function addArrows(box, theme, { gradients, side, norms, scale }, [xLow, xHigh, yLow, yHigh], stride, pathFor) {
  const { arrowGap, levels } = theme.field;
  const longest = (box.width * stride) / (arrowGap * side);
  const [perX, perY] = [box.width / (xHigh - xLow), box.height / (yHigh - yLow)];
  for (let row = stride - 1; row < side; row += stride) {
    for (let column = stride - 1; column < side; column += stride) {
      const i = row * side + column;
      if (!(norms[i] > 0) || !Number.isFinite(norms[i])) continue;
      const share = shareOf(scale, norms[i]);
      const x = box.left + (box.width * (column + 0.5)) / side;
      const y = box.top + box.height * (1 - (row + 0.5) / side);
      const angle = Math.atan2(gradients[2 * i + 1] * perY, -gradients[2 * i] * perX);
      addArrow(pathFor(share), x, y, angle, longest * arrowLength(share, levels), theme);
    }
  }
}

/**
 * Adds an arrow with its middle at a place. One that is shorter than a head is a smaller arrow.
 * @param {Path2D} path @param {number} x @param {number} y @param {number} angle @param {number} length
 * @param {Theme} theme
 */
function addArrow(path, x, y, angle, length, { field: { arrow }, pixelsPerPoint }) {
  const head = arrow.width * pixelsPerPoint * arrow.head_length;
  const width = arrow.width * pixelsPerPoint * Math.min(1, length / head);
  const [along, across] = [Math.cos(angle), Math.sin(angle)];
  const tip = length / 2;
  const [barb, neck] = [tip - arrow.head_length * width, tip - arrow.head_axis_length * width];
  const [half, wide] = [width / 2, (arrow.head_width * width) / 2];
  const go = (/** @type {number} */ u, /** @type {number} */ v) =>
    path.lineTo(x + u * along - v * across, y + u * across + v * along);
  path.moveTo(x + tip * along, y + tip * across);
  go(barb, wide);
  go(neck, half);
  go(-tip, half);
  go(-tip, -half);
  go(neck, -half);
  go(barb, -wide);
  path.closePath();
}
