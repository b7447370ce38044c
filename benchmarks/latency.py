"""How quickly the page answers a person, at several network round trip times (RTT), as the rows of a markdown table.

    python -m benchmarks.latency [--rtt 0,100,300,600] [--presses 40] [--notebook techni.ipynb | --url URL | --site FOLDER]

Without a page it measures the notebook in Voilà, computed by the browser and by the server, and the folder `site` if it is
there.

Each RTT gets one load in a fresh browser context: an empty cache and, under Voilà, a new kernel. On that page it measures

- key to curve: from a key press on the slider to the end of the frame that paints the new loss curve;
- curves per second: new loss curves painted in the first second of moving the slider at every animation frame;
- first response: from navigation start to the paint of the first loss curve that answers a key, with a key about every
  100 ms from when the slider exists and the first curve stands still;
- requests and megabytes until then: HTTP requests, without websockets; bytes from server to browser, with websockets.

The browser reaches no other host: what a page loads from elsewhere fails at once and is listed on stderr. Any other console
error ends the benchmark, as does a curve that does not change within a minute.
"""

import argparse
import contextlib
import functools
import itertools
import json
import shutil
import signal
import statistics
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright
from playwright.sync_api import TimeoutError as PageTimeoutError

from benchmarks.proxy import HOST, Meter, delayed
from benchmarks.scenarios import Scenario, everything, on_port, running, serving, static, voila
from benchmarks.server import CHROMIUM_FLAGS, BenchmarkError

PATIENCE_MS = 60_000
KEY_INTERVAL_MS = 100
STILL_MS = 35  # two frames
SETTLED_MS = 250
POLL_MS = 20
# Runs in the page before its own scripts; all times are milliseconds since navigation start. A resize observer's first
# call comes in the frame under way, after its animation callbacks, and the message after that frame is painted. Asking for
# an animation frame instead would come one frame late, as d3 draws in one. A curve that came with a new size was laid out
# again, not computed again.
PROBE = """
selector => {
  const probe = window.latencyProbe = {changes: [], drawn: null, pressed: null};
  const find = () => document.querySelector(selector);
  const painted = new MessageChannel();
  let curve = null, size = null;

  painted.port1.onmessage = ({data: isChange}) => {
    probe.drawn = performance.now();
    if (isChange) probe.changes.push(probe.drawn);
  };
  const frame = new ResizeObserver(() => {
    frame.disconnect();
    const path = find();
    if (!path) return;
    const before = size, {width, height} = path.ownerSVGElement.getBoundingClientRect();
    curve = path.getAttribute("d");
    size = `${width} ${height}`;
    painted.port2.postMessage(size === before);
  });
  new MutationObserver(() => {
    const drawn = find()?.getAttribute("d");
    if (drawn && drawn !== curve) frame.observe(document.documentElement);
  }).observe(document, {subtree: true, childList: true, attributes: true, attributeFilter: ["d"]});
  addEventListener("keydown", event => { probe.pressed = event.timeStamp; }, {capture: true});
}
"""

HAS_SLIDER = "() => document.querySelector('[role=slider], input[type=range]') !== null"
IS_STILL = "ms => latencyProbe.drawn && performance.now() - latencyProbe.drawn > ms"
HAS_CHANGED = "seen => latencyProbe.changes.length > seen"

# The curve of a press is the last one before it settles: a page may draw x and y one after the other.
KEY_TO_CURVE = """
([seen, ms]) => {
  const {changes, drawn, pressed} = latencyProbe;
  return changes.length > seen && performance.now() - drawn > ms && drawn - pressed;
}
"""

# The slider turns round where a key no longer moves it. A curve counts if it differs from the one painted before it, at most
# one per frame; should bqplot animate its marks, the frames in between would count too.
SWEEP = """
handle => new Promise(done => {
  const begin = performance.now(), seen = latencyProbe.changes.length;
  let key = "ArrowRight";
  const step = () => {
    if (performance.now() - begin > 1000) return done(latencyProbe.changes.length - seen);
    const before = handle.parentElement.outerHTML;
    handle.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
    if (handle.parentElement.outerHTML === before) key = key === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
    requestAnimationFrame(step);
  };
  step();
})
"""


class Row(NamedTuple):
    """What is measured at one round trip time, in the units of `HEADINGS`."""

    page: str
    rtt: float
    key_to_curve: float
    key_to_curve_95: float
    curves: int
    first_response: float
    requests: int
    transferred: float

    def __str__(self) -> str:
        return (
            f"| {self.page} | {self.rtt:g} | {self.key_to_curve:.0f} | {self.key_to_curve_95:.0f} | {self.curves} "
            f"| {self.first_response:.1f} | {self.requests} | {self.transferred:.1f} |"
        )


HEADINGS = """\
| Page | RTT (ms) | Key to curve, median (ms) | 95th percentile (ms) | Curves per second | First response (s) | Requests | MB |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"""


@functools.cache
def warn_once(message: str) -> None:
    """Say something on stderr, the first time only."""
    print(message, file=sys.stderr)


class Visit:
    """A page in a browser, from its navigation on."""

    def __init__(self, page: Page, scenario: Scenario) -> None:
        self.page = page
        self.errors: list[str] = []
        self.requests: list[str] = []
        self.handle = page.get_by_role("slider", name=scenario.slider, exact=True)
        page.add_init_script(f"({PROBE})({json.dumps(scenario.curve)})")
        page.on("request", self._count)
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _count(self, request: Request) -> None:
        """Requests that reach the network: not those for blob and data URLs."""
        if urlsplit(request.url).hostname == HOST:
            self.requests.append(request.url)

    def _note(self, message: ConsoleMessage) -> None:
        """Console errors, except for those that the benchmark causes by hiding other hosts."""
        address = message.location["url"]
        if message.type != "error":
            return
        if urlsplit(address).hostname in (HOST, None):
            self.errors.append(f"{message.text} ({address})")
        else:
            warn_once(f"not loaded: {address}")

    def wait_for(self, condition: str, argument: object, timeout_ms: float = PATIENCE_MS) -> Any:
        """What a JavaScript function of `argument` returns, once that is true."""
        return self.page.wait_for_function(condition, arg=argument, polling=POLL_MS, timeout=timeout_ms).json_value()

    def seen(self) -> int:
        """How many changes of the curve have been painted."""
        return self.page.evaluate("latencyProbe.changes.length")

    def press(self, key: str) -> None:
        """Press a key on the slider."""
        self.handle.focus()
        self.page.keyboard.press(key)

    def check(self) -> None:
        """The page has had no error so far."""
        if self.errors:
            raise BenchmarkError("\n".join(["the page has errors:", *self.errors]))

    def settle(self, still_ms: float) -> None:
        """Wait until the curve has been on screen unchanged for a while."""
        self.wait_for(IS_STILL, still_ms)

    def first_response(self) -> float:
        """Seconds from navigation start to the first curve that answers a key."""
        self.wait_for(HAS_SLIDER, None)  # Playwright's own wait looks twice a second only
        self.settle(STILL_MS)
        seen = self.seen()
        for count in range(PATIENCE_MS // KEY_INTERVAL_MS):
            self.press("ArrowRight" if count % 10 < 5 else "ArrowLeft")
            with contextlib.suppress(PageTimeoutError):
                self.wait_for(HAS_CHANGED, seen, timeout_ms=KEY_INTERVAL_MS)
                return self.page.evaluate("seen => latencyProbe.changes[seen] / 1000", seen)
        raise PageTimeoutError("no key changed the curve")

    def choose(self, problem: str) -> None:
        """Choose a problem, and wait until its curve is there."""
        seen = self.seen()
        self.page.get_by_role("combobox", name="Problem", exact=True).select_option(problem)
        self.wait_for(HAS_CHANGED, seen)

    def compute_in_server(self) -> None:
        """Use the page's switch, and wait until the server has answered a first time: it compiles then."""
        self.page.get_by_role("radio", name="server", exact=True).check(force=True)
        seen = self.seen()
        self.press("ArrowRight")
        self.wait_for(HAS_CHANGED, seen)

    def key_to_curve(self, key: str) -> float:
        """Milliseconds from one press of `key` to its curve."""
        seen = self.seen()
        self.press(key)
        return self.wait_for(KEY_TO_CURVE, [seen, SETTLED_MS])

    def curves_in_a_second(self) -> int:
        """New curves while the slider is moved at every animation frame."""
        return self.handle.evaluate(SWEEP)


@contextlib.contextmanager
def visiting(browser: Browser, scenario: Scenario, url: str) -> Iterator[Visit]:
    """The page, being loaded with an empty cache; a page error or an impatient wait becomes a BenchmarkError."""
    with browser.new_context() as context:
        visit = Visit(context.new_page(), scenario)
        try:
            visit.page.goto(url, wait_until="commit", timeout=PATIENCE_MS)
            yield visit
        except PageTimeoutError as error:
            visit.check()
            raise BenchmarkError(f"{scenario.name} did not react within {PATIENCE_MS / 1000:g} s: {error}") from error
        visit.check()


def measure(browser: Browser, scenario: Scenario, url: str, rtt: float, presses: int) -> Row:
    """One row: a load of the page at `url` through a proxy with a round trip time of `rtt` milliseconds."""
    meter = Meter()
    with delayed(urlsplit(url).port or 80, rtt, meter) as port, visiting(browser, scenario, on_port(url, port)) as visit:
        seconds, requests, transferred = visit.first_response(), len(visit.requests), meter.downstream
        if scenario.problem:
            visit.choose(scenario.problem)
        if scenario.in_server:
            visit.compute_in_server()
        visit.settle(rtt + 4 * SETTLED_MS)  # the answers to the other keys of the first response
        waits = [visit.key_to_curve(key) for key in itertools.islice(itertools.cycle(("ArrowLeft", "ArrowRight")), presses)]
        median, p95 = statistics.median(waits), statistics.quantiles(waits, n=20, method="inclusive")[-1]
        return Row(scenario.name, rtt, median, p95, visit.curves_in_a_second(), seconds, requests, transferred / 1e6)


def milliseconds(text: str) -> list[float]:
    """Numbers separated by commas."""
    return [float(number) for number in text.split(",")]


def arguments() -> argparse.Namespace:
    """The command line; `scenario` is the page to measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtt", type=milliseconds, default="0,100,300,600", help="in ms, default %(default)s")
    parser.add_argument("--presses", type=int, default=40, help="per RTT, at least 2, default %(default)s")
    page = parser.add_mutually_exclusive_group()
    page.add_argument("--notebook", type=voila, dest="scenario", metavar="PATH", help="of Voilà")
    page.add_argument("--url", type=running, dest="scenario", help="of a server that runs on this machine already")
    page.add_argument("--site", type=static, dest="scenario", metavar="FOLDER", help="that `make site` has written")
    return parser.parse_args()


def run(scenarios: list[Scenario], rtts: list[float], presses: int) -> None:
    """Print the table of all pages; each page is loaded once before that, to have its files in the disk cache."""
    print(HEADINGS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        for scenario in scenarios:
            with serving(scenario) as url:
                with visiting(browser, scenario, on_port(url, urlsplit(url).port or 80)) as visit:
                    visit.first_response()
                for rtt in rtts:
                    print(measure(browser, scenario, url, rtt, presses), flush=True)


def main() -> None:
    """Measure the page of the command line."""
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # an exception, so that all that was started is stopped
    try:
        run([options.scenario] if options.scenario else everything(), options.rtt, options.presses)
    except BenchmarkError as error:
        sys.exit(f"latency benchmark failed: {error}")


if __name__ == "__main__":
    main()
