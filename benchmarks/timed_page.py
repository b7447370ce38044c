"""A page in Chromium whose slider is moved by keys, and whose loss curve is watched by `latency_probe.js`."""

import contextlib
import functools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request
from playwright.sync_api import TimeoutError as PageTimeoutError

from benchmarks.chromium import through
from benchmarks.proxy import HOST
from benchmarks.scenarios import Scenario
from benchmarks.server import BenchmarkError

TIMEOUT_MS = 60_000
KEY_INTERVAL_MS = 100
STILL_MS = 35  # two frames
SETTLED_MS = 250
POLL_MS = 20
PROBE = Path(__file__).with_name("latency_probe.js").read_text()

HAS_SLIDER = "() => document.querySelector('[role=slider], input[type=range]') !== null"
IS_STILL = "ms => curveProbe.painted && performance.now() - curveProbe.painted > ms"
HAS_CHANGED = "seen => curveProbe.changes.length > seen"
# A page may draw x and y one after the other, so the curve of a key is the last one before it stays the same.
KEY_TO_CURVE = """
([seen, ms]) => {
  const {changes, painted, pressed} = curveProbe;
  return changes.length > seen && performance.now() - painted > ms && painted - pressed;
}
"""


@functools.cache
def warn_once(message: str) -> None:
    """Prints a message on stderr, the first time only."""
    print(message, file=sys.stderr)


class TimedPage:
    """A page of a scenario, watched from its navigation on.

    Attributes:
        errors: of the page's console and scripts.
        requests: the addresses that the page has asked its server for.
    """

    def __init__(self, page: Page, scenario: Scenario) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.handle = page.get_by_role("slider", name=scenario.slider, exact=True)
        page.add_init_script(f"{PROBE}\nwindow.curveProbe = latencyProbe.watchCurve({json.dumps(scenario.curve)});")
        if scenario.slowdown != 1:
            page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": scenario.slowdown})
        page.on("request", self._count)
        page.on("console", self._collect_error)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _count(self, request: Request) -> None:
        """Counts requests that reach the network: not those for blob and data URLs."""
        if urlsplit(request.url).hostname == HOST:
            self.requests.append(request.url)

    def _collect_error(self, message: ConsoleMessage) -> None:
        """Collects console errors, except for those that the benchmark causes by hiding other hosts."""
        address = message.location["url"]
        if message.type != "error":
            return
        if urlsplit(address).hostname in (HOST, None):
            self.errors.append(f"{message.text} ({address})")
        else:
            warn_once(f"not loaded: {address}")

    def _wait_for(self, condition: str, argument: object, timeout_ms: float = TIMEOUT_MS) -> Any:
        """What a JavaScript function of `argument` returns, once that is true."""
        return self.page.wait_for_function(condition, arg=argument, polling=POLL_MS, timeout=timeout_ms).json_value()

    def _num_changes(self) -> int:
        return self.page.evaluate("curveProbe.changes.length")

    def press(self, key: str) -> None:
        """Presses a key on the slider."""
        self.handle.focus()
        self.page.keyboard.press(key)

    def check(self) -> None:
        """Raises `BenchmarkError` if the page has had an error."""
        if self.errors:
            raise BenchmarkError("\n".join(["The page has errors:", *self.errors]))

    def settle(self, still_ms: float) -> None:
        """Waits until the curve has not been painted for this long."""
        self._wait_for(IS_STILL, still_ms)

    def first_response(self) -> float:
        """Seconds from the start of the navigation to the first curve that follows a key."""
        self._wait_for(HAS_SLIDER, None)  # Playwright's own wait looks twice a second only
        self.settle(STILL_MS)
        seen = self._num_changes()
        for count in range(TIMEOUT_MS // KEY_INTERVAL_MS):
            self.press("ArrowRight" if count % 10 < 5 else "ArrowLeft")
            with contextlib.suppress(PageTimeoutError):
                self._wait_for(HAS_CHANGED, seen, timeout_ms=KEY_INTERVAL_MS)
                return self.page.evaluate("seen => curveProbe.changes[seen] / 1000", seen)
        raise PageTimeoutError("no key changed the curve")

    def choose(self, problem: str) -> None:
        """Chooses a problem, and waits for its curve."""
        seen = self._num_changes()
        self.page.get_by_role("combobox", name="Problem", exact=True).select_option(problem)
        self._wait_for(HAS_CHANGED, seen)

    def compute_in_server(self) -> None:
        """Has the server compute from now on, and waits for its first answer, for which it compiles."""
        self.page.get_by_role("radio", name="server", exact=True).check(force=True)
        seen = self._num_changes()
        self.press("ArrowRight")
        self._wait_for(HAS_CHANGED, seen)

    def key_to_curve(self, key: str) -> float:
        """Milliseconds from a press of `key` to its curve."""
        seen = self._num_changes()
        self.press(key)
        return self._wait_for(KEY_TO_CURVE, [seen, SETTLED_MS])

    def curves_in_a_second(self) -> int:
        """New curves in a second of moving the slider at every animation frame."""
        return self.handle.evaluate("handle => latencyProbe.curvesInASecond(curveProbe, handle)")


@contextlib.contextmanager
def timed_page(browser: Browser, scenario: Scenario, url: str, proxy: str = "") -> Iterator[TimedPage]:
    """A scenario's page, while it loads with an empty cache, through a proxy if one is given.

    Raises:
        BenchmarkError: at the end of the block, if the page has had an error, or did not react in time.
    """
    with browser.new_context(**through(proxy)) as context:
        timed = TimedPage(context.new_page(), scenario)
        try:
            timed.page.goto(url, wait_until="commit", timeout=TIMEOUT_MS)
            yield timed
        except PageTimeoutError as error:
            timed.check()
            raise BenchmarkError(f"{scenario.name} did not react within {TIMEOUT_MS / 1000:g} s: {error}") from error
        timed.check()
