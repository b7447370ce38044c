"""ipympl's canvas, in bounds: a page says how large it is, and a page can say anything."""

import math
from typing import Any

from ipympl.backend_nbagg import Canvas

_SMALLEST, _LARGEST = 120, 2400
_LARGEST_RATIO = 3.0
_MOST_PIXELS = 1 << 23  # of the device; each of the few copies that a figure keeps takes four bytes for one


class BoundedCanvas(Canvas):
    """An ipympl canvas whose size the browser cannot drive to where it takes all memory."""

    def handle_resize(self, event: dict) -> None:
        """Resizes the figure to what fits between the smallest and the largest useful size."""
        width, height = (_between(event.get(name), _SMALLEST, _LARGEST) for name in ("width", "height"))
        shrink = min(1.0, math.sqrt(_MOST_PIXELS / (width * height)) / self.device_pixel_ratio)
        super().handle_resize(event | {"width": width * shrink, "height": height * shrink})

    def _handle_set_device_pixel_ratio(self, device_pixel_ratio: float) -> None:
        width, height = self.figure.bbox.size / self.device_pixel_ratio
        most = min(_LARGEST_RATIO, math.sqrt(_MOST_PIXELS / (width * height)))
        super()._handle_set_device_pixel_ratio(_between(device_pixel_ratio, 1.0, max(1.0, most)))


def _between(value: Any, low: float, high: float) -> float:
    """A number from a page, at most `high` and else at least `low`; what is no number is `low`."""
    if not isinstance(value, int | float) or not value > low:
        return low
    return min(value, high)
