// The ipympl figures under the layer: their size, their pixels, and word of each frame that they have shown.

import { listen, resolve } from "./follow.js";

/** Gives a canvas the pixels of the picture that it has got: a kernel bounds them, so that they need not be the screen's. */
function fitRatio(canvas) {
  const { image, ratio } = canvas;
  const [width] = canvas.get("_size");
  if (Math.abs(image.width - width * ratio) <= 1) return;
  canvas.ratio = image.width / width;
  canvas.resize_canvas();
  canvas.offscreen_context.drawImage(image, 0, 0);
}

/**
 * Gives a canvas's views its size and its pixels: one that is made while ipympl waits for a new size has the old one, and
 * keeps it.
 */
async function fitViews(canvas) {
  for (const pending of Object.values(canvas.views ?? {})) {
    const view = await pending;
    const [width, height] = canvas.get("_size");
    const { style } = view.canvas;
    const isSharp = view.canvas.width === canvas.offscreen_canvas.width;
    const fits = isSharp && style.width === `${width}px` && style.height === `${height}px`;
    if (!fits && !canvas.resize_requested) view.resize_and_update_canvas([width, height]);
  }
}

/**
 * Lets go of a canvas's views that are on the page no more. ipympl's views do not say that they are removed, so that their model
 * would keep them, and draw each frame in all of them.
 */
async function forgetViews(canvas) {
  for (const pending of Object.values(canvas.views ?? {})) {
    const view = await pending;
    if (!view.luminoWidget.isDisposed) continue;
    view.toolbar_view.remove();
    view.stopListening();
    view.trigger("remove"); // which its model listens to
    view.canvas.width = view.top_canvas.width = 0; // the pixels are let go of even if something still holds the view
  }
}

/** Calls `act` after each frame that any of the canvases has shown. Returns what undoes it. */
function onFrames(canvases, act) {
  const undo = canvases.map((canvas) => {
    const loaded = () => {
      fitRatio(canvas);
      void fitViews(canvas);
      requestAnimationFrame(act);
    };
    canvas.image.addEventListener("load", loaded);
    canvas.on("drawn", act); // a published page, which has no kernel, has drawn the figure by itself
    return () => {
      canvas.image.removeEventListener("load", loaded);
      canvas.off("drawn", act);
    };
  });
  return () => undo.forEach((stop) => stop());
}

/** Whether two sizes are one but for rounding. */
function isNear([width, height], [otherWidth, otherHeight]) {
  return Math.abs(width - otherWidth) <= 1 && Math.abs(height - otherHeight) <= 1;
}

/**
 * What asks an ipympl canvas for a size, in the screen's pixels. It compares with what was last asked for, not with what the
 * canvas has: an answer may be under way, and a kernel may give less than it is asked for.
 */
function makeFitter() {
  const asked = new WeakMap();
  return async (canvas, size) => {
    if (!canvas || !size.every(Boolean)) return;
    const last = asked.get(canvas) ?? { size: canvas.get("_size"), ratio: canvas.ratio };
    const next = { size, ratio: devicePixelRatio };
    if (isNear(last.size, next.size) && last.ratio === next.ratio) return;
    asked.set(canvas, next);
    try {
      if (last.ratio !== next.ratio) canvas.send_message("set_device_pixel_ratio", { device_pixel_ratio: next.ratio });
      await canvas.resize(...size); // on a published page, until its picture is there
    } catch {
      // A kernel that is gone draws nothing: the figure is stretched to its place instead. A picture that did not come may
      // come when it is asked for again.
      if (asked.get(canvas) === next) asked.delete(canvas);
    }
  };
}

/** Calls `act` whenever there is a network again. Returns what undoes it. */
function onNetwork(act) {
  addEventListener("online", act);
  return () => removeEventListener("online", act);
}

/**
 * Follows the ipympl canvases: tells the kernel when one has shown a frame, and calls `act`. `fit` gives the shown one the
 * layer's size; `misfit` is that canvas and its size while this is another than a given one, else null.
 */
export function followCanvases(model, el, act) {
  let canvases = [];
  let unwatch = () => {};
  const ask = makeFitter();
  const misfit = ({ clientWidth, clientHeight }) => {
    const canvas = canvases[model.get("index")]; // none yet, when a figure has just been added
    const place = [clientWidth, clientHeight];
    const [width, height] = canvas?.get("_size") ?? place;
    return isNear([width, height], place) ? null : { canvas, width, height };
  };
  const fit = () => ask(canvases[model.get("index")], [el.clientWidth, el.clientHeight]);
  const ready = () => {
    model.set("shown", model.get("shown") + 1);
    model.save_changes();
    act();
  };
  const adopt = async () => {
    const found = await Promise.all(model.get("canvases").map((reference) => resolve(model, reference)));
    unwatch();
    unwatch = onFrames(found, ready);
    canvases = found;
    fit();
    ready();
  };
  const choose = () => {
    fit();
    requestAnimationFrame(() => canvases.forEach(forgetViews)); // by then the view of the figure before is removed
  };
  const { restored } = model.widget_manager; // there is none on a page without a kernel
  const undo = [
    listen(model, ["index"], choose),
    listen(model, ["canvases"], adopt),
    listen(model, ["drawing"], ready), // a figure that waited may be drawn now
    onNetwork(fit),
    () => unwatch(),
    () => restored?.disconnect(ready),
  ];
  restored?.connect(ready); // after a lost connection: the kernel may wait for word of a frame that never came
  adopt();
  return { fit, misfit, close: () => undo.forEach((act) => act()) };
}
