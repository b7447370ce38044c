// Pointers, touch and arrow keys on the layer over the field. A press sets the start, a drag moves it; touch drags only by the
// handle, so that a finger elsewhere scrolls the page.

/** The axes' box in a layer of this size, in CSS pixels. @param {{clientWidth: number, clientHeight: number}} size */
export function boxOf(model, { clientWidth, clientHeight }) {
  const [left, top, right, bottom] = model.get("margins");
  return { left, top, width: clientWidth - left - right, height: clientHeight - top - bottom };
}

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

/** From a pointer event to a place in the axes' box, in CSS pixels from its upper left corner. */
function placeIn(box, el, event) {
  const frame = el.getBoundingClientRect();
  return [event.clientX - frame.left - box.left, event.clientY - frame.top - box.top];
}

/** From a pointer event to a point of the axes, kept inside them. */
function pointAt(model, el, event) {
  const box = boxOf(model, el);
  const [x, y] = placeIn(box, el, event);
  const [xLow, xHigh, yLow, yHigh] = model.get("domain");
  return [xLow + (xHigh - xLow) * clamp(x / box.width, 0, 1), yHigh - (yHigh - yLow) * clamp(y / box.height, 0, 1)];
}

function isInside(model, el, event) {
  const box = boxOf(model, el);
  const [x, y] = placeIn(box, el, event);
  return x >= 0 && y >= 0 && x <= box.width && y <= box.height;
}

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1] };

/** Makes arrow keys move the start by hundredths of the axes. */
function takeKeys(model, handle, pick) {
  handle.addEventListener("keydown", (event) => {
    const way = ARROWS[event.key];
    if (!way) return;
    event.preventDefault();
    const [xLow, xHigh, yLow, yHigh] = model.get("domain");
    const [x, y] = handle.start;
    pick([clamp(x + (way[0] * (xHigh - xLow)) / 100, xLow, xHigh), clamp(y + (way[1] * (yHigh - yLow)) / 100, yLow, yHigh)]);
  });
}

/** Makes the layer and its handle take pointers and arrow keys; `pick` is called with each new start. */
export function takePointers(model, el, handle, pick) {
  let held = null; // the id of the pointer that drags: a second finger is none of it
  let pointer = ""; // not every browser says with a click what made it
  const down = (event) => {
    if ((held ?? event.pointerId) !== event.pointerId) return;
    const onHandle = event.target === handle;
    pointer = event.pointerType;
    if (event.button !== 0 || !model.get("draggable") || !(onHandle || isInside(model, el, event))) return;
    if (event.pointerType === "touch" && !onHandle) return; // this may be a scroll; a tap comes as a click
    held = event.pointerId;
    el.setPointerCapture(event.pointerId);
    if (!onHandle) pick(pointAt(model, el, event));
    handle.focus({ preventScroll: true });
    event.preventDefault();
  };
  const move = (event) => event.pointerId === held && pick(pointAt(model, el, event));
  const end = (event) => {
    if (event.pointerId === held) held = null;
  };
  const click = (event) => {
    if (held === null && pointer === "touch" && model.get("draggable") && isInside(model, el, event))
      pick(pointAt(model, el, event));
  };
  for (const [type, act] of Object.entries({
    pointerdown: down,
    pointermove: move,
    pointerup: end,
    pointercancel: end,
    click,
  })) {
    el.addEventListener(type, act);
  }
  takeKeys(model, handle, pick);
  return () => held !== null;
}
