// The private parts of ipympl's canvas model and its views that this package uses. None of them is documented.

/**
 * @typedef {[width: number, height: number]} Size in CSS pixels
 *
 * @typedef {Object} CanvasView a view of ipympl's canvas
 * @property {HTMLCanvasElement} canvas shows the figure
 * @property {HTMLCanvasElement} top_canvas lies over it, for the zoom rectangle and the resize handle
 * @property {{ remove(): void }} toolbar_view
 * @property {{ isDisposed: boolean }} luminoWidget
 * @property {(size: Size) => void} resize_and_update_canvas
 * @property {() => void} stopListening
 * @property {(event: string) => void} trigger
 *
 * @typedef {Object} CanvasModel ipympl's model of a figure
 * @property {(name: string) => any} get
 * @property {(name: string, value: any) => void} set
 * @property {(event: string, act: () => void) => void} on
 * @property {(event: string, act: () => void) => void} off
 * @property {HTMLImageElement} image the last image that the kernel sent
 * @property {HTMLCanvasElement} offscreen_canvas the figure as it is now
 * @property {CanvasRenderingContext2D} offscreen_context
 * @property {number} ratio device pixels in a CSS pixel
 * @property {boolean} resize_requested whether an answer to `resize` is under way
 * @property {Record<string, Promise<CanvasView>>} [views]
 * @property {() => void} resize_canvas fits `offscreen_canvas` to the size and the ratio
 * @property {(width: number, height: number) => void} resize asks the kernel for a size
 * @property {(type: string, content: object) => void} send_message
 */

/** The size that the figure has. @param {CanvasModel} canvas @returns {Size} */
export function sizeOf(canvas) {
  return canvas.get("_size"); // a private trait, but the only place where the size stands
}

/** Calls `act` whenever the figure has got another size. Returns what undoes it. @param {CanvasModel} canvas @param {() => void} act */
export function onResized(canvas, act) {
  canvas.on("change:_size", act);
  return () => canvas.off("change:_size", act);
}

/** The figure's present pixels. @param {CanvasModel} canvas */
export function pixelsOfFigure(canvas) {
  return canvas.offscreen_canvas;
}

/** Calls `act` whenever an image from the kernel has been decoded. Returns what undoes it. @param {CanvasModel} canvas @param {() => void} act */
export function onImage(canvas, act) {
  canvas.image.addEventListener("load", act); // ipympl draws in its own listener, which was added before
  return () => canvas.image.removeEventListener("load", act);
}

/**
 * Gives a canvas as many pixels as the image that it got. ipympl assumes those of the screen, but the kernel may send fewer.
 * @param {CanvasModel} canvas
 */
export function matchPixels(canvas) {
  const { image, ratio } = canvas;
  const [width] = sizeOf(canvas);
  if (Math.abs(image.width - width * ratio) <= 1) return;
  canvas.ratio = image.width / width;
  canvas.resize_canvas();
  canvas.offscreen_context.drawImage(image, 0, 0);
}

/** Whether a model is ipympl's canvas. @param {object} model @returns {model is CanvasModel} */
export const isCanvas = (model) => "offscreen_canvas" in model;

/** Shows the image in the state of a canvas, which no kernel draws, with all its pixels. @param {CanvasModel} canvas */
export function showStored(canvas) {
  const fit = () => {
    matchPixels(canvas);
    return matchViews(canvas);
  };
  onImage(canvas, fit);
  if (canvas.image.naturalWidth) void fit(); // it is there already
}

/**
 * Gives a canvas's views its size and its pixels. A view that is made while ipympl waits for a new size would keep the old one.
 * @param {CanvasModel} canvas
 */
export async function matchViews(canvas) {
  for (const pending of Object.values(canvas.views ?? {})) {
    const view = await pending;
    const [width, height] = sizeOf(canvas);
    const { style } = view.canvas;
    const isSharp = view.canvas.width === canvas.offscreen_canvas.width;
    const fits = isSharp && style.width === `${width}px` && style.height === `${height}px`;
    if (!fits && !canvas.resize_requested) view.resize_and_update_canvas([width, height]);
  }
}

/**
 * Drops a canvas's views that have left the page. ipympl's views do not say that they are removed, so their model would keep
 * them and draw each image in all of them.
 * @param {CanvasModel} canvas
 */
export async function dropRemovedViews(canvas) {
  for (const pending of Object.values(canvas.views ?? {})) {
    const view = await pending;
    if (!view.luminoWidget.isDisposed) continue;
    view.toolbar_view.remove();
    view.stopListening();
    view.trigger("remove"); // which its model listens to
    view.canvas.width = view.top_canvas.width = 0; // frees the pixels even if something still holds the view
  }
}

/** Asks the kernel for a size, and for a pixel ratio if that is another one. @param {CanvasModel} canvas @param {Size} size @param {number} ratio @param {boolean} isOther */
export function requestSize(canvas, size, ratio, isOther) {
  if (isOther) canvas.send_message("set_device_pixel_ratio", { device_pixel_ratio: ratio });
  canvas.resize(...size);
}
