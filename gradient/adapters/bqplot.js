// What the project uses of bqplot that it does not promise: class names of its elements, and how a view draws lines.

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {(point: Point, index: number, points: Point[]) => boolean} IsShown */
/** @typedef {{ line: { defined(): IsShown, defined(isShown: IsShown): void }, update_line_xy(animate: boolean): void }} LinesView */

/** The element behind the marks of a figure, as large as its axes. @param {Element} root what holds the figure @param {string} figure its selector */
export function plotArea(root, figure) {
  return root.querySelector(`${figure} .plotarea_background`); // the axes' box is not to be had from the model
}

/** The drawing of a figure, which bqplot leaves without a name. @param {Element} root @param {string} figure */
export function drawingOf(root, figure) {
  return root.querySelector(`${figure} svg.svg-figure`);
}

/** Whether a point only repeats the last one, which stays. @type {IsShown} */
function isPadding(point, index, points) {
  const [before, last] = [points[index - 1], points[points.length - 1]];
  return index > 0 && point !== last && [before, last].every(({ x, y }) => point.x === x && point.y === y);
}

/** The views that leave padding out, and the lines that they draw with, of which each new curve makes one. @type {WeakSet<object>} */
const unpadded = new WeakSet();

/** Has a view of lines leave out what pads their arrays. @param {LinesView} view */
function leaveOutPadding(view) {
  if (unpadded.has(view)) return;
  unpadded.add(view);
  const update = view.update_line_xy;
  view.update_line_xy = function (animate) {
    const isShown = this.line.defined();
    if (!unpadded.has(this.line)) this.line.defined((...at) => isShown(...at) && !isPadding(...at));
    unpadded.add(this.line);
    update.call(this, animate);
  };
}

/**
 * Has every view of a mark of lines leave out what pads their arrays: of a short descent that is most of what bqplot writes for each
 * frame, and reads again for its transitions. A view that is made later begins at the second change. Returns what undoes it.
 * @param {import("./ipywidgets.js").Model} lines
 */
export function drawUnpadded(lines) {
  const patch = () => {
    for (const view of Object.values(lines.views ?? {})) void view.then(leaveOutPadding);
  };
  patch();
  lines.on("change:y", patch);
  return () => lines.off("change:y", patch);
}
