// The cells of a map as they come, slice by slice.

import { numbersOf } from "./array.js";

/** @typedef {import("./observers.js").ViewModel} ViewModel */
/** @typedef {{ columns: number, rows: number, strides: [number, number], offsets: [number, number][], is_continuous: boolean }} Layout see `gradient/maps.py` */

const FIELDS = /** @type {const} */ (["losses", "valleys", "arrivals"]);

/**
 * @typedef {Record<typeof FIELDS[number], Float32Array> & { layout: Layout, isKnown: Uint8Array }} Cells the fields of Python's
 * `Cells` for the whole map, row by row from below; NaN where nothing is known. A cell that is not known yet has the values of one
 * beside it.
 */

/** Cells of which nothing is known. @param {Layout} layout @returns {Cells} */
function emptyCells(layout) {
  const size = layout.columns * layout.rows;
  const nothing = () => new Float32Array(size).fill(Number.NaN);
  return { layout, isKnown: new Uint8Array(size), losses: nothing(), valleys: nothing(), arrivals: nothing() };
}

/** Puts a slice's values in their places. @param {Cells} cells @param {number} index of the slice @param {Record<typeof FIELDS[number], Float32Array>} values */
function put(cells, index, values) {
  const { columns, rows, strides, offsets, is_continuous } = cells.layout;
  const [[across, up], [x, y]] = [strides, offsets[index]];
  for (let row = 0, i = 0; row < rows; row += up) {
    for (let column = 0; column < columns; column += across, i++) {
      const own = (row + y) * columns + column + x;
      cells.isKnown[own] = 1;
      for (const field of FIELDS) cells[field][own] = values[field][i];
      if (is_continuous) spread(cells, own, column, row);
    }
  }
}

/** Gives the values of a cell to those of its block that are not known. @param {Cells} cells @param {number} own @param {number} column @param {number} row the block's first ones */
function spread(cells, own, column, row) {
  const { columns, strides } = cells.layout;
  for (let i = row; i < row + strides[1]; i++) {
    for (let at = i * columns + column; at < i * columns + column + strides[0]; at++) {
      if (cells.isKnown[at]) continue;
      for (const field of FIELDS) cells[field][at] = cells[field][own];
    }
  }
}

/** @param {ArrayLike<number>} one @param {ArrayLike<number>} other */
function isSame(one, other) {
  if (one.length !== other.length) return false;
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return false;
  return true;
}

/**
 * Makes a function that takes the slice that a model holds. It returns the cells, whether the slice is their first, and which
 * slice to ask for next, null if none is left. If the slice belongs to another map than the one shown, it returns null. A slice
 * with other settings starts the map again.
 */
export function makeCollector() {
  /** @type {Cells | undefined} */
  let cells;
  /** @type {Float32Array} */
  let settings = new Float32Array(0);
  /** @type {Set<number>} */
  const taken = new Set();
  /** @param {ViewModel} model @returns {{ cells: Cells, isFirst: boolean, next: number | null } | null} */
  return (model) => {
    /** @type {Layout} */
    const layout = model.get("layouts")[model.get("kind")];
    const index = model.get("done");
    const [losses, valleys, arrivals, now] = [...FIELDS, "settings"].map((name) => numbersOf(model.get(name)));
    const isWhole = losses.length * layout.offsets.length === layout.columns * layout.rows;
    if (!isWhole || model.get("done_kind") !== model.get("kind") || !(index in layout.offsets)) return null;
    if (!cells || cells.layout !== layout || !isSame(settings, now)) {
      [cells, settings] = [emptyCells(layout), now];
      taken.clear();
    }
    if (!taken.has(index)) put(cells, index, { losses, valleys, arrivals });
    taken.add(index);
    return {
      cells,
      isFirst: taken.size === 1,
      next: taken.size < layout.offsets.length ? (index + 1) % layout.offsets.length : null,
    };
  };
}
