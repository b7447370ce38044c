// How much larger than its own pixels an element is shown: the field is on large screens and for a class, with its labels.

/** @param {HTMLElement} el @returns {number} */
export function scaleOf(el) {
  return el.getBoundingClientRect().width / el.offsetWidth || 1;
}

/** Device pixels in one of the element's own, to a 64th: sizes on the screen are rounded. @param {HTMLElement} el */
export function pixelRatioOf(el) {
  return Math.round(64 * devicePixelRatio * scaleOf(el)) / 64;
}
