"""What the pictures look like: Okabe and Ito's colours, which people with any colour vision can tell apart, sizes and axes."""

from typing import Literal, NamedTuple

import bqplot
import matplotlib as mpl
import numpy as np
from ipywidgets import Layout
from matplotlib.colors import LinearSegmentedColormap, to_hex

from gradient.views.levels import NUM_LEVELS

PATH = "#d55e00"
DATA = "#4a7fa7"
LOSS = "#0072b2"
INK = "#1f2933"
MUTED = "#5f6b7a"
GRID = "#e3e7ec"
LINE = "#d5dbe3"
PAPER = "#ffffff"

MAP_COLOURS = LinearSegmentedColormap.from_list("map", ["#fbfcfd", "#dfe4ec", "#bcc5d3"])
ARROW_COLOURS = mpl.colormaps["viridis_r"].resampled(64)
MAP_SHADES = [to_hex(MAP_COLOURS(share)) for share in np.linspace(0, 1, NUM_LEVELS - 1)]  # from the lowest loss up
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
    Look("#3498d6", (7, 3, 1.5, 3), "dash_dotted", "diamond"),  # theirs, darker: on white a line needs a contrast of 3
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


class Arrow(NamedTuple):
    """An arrow's shape: the width of its shaft in points, and the lengths of its head in widths of the shaft."""

    width: float
    head_width: float
    head_length: float
    head_axis_length: float


ARROW = Arrow(1.44, 4, 4.5, 4)
ARROW_GAP = 1.3  # from one arrow to the next, in lengths of the longest

# In points, as matplotlib has them.
LATER = 0.35  # the opacity of what comes after the current step
PATH_WIDTH, HALO_WIDTH, AXIS_WIDTH, CONTOUR_WIDTH = 2.0, 4.5, 0.8, 0.72
SMALL_FONT, LABEL_FONT = 9.0, 10.0
EXIT_NOTE_OFFSET, EXIT_NOTE_PAD = (12.0, 16.0), 2.0
PIXELS_PER_POINT = 100 / 72

# In CSS pixels: the axes' distance from a map's left, top, right and bottom edges, and the colour bar in the right one.
MARGINS = (62.0, 36.0, 84.0, 46.0)
BAR_GAP, BAR_WIDTH = 5.0, 9.0  # the rest of the margin holds a number like 0.0012 beside the label
BAR_LABEL_AT = 7.0  # in widths of the bar
NUM_BAR_TICKS = 5


class Themed(NamedTuple):
    """A colour of the page on light and on dark paper."""

    light: str
    dark: str


# By the names of their CSS variables. On dark paper the same hues are lighter. On both, the contrast of text is at least 4.5,
# that of lines 3.
COLOURS = {
    "ink": Themed(INK, "#e6eaf0"),
    "muted": Themed(MUTED, "#a3afbd"),
    "paper": Themed(PAPER, "#161a20"),
    "stripe": Themed("#f5f5f5", "#1d222a"),
    "line": Themed(LINE, "#3d4653"),
    "grid": Themed(GRID, "#2b323c"),
    "rail": Themed("#8b95a1", "#75808e"),
    "accent": Themed(LOSS, "#5cb3ea"),
    "on-accent": Themed(PAPER, "#0d1116"),
    "pressed": Themed("#005a8f", "#8accf5"),
    "chosen": Themed("#e6f2fa", "#1d3a50"),
    "hover": Themed("#f1f4f8", "#252c36"),
    "warm": Themed(PATH, "#ff8a3d"),
    "error": Themed("#a32100", "#ff9d85"),
    "warning": Themed("#7a4b00", "#e8b45c"),
    "path": Themed(PATH, "#ff8a3d"),
    "loss": Themed(LOSS, "#5cb3ea"),
    "data": Themed(DATA, "#7db0d8"),
    "run-0": Themed(OTHERS[0].colour, "#2fc296"),
    "run-1": Themed(OTHERS[1].colour, "#e39cc4"),
    "run-2": Themed(OTHERS[2].colour, "#56b4e9"),
}
TYPE_SIZE = 14.0  # of the page's text in CSS pixels, but on large screens

# Voilà and the static page are the app's own, JupyterLab's page is not.
_OWN_PAGE, _CELL = ":root{theme}:has(> body[data-voila]{jupyter})", "body{jupyter}:not([data-voila]) .techni-app{theme}"
_IS_DARK, _NOT_LIGHT, _JUPYTER_DARK = '[data-theme="dark"]', ':not([data-theme="light"])', '[data-jp-theme-light="false"]'


def themed(name: str) -> str:
    """The colour of a name in the page's theme, as CSS; it is light where no style sheet is, as in a picture that was saved."""
    return f"var(--{name}, {COLOURS[name].light})"


def css_colours() -> str:
    """The colours as CSS variables: light, and dark on a screen if a visitor, a preference or Jupyter's theme says so.

    The map stays light: it is an image, in which dark means a high loss. So is a figure while it is saved.
    """
    pages = (_OWN_PAGE, _CELL)
    all_pages = [page.format(theme="", jupyter="") for page in pages]
    chosen = [page.format(theme=_IS_DARK, jupyter="") for page in pages]
    by_jupyter = [page.format(theme=_NOT_LIGHT, jupyter=_JUPYTER_DARK) for page in pages]
    preferred = _rule("dark", _OWN_PAGE.format(theme=_NOT_LIGHT, jupyter=""))
    dark = f"{_rule('dark', *chosen, *by_jupyter)} @media (prefers-color-scheme: dark) {{ {preferred} }}"
    return f"{_rule('light', *all_pages, '.techni-app .techni-field', '.techni-app .techni-light')}\n@media screen {{ {dark} }}"


def _rule(theme: Literal["light", "dark"], *selectors: str) -> str:
    values = " ".join(f"--{name}: {getattr(colour, theme)};" for name, colour in COLOURS.items())
    return f"{', '.join(selectors)} {{ color-scheme: {theme}; {values} }}"


def figure_options() -> dict:
    """What every bqplot figure of the app is made with: it fills the place that the page gives it."""
    return {
        "fig_margin": {"top": 32, "bottom": 44, "left": 78, "right": 14},
        "min_aspect_ratio": 0.05,
        "max_aspect_ratio": 20,
        "background_style": {"fill": themed("paper")},
        "display_toolbar": False,
        "padding_x": 0,
        "padding_y": 0,
        "layout": Layout(width="100%", height="100%", min_width="0", min_height="0"),
    }


# As d3 has them: for numbers that are short as they are, and for others, of which 0.000001 would lie over the axis' label.
TICK_FORMATS = (".3~g", ".1~e")


def axis(scale: bqplot.Scale, label: str, side: str) -> bqplot.Axis:
    """An axis of a bqplot figure, with ticks at round numbers."""
    return bqplot.Axis(
        scale=scale,
        label=label,
        side=side,
        label_offset="34px" if side == "bottom" else "65px",
        grid_color=themed("grid"),
        color=themed("muted"),
        label_color=themed("ink"),
        tick_format=TICK_FORMATS[0],
    )
