"""The notebooks of `examples/` as their readers meet them: in Voilà, in JupyterLab, and published."""

import math
import re
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import ipywidgets as widgets
import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

import gradient.link
from tests.app_page import LOAD_MS, AppPage
from tests.conftest import ROOT, Server, publish, static_server, voila_of, watched

# bqplot's pyplot reads metadata, and makes axes, in ways that traitlets deprecates.
_DEPRECATED = ("Deprecated in traitlets 4.1", "Passing unrecognized arguments to super.(Color)?Axis")
pytestmark = [pytest.mark.filterwarnings(f"ignore:{message}:DeprecationWarning") for message in _DEPRECATED]
NOTEBOOKS = {path.stem: path for path in sorted((ROOT / "examples").glob("*.ipynb"))}
MOST_LINES = 40
WORDS = "div.widget-label:not(.widget-inline-hbox > *)"
CURVE_GOES_THROUGH = """(points) => {
  const found = document.querySelector("svg path[stroke='#0072b2']")?.getAttribute("d")?.match(/-?[\\d.e-]+/g) ?? [];
  return found.length === 2 * points.length && points.flat().every((value, i) => Math.abs(value - found[i]) < 1e-3);
}"""


def sources(name: str) -> list[str]:
    """The code of a notebook's cells."""
    return [cell.source for cell in nbformat.read(NOTEBOOKS[name], as_version=4).cells if cell.cell_type == "code"]


class Example:
    """A notebook whose cells run in this process, which computes with `jax.jit` what a page computes with WebAssembly."""

    def __init__(self, name: str) -> None:
        self._names: dict[str, Any] = {}
        *cells, last = sources(name)
        *lines, shown = last.splitlines()
        in_kernel = partial(gradient.link.jaxlink, where="kernel")
        with patch.object(gradient.link, "jaxlink", in_kernel):
            for source in [*cells, "\n".join(lines)]:
                exec(source, self._names)
        self._slider = next(_sliders(eval(shown, self._names)))

    def press_right(self) -> None:
        """Moves the first slider by one step."""
        slider = self._slider
        if isinstance(slider, widgets.FloatLogSlider):
            slider.value = slider.base ** (math.log(slider.value, slider.base) + slider.step)
        else:
            slider.value += slider.step

    def expect_on(self, page: Page, place: Locator) -> None:
        """Checks that a page shows the same."""
        if "words" in self._names:
            expect(place.locator(WORDS)).to_have_text(self._names["words"].value, timeout=LOAD_MS)
            expect(place.locator(".bqplot").first).to_be_visible()
            lines = place.locator(".bqplot path.line")
            assert not re.search("NaN|Infinity", "".join(line.get_attribute("d") or "" for line in lines.all()))
        else:
            page.wait_for_function(CURVE_GOES_THROUGH, arg=self._names["curve"].points, timeout=LOAD_MS)

    def check(self, page: Page, place: Locator) -> None:
        """Presses a key on a page, and checks that everything on it follows."""
        self.expect_on(page, place)
        place.get_by_role("slider").first.press("ArrowRight")
        self.press_right()
        self.expect_on(page, place)


def _sliders(widget: widgets.Widget) -> Iterator[Any]:
    if isinstance(widget, widgets.FloatSlider | widgets.FloatLogSlider | widgets.IntSlider):
        yield widget
    for child in getattr(widget, "children", ()):
        yield from _sliders(child)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_example_is_short(name: str) -> None:
    assert sum(len(source.splitlines()) for source in sources(name)) < MOST_LINES


@pytest.fixture(scope="module")
def voila_of_examples() -> Iterator[Server]:
    with voila_of(ROOT / "examples") as server:
        yield server


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_example_in_voila(name: str, browser: Browser, voila_of_examples: Server) -> None:
    with watched(browser.new_context()) as context:
        page = context.new_page()
        page.goto(f"{voila_of_examples.url}voila/render/{name}.ipynb", timeout=LOAD_MS)
        Example(name).check(page, page.locator("body"))


@pytest.fixture(scope="module")
def page_in_lab(browser: Browser, lab: Server) -> Iterator[Page]:
    """JupyterLab in a workspace of its own, without a notebook."""
    with watched(browser.new_context()) as context:
        page = context.new_page()
        page.goto(lab.url.replace("/lab/tree/", f"/lab/workspaces/{uuid.uuid4().hex}"), timeout=LOAD_MS)
        page.locator(".jp-Launcher").wait_for(timeout=LOAD_MS)
        yield page


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_example_in_jupyterlab(name: str, page_in_lab: Page) -> None:
    app = AppPage(page_in_lab)
    app.open_beside(f"examples/{name}.ipynb")
    Example(name).check(page_in_lab, page_in_lab.locator(".jp-NotebookPanel:not(.lm-mod-hidden)"))
    app.settle()
    app.shut_down()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_published_example(name: str, browser: Browser, tmp_path: Path) -> None:
    folder = publish(nbformat.read(NOTEBOOKS[name], as_version=4), tmp_path)
    with static_server(folder) as server, watched(browser.new_context()) as context:
        page = context.new_page()
        page.goto(server.url, timeout=LOAD_MS)
        Example(name).check(page, page.locator("body"))
        expect(page).to_have_title(nbformat.read(NOTEBOOKS[name], as_version=4).metadata.title)
