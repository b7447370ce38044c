"""The look of the pictures: Okabe and Ito's colours, told apart by every kind of colour vision, and bqplot's axes in them."""

from typing import NamedTuple

import bqplot
from ipywidgets import Layout

PATH = "#d55e00"
DATA = "#4a7fa7"
LOSS = "#0072b2"
INK = "#1f2933"
MUTED = "#5f6b7a"
GRID = "#e3e7ec"
PAPER = "#ffffff"


class Mark(NamedTuple):
    """How a point of a path looks: the colours of its face and edge, the edge's width and its own size in points."""

    face: str
    edge: str
    edge_width: float
    size: float


MARKS = {
    "iterate": Mark(PATH, PAPER, 0.5, 4.2),
    "start": Mark(PAPER, PATH, 2, 9),
    "point": Mark(PATH, PAPER, 1.6, 11),
    "third": Mark(PAPER, INK, 1.4, 7),
    "exit": Mark(INK, PAPER, 1, 13),
}
PATH_WIDTH, HALO_WIDTH = 2.0, 4.5  # points
PIXELS_PER_POINT = 100 / 72


def look() -> dict:
    """What every bqplot figure of the page is built with: it fills the place that the page gives it."""
    return {
        "fig_margin": {"top": 10, "bottom": 44, "left": 66, "right": 14},
        "min_aspect_ratio": 0.05,
        "max_aspect_ratio": 20,
        "background_style": {"fill": PAPER},
        "display_toolbar": False,
        "padding_x": 0,
        "padding_y": 0,
        "layout": Layout(width="100%", height="100%", min_width="0", min_height="0"),
    }


def axis(scale: bqplot.Scale, label: str, side: str) -> bqplot.Axis:
    """An axis of a bqplot figure, with ticks at round numbers."""
    return bqplot.Axis(
        scale=scale,
        label=label,
        side=side,
        label_offset="34px" if side == "bottom" else "52px",
        grid_color=GRID,
        color=MUTED,
        label_color=INK,
        tick_format=".3~g",
    )
