// Draws prerendered figures at any size: see publish/prerender.py. All lengths are in CSS pixels.

/**
 * @typedef {[width: number, height: number]} Size
 * @typedef {[text: string, x: number, y: number, align: CanvasTextAlign, degrees: number, fontSize: number, colour: string]} Label
 *
 * @typedef {object} Prerendered an image of a figure
 * @property {string} file
 * @property {Size} size of the figure in the image
 *
 * @typedef {object} Layout of the figure in an image
 * @property {[left: number, top: number, right: number, bottom: number]} margins which stay as they are; the middle is stretched
 * @property {Label[]} labels outside the axes, which the image does not show
 */

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
/** @type {Map<string, Promise<ImageBitmap>>} */
const bitmaps = new Map();

/** The image that is stretched least at a size. @template {Prerendered} T @param {T[]} images @param {Size} size @returns {T} */
export function leastStretched(images, size) {
  const distance = (/** @type {T} */ image) =>
    Math.abs(Math.log(size[0] / image.size[0])) + Math.abs(Math.log(size[1] / image.size[1]));
  return images.reduce((best, image) => (distance(image) < distance(best) ? image : best));
}

/** The pixels of an image, downloaded once. @param {Prerendered} image @returns {Promise<ImageBitmap>} */
export function loadBitmap({ file }) {
  const known = bitmaps.get(file);
  if (known) return known;
  const bitmap = downloadBitmap(file);
  bitmap.catch(() => bitmaps.delete(file)); // the network may be back when it is needed next
  bitmaps.set(file, bitmap);
  return bitmap;
}

/** @param {string} file */
async function downloadBitmap(file) {
  const response = await fetch(file, { cache: "force-cache" }); // the name changes with the content
  if (!response.ok) throw new Error(`${file}: ${response.status} ${response.statusText}`);
  return createImageBitmap(await response.blob());
}

/**
 * Where a coordinate of an image is at another length: the margins keep theirs, the middle is stretched.
 * @param {number} value @param {number} from the image's length @param {number} to @param {number} low margin @param {number} high margin
 */
function stretch(value, from, to, low, high) {
  if (value <= low) return value;
  if (value >= from - high) return value + to - from;
  return low + ((value - low) * (to - low - high)) / (from - low - high);
}

/**
 * Draws a prerendered figure at a size.
 * @param {CanvasRenderingContext2D} context
 * @param {ImageBitmap} bitmap the image's pixels
 * @param {Prerendered & Layout} image
 * @param {Size} size
 * @param {number} ratio device pixels in a CSS pixel
 */
export function drawStretched(context, bitmap, image, size, ratio) {
  const [left, top, right, bottom] = image.margins;
  const across = (/** @type {number} */ x) => stretch(x, image.size[0], size[0], left, right);
  const down = (/** @type {number} */ y) => stretch(y, image.size[1], size[1], top, bottom);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, Math.round(size[0] * ratio), Math.round(size[1] * ratio));
  drawBitmap(context, bitmap, image, across, down, ratio);
  drawLabels(context, image.labels, across, down, ratio);
  context.setTransform(1, 0, 0, 1, 0, 0);
}

/** @typedef {(value: number) => number} Scale from a coordinate of an image to one of the canvas */

/**
 * Draws the nine parts of an image: its corners, its edges and its middle.
 * @param {CanvasRenderingContext2D} context @param {ImageBitmap} bitmap @param {Prerendered & Layout} image
 * @param {Scale} across @param {Scale} down @param {number} ratio
 */
function drawBitmap(context, bitmap, { size: [width, height], margins: [left, top, right, bottom] }, across, down, ratio) {
  const scale = bitmap.width / width;
  const pixel = (/** @type {number} */ length) => Math.round(length * ratio);
  const columns = [0, left, width - right, width];
  const rows = [0, top, height - bottom, height];
  context.imageSmoothingQuality = "high";
  for (let i = 0; i < 3; i++) {
    for (let j = 0; j < 3; j++) {
      const [x, y, x1, y1] = [columns[i], rows[j], columns[i + 1], rows[j + 1]];
      const [toX, toY, toX1, toY1] = [pixel(across(x)), pixel(down(y)), pixel(across(x1)), pixel(down(y1))];
      const source = /** @type {const} */ ([x * scale, y * scale, (x1 - x) * scale, (y1 - y) * scale]);
      context.drawImage(bitmap, ...source, toX, toY, toX1 - toX, toY1 - toY);
    }
  }
}

/**
 * Writes labels, whose places are stretched but not their letters.
 * @param {CanvasRenderingContext2D} context @param {Label[]} labels @param {Scale} across @param {Scale} down @param {number} ratio
 */
function drawLabels(context, labels, across, down, ratio) {
  for (const [text, x, y, align, degrees, fontSize, colour] of labels) {
    context.setTransform(ratio, 0, 0, ratio, ratio * across(x), ratio * down(y));
    context.rotate((degrees * Math.PI) / 180);
    Object.assign(context, { font: `${fontSize}px ${FONT}`, fillStyle: colour, textAlign: align, textBaseline: "middle" });
    context.fillText(text, 0, 0);
  }
}
