// The private parts of bqplot that this package uses: class names of its elements, and how a view draws lines.

/** @typedef {{ x: number, y: number }} Point */
/** @typedef {(point: Point, index: number, points: Point[]) => boolean} IsShown */
/** @typedef {{ scale: (value: number) => number, offset: number }} ScaleView */
/** @typedef {{ el: Element, scales: { x: ScaleView, y: ScaleView }, line: { defined(): IsShown, defined(isShown: IsShown): void }, update_line_xy(animate: boolean): void }} LinesView */
/** @typedef {{ draw_elements(animate: boolean, added: { empty(): boolean }): void }} PointsView */
/** @typedef {{ parent: { update_legend(): void } }} MarkView the parent is that of its figure */

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

/** The views that draw less than bqplot does, and the lines that some draw with, of which each new curve makes one. @type {WeakSet<object>} */
const changed = new WeakSet();

/** Has a view of lines leave out what pads their arrays. @param {LinesView} view */
function leaveOutPadding(view) {
  const update = view.update_line_xy;
  view.update_line_xy = function (animate) {
    const isShown = this.line.defined();
    if (!changed.has(this.line)) this.line.defined((...at) => isShown(...at) && !isPadding(...at));
    changed.add(this.line);
    update.call(this, animate);
  };
}

/** Has a view of points leave those as they are that only move. @param {PointsView} view */
function leaveStyles(view) {
  const draw = view.draw_elements;
  view.draw_elements = function (animate, added) {
    if (!added.empty()) draw.call(this, animate, added);
  };
}

/**
 * Changes each view of a mark without a legend, the later ones at their second change: its figure draws no legend anew for each
 * frame, and `change` is called. Returns what ends it.
 * @template {object} View @param {import("./ipywidgets.js").Model} mark @param {(view: View) => void} change
 */
function changeViews(mark, change) {
  const changeOne = (/** @type {View & MarkView} */ view) => {
    mark.off("data_updated", view.parent.update_legend, view.parent);
    if (changed.has(view)) return;
    changed.add(view);
    change(view);
  };
  const changeAll = () => {
    for (const view of Object.values(mark.views ?? {})) void view.then(changeOne);
  };
  changeAll();
  mark.on("change:x change:y", changeAll);
  return () => mark.off("change:x change:y", changeAll);
}

/**
 * Has every view of a mark of lines leave out what pads their arrays: of a short descent that is most of what bqplot writes for each
 * frame, and reads again for its transitions. Returns what undoes it.
 * @param {import("./ipywidgets.js").Model} lines
 */
export const drawUnpadded = (lines) => changeViews(lines, leaveOutPadding);

/**
 * Has every view of points only move them when no point is added: bqplot sets their shapes, names and colours for each frame, a
 * fifth of what a dragged point costs. Returns what undoes it.
 * @param {import("./ipywidgets.js").Model} points
 */
export const drawOnlyMoves = (points) => changeViews(points, leaveStyles);

/** Where a mark of lines has a point, in pixels from the upper left corner of the plot's area; null if it is not in `root`. @param {import("./ipywidgets.js").Model} lines @param {Element} root @param {number} x @param {number} y */
export async function pixelOf(lines, root, x, y) {
  /** @type {LinesView[]} */
  const views = await Promise.all(Object.values(lines.views ?? {}));
  const scales = views.find(({ el }) => root.contains(el))?.scales;
  return scales ? [scales.x.scale(x) + scales.x.offset, scales.y.scale(y) + scales.y.offset] : null;
}

/** @typedef {{ generate_tick_formatter(): (value: any) => string, tickformat_changed(): void }} AxisView */

/** The views of axes whose numbers `writeTicksBy` writes. @type {WeakSet<Promise<AxisView>>} */
const rewritten = new WeakSet();

/**
 * Makes `write` change what every view of an axis says at its ticks: d3's formats have a decimal point only. A view has to be there
 * already. Returns what writes the numbers of all views anew.
 * @param {import("./ipywidgets.js").Model} axis @param {(text: string) => string} write
 */
export function writeTicksBy(axis, write) {
  const views = () => /** @type {Promise<AxisView>[]} */ (Object.values(axis.views ?? {}));
  const rewrite = async () => {
    for (const view of await Promise.all(views())) view.tickformat_changed();
  };
  for (const coming of views()) {
    if (rewritten.has(coming)) continue;
    rewritten.add(coming);
    void coming.then((view) => {
      const formatterOf = view.generate_tick_formatter;
      view.generate_tick_formatter = function () {
        const format = formatterOf.call(this);
        return (value) => write(String(format(value)));
      };
      view.tickformat_changed();
    });
  }
  return rewrite;
}

/** @typedef {{ el: Element, get_svg(): Promise<string> }} FigureView */

export const FIGURE_SCALE = 2; // pixels in one of the page's, so that it can be printed

/** The view of a figure that is on the page. bqplot saves by itself only with a download of its own for every view. @param {import("./ipywidgets.js").Model} figure @returns {Promise<FigureView>} */
async function viewOf(figure) {
  /** @type {FigureView[]} */
  const views = await Promise.all(Object.values(figure.views ?? {}));
  const found = views.find(({ el }) => el.isConnected);
  if (!found) throw new Error("The figure is not on the page.");
  return found;
}

/**
 * A figure as the text of an SVG, in light colours whatever the page has. bqplot writes what it finds in the style sheets into it,
 * but not the colours of marks, which without a style sheet are light. It does so before the browser paints.
 * @param {import("./ipywidgets.js").Model} figure
 */
export async function svgOfFigure(figure) {
  const view = await viewOf(figure);
  view.el.classList.add("techni-light");
  try {
    const text = await view.get_svg();
    return text.replace("svg-figure", `svg-figure ${view.el.className}`); // for rules that ask for the figure around it
  } finally {
    view.el.classList.remove("techni-light");
  }
}

/** A figure as pixels. @param {import("./ipywidgets.js").Model} figure */
export async function canvasOfFigure(figure) {
  const image = new Image();
  image.src = `data:image/svg+xml,${encodeURIComponent(await svgOfFigure(figure))}`;
  await image.decode();
  const [width, height] = [image.width, image.height].map((length) => length * FIGURE_SCALE);
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  canvas.getContext("2d")?.drawImage(image, 0, 0, width, height);
  return canvas;
}
