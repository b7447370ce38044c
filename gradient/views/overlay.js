// The transparent layer over the ipympl figure: the start's handle and, if asked, the path and the plane. It also tells the
// kernel when a frame of the figure has been shown, and that none is seen.

import { followCanvases } from "./figures.js";
import { listen, onRatio, onSize, oncePerTask, resolve, watchVisibility } from "./follow.js";
import { drawExit, drawLine, drawMark, pixelsOf } from "./path.js";
import { drawAxes, drawColourBar, drawFacts, makeBands } from "./plane.js";
import { boxOf, takePointers } from "./pointers.js";
import { drawGround, fitCanvas, inBox, makeSheet, numbersOf } from "./sheet.js";

/** The traits that are arrays, as Float32Array. */
const ARRAYS = ["path", "point", "exit_point", "exit_direction", "plane", "plane_range", "plane_corners"];
const NUMBERS = ["last", "exit_step", "plane_third", "plane_case"];
const DRAWN = [...ARRAYS, ...NUMBERS, "drawing", "margins", "look"];

/** What is to be drawn, or null if that is nothing. */
function frameOf(model) {
  if (!model.get("drawing")) return null;
  const frame = {};
  for (const name of ARRAYS) frame[name] = numbersOf(model.get(name));
  for (const name of NUMBERS) frame[name] = model.get(name);
  return frame.path.length ? frame : null;
}

/** Draws a frame on a clean sheet. */
function drawFrame(sheet, frame, drawBands) {
  const { look } = sheet;
  const hasPlane = frame.plane.length > 0;
  const pixels = pixelsOf(sheet, frame.path, frame.last + 1);
  inBox(sheet, () => {
    if (hasPlane) drawBands(sheet, frame.plane, frame.plane_range);
    drawLine(sheet, pixels);
    if (hasPlane && frame.plane_case === look.throughPath) {
      drawMark(sheet, "third", "diamond", pixels[2 * frame.plane_third], pixels[2 * frame.plane_third + 1]);
    }
    drawMark(sheet, "start", "disc", pixels[0], pixels[1]);
    drawMark(sheet, "point", "disc", sheet.toX(frame.point[0]), sheet.toY(frame.point[1]));
  });
  if (frame.exit_step !== look.never) drawExit(sheet, frame.exit_point, frame.exit_direction, frame.exit_step);
  if (!hasPlane) return;
  drawFacts(sheet, frame.plane_corners, frame.plane_third, frame.last, frame.plane_case);
  drawAxes(sheet, look.cases[frame.plane_case]);
  drawColourBar(sheet, frame.plane_range);
}

/** Puts the handle at a point of the axes, whose box is given. */
function place(model, box, handle, [x, y]) {
  const [xLow, xHigh, yLow, yHigh] = model.get("domain");
  handle.style.left = `${box.left + (box.width * (x - xLow)) / (xHigh - xLow)}px`;
  handle.style.top = `${box.top + (box.height * (yHigh - y)) / (yHigh - yLow)}px`;
  handle.hidden = !model.get("draggable");
  handle.setAttribute("aria-label", `Start at w ${x.toFixed(2)}, b ${y.toFixed(2)}: drag it, or use the arrow keys`);
}

/** The canvas that the layer draws on, and the handle over it. */
function makeParts(el) {
  el.classList.add("techni-overlay");
  el.setAttribute("role", "group");
  el.setAttribute("aria-label", "The loss over the parameters, and the path of the descent");
  const canvas = document.createElement("canvas");
  canvas.className = "techni-drawing";
  canvas.setAttribute("aria-hidden", "true");
  const handle = document.createElement("button");
  handle.type = "button";
  handle.className = "techni-handle";
  el.append(canvas, handle);
  return { canvas, handle };
}

/**
 * Draws the model's frame and places the handle: in a drag where the path starts, so that they do not part, else at its own
 * start. The size is asked for by `measure` only: asking makes the browser lay out the page.
 */
function makePainter(model, el, canvas, handle, { isDragging, misfit }) {
  const drawBands = makeBands();
  let size = { clientWidth: 0, clientHeight: 0 };
  let font = "";
  const measure = () => {
    size = { clientWidth: el.clientWidth, clientHeight: el.clientHeight };
    font = getComputedStyle(el).fontFamily;
  };
  const paint = () => {
    const [frame, box] = [frameOf(model), boxOf(model, size)];
    canvas.hidden = !frame;
    if (frame && box.width > 0 && box.height > 0) {
      fitCanvas(canvas, size, devicePixelRatio);
      const sheet = makeSheet(canvas, box, model.get("domain"), devicePixelRatio, font, model.get("look"));
      const figure = misfit(size);
      if (figure && !frame.plane.length) drawGround(sheet, size, figure);
      drawFrame(sheet, frame, drawBands);
    }
    place(model, box, handle, (isDragging() && frame?.path) || handle.start);
  };
  return { measure, paint };
}

async function render({ model, el }) {
  const { canvas, handle } = makeParts(el);
  const sliders = await Promise.all([resolve(model, model.get("x")), resolve(model, model.get("y"))]);
  const starts = () => sliders.map((slider) => slider.get("value"));
  handle.start = starts();
  const isDragging = takePointers(model, el, handle, (start) => {
    handle.start = start;
    if (!model.get("drawing")) place(model, boxOf(model, el), handle, start);
    model.set("picked", [...start, model.get("picked")[2] + 1]);
    model.save_changes();
  });
  const figures = followCanvases(model, el, () => soon());
  const { measure, paint } = makePainter(model, el, canvas, handle, { isDragging, misfit: figures.misfit });
  const soon = oncePerTask(paint);
  const follow = () => {
    // While a drag is on, the sliders follow it with a delay and must not pull the handle back.
    if (!isDragging()) handle.start = starts();
    soon();
  };
  const undo = [
    listen(model, DRAWN, soon),
    ...sliders.map((slider) => listen(slider, ["value"], follow)),
    listen(model, ["domain", "draggable"], follow),
    figures.close,
    watchVisibility(model, el),
    onRatio(() => [figures.fit, paint].forEach((act) => act())),
    onSize(el, () => [figures.fit, measure, paint].forEach((act) => act())),
  ];
  return () => undo.forEach((act) => act());
}

export default { render };
