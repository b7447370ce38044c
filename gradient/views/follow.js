// What the layer over the field follows: its traits, its size, the screen's pixels, whether it is seen, and the figures.

/** Calls `act` once for all that changes in one task, before the browser paints. */
export function oncePerTask(act) {
  let queued = false;
  return () => {
    if (!queued) queueMicrotask(() => { queued = false; act(); });
    queued = true;
  };
}

/** Calls `act` when one of a model's traits has changed. Returns what undoes it. */
export function listen(model, traits, act) {
  const events = traits.map((trait) => `change:${trait}`).join(" ");
  model.on(events, act);
  return () => model.off(events, act);
}

/** Calls `act` when an element has a size, and whenever it has another. Returns what undoes it. */
export function onSize(el, act) {
  const observer = new ResizeObserver(act);
  observer.observe(el);
  return () => observer.disconnect();
}

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

// The views of the layer that are on the screen. One model's views share this module, and one of them that is seen is enough.
const onScreen = new Set();

/** Tells the kernel whether any view of the layer can be seen. Returns what undoes it. */
export function watchVisibility(model, el) {
  onScreen.add(el);
  const isSeen = () => onScreen.size > 0 && !document.hidden;
  const tell = () => {
    if (isSeen() === model.get("visible")) return;
    model.set("visible", isSeen());
    model.save_changes();
  };
  // Another page of the same kernel may have said that it shows nothing, or this one, before its connection broke. What is set
  // while a model takes what the kernel sends is not sent itself.
  const unlisten = listen(model, ["visible"], () => isSeen() && setTimeout(tell));
  const observer = new IntersectionObserver((entries) => {
    if (entries[entries.length - 1].isIntersecting) onScreen.add(el);
    else onScreen.delete(el);
    tell();
  });
  observer.observe(el);
  document.addEventListener("visibilitychange", tell);
  return () => {
    onScreen.delete(el);
    unlisten();
    observer.disconnect();
    document.removeEventListener("visibilitychange", tell);
  };
}

export async function resolve(model, reference) {
  return model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
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

/** Calls `act` whenever the screen's pixels have become smaller or larger. Returns what undoes it. */
export function onRatio(act) {
  let query;
  const changed = () => {
    query?.removeEventListener("change", changed);
    query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener("change", changed);
    act();
  };
  changed();
  return () => query.removeEventListener("change", changed);
}
