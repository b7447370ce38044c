"""The private parts of ipympl's canvas that this package uses."""

import base64
import io
from typing import Any

from ipympl.backend_nbagg import Canvas, FigureManager


class BoundableCanvas(Canvas):
    """A canvas that asks `bounded_size` and `bounded_ratio` before it does what a page asks of it.

    ipympl takes a page's messages in two methods, of which it documents neither.
    """

    def bounded_size(self, width: Any, height: Any) -> tuple[float, float]:
        """The size in CSS pixels to take if a page asks for another, which may be anything that JSON can hold."""
        return width, height

    def bounded_ratio(self, ratio: Any) -> float:
        """The device pixels in a CSS pixel to take if a page asks for others."""
        return ratio

    def handle_resize(self, event: dict) -> None:
        """Resizes the figure; called by a page's message."""
        width, height = self.bounded_size(event.get("width"), event.get("height"))
        super().handle_resize(event | {"width": width, "height": height})

    def _handle_set_device_pixel_ratio(self, device_pixel_ratio: Any) -> None:  # the only way in for a page's pixel ratio
        super()._handle_set_device_pixel_ratio(self.bounded_ratio(device_pixel_ratio))


def show_bare(canvas: Canvas, size: tuple[int, int]) -> None:
    """Prepares a canvas to be shown without toolbar, header and footer; `size` in CSS pixels, until a page asks for another."""
    FigureManager(canvas, 0)  # without pyplot nobody makes one, and a canvas draws only with it
    canvas.toolbar_visible = canvas.header_visible = canvas.footer_visible = False
    canvas._size = size  # ipympl's JavaScript fails on the size (0, 0) that the canvas has until the first answer


def has_page(canvas: Canvas) -> bool:
    """Whether a page shows the canvas, and takes images; until then ipympl would keep a copy of each in the widget's state."""
    return not canvas.syncing_data_url


def as_picture(canvas: Canvas, ratio: float) -> dict[str, Any]:
    """The state of a canvas that shows its figure as it is, without a toolbar; with device pixels in a CSS pixel."""
    figure = canvas.figure
    dpi = figure.dpi / canvas.device_pixel_ratio
    size = [round(inches * dpi) for inches in figure.get_size_inches()]
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=ratio * dpi)
    url = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    manager = canvas.manager
    label = {"_figure_label": manager.get_window_title()} if manager else {}  # pages are told of it when they have a kernel
    return {"_data_url": url, "_size": size, "toolbar_visible": False} | label
