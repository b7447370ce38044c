// The transparent layer over the ipympl figure. A press sets the start, a drag moves it; touch drags only by the handle, so
// that a finger elsewhere scrolls the page. It also tells the kernel when a frame has been shown, and that none is seen.

/** The axes' box in the layer, in CSS pixels. */
function box(model, el) {
  const [left, top, right, bottom] = model.get("margins");
  return { left, top, width: el.clientWidth - left - right, height: el.clientHeight - top - bottom };
}

/** From a pointer event to a point of the axes, kept inside them. */
function pointAt(model, el, event) {
  const area = box(model, el);
  const frame = el.getBoundingClientRect();
  const [xLow, xHigh, yLow, yHigh] = model.get("domain");
  const share = (value, size) => Math.min(Math.max(value / size, 0), 1);
  const x = xLow + (xHigh - xLow) * share(event.clientX - frame.left - area.left, area.width);
  const y = yHigh - (yHigh - yLow) * share(event.clientY - frame.top - area.top, area.height);
  return [x, y];
}

/** Puts the handle at a point of the axes. */
function place(model, el, handle, [x, y]) {
  const area = box(model, el);
  const [xLow, xHigh, yLow, yHigh] = model.get("domain");
  handle.style.left = `${area.left + (area.width * (x - xLow)) / (xHigh - xLow)}px`;
  handle.style.top = `${area.top + (area.height * (yHigh - y)) / (yHigh - yLow)}px`;
  handle.hidden = !model.get("draggable");
  handle.setAttribute("aria-label", `Start at w ${x.toFixed(2)}, b ${y.toFixed(2)}: drag it, or use the arrow keys`);
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/** Makes the layer and its handle take pointers and arrow keys; `pick` is called with each new start. */
function takePointers(model, el, handle, pick) {
  let dragging = false;
  let pointer = ""; // not every browser says with a click what made it
  const inside = (event) => {
    const area = box(model, el);
    const frame = el.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left - area.left, event.clientY - frame.top - area.top];
    return x >= 0 && y >= 0 && x <= area.width && y <= area.height;
  };
  const down = (event) => {
    const onHandle = event.target === handle;
    pointer = event.pointerType;
    if (event.button !== 0 || !model.get("draggable") || !(onHandle || inside(event))) return;
    if (event.pointerType === "touch" && !onHandle) return; // this may be a scroll; a tap comes as a click
    dragging = true;
    el.setPointerCapture(event.pointerId);
    if (!onHandle) pick(pointAt(model, el, event));
    handle.focus({ preventScroll: true });
    event.preventDefault();
  };
  const move = (event) => dragging && pick(pointAt(model, el, event));
  const end = () => (dragging = false);
  const click = (event) => {
    if (pointer === "touch" && model.get("draggable") && inside(event)) pick(pointAt(model, el, event));
  };
  const key = (event) => {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    const [xLow, xHigh, yLow, yHigh] = model.get("domain");
    const [x, y] = handle.start;
    const clamp = (value, low, high) => Math.min(Math.max(value, low), high);
    pick([
      clamp(x + (way[0] * (xHigh - xLow)) / 100, xLow, xHigh),
      clamp(y + (way[1] * (yHigh - yLow)) / 100, yLow, yHigh),
    ]);
  };
  for (const [type, act] of Object.entries({ pointerdown: down, pointermove: move, pointerup: end, pointercancel: end, click })) {
    el.addEventListener(type, act);
  }
  handle.addEventListener("keydown", key);
  return () => dragging;
}

/** Calls `act` after each frame that any of the canvases has shown. Returns what undoes it. */
function onFrames(canvases, act) {
  const loaded = () => requestAnimationFrame(act);
  for (const canvas of canvases) canvas.image.addEventListener("load", loaded);
  return () => {
    for (const canvas of canvases) canvas.image.removeEventListener("load", loaded);
  };
}

/** Tells the kernel whether the layer can be seen. Returns what undoes it. */
function watchVisibility(model, el) {
  let onScreen = true;
  const tell = () => {
    const visible = onScreen && !document.hidden;
    if (visible === model.get("visible")) return;
    model.set("visible", visible);
    model.save_changes();
  };
  const observer = new IntersectionObserver((entries) => {
    onScreen = entries[entries.length - 1].isIntersecting;
    tell();
  });
  observer.observe(el);
  document.addEventListener("visibilitychange", tell);
  return () => {
    observer.disconnect();
    document.removeEventListener("visibilitychange", tell);
  };
}

async function resolve(model, reference) {
  return model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
}

async function render({ model, el }) {
  el.classList.add("techni-overlay");
  const handle = document.createElement("button");
  handle.type = "button";
  handle.className = "techni-handle";
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "The loss over the parameters, and the path of the descent");
  el.append(handle);
  let canvases = [];
  let unwatchFrames = () => {};
  const [x, y] = await Promise.all([resolve(model, model.get("x")), resolve(model, model.get("y"))]);

  const show = (start) => {
    handle.start = start;
    place(model, el, handle, start);
  };
  const isDragging = takePointers(model, el, handle, (start) => {
    show(start);
    model.set("picked", [...start, model.get("picked")[2] + 1]);
    model.save_changes();
  });
  // While a drag is on, the sliders follow it with a delay and must not pull the handle back.
  const follow = () => !isDragging() && show([x.get("value"), y.get("value")]);
  const fit = () => {
    const [width, height] = [el.clientWidth, el.clientHeight];
    const canvas = canvases[model.get("index")]; // none yet, when a figure has just been added
    const [oldWidth, oldHeight] = canvas?.get("_size") ?? [width, height];
    if (width && height && (Math.abs(width - oldWidth) > 1 || Math.abs(height - oldHeight) > 1)) canvas.resize(width, height);
    follow();
  };
  const ready = () => {
    model.set("shown", model.get("shown") + 1);
    model.save_changes();
  };
  const adopt = async () => {
    const found = await Promise.all(model.get("canvases").map((reference) => resolve(model, reference)));
    unwatchFrames();
    unwatchFrames = onFrames(found, ready);
    canvases = found;
    fit();
    ready();
  };
  const unwatchVisibility = watchVisibility(model, el);
  const sizes = new ResizeObserver(fit);
  sizes.observe(el);
  x.on("change:value", follow);
  y.on("change:value", follow);
  model.on("change:domain change:draggable", follow);
  model.on("change:index", fit);
  model.on("change:canvases", adopt);
  await adopt();
  return () => {
    unwatchFrames();
    unwatchVisibility();
    sizes.disconnect();
    x.off("change:value", follow);
    y.off("change:value", follow);
    model.off("change:domain change:draggable", follow);
    model.off("change:index", fit);
    model.off("change:canvases", adopt);
  };
}

export default { render };
