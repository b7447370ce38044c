// Runs in a page before its own scripts, and records for each key press when all outputs were set, and what the next frame shows.

/**
 * @typedef {object} Press
 * @property {number} event when the key was pressed, in milliseconds
 * @property {number} [set] when all outputs were set
 * @property {boolean} [isInFrame] whether all pictures differ from those before
 *
 * @typedef {[selector: string, what: string]} Picture what to compare of the last element of a selector: an attribute, or "text",
 * or the "pixels" of a canvas
 *
 * @typedef {object} FrameProbe
 * @property {Press[]} presses
 * @property {(pictures: Picture[]) => void} rememberPictures compares these pictures at the next press
 * @property {() => void} outputsSet is to be called when all outputs of a press are set
 */

/** @param {Picture} picture */
function read([selector, what]) {
  const element = [...document.querySelectorAll(selector)].at(-1);
  if (what === "pixels") return /** @type {HTMLCanvasElement | undefined} */ (element)?.toDataURL();
  return what === "text" ? element?.textContent : element?.getAttribute(what);
}

/** Remembers pictures as they are. Returns what says whether each has changed since. @param {Picture[]} pictures */
function compare(pictures) {
  const before = pictures.map(read);
  return () => pictures.map(read).every((value, i) => value !== before[i]);
}

/** Acts once, at the end of the present frame. @param {() => void} act */
function atFrameEnd(act) {
  const frameEnd = new ResizeObserver(() => {
    frameEnd.disconnect();
    act();
  });
  frameEnd.observe(document.documentElement);
}

/**
 * Records presses at the end of the frame after all outputs were set: when a resize observer is first called, which is after
 * everything that the frame's callbacks draw.
 * @returns {FrameProbe}
 */
function watchFrames() {
  /** @type {Press[]} */
  const presses = [];
  /** @type {Press | null} */
  let current = null;
  /** @type {(() => boolean) | null} */
  let areOther = null;
  addEventListener("keydown", (event) => (current = { event: event.timeStamp }), { capture: true });

  /** @param {Press} press */
  function record(press) {
    atFrameEnd(() => {
      if (areOther) press.isInFrame = areOther();
      areOther = null;
      presses.push(press);
    });
  }
  return {
    presses,
    rememberPictures: (pictures) => {
      areOther = compare(pictures);
    },
    outputsSet: () => {
      const press = current;
      if (!press || press.set) return;
      press.set = performance.now();
      requestAnimationFrame(() => record(press));
    },
  };
}

Object.assign(window, { frameProbe: watchFrames() });
