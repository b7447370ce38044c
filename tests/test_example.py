"""The README's example of jaxlink as a reader would use it: in Voilà and in JupyterLab; published in `test_wheel.py`.

What only the order of links shows is tried in JupyterLab here, too.
"""

import math
import re
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.app_page import LOAD_MS, AppPage
from tests.conftest import Server, notebook_of, readme_example, voila_of, watched
from tests.links_anywhere import REVERSED, expect_order_and_limits

EXAMPLE = readme_example("import ipywidgets")


def sentence(angle: float) -> str:
    return f"The sine of {angle:g} is {math.sin(angle):.3g}."


class Frames:
    """The messages about widgets between a page and its kernel."""

    def __init__(self, page: Page) -> None:
        self.sent, self.received = list[str](), list[str]()
        page.on("websocket", self._listen)

    def _listen(self, socket) -> None:
        socket.on("framesent", lambda frame: self.sent.append(str(frame)) if "comm_msg" in str(frame) else None)
        socket.on("framereceived", lambda frame: self.received.append(str(frame)))

    def states(self) -> list[str]:
        """The states in the messages that the page has sent."""
        found = [re.findall(r'"state": ?({.*?})', message) for message in self.sent]
        assert all(len(states) == 1 for states in found), self.sent
        return [states[0] for states in found]


def expect_sentence_after_a_key(page: Page) -> None:
    """Presses an arrow key, which moves the slider by a tenth, and checks that the sentence and the bar follow."""
    words = page.locator(".widget-label:not(.widget-inline-hbox > *)")
    expect(words).to_have_text(sentence(0), timeout=LOAD_MS)
    page.get_by_role("slider").press("ArrowRight")
    expect(words).to_have_text(sentence(0.1))
    width = page.locator(".progress-bar").evaluate("(bar) => parseFloat(bar.style.width)")
    assert width == pytest.approx(50 + 50 * math.sin(0.1), abs=0.01)


def expect_no_message_but_the_sliders(page: Page, frames: Frames) -> None:
    """Checks that the page sent the slider's value only, and that the sentence did not come from the kernel."""
    AppPage(page).settle()
    assert frames.states() == ['{"value":0.1}']
    assert not any(sentence(0.1) in message for message in frames.received)


def test_the_example_has_ten_lines() -> None:
    assert len(list(filter(None, EXAMPLE.splitlines()))) <= 10


def test_the_example_in_voila(browser: Browser, tmp_path: Path) -> None:
    nbformat.write(notebook_of(EXAMPLE), tmp_path / "example.ipynb")
    with voila_of(tmp_path / "example.ipynb") as server, watched(browser.new_context()) as context:
        page = context.new_page()
        frames = Frames(page)
        page.goto(server.url, timeout=LOAD_MS)
        page.get_by_role("slider").wait_for(timeout=LOAD_MS)
        AppPage(page).settle()
        frames.sent.clear()
        expect_sentence_after_a_key(page)
        expect_no_message_but_the_sliders(page, frames)


def test_the_example_in_jupyterlab(browser: Browser, lab: Server) -> None:
    with watched(browser.new_context()) as context:
        page = context.new_page()
        frames = Frames(page)
        AppPage(page).open_notebook(f"{lab.url}example.ipynb")
        page.get_by_role("slider").wait_for(timeout=LOAD_MS)
        AppPage(page).settle()  # the browser has the program, and the kernel knows that the browser computes
        frames.sent.clear()
        expect_sentence_after_a_key(page)
        expect_no_message_but_the_sliders(page, frames)


def test_links_in_jupyterlab_begin_in_their_order_and_sliders_keep_their_new_limits(browser: Browser, lab: Server) -> None:
    with watched(browser.new_context()) as context:
        context.add_init_script(REVERSED)
        page = context.new_page()
        AppPage(page).open_notebook(f"{lab.url}anywhere.ipynb")
        expect_order_and_limits(page)
