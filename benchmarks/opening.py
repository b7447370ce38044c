"""Where the time goes until a page shows its first loss curve, as the rows of a markdown table.

    python -m benchmarks.opening [--site site] [--rtt 0] [--loads 5]

Chromium's tracer watches loads of a static page with an empty cache. Milliseconds of the page's one thread, from the start of
the navigation to the first curve, by what it does; what is left of that time it waits, for the network above all. Each row is
the median of the loads.
"""

import argparse
import json
import shutil
import statistics
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, sync_playwright

from benchmarks.frame import PICTURES
from benchmarks.latency import PATIENCE_MS
from benchmarks.proxy import Meter, delayed
from benchmarks.scenarios import SITE, on_port, serving, static
from benchmarks.server import CHROMIUM_FLAGS

CATEGORIES = ["devtools.timeline", "v8", "disabled-by-default-v8.compile", "blink.user_timing", "toplevel"]
# By the beginning of an event's name.
KINDS = {
    "ParseHTML": "parsing the page",
    "v8.compile": "compiling scripts",
    "V8.Compile": "compiling scripts",
    "v8.parse": "compiling scripts",
    "V8.Parse": "compiling scripts",
    "V8.GC": "collecting garbage",
    "MinorGC": "collecting garbage",
    "MajorGC": "collecting garbage",
    "Layout": "styles and layout",
    "UpdateLayoutTree": "styles and layout",
    "RecalculateStyles": "styles and layout",
    "PrePaint": "painting",
    "Paint": "painting",
    "Layerize": "painting",
    "Commit": "painting",
    "EvaluateScript": "running scripts",
    "v8.": "running scripts",
    "FunctionCall": "running scripts",
    "operator()": "running scripts",
    "RunMicrotasks": "running scripts",
    "BlinkScheduler_PerformMicrotaskCheckpoint": "running scripts",
    "EventDispatch": "running scripts",
    "TimerFire": "running scripts",
    "FireAnimationFrame": "running scripts",
}
MARK = """(selector) => {
  const look = new MutationObserver(() => {
    const curve = document.querySelector(selector)?.getAttribute("d");
    if (!curve || curve.length < 100) return;
    look.disconnect();
    performance.mark("first curve");
  });
  look.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["d"] });
}"""


def kind_of(event: dict[str, Any]) -> str:
    """What a thread does in an event."""
    return next((kind for beginning, kind in KINDS.items() if event["name"].startswith(beginning)), "other work")


def self_times(events: list[dict[str, Any]], end: float) -> Counter[str]:
    """Milliseconds of a thread's events until `end`, each without those within it, by kind."""
    found: Counter[str] = Counter()
    open_events: list[tuple[float, str]] = []
    for event in sorted(events, key=lambda event: (event["ts"], -event["dur"])):
        start, stop = event["ts"], min(event["ts"] + event["dur"], end)
        if start >= end:
            break
        while open_events and open_events[-1][0] <= start:
            open_events.pop()
        if open_events:
            found[open_events[-1][1]] -= (stop - start) / 1000
        open_events.append((stop, kind_of(event)))
        found[open_events[-1][1]] += (stop - start) / 1000
    return found


def phases(trace: list[dict[str, Any]]) -> Counter[str]:
    """Milliseconds of a load until its first curve, by kind."""
    mark = next(event for event in trace if event["name"] == "first curve")
    total = mark["args"]["data"]["startTime"]
    begin, thread = mark["ts"] - 1000 * total, (mark["pid"], mark["tid"])
    events = [event for event in trace if event.get("ph") == "X" and (event["pid"], event["tid"]) == thread]
    found = self_times([event for event in events if event["ts"] >= begin], mark["ts"])
    return found + Counter({"waiting": total - sum(found.values()), "all": total})


def load(browser: Browser, url: str) -> Counter[str]:
    """The phases of one load with an empty cache."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(f"({MARK})({json.dumps(PICTURES[0][0])})")
        browser.start_tracing(page=page, categories=CATEGORIES)
        page.goto(url, timeout=PATIENCE_MS)
        page.wait_for_function("performance.getEntriesByName('first curve').length", timeout=PATIENCE_MS)
        return phases(json.loads(browser.stop_tracing())["traceEvents"])


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", default=SITE, help="the folder that `make site` has written, default %(default)s")
    parser.add_argument("--rtt", type=float, default=0, help="in ms, default %(default)s")
    parser.add_argument("--loads", type=int, default=5, help="default %(default)s")
    options = parser.parse_args()
    if not Path(options.site).exists():
        parser.error(f"There is no folder {options.site}. Run `make site` first.")
    with serving(static(options.site)) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        with delayed(urlsplit(url).port or 80, options.rtt, Meter()) as port:
            loads = [load(browser, on_port(url, port)) for _ in range(options.loads)]
    kinds = sorted(set().union(*loads), key=lambda kind: statistics.median(found[kind] for found in loads))
    print("| Until the first curve | ms |\n| --- | ---: |")
    for kind in reversed(kinds):
        print(f"| {kind} | {statistics.median(found[kind] for found in loads):.0f} |")


if __name__ == "__main__":
    main()
