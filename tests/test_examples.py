"""The notebooks of `examples/` as their readers meet them: in Voilà, in JupyterLab, and published."""

import functools
import math
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
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


class Shown(NamedTuple):
    """What a notebook shows: its sentence, or if it has none the points of its curve."""

    words: str
    points: list

    def expect_on(self, page: Page, place: Locator) -> None:
        """Checks that a page shows the same."""
        if self.points:
            page.wait_for_function(CURVE_GOES_THROUGH, arg=self.points, timeout=LOAD_MS)
            return
        expect(place.locator(WORDS)).to_have_text(self.words, timeout=LOAD_MS)
        expect(place.locator(".bqplot").first).to_be_visible()
        lines = [line.get_attribute("d") or "" for line in place.locator(".bqplot path.line").all()]
        assert not re.search("NaN|Infinity", "".join(lines))


@functools.cache
def shown(name: str) -> tuple[Shown, Shown]:
    """What a notebook shows at first and after a key on its first slider, by `jax.jit`: its cells run in this process."""
    names: dict[str, Any] = {}
    *cells, last = sources(name)
    *lines, view = last.splitlines()
    with patch.object(gradient.link, "jaxlink", functools.partial(gradient.link.jaxlink, where="kernel")):
        for source in [*cells, "\n".join(lines)]:
            exec(source, names)

    def now() -> Shown:
        return Shown(names["words"].value if "words" in names else "", names["curve"].points if "curve" in names else [])

    before = now()
    _press_right(next(_sliders(eval(view, names))))
    return before, now()


def _press_right(slider: Any) -> None:
    """Moves a slider by one step."""
    if isinstance(slider, widgets.FloatLogSlider):
        slider.value = slider.base ** (math.log(slider.value, slider.base) + slider.step)
    else:
        slider.value += slider.step


def check(name: str, page: Page, place: Locator) -> None:
    """Presses a key on a page, and checks that everything on it follows."""
    before, after = shown(name)
    assert before != after
    before.expect_on(page, place)
    place.get_by_role("slider").first.press("ArrowRight")
    after.expect_on(page, place)


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
        check(name, page, page.locator("body"))


@pytest.fixture(scope="module")
def page_in_lab(browser: Browser, lab: Server) -> Iterator[Page]:
    """JupyterLab in a workspace of its own, without a notebook."""
    with watched(browser.new_context()) as context:
        page = context.new_page()
        page.goto(lab.url.replace("/lab/tree/", f"/lab/workspaces/{uuid.uuid4().hex}"), timeout=LOAD_MS)
        page.locator(".jp-Launcher").wait_for(timeout=LOAD_MS)
        yield page
        AppPage(page).shut_down()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_example_in_jupyterlab(name: str, page_in_lab: Page) -> None:
    app = AppPage(page_in_lab)
    app.open_beside(f"examples/{name}.ipynb")
    check(name, page_in_lab, page_in_lab.locator(".jp-NotebookPanel:not(.lm-mod-hidden)"))
    app.settle()


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_published_example(name: str, browser: Browser, tmp_path: Path) -> None:
    folder = publish(nbformat.read(NOTEBOOKS[name], as_version=4), tmp_path)
    with static_server(folder) as server, watched(browser.new_context(service_workers="block")) as context:
        page = context.new_page()
        page.goto(server.url, timeout=LOAD_MS)
        check(name, page, page.locator("body"))
        expect(page).to_have_title(nbformat.read(NOTEBOOKS[name], as_version=4).metadata.title)
