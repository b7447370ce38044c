// What stands around the axes of a picture: outline, ticks and labels, and a colour bar.

import { formatNumber } from "../link/text.js";
import { setFont, write, writeUpwards } from "./axes_canvas.js";
import { strokeWith } from "./path.js";

/** @typedef {import("./axes_canvas.js").AxesCanvas} AxesCanvas */
/** @typedef {{ place: number, label: string }} Tick its place on the axis */

const TICK_LENGTH = 3.5; // points, as matplotlib's
const TICK_TO_LABEL = 7;
const TICKS_TO_TITLE = 19;

/** Draws the axes' outline, ticks and labels. @param {AxesCanvas} axes @param {{ across: Tick[], up: Tick[], labels: [string, string] }} marks */
export function drawTicks(axes, { across, up, labels }) {
  const { context, box, toX, toY, theme } = axes;
  const { muted, ink } = theme.colours;
  const [points, bottom] = [theme.pixelsPerPoint, box.top + box.height];
  setFont(axes, "small");
  const widest = Math.max(0, ...up.map(({ label }) => context.measureText(label).width));
  const lines = new Path2D();
  lines.rect(box.left, box.top, box.width, box.height);
  for (const { place, label } of across) {
    lines.rect(toX(place), bottom, 0, TICK_LENGTH * points);
    write(axes, label, toX(place), bottom + TICK_TO_LABEL * points, muted, "center");
  }
  for (const { place, label } of up) {
    lines.rect(box.left - TICK_LENGTH * points, toY(place), TICK_LENGTH * points, 0);
    write(axes, label, box.left - TICK_TO_LABEL * points, toY(place), muted, "right", "middle");
  }
  strokeWith(axes, lines, theme.lineWidths.axis, muted);
  setFont(axes, "label");
  write(axes, labels[0], box.left + box.width / 2, bottom + TICKS_TO_TITLE * points, ink, "center");
  writeUpwards(axes, labels[1], box.left - 10 * points - widest, box.top + box.height / 2, ink, "bottom");
}

/**
 * Draws what the colours of the theme's bands mean, or those of other columns, side by side.
 * @param {AxesCanvas} axes @param {string} label @param {Tick[]} ticks whose places are shares of the bar's height
 * @param {string[][]} [columns] each from its lowest band to its highest
 */
export function drawColourBar(axes, label, ticks, columns = [axes.theme.bands]) {
  const { context, box, theme, ratio } = axes;
  const { gap, width, labelAt } = theme.colourBar;
  const [left, bottom] = [box.left + box.width + gap, box.top + box.height];
  /** @param {number} share */
  const heightAt = (share) => Math.round((bottom - box.height * share) * ratio) / ratio; // no seams between the bands
  const across = width / columns.length;
  columns.forEach((bands, column) => {
    bands.forEach((colour, i) => {
      const top = heightAt((i + 1) / bands.length);
      context.fillStyle = colour;
      context.fillRect(left + column * across, top, across, heightAt(i / bands.length) - top);
    });
  });
  const outline = new Path2D();
  outline.rect(left, box.top, width, box.height);
  strokeWith(axes, outline, theme.lineWidths.axis, theme.colours.grid);
  drawColourTicks(axes, left + width, ticks);
  setFont(axes, "label");
  writeUpwards(axes, label, left + width * labelAt, box.top + box.height / 2, theme.colours.ink, "top");
}

/** @param {AxesCanvas} axes @param {number} left the colour bar's right edge @param {Tick[]} ticks */
function drawColourTicks(axes, left, ticks) {
  const { context, box, theme } = axes;
  const { pixelsPerPoint: points, colours, lineWidths } = theme;
  setFont(axes, "small");
  for (const { place, label } of ticks) {
    const y = box.top + box.height * (1 - place);
    context.fillStyle = colours.muted;
    context.fillRect(left, y - (lineWidths.axis / 2) * points, TICK_LENGTH * points, lineWidths.axis * points);
    write(axes, label, left + TICK_TO_LABEL * points, y, colours.muted, "left", "middle");
  }
}

/**
 * The ticks of a logarithmic scale of losses, with as many digits as it takes to tell them apart.
 * @param {ArrayLike<number>} range @param {import("./axes_canvas.js").Theme} theme
 * @returns {Tick[]}
 */
export function lossTicks(range, { tickDigits, colourBar }) {
  const [low, high] = Array.from(range);
  const places = Array.from({ length: colourBar.ticks }, (_, i) => (i + 1) / (colourBar.ticks + 1));
  const losses = places.map((place) => low * (high / low) ** place);
  const written = tickDigits.map((digits) =>
    losses.map((loss) => formatNumber(loss, digits).replace("e+", "e").replace("-", "−")),
  );
  const labels = written.find((each) => new Set(each).size === each.length) ?? written[written.length - 1];
  return places.map((place, i) => ({ place, label: labels[i] }));
}
