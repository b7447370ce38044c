"""What the pictures look like: Okabe and Ito's colours, which people with any colour vision can tell apart, sizes and axes."""

from typing import NamedTuple

import bqplot
import matplotlib as mpl
from ipywidgets import Layout
from matplotlib.colors import LinearSegmentedColormap

PATH = "#d55e00"
DATA = "#4a7fa7"
LOSS = "#0072b2"
INK = "#1f2933"
MUTED = "#5f6b7a"
GRID = "#e3e7ec"
LINE = "#d5dbe3"
PAPER = "#ffffff"

MAP_COLOURS = LinearSegmentedColormap.from_list("map", ["#fbfcfd", "#dfe4ec", "#bcc5d3"])
ARROW_COLOURS = "viridis_r"
NUM_BANDS = 14
LOSS_COLOURS = mpl.colormaps["cividis_r"]
DIVERGED = "#b23a00"
# Cool colours for the valleys that are as low as the lowest, warm ones for the others: Tol's muted scheme, and two of Okabe's.
BEST_VALLEYS = ("#0072b2", "#117733", "#56b4e9", "#332288", "#44aa99")
OTHER_VALLEYS = ("#cc6677", "#ddaa33", "#aa4499", "#999933", "#882255", "#b5651d", "#d98cb3", "#661100")
ON_ITS_WAY = "#8b95a1"
BAND_COLOURS = LOSS_COLOURS.resampled(NUM_BANDS)


class Look(NamedTuple):
    """How a run looks that is compared: its colour, the lengths of dashes and gaps in points, and the shape of its mark.

    `line_style` is bqplot's word for the dashes.
    """

    colour: str
    dashes: tuple[float, ...]
    line_style: str
    shape: str


PRESENT = Look(PATH, (), "solid", "disc")
OTHERS = (
    Look("#009e73", (6, 3), "dashed", "square"),
    Look("#cc79a7", (1.5, 3), "dotted", "triangle"),
    Look("#56b4e9", (7, 3, 1.5, 3), "dash_dotted", "diamond"),
)


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
    "other": Mark("", PAPER, 1.4, 10),  # its face has the run's colour
}

# In points, as matplotlib has them.
LATER = 0.35  # the opacity of what comes after the current step
PATH_WIDTH, HALO_WIDTH, AXIS_WIDTH = 2.0, 4.5, 0.8
SMALL_FONT, LABEL_FONT = 9.0, 10.0
EXIT_NOTE_OFFSET, EXIT_NOTE_PAD = (12.0, 16.0), 2.0
PIXELS_PER_POINT = 100 / 72

# In CSS pixels: the axes' distance from a map's left, top, right and bottom edges, and the colour bar in the right one.
MARGINS = (62.0, 36.0, 84.0, 46.0)
BAR_GAP, BAR_WIDTH = 5.0, 9.0  # what is left of the margin holds a number like 0.0012 beside the label
BAR_LABEL_AT = 7.0  # in widths of the bar
NUM_BAR_TICKS = 5


def css_colours() -> str:
    """The colours as CSS variables of the app."""
    colours = {"ink": INK, "muted": MUTED, "line": LINE, "accent": LOSS, "warm": PATH, "paper": PAPER}
    return ".techni-grid {" + " ".join(f"--{name}: {colour};" for name, colour in colours.items()) + "}"


def figure_options() -> dict:
    """What every bqplot figure of the app is made with: it fills the place that the page gives it."""
    return {
        "fig_margin": {"top": 32, "bottom": 44, "left": 78, "right": 14},
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
        label_offset="34px" if side == "bottom" else "65px",
        grid_color=GRID,
        color=MUTED,
        label_color=INK,
        tick_format=".3~g",
    )
