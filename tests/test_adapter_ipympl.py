"""What gradient/adapters/ipympl.py and .js rely on."""

import base64
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from PIL import Image

from gradient.adapters.ipympl import BoundableCanvas, as_picture, has_page, show_bare
from tests.adapters import relying_on
from tests.conftest import ROOT
from tests.wire import Wire

SCRIPT = Path(sys.prefix) / "share" / "jupyter" / "nbextensions" / "jupyter-matplotlib" / "index.js"
ADAPTER = ROOT / "gradient" / "adapters" / "ipympl.js"
# Members of what ipympl takes from its own libraries and the browser, or that it does not write as a name.
OTHERS = {"get", "on", "off", "stopListening", "trigger", "luminoWidget", "views", "style"}


class HalfCanvas(BoundableCanvas):
    """A canvas that gives a page half of what it asks for."""

    def bounded_size(self, width: Any, height: Any) -> tuple[float, float]:
        return width / 2, height / 2

    def bounded_ratio(self, ratio: Any) -> float:
        return ratio / 2


@pytest.fixture
def canvas(wire: Wire) -> Iterator[HalfCanvas]:
    canvas = HalfCanvas(Figure(figsize=(4, 3), dpi=100))
    show_bare(canvas, (400, 300))
    yield canvas
    canvas.close()


def test_a_bare_canvas_has_its_size_and_nothing_around_it(canvas: HalfCanvas) -> None:
    with relying_on("ipympl"):
        state = canvas.get_state()
        assert tuple(state["_size"]) == (400, 300)
        assert (state["toolbar_visible"], state["header_visible"], state["footer_visible"]) == (False, False, False)


def test_a_page_is_given_what_the_bounds_allow(canvas: HalfCanvas, wire: Wire) -> None:
    with relying_on("ipympl"):
        wire.receive_custom(canvas, {"type": "resize", "width": 1000, "height": 600})
        assert tuple(canvas.figure.bbox.size) == (500, 300)
        wire.receive_custom(canvas, {"type": "set_device_pixel_ratio", "device_pixel_ratio": 4})
        assert canvas.device_pixel_ratio == 2


def test_a_page_that_shows_the_canvas_is_noticed(canvas: HalfCanvas, wire: Wire) -> None:
    with relying_on("ipympl"):
        assert not has_page(canvas)
        wire.receive_custom(canvas, {"type": "initialized"})
        assert has_page(canvas)


def test_the_script_has_every_member_that_the_adapter_uses() -> None:
    members = set(re.findall(r"@property \{.*?\} \[?(\w+)\]?", ADAPTER.read_text())) - OTHERS
    assert {"offscreen_canvas", "resize_requested", "resize_and_update_canvas", "top_canvas"} <= members
    script = SCRIPT.read_text()
    with relying_on("ipympl"):
        assert [name for name in {*members, "_size", "set_device_pixel_ratio"} if not re.search(rf"\b{name}\b", script)] == []


def test_the_state_of_a_canvas_can_hold_its_picture() -> None:
    with relying_on("ipympl"):
        canvas = HalfCanvas(Figure(figsize=(4, 3), dpi=50))
        state = as_picture(canvas, 2)
        assert set(state) <= set(canvas.keys)
        assert state["_size"] == [200, 150]
        image = Image.open(io.BytesIO(base64.b64decode(state["_data_url"].partition(",")[2])))
        assert image.size == (400, 300)
        canvas.close()
