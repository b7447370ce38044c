"""ipympl's canvas within bounds: a page says how large it is, and it can say anything."""

import math
from typing import Any, ClassVar

from gradient.adapters.ipympl import BoundableCanvas

_SMALLEST, _LARGEST = 120, 2400  # CSS pixels
_LARGEST_RATIO = 3.0
_MOST_PIXELS = 1 << 23  # of the device; a figure keeps a few copies of its image, of four bytes a pixel
_PAGE_SIDE = {"low": 0, "high": 1 << 14}  # larger sizes are not passed on to a kernel


class BoundedCanvas(BoundableCanvas):
    """An ipympl canvas that a browser cannot make so large that it takes all memory.

    Attributes:
        page_messages: what a page may send to it, with bounds; see `gradient.allowlist`. There are no pointer events, because
            the app's own layer covers the canvas.
    """

    page_messages: ClassVar = {
        **{message: {} for message in ("draw", "initialized", "refresh", "send_image_mode")},
        "resize": {"width": _PAGE_SIDE, "height": _PAGE_SIDE},
        "set_dpi_ratio": {"dpi_ratio": _PAGE_SIDE},
        "set_device_pixel_ratio": {"device_pixel_ratio": _PAGE_SIDE},
    }

    def bounded_size(self, width: Any, height: Any) -> tuple[float, float]:
        """The nearest size that is useful, and has no more than the allowed number of pixels."""
        width, height = (_between(length, _SMALLEST, _LARGEST) for length in (width, height))
        shrink = min(1.0, math.sqrt(_MOST_PIXELS / (width * height)) / self.device_pixel_ratio)
        return width * shrink, height * shrink

    def bounded_ratio(self, ratio: Any) -> float:
        """The nearest ratio with which the present size has no more than the allowed number of pixels."""
        width, height = self.figure.bbox.size / self.device_pixel_ratio
        most = min(_LARGEST_RATIO, math.sqrt(_MOST_PIXELS / (width * height)))
        return _between(ratio, 1.0, max(1.0, most))


def _between(value: Any, low: float, high: float) -> float:
    """A number from a page, brought between `low` and `high`; anything that is not a number becomes `low`."""
    if not isinstance(value, int | float) or not value > low:
        return low
    return min(value, high)
