// Runs in a page before its own scripts, and times what the slider does to a curve. All times are milliseconds since the start
// of the navigation.
//
// A resize observer's first call comes in the current animation frame, after that frame's callbacks, and a message posted then
// arrives when the frame is painted. Asking for an animation frame instead would come one frame late, as d3 draws in one.

/**
 * @typedef {Object} Probe
 * @property {number[]} changes when each new curve was painted
 * @property {number | null} painted when the curve was last painted, new or not
 * @property {number | null} pressed when the last key was pressed
 */

/** The size of a picture, as a text. @param {SVGElement} picture */
function sizeOf(picture) {
  const { width, height } = picture.getBoundingClientRect();
  return `${width} ${height}`;
}

/**
 * Watches the path of a selector. A curve that comes with a new size was laid out again, not computed again, and is not new.
 * @param {string} selector @returns {Probe}
 */
function watchCurve(selector) {
  /** @type {Probe} */
  const probe = { changes: [], painted: null, pressed: null };
  const find = () => /** @type {SVGPathElement | null} */ (document.querySelector(selector));
  const afterPaint = new MessageChannel();
  /** @type {string | null} */
  let curve = null;
  /** @type {string | null} */
  let size = null;

  afterPaint.port1.onmessage = ({ data: isNew }) => {
    probe.painted = performance.now();
    if (isNew) probe.changes.push(probe.painted);
  };
  const frameEnd = new ResizeObserver(() => {
    frameEnd.disconnect();
    const path = find();
    if (!path?.ownerSVGElement) return;
    const before = size;
    curve = path.getAttribute("d");
    size = sizeOf(path.ownerSVGElement);
    afterPaint.port2.postMessage(size === before);
  });
  new MutationObserver(() => {
    const drawn = find()?.getAttribute("d");
    if (drawn && drawn !== curve) frameEnd.observe(document.documentElement);
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["d"] });
  addEventListener("keydown", (event) => (probe.pressed = event.timeStamp), { capture: true });
  return probe;
}

/**
 * Moves a slider at every animation frame for a second, and turns round where a key no longer moves it.
 * @param {Probe} probe @param {HTMLElement} handle of the slider @returns {Promise<number>} how many new curves were painted
 */
function curvesInASecond(probe, handle) {
  const [begin, before] = [performance.now(), probe.changes.length];
  let key = "ArrowRight";
  return new Promise((resolve) => {
    const step = () => {
      if (performance.now() - begin > 1000) return resolve(probe.changes.length - before);
      const position = handle.parentElement?.outerHTML;
      handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
      if (handle.parentElement?.outerHTML === position) key = key === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
      return requestAnimationFrame(step);
    };
    step();
  });
}

Object.assign(window, { latencyProbe: { watchCurve, curvesInASecond } });
