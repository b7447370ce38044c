// Fingers that are held. One that rests points at something, as a hovering mouse does: until it is lifted it neither scrolls nor taps.

const HOLD_MS = 350; // after which a finger is held
const HOLD_SLACK = 10; // pixels that a finger at rest may move

/**
 * @typedef {Object} Pointing
 * @property {(event: MouseEvent) => boolean} isPlace whether a finger there can point at something
 * @property {(event: PointerEvent) => void} point is called when a finger is held, and when it then moves
 * @property {() => void} end is called when it is lifted
 */

/** Makes what knows the finger that is down. @param {Pointing} pointing */
function makeHold({ point, end }) {
  /** @type {PointerEvent | undefined} */
  let first;
  let isHeld = false;
  let timer = 0;
  const isFirst = (/** @type {PointerEvent} */ { pointerId }) => first?.pointerId === pointerId;
  const leave = () => {
    clearTimeout(timer);
    if (isHeld) end();
    [first, isHeld] = [undefined, false];
  };
  const press = (/** @type {PointerEvent} */ event) => {
    first = event;
    timer = setTimeout(() => {
      isHeld = true;
      point(event);
    }, HOLD_MS);
  };
  const move = (/** @type {PointerEvent} */ event) => {
    if (!first || !isFirst(event)) return;
    if (isHeld) point(event);
    else if (Math.hypot(event.clientX - first.clientX, event.clientY - first.clientY) > HOLD_SLACK) leave();
  };
  /** Whether the finger was held: by the events' times, since a busy page gets them late. @param {PointerEvent} event */
  const lift = (event) => {
    if (!first || !isFirst(event)) return false;
    const wasHeld = isHeld && event.timeStamp - first.timeStamp >= HOLD_MS;
    leave();
    return wasHeld;
  };
  return { press, move, lift, leave, isHeld: () => isHeld };
}

/** What the events of a finger do: one that is held points, and the click that follows is swallowed. @param {Pointing} pointing */
function makeHandlers(pointing) {
  const hold = makeHold(pointing);
  let swallows = false; // the click that follows a hold
  const press = (/** @type {PointerEvent} */ event) => {
    hold.leave(); // a second finger zooms
    swallows = false;
    if (event.pointerType === "touch" && event.isPrimary && pointing.isPlace(event)) hold.press(event);
  };
  const lift = (/** @type {PointerEvent} */ event) => {
    swallows = hold.lift(event);
  };
  const click = (/** @type {MouseEvent} */ event) => {
    if (swallows && pointing.isPlace(event)) event.stopPropagation();
    swallows = false;
  };
  const keep = (/** @type {Event} */ event) => {
    if (hold.isHeld() && event.cancelable) event.preventDefault();
  };
  return { press, move: hold.move, lift, leave: hold.leave, click, keep };
}

/**
 * Follows fingers that are held over the app's element. Returns what undoes it.
 * @param {HTMLElement} root @param {Iterable<HTMLElement>} pictures where fingers can be held @param {Pointing} pointing
 */
export function followHolds(root, pictures, pointing) {
  const stop = new AbortController();
  const { signal } = stop;
  const { press, move, lift, leave, click, keep } = makeHandlers(pointing);
  root.addEventListener("pointerdown", press, { signal });
  root.addEventListener("pointermove", move, { signal });
  root.addEventListener("pointerup", lift, { signal });
  root.addEventListener("pointercancel", leave, { signal });
  root.addEventListener("click", click, { signal, capture: true });
  root.addEventListener("contextmenu", keep, { signal });
  // On these only: a browser asks the page before it scrolls wherever such a listener is.
  for (const picture of pictures) picture.addEventListener("touchmove", keep, { signal, passive: false });
  return () => {
    leave();
    stop.abort();
  };
}
