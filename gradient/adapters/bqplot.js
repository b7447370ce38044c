// The elements of bqplot's figures that the project reaches by bqplot's own class names, which it does not promise.

/** The element behind the marks of a figure, as large as its axes. @param {Element} root what holds the figure @param {string} figure its selector */
export function plotArea(root, figure) {
  return root.querySelector(`${figure} .plotarea_background`); // the axes' box is not to be had from the model
}

/** The drawing of a figure, which bqplot leaves without a name. @param {Element} root @param {string} figure */
export function drawingOf(root, figure) {
  return root.querySelector(`${figure} svg.svg-figure`);
}
