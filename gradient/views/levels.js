// Which losses a map draws contours at, and how it colours its arrows: the rules of `levels.py`, which says why.

/**
 * @typedef {Object} LevelRules the numbers of `levels.py`
 * @property {number} numLevels
 * @property {number} unknown stands for a loss that is not finite
 * @property {number} lowShare
 * @property {number} lowPlace
 * @property {number} most
 * @property {number} rounding
 * @property {number} middleShade
 * @property {number} mostNorm
 * @property {number} lengthPower
 * @property {number} shortest
 *
 * @typedef {{ top: number, power: number }} NormScale a norm has the share (norm / top) ** power of the colours
 */

/** The quantile of ascending numbers, between two of them if it falls there. @param {ArrayLike<number>} sorted @param {number} share */
function quantileOf(sorted, share) {
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (above - below) * (place - Math.floor(place));
}

/** Whether a loss is finite, and known. @param {number} loss @param {LevelRules} rules */
export const isKnown = (loss, { unknown }) => Number.isFinite(loss) && loss < unknown;

/**
 * The edges of a map's bands, from the lowest loss up; none if the loss is the same everywhere, but for rounding.
 * @param {Float32Array} losses @param {LevelRules} rules
 * @returns {number[]}
 */
export function lossLevels(losses, rules) {
  const sorted = losses.filter((loss) => isKnown(loss, rules)).sort();
  const [low, high] = [sorted[0], sorted[sorted.length - 1]];
  const { numLevels, lowShare, lowPlace, most, rounding } = rules;
  if (!sorted.length || high - low <= rounding * Math.max(Math.abs(low), Math.abs(high))) return [];
  const typical = Math.max(quantileOf(sorted, lowShare) - low, rounding * Math.abs(low)) || (high - low) / most;
  const top = Math.min(high - low, most * typical);
  const steepness = Math.min(1, typical / top / lowPlace ** 2) ** (1 / (1 - lowPlace));
  const places = Array.from({ length: numLevels }, (_, i) => i / (numLevels - 1));
  return places.map((place) => low + top * place ** 2 * steepness ** (1 - place));
}

/** How arrows show norms. @param {Float64Array} norms @param {LevelRules} rules @returns {NormScale} */
export function normScale(norms, { middleShade, mostNorm }) {
  const sorted = norms.filter((norm) => Number.isFinite(norm) && norm > 0).sort();
  if (!sorted.length) return { top: 1, power: 1 };
  const middle = quantileOf(sorted, 0.5);
  const top = Math.min(sorted[sorted.length - 1], mostNorm * middle);
  const power = middle < top ? Math.min(1, Math.log(middleShade) / Math.log(middle / top)) : 1;
  return { top, power };
}

/** The share of the colours of a norm, in 0..1. @param {NormScale} scale @param {number} norm */
export const shareOf = ({ top, power }, norm) => Math.min(norm / top, 1) ** power;

/** How long an arrow is, in 0..1, for its share of the colours. @param {number} share @param {LevelRules} rules */
export const arrowLength = (share, { lengthPower, shortest }) => Math.max(share ** lengthPower, shortest);
