// What the views observe: traits, an element's size, the screen's pixels, and whether anything is seen.

/** @typedef {import("../adapters/anywidget.js").ModelProxy} ViewModel */

/** @typedef {{ model: ViewModel, el: HTMLElement }} RenderContext */

/** @typedef {Pick<ViewModel, "get" | "on" | "off">} Observable */

/** Delays `act` to the end of the task, before the browser paints, and calls it once for all that changes until then. @param {() => void} act */
export function oncePerTask(act) {
  let isQueued = false;
  return () => {
    if (!isQueued)
      queueMicrotask(() => {
        isQueued = false;
        act();
      });
    isQueued = true;
  };
}

/** Calls every function. @param {Iterable<() => void>} functions */
export function callAll(functions) {
  for (const call of functions) call();
}

/** Calls `act` when one of a model's traits has changed. Returns what undoes it. @param {Observable} model @param {string[]} traits @param {() => void} act */
export function listen(model, traits, act) {
  const events = traits.map((trait) => `change:${trait}`).join(" ");
  model.on(events, act);
  return () => model.off(events, act);
}

/** Calls `act` when an element has a size, and whenever it has another. Returns what undoes it. @param {Element} el @param {() => void} act */
export function onSize(el, act) {
  const observer = new ResizeObserver(act);
  observer.observe(el);
  return () => observer.disconnect();
}

/**
 * Calls `act` whenever the screen's pixels have become smaller or larger. A printer has others, but what it prints are the
 * canvases as they are: one that is drawn anew meanwhile would erase what lies under it. Returns what undoes it.
 * @param {() => void} act
 */
export function onRatio(act) {
  /** @type {MediaQueryList | undefined} */
  let query;
  let ratio = 0;
  const changed = () => {
    query?.removeEventListener("change", changed);
    query = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    query.addEventListener("change", changed);
    if (ratio !== devicePixelRatio) act();
    ratio = devicePixelRatio;
  };
  changed();
  return () => query?.removeEventListener("change", changed);
}

/** Calls `act` whenever there is a network again. Returns what undoes it. @param {() => void} act */
export function onNetwork(act) {
  addEventListener("online", act);
  return () => removeEventListener("online", act);
}

// The overlay's views that are on the screen. All views of one model share this module, and one that is seen is enough.
/** @type {Set<Element>} */
const onScreen = new Set();

/** Tells the kernel whether any view of the overlay can be seen. Returns what undoes it. @param {ViewModel} model @param {Element} el */
export function watchVisibility(model, el) {
  onScreen.add(el);
  const isSeen = () => onScreen.size > 0 && !document.hidden;
  const report = () => {
    if (isSeen() === model.get("visible")) return;
    model.set("visible", isSeen());
    model.save_changes();
  };
  // Another page of the same kernel may have said that it shows nothing, or this one, before its connection broke. A value that
  // is set while the model takes the kernel's would not be sent.
  const unlisten = listen(model, ["visible"], () => isSeen() && setTimeout(report));
  const observer = new IntersectionObserver((entries) => {
    if (entries.at(-1)?.isIntersecting) onScreen.add(el);
    else onScreen.delete(el);
    report();
  });
  observer.observe(el);
  document.addEventListener("visibilitychange", report);
  return () => {
    onScreen.delete(el);
    unlisten();
    observer.disconnect();
    document.removeEventListener("visibilitychange", report);
  };
}
