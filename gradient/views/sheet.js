// The sheet that the layer over the field draws on: a canvas with as many pixels as the screen has, in CSS pixels, with axes.

/**
 * @typedef {Object} Sheet
 * @property {CanvasRenderingContext2D} context
 * @property {{left: number, top: number, width: number, height: number}} box the axes' box, in CSS pixels
 * @property {(x: number) => number} toX from the axes to CSS pixels
 * @property {(y: number) => number} toY
 * @property {number} ratio device pixels in a CSS pixel
 * @property {string} font the family of the page's font
 * @property {Object} look colours, widths and words, as Python has them
 */

/** The numbers of a trait that holds an array. @returns {Float32Array} */
export function numbersOf(array) {
  const { value } = array;
  if (value instanceof Float32Array) return value;
  const view = ArrayBuffer.isView(value) ? value : new Uint8Array(value);
  // What comes over a socket may start anywhere in its buffer; a Float32Array may not.
  return new Float32Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
}

/** Gives a canvas one pixel for each of the screen's, over all of its layer. */
export function fitCanvas(canvas, { clientWidth, clientHeight }, ratio) {
  const [width, height] = [Math.round(clientWidth * ratio), Math.round(clientHeight * ratio)];
  if (canvas.width !== width || canvas.height !== height) {
    [canvas.width, canvas.height] = [width, height];
    [canvas.style.width, canvas.style.height] = [`${width / ratio}px`, `${height / ratio}px`];
  }
}

/** A clean sheet. @returns {Sheet} */
export function makeSheet(canvas, box, [xLow, xHigh, yLow, yHigh], ratio, font, look) {
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const toX = (x) => box.left + (box.width * (x - xLow)) / (xHigh - xLow);
  const toY = (y) => box.top + (box.height * (yHigh - y)) / (yHigh - yLow);
  return { context, box, toX, toY, ratio, font, look };
}

/** Draws with the axes' box as the only place where anything shows. @param {Sheet} sheet */
export function inBox({ context, box }, draw) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  draw();
  context.restore();
}

/**
 * Draws a figure that has another size than the layer, with its axes where the layer has them: its margins keep their width,
 * what is between them is stretched. So the path lies right on it until it has been drawn anew, or if there is nobody to do so.
 * @param {Sheet} sheet
 * @param {{canvas: Object, width: number, height: number}} figure the model of ipympl's canvas, and its size in CSS pixels
 */
export function drawGround({ context, box, look }, { clientWidth, clientHeight }, figure) {
  const picture = figure.canvas.offscreen_canvas;
  if (!picture.width || !picture.height) return; // it has not come yet
  const [right, bottom] = [clientWidth - box.left - box.width, clientHeight - box.top - box.height];
  const [fromX, fromY] = [
    [0, box.left, figure.width - right, figure.width],
    [0, box.top, figure.height - bottom, figure.height],
  ];
  const [toX, toY] = [
    [0, box.left, clientWidth - right, clientWidth],
    [0, box.top, clientHeight - bottom, clientHeight],
  ];
  const scale = picture.width / figure.width;
  context.fillStyle = look.colours.paper;
  context.fillRect(0, 0, clientWidth, clientHeight);
  for (const i of [0, 1, 2]) {
    for (const j of [0, 1, 2]) {
      const source = [fromX[i], fromY[j], fromX[i + 1] - fromX[i], fromY[j + 1] - fromY[j]].map((length) => length * scale);
      context.drawImage(picture, ...source, toX[i], toY[j], toX[i + 1] - toX[i], toY[j + 1] - toY[j]);
    }
  }
}

/** Sets the font for the next text; `size` in points. @param {Sheet} sheet */
export function setFont({ context, look, font }, size) {
  context.font = `${size * look.pixelsPerPoint}px ${font}`;
}

/** @param {Sheet} sheet */
export function write({ context }, text, x, y, colour, align = "left", baseline = "top") {
  [context.fillStyle, context.textAlign, context.textBaseline] = [colour, align, baseline];
  context.fillText(text, x, y);
}

/** Text that reads upwards, its upper side at `x`. @param {Sheet} sheet */
export function writeUpwards(sheet, text, x, y, colour, baseline) {
  sheet.context.save();
  sheet.context.translate(x, y);
  sheet.context.rotate(-Math.PI / 2);
  write(sheet, text, 0, 0, colour, "center", baseline);
  sheet.context.restore();
}

/** A number as Python's format "g" writes it, but without an exponent up to 10,000. */
export function general(value, digits) {
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < Math.max(digits, 4)) return String(Number(`${mantissa}e${exponent}`));
  const sign = exponent < 0 ? "-" : "+";
  return `${Number(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}
