"""Pictures of a figure that a page can stretch to any place: the drawing without its outer words, and the words beside it.

The margins of the field's figures are a fixed number of pixels. So a page stretches the middle of a picture and keeps its
margins, see `template/page.js`; words are written by the page, because stretched words are ugly.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from gradient.adapters import ipympl

RATIO = 2  # pixels of a picture in a CSS pixel
COLOURS, EXACT_COLOURS = 128, 24
_POINTS_PER_INCH = 72


def resize(figure: Figure, size: tuple[int, int]) -> None:
    """Gives a figure of ipympl's a size in CSS pixels, as a page with `RATIO` pixels for each of them would."""
    ipympl.resize(figure, size, RATIO)


def draw(figure: Figure) -> tuple[bytes, dict[str, Any]]:
    """Draws a figure of ipympl's.

    Returns:
        A WebP image without the words outside the axes, and what belongs to it: `size`, and `words`, a
        list of [text, x, y, "left" | "center" | "right", degrees, CSS pixels of its font, colour]. x and y are CSS
        pixels from the upper left corner, to the middle of the text's height.
    """
    canvas: Any = figure.canvas
    canvas.draw()
    size = [round(length / RATIO) for length in figure.bbox.size]
    words = [text for axes in figure.axes for text in _outer_texts(axes) if text.get_visible() and text.get_text()]
    facts = {"size": size, "words": [_word(text, size[1]) for text in words]}
    with _hidden(words):
        canvas.draw()
        return _compressed(np.asarray(canvas.buffer_rgba())[..., :3]), facts


def _outer_texts(axes: Axes) -> Iterator[Text]:
    """The words around the inside of axes: title, labels, and the numbers at the ticks in view."""
    yield axes.title
    for axis in (axes.xaxis, axes.yaxis):
        yield axis.label
        low, high = sorted(axis.get_view_interval())
        margin = 1e-6 * (high - low)
        for tick in axis.get_major_ticks():
            if low - margin <= tick.get_loc() <= high + margin:
                yield from (tick.label1, tick.label2)


def _word(text: Text, height: int) -> list:
    box = text.get_window_extent()
    align = "center" if text.get_rotation() else text.get_horizontalalignment()
    x = {"left": box.x0, "right": box.x1}.get(align, (box.x0 + box.x1) / 2) / RATIO
    y = height - (box.y0 + box.y1) / 2 / RATIO
    dpi = text.figure.dpi / RATIO
    font = float(text.get_fontsize()) * dpi / _POINTS_PER_INCH
    place = [round(float(value), 1) for value in (x, y)]
    return [text.get_text(), *place, align, -text.get_rotation(), round(font, 1), to_hex(text.get_color())]


@contextmanager
def _hidden(words: list[Text]) -> Iterator[None]:
    for text in words:
        text.set_alpha(0)
    yield
    for text in words:
        text.set_alpha(None)


def _compressed(pixels: np.ndarray) -> bytes:
    """Pixels [height, width, 3] as WebP in few colours: the most frequent ones, which are the ground, and near ones."""
    packed, index, counts = np.unique(pixels @ [1 << 16, 1 << 8, 1], return_inverse=True, return_counts=True)
    colours = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=-1)
    frequent = colours[np.argsort(-counts)[:EXACT_COLOURS]]
    others = Image.fromarray(pixels).quantize(COLOURS - len(frequent), method=Image.Quantize.FASTOCTREE).getpalette()
    palette = np.concatenate([frequent, np.array(others).reshape(-1, 3)])
    # |colour - choice|^2 without the term that is the same for every choice.
    nearest = np.argmin((palette**2).sum(axis=1) - 2 * colours @ palette.T, axis=1)
    file = io.BytesIO()
    Image.fromarray(palette[nearest][index].astype(np.uint8).reshape(pixels.shape)).save(file, "WEBP", lossless=True)
    return file.getvalue()
