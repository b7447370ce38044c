// What the layer over the field follows: its traits, its size, the screen's pixels, and whether it is seen.

/** Calls `act` once for all that changes in one task, before the browser paints. */
export function oncePerTask(act) {
  let queued = false;
  return () => {
    if (!queued)
      queueMicrotask(() => {
        queued = false;
        act();
      });
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
