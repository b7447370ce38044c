"""A page whose kernel is late says so. One that loses kernel, server or network goes on, says so, and keeps the controls."""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, expect

from gradient.views.sentences import COMPUTE
from tests.app_page import LOAD_MS, AppPage
from tests.conftest import COMPILED_ONCE, NEVER_IDLE, ROOT, SIZES, Server, free_port, serve, watched

LINE = ".techni-offline"
ALL = ("curve", "fit", "field", "gradient_norm")
DISCONNECTED = "ERR_|WebSocket connection|status of (40[34]|503)"  # what the console says of connections


@pytest.fixture(scope="module")
def voila() -> Iterator[Server]:
    """A server whose kernels may be killed."""
    port = free_port()
    command = [sys.executable, "-m", "voila", "techni.ipynb", f"--port={port}", "--no-browser"]
    with serve(command, f"http://127.0.0.1:{port}/", "is running at", ROOT, **COMPILED_ONCE) as server:
        yield server


@contextlib.contextmanager
def without(browser: Browser, expected: str) -> Iterator[BrowserContext]:
    """A browser whose console has no errors except the expected ones."""

    def is_complaint(message: ConsoleMessage) -> bool:
        return message.type == "error" and not re.search(expected, message.text)

    complaints: list[str] = []
    context = browser.new_context(**SIZES["wide"])
    context.add_init_script(NEVER_IDLE)
    context.on("console", lambda message: complaints.append(message.text) if is_complaint(message) else None)
    context.on("weberror", lambda error: complaints.append(f"{error.error.stack}"))
    yield context
    said = list(complaints)  # before the pages are left
    context.close()
    assert not said


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser in which nothing fails except connections."""
    with without(browser, DISCONNECTED) as context:
        yield context


def signal_kernel(server: Server, app: AppPage, number: int) -> None:
    """Sends a signal to a page's kernel, whose command names a file with the kernel's id."""
    name = app.page.evaluate("jupyterapp.widgetManager.kernel.id")
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text().split()
    (kernel,) = (int(pid) for pid in children if name in Path(f"/proc/{pid}/cmdline").read_text())
    os.kill(kernel, number)


def expect_working(app: AppPage) -> None:
    """Checks that sliders, choices and buttons still change every picture."""
    before = app.seen()
    app.press("Learning rate", "ArrowRight", 2)
    app.wait_for_change(before, *ALL)
    app.choose("Problem", "Network")
    app.wait("s.step === '200'")
    app.choose("Problem", "Wave")
    app.wait("s.step === '30'")
    app.button("First").click()
    app.wait("s.step === '0'")
    app.button("Reset").click()
    app.wait("s.step === '30' && s.loss === '0.0386'")


@pytest.fixture(scope="module")
def shared(voila: Server, browser: Browser) -> Iterator[AppPage]:
    """A page for the two tests that follow, of which the second ends its kernel."""
    with without(browser, DISCONNECTED) as context:
        yield AppPage.open(context.new_page(), voila.url)


def test_while_the_server_is_late_the_page_says_so_and_pales(voila: Server, shared: AppPage) -> None:
    app = shared
    app.compute_in("server")
    took, numbers = app.page.locator(".techni-took"), app.page.locator(".techni-readout")
    expect(numbers).to_have_css("opacity", "1", timeout=LOAD_MS)
    signal_kernel(voila, app, signal.SIGSTOP)
    app.press("Learning rate", "ArrowRight")
    expect(took).to_have_text(COMPUTE["waits"])
    expect(numbers).not_to_have_css("opacity", "1")
    signal_kernel(voila, app, signal.SIGCONT)
    expect(took).not_to_have_text(COMPUTE["waits"], timeout=LOAD_MS)
    expect(numbers).to_have_css("opacity", "1")


def test_a_drag_goes_on_when_the_kernel_dies_and_a_new_kernel_gets_the_controls(voila: Server, shared: AppPage) -> None:
    app = shared
    app.compute_in("browser")
    app.reset()
    app.page.mouse.move(*app.at(0.6, -3.5))
    app.page.mouse.down()
    app.page.mouse.move(*app.at(1.2, -2.0), steps=4)
    app.expect_start(1.2, -2.0)
    signal_kernel(voila, app, signal.SIGKILL)
    for b in (-1.0, 0.5):
        before = app.seen()
        app.page.mouse.move(*app.at(1.2, b), steps=4)
        app.expect_start(1.2, b)
        app.wait_for_change(before, *ALL)
    expect(app.page.locator(LINE)).to_be_visible(timeout=LOAD_MS)
    before = app.seen()
    app.page.mouse.move(*app.at(-1.0, 2.0), steps=4)
    app.page.mouse.up()
    app.expect_start(-1.0, 2.0)
    app.wait_for_change(before, *ALL)
    expect_working(app)
    change_controls(app)
    reconnect(app)


def reconnect(app: AppPage) -> None:
    """Reconnects a page whose kernel has died, on the second try, and checks that the new kernel has its controls."""
    before = app.seen()
    app.page.route("**/*", lambda route: route.fulfill(status=503))  # as a proxy does while a server is restarted
    app.button("Reconnect").click()
    expect(app.page.locator(LINE)).to_contain_text("still cannot be reached")
    app.page.unroute("**/*")
    with app.page.expect_navigation(timeout=LOAD_MS):
        app.button("Reconnect").click()
    expect_controls(app, before)
    expect(app.page.locator(LINE)).to_be_hidden()
    app.compute_in("server")
    before = app.seen()
    app.press("Learning rate", "ArrowLeft", 2)
    app.wait_for_change(before, *ALL)


def change_controls(app: AppPage) -> None:
    app.choose("Problem", "Line")
    app.choose("Optimizer", "Adam")
    app.choose("Loss axis", "Linear")
    app.page.get_by_label("Show residuals").check()
    app.press("Learning rate", "PageDown")
    app.press("Beta 1", "ArrowLeft", 3)
    app.press("Initial w", "ArrowRight", 5)
    app.press("Steps", "ArrowRight", 20)
    app.press("Step", "ArrowLeft", 7)
    app.wait("s.step === '43'")


def expect_controls(app: AppPage, before: dict) -> None:
    """Checks that the page is as `change_controls` left it."""
    app.wait_until_drawn()
    numbers = ("loss", "gradient_norm", "step", "sentence")  # the curves of a kernel differ in the last digits
    app.wait("Object.keys(arg).every((name) => s[name] === arg[name])", arg={name: before[name] for name in numbers})
    for name, option in (("Problem", "Line"), ("Optimizer", "Adam"), ("Loss axis", "Linear")):
        expect(app.page.get_by_role("combobox", name=name, exact=True)).to_have_value(option)
    expect(app.page.get_by_label("Show residuals")).to_be_checked()


@pytest.mark.parametrize("server", ["hardened_server", pytest.param("site", marks=pytest.mark.soak)])
def test_a_reload_keeps_the_controls(server: str, browser: Browser, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue(server).url
    with watched(browser.new_context(**SIZES["wide"])) as context:
        app = AppPage.open(context.new_page(), url)
        change_controls(app)
        before = app.settled()
        app.page.goto("about:blank")
        app.page.goto(url)
        expect_controls(app, before)
        app.settle()


@pytest.mark.soak
@pytest.mark.parametrize("where", ["browser", "server"])
def test_a_server_that_is_gone_is_waited_for(where: str, context: BrowserContext) -> None:
    port = free_port()
    command = [sys.executable, "-m", "voila", "techni.ipynb", f"--port={port}", "--no-browser"]
    with serve(command, f"http://127.0.0.1:{port}/", "is running at", cwd=ROOT) as server:
        app = AppPage.open(context.new_page(), server.url)
        app.compute_in(where)
        change_controls(app)
        before = app.settled()
    expect(app.page.locator(LINE)).to_be_visible(timeout=LOAD_MS)
    expect(app.page.get_by_role("radio", name="browser", exact=True)).to_be_checked()
    app.button("Reconnect").click()
    expect(app.page.locator(LINE)).to_contain_text("still cannot be reached")
    app.wait("s.loss === arg.loss && s.step === arg.step", arg=before)
    app.press("Initial b", "ArrowRight")
    app.press("Initial b", "ArrowLeft")
    with serve(command, f"http://127.0.0.1:{port}/", "is running at", cwd=ROOT):
        with app.page.expect_navigation(timeout=LOAD_MS):
            app.button("Reconnect").click()
        expect_controls(app, before)


@pytest.mark.soak
def test_a_connection_that_comes_back_changes_nothing(voila: Server, context: BrowserContext) -> None:
    """The widget manager then restores the kernel's state, in which no picture was ever computed."""
    app = AppPage.open(context.new_page(), voila.url)
    change_controls(app)
    before = app.settled()
    app.page.evaluate("async () => { await window.jupyterapp.widgetManager.kernel.reconnect(); }")
    app.page.evaluate("async () => { await window.jupyterapp.widgetManager._loadFromKernel(); }")
    app.settle()
    expect_controls(app, before)
    expect(app.page.locator(LINE)).to_be_hidden()
    expect_working(app)
