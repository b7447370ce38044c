"""Headless Chromium, as every benchmark starts it."""

import contextlib
import shutil
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.proxy import HOST

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    # Chromium's address bar is a page of its own, whose 400 files would load beside the first page of each window.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HOST}",
)


@contextlib.contextmanager
def chromium(*flags: str) -> Iterator[Browser]:
    """A browser that can reach no host but this machine: the one that is installed, or else Playwright's own."""
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *flags])


def through(proxy: str) -> dict[str, Any]:
    """The options of a browser context that uses a proxy, if it is given one; loopback goes through it, too."""
    return {"proxy": {"server": proxy, "bypass": "<-loopback>"}} if proxy else {}
