"""Prerenders a figure as an image that a page can stretch to any size, without the labels around its axes.

The margins of the field's figures have a fixed number of pixels, so a page stretches the middle of an image and keeps its
margins: see `template/prerendered.js`. The page writes the labels itself, because stretched text is ugly.
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

from gradient.publish.kernel import PIXEL_RATIO

NUM_COLOURS, NUM_EXACT_COLOURS = 128, 24
_POINTS_PER_INCH = 72


def prerender(figure: Figure) -> tuple[bytes, dict[str, Any]]:
    """Draws a figure of ipympl's.

    Returns:
        A WebP image without the labels outside the axes, and its layout in CSS pixels: `size`, and `labels`, a list of [text,
        x, y, "left" | "center" | "right", degrees clockwise, font size, colour]. x and y count from the upper left corner to
        the middle of the text's height.
    """
    canvas: Any = figure.canvas
    canvas.draw()
    size = [round(length / PIXEL_RATIO) for length in figure.bbox.size]
    texts = [text for axes in figure.axes for text in _outer_texts(axes) if text.get_visible() and text.get_text()]
    layout = {"size": size, "labels": [_label(text, size[1]) for text in texts]}
    with _hidden(texts):
        canvas.draw()
        return _webp(np.asarray(canvas.buffer_rgba())[..., :3]), layout


def _outer_texts(axes: Axes) -> Iterator[Text]:
    """The texts outside the frame of axes: title, axis labels, and the numbers of the ticks in view."""
    yield axes.title
    for axis in (axes.xaxis, axes.yaxis):
        yield axis.label
        low, high = sorted(axis.get_view_interval())
        margin = 1e-6 * (high - low)
        for tick in axis.get_major_ticks():
            if low - margin <= tick.get_loc() <= high + margin:
                yield from (tick.label1, tick.label2)


def _label(text: Text, height: int) -> list:
    """A text as `prerender` returns it, in a figure of a height in CSS pixels."""
    box = text.get_window_extent()
    align = "center" if text.get_rotation() else text.get_horizontalalignment()
    x = {"left": box.x0, "right": box.x1}.get(align, (box.x0 + box.x1) / 2) / PIXEL_RATIO
    y = height - (box.y0 + box.y1) / 2 / PIXEL_RATIO
    dpi = text.figure.dpi / PIXEL_RATIO
    font_size = float(text.get_fontsize()) * dpi / _POINTS_PER_INCH
    position = [round(float(value), 1) for value in (x, y)]
    return [text.get_text(), *position, align, -text.get_rotation(), round(font_size, 1), to_hex(text.get_color())]


@contextmanager
def _hidden(texts: list[Text]) -> Iterator[None]:
    for text in texts:
        text.set_alpha(0)
    yield
    for text in texts:
        text.set_alpha(None)


def _webp(pixels: np.ndarray) -> bytes:
    """Pixels [height, width, 3] as WebP with few colours: the most frequent ones, which are the background's, and others."""
    packed, index, counts = np.unique(pixels @ [1 << 16, 1 << 8, 1], return_inverse=True, return_counts=True)
    colours = np.stack([packed >> 16, packed >> 8 & 255, packed & 255], axis=-1)
    frequent = colours[np.argsort(-counts)[:NUM_EXACT_COLOURS]]
    others = Image.fromarray(pixels).quantize(NUM_COLOURS - len(frequent), method=Image.Quantize.FASTOCTREE).getpalette()
    palette = np.concatenate([frequent, np.array(others).reshape(-1, 3)])
    # Of |colour - choice|^2, the term |colour|^2 is left out, which is the same for every choice.
    nearest = np.argmin((palette**2).sum(axis=1) - 2 * colours @ palette.T, axis=1)
    file = io.BytesIO()
    Image.fromarray(palette[nearest][index].astype(np.uint8).reshape(pixels.shape)).save(file, "WEBP", lossless=True)
    return file.getvalue()
