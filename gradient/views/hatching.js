// The pattern that stands for a descent that diverges, on strips and maps.

/** A pattern of slanting lines. @param {CanvasRenderingContext2D} context @param {string} colour @param {number} ratio */
export function hatching(context, colour, ratio) {
  const size = Math.round(6 * ratio);
  const tile = new OffscreenCanvas(size, size);
  const inner = /** @type {OffscreenCanvasRenderingContext2D} */ (tile.getContext("2d"));
  Object.assign(inner, { strokeStyle: colour, lineWidth: 1.2 * ratio });
  for (const shift of [-size, 0, size]) {
    inner.beginPath();
    inner.moveTo(shift, size);
    inner.lineTo(shift + size, 0);
    inner.stroke();
  }
  const pattern = /** @type {CanvasPattern} */ (context.createPattern(tile, "repeat"));
  pattern.setTransform(new DOMMatrix([1 / ratio, 0, 0, 1 / ratio, 0, 0]));
  return pattern;
}
