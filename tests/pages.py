"""A real browser for the tests: its flags, contexts that are watched for errors, and the app where visitors meet it."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Playwright, expect

from tests.app_page import AppPage

WAIT_MS = 60_000  # after which a page hangs, however slow the machine is
expect.set_options(timeout=WAIT_MS)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Chromium's address bar is a page of its own, which would load beside the first page of each window.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
]


def launch_chromium(playwright: Playwright, *flags: str) -> Browser:
    """A Chromium that is installed, or else Playwright's own."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")  # the first takes the least work
    found = [path for name in names if (path := shutil.which(name))]
    return playwright.chromium.launch(executable_path=found[0] if found else None, args=[*FLAGS, *flags])


def complaints_of(context: BrowserContext) -> list[str]:
    """What the pages of a context write to the console as an error, or fail with, from now on."""
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if is_error(message) else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    return complaints


# A page that is never idle does not warm up: it does not run the programs that a visitor may choose next until they are fast,
# which takes a second of processor time, almost as much as to open it. It loads them when they are chosen, and shows the same.
NEVER_IDLE = "window.requestIdleCallback = () => 0;"


@contextlib.contextmanager
def watched(context: BrowserContext, *, warms_up: bool = False) -> Iterator[BrowserContext]:
    """A browser context whose pages must end with nothing on the console and no error shown.

    Args:
        context: it is closed in the end.
        warms_up: whether pages do when they are idle what they do for visitors: run programs, and register a service worker.
    """
    context.set_default_timeout(WAIT_MS)
    if not warms_up:
        context.add_init_script(NEVER_IDLE)
    complaints = complaints_of(context)
    try:
        yield context
        shown = [element.inner_text() for page in context.pages for element in page.locator(".techni-error").all()]
        assert not any(shown), shown
        assert not complaints, complaints
    finally:
        context.close()


# Voilà's own template asks another host for two style sheets of icons, which nothing here uses.
_EXCEPTED = {
    f"https://cdn.jsdelivr.net/npm/@fortawesome/fontawesome-free@%5E5/css/{name}.min.css" for name in ("all", "v4-shims")
}


# What ipywidgets says on a busy machine, when it stops waiting for a model; `views/shell.js` waits longer (tests/test_slow.py).
LATE = "widget model not found"


def is_error(message) -> bool:
    """Whether a console message is an error that is not excepted."""
    return message.type == "error" and message.location["url"] not in _EXCEPTED and LATE not in message.text


SIZES: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1440, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2},
}
SERVERS = {"voila": "voila", "hardened": "hardened_server", "lab": "lab", "site": "site"}
PLACES = {"browser": "browser", "kernel": "server"}  # which of them computes in Voilà


@contextlib.contextmanager
def opened_in(setting: str, size: str, request: pytest.FixtureRequest, *, warms_up: bool = False) -> Iterator[AppPage]:
    """The app where visitors meet it: in Voilà, in JupyterLab, or as a static site; `warms_up` as for `watched`."""
    browser, server = request.getfixturevalue("browser"), request.getfixturevalue(SERVERS[setting])
    # To keep a page for visits without a network, Chromium compiles all of its scripts, which takes longer than to open it.
    with watched(browser.new_context(**SIZES[size], service_workers="block"), warms_up=warms_up) as context:
        context.route(lambda url: not url.startswith(server.url.partition("/lab/")[0]), lambda route: route.abort())
        page = context.new_page()
        app = AppPage.open_lab(page, f"{server.url}techni.ipynb") if setting == "lab" else AppPage.open(page, server.url)
        yield app
        if setting == "lab":
            app.shut_down()
