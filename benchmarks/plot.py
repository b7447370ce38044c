"""Draws the latency of the page against its distance from the server: `python -m benchmarks.plot` writes `docs/latency.svg`.

The figures are those of `benchmarks/results/latency.json`, which `python -m benchmarks.latency --save` measures.
"""

import argparse
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.results import Table

OUT = Path(__file__).parent.parent / "docs" / "latency.svg"
SIZE = (720, 400)  # CSS pixels
PIXELS_PER_INCH = 72  # of matplotlib's SVG, so a point is a CSS pixel
TITLE = "From a key press to the new loss curve"
SUBTITLE = "Median in ms, against the round trip time to the server. Plain Voilà computes there, the others in the browser."
INK, FAINT = "#24292f", "#d0d7de"
LABEL_SPACING = 1.36  # the least ratio of the values at which two labels stand
DISTANCES = {
    0: "0 ms\nlocal",
    100: "100 ms\nAtlantic",
    300: "300 ms\nAustralia",
    600: "600 ms\nsatellite",
}


class Series(NamedTuple):
    """A line of the plot: the rows of `page`, and how they are drawn."""

    page: str
    label: str
    colour: str
    dashes: str = "-"


SERIES = [
    Series("techni, Voilà, server", "Plain Voilà, sine", "#c2410c"),
    Series("TensorFlow.js, Network", "TensorFlow.js, neural network", "#57606a", "--"),
    Series("TensorFlow.js, Wave", "TensorFlow.js, sine", "#57606a"),
    Series("static site, Network", "This page, neural network", "#0969da", "--"),
    Series("techni, Voilà, browser", "This page, sine", "#0969da"),
]


def draw(table: Table) -> Figure:
    """Medians of key to curve against RTT, on a logarithmic axis, each line with its name at its end.

    Args:
        table: of `benchmarks.latency`, with rows for the page of every series.
    """
    figure = Figure(figsize=(SIZE[0] / PIXELS_PER_INCH, SIZE[1] / PIXELS_PER_INCH), dpi=PIXELS_PER_INCH)
    axes = figure.add_axes((0.07, 0.15, 0.61, 0.69))
    figure.text(0.02, 0.94, TITLE, fontsize=16, weight="bold", color=INK)
    figure.text(0.02, 0.885, SUBTITLE, fontsize=12.5, color=INK)
    _prepare(axes)
    ends = {}
    for series in SERIES:
        points = sorted((row["rtt"], row["key_to_curve"]) for row in table.rows if row["page"] == series.page)
        axes.plot(*zip(*points, strict=True), series.dashes, color=series.colour, linewidth=2.5, marker="o", markersize=5)
        ends[series] = points[-1]
    _label(axes, ends)
    return figure


def _prepare(axes: Axes) -> None:
    """The axes: logarithmic, with light lines across and no frame."""
    ticks = [10, 20, 50, 100, 200, 500]
    axes.set(yscale="log", ylim=(8, 900), xlim=(-15, 615), xticks=list(DISTANCES), yticks=ticks)
    axes.set_xticklabels(list(DISTANCES.values()), linespacing=1.35)
    axes.set_yticklabels(map(str, ticks))
    axes.minorticks_off()
    axes.tick_params(length=0, pad=7, labelsize=12, labelcolor=INK)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)


def _label(axes: Axes, ends: dict[Series, tuple[float, float]]) -> None:
    """Writes each series' name to the right of its last point, and keeps the names apart."""
    ordered = sorted(ends, key=lambda series: -ends[series][1])
    places = [ends[series][1] for series in ordered]
    for upper, lower in pairwise(range(len(places))):
        places[lower] = min(places[lower], places[upper] / LABEL_SPACING)
    for series, place in zip(ordered, places, strict=True):
        axes.annotate(
            series.label,
            (ends[series][0], place),
            (12, 0),
            textcoords="offset points",
            va="center",
            color=series.colour,
            fontsize=13,
            weight="bold" if "This page" in series.label else "normal",
            annotation_clip=False,
        )


def write(out: Path) -> None:
    """Draws the stored results into a file, whose ending determines the format; the same figures give the same file."""
    out.parent.mkdir(exist_ok=True)
    style = {"svg.fonttype": "none", "svg.hashsalt": "latency", "font.family": "sans-serif"}  # text in the reader's own font
    with mpl.rc_context(style):  # type: ignore[arg-type]
        draw(Table.read("latency")).savefig(out, metadata={"Date": None} if out.suffix == ".svg" else None)


def main() -> None:
    """Writes the file of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help="default %(default)s")
    write(parser.parse_args().out)


if __name__ == "__main__":
    main()
