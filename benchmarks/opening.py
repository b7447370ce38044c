"""Where the time goes until a page shows its first loss curve, as a Markdown table.

    python -m benchmarks.opening [--site site] [--rtt 0,300] [--loads 5] [--save]

Chromium traces loads of a static page with an empty cache, at several round trip times (RTT). Each row has the milliseconds
that the page's main thread spends on one kind of work, from the start of the navigation to the first curve; the rest of that
time it waits, mostly for the network. Figures are medians of the loads.
"""

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser

from benchmarks.chromium import chromium, through
from benchmarks.latency import numbers
from benchmarks.proxy import delayed
from benchmarks.results import Column, Table, add_save_option, reporting
from benchmarks.scenarios import LOSS_CURVE, SITE, serving, static_site
from benchmarks.timed_page import TIMEOUT_MS

TRACE_CATEGORIES = ["devtools.timeline", "v8", "disabled-by-default-v8.compile", "blink.user_timing", "toplevel"]
# The kind of work by the prefix of an event's name; the first that fits holds.
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
MARK_FIRST_CURVE = """(selector) => {
  const observer = new MutationObserver(() => {
    const curve = document.querySelector(selector)?.getAttribute("d");
    if (!curve || curve.length < 100) return;
    observer.disconnect();
    performance.mark("first curve");
  });
  observer.observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["d"] });
}"""


def work_kind(event: dict[str, Any]) -> str:
    """The kind of work of an event."""
    return next((kind for prefix, kind in KINDS.items() if event["name"].startswith(prefix)), "other work")


def self_times(events: list[dict[str, Any]], end: float) -> Counter[str]:
    """Milliseconds of a thread's events until `end` by kind, each event without those inside it."""
    times: Counter[str] = Counter()
    open_events: list[tuple[float, str]] = []
    for event in sorted(events, key=lambda event: (event["ts"], -event["dur"])):
        start, stop = event["ts"], min(event["ts"] + event["dur"], end)
        if start >= end:
            break
        while open_events and open_events[-1][0] <= start:
            open_events.pop()
        if open_events:
            times[open_events[-1][1]] -= (stop - start) / 1000
        open_events.append((stop, work_kind(event)))
        times[open_events[-1][1]] += (stop - start) / 1000
    return times


def phases_of(trace: list[dict[str, Any]]) -> Counter[str]:
    """Milliseconds of a load until its first curve, by kind."""
    mark = next(event for event in trace if event["name"] == "first curve")
    total = mark["args"]["data"]["startTime"]
    begin, thread = mark["ts"] - 1000 * total, (mark["pid"], mark["tid"])
    events = [event for event in trace if event.get("ph") == "X" and (event["pid"], event["tid"]) == thread]
    times = self_times([event for event in events if event["ts"] >= begin], mark["ts"])
    return times + Counter({"waiting": total - sum(times.values()), "all": total})


def load(browser: Browser, url: str, proxy: str) -> Counter[str]:
    """The phases of one load through a proxy, with an empty cache."""
    with browser.new_context(**through(proxy)) as context:
        page = context.new_page()
        page.add_init_script(f"({MARK_FIRST_CURVE})({json.dumps(LOSS_CURVE)})")
        browser.start_tracing(page=page, categories=TRACE_CATEGORIES)
        page.goto(url, timeout=TIMEOUT_MS)
        page.wait_for_function("performance.getEntriesByName('first curve').length", timeout=TIMEOUT_MS)
        return phases_of(json.loads(browser.stop_tracing())["traceEvents"])


def columns(rtts: Sequence[float]) -> list[Column]:
    """A column of kinds, and one of milliseconds for each RTT."""
    return [Column("kind", "Until the first curve"), *(Column(f"rtt {rtt:g}", f"{rtt:g} ms RTT", ".0f") for rtt in rtts)]


def medians(browser: Browser, url: str, rtt: float, num_loads: int) -> dict[str, float]:
    """Milliseconds by kind of work: the medians of `num_loads` loads at a round trip time."""
    with delayed(rtt) as proxy:
        loads = [load(browser, url, proxy) for _ in range(num_loads)]
    kinds = set().union(*loads)
    return {kind: float(np.median([phases[kind] for phases in loads])) for kind in kinds}


def add_rows(table: Table, by_rtt: list[dict[str, float]]) -> None:
    """Adds a row for each kind, the longest first."""
    for kind in sorted(set().union(*by_rtt), key=lambda kind: by_rtt[0].get(kind, 0), reverse=True):
        table.add(kind, *(phases.get(kind, 0) for phases in by_rtt))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", default=SITE, help="the folder that `make site` has written, default %(default)s")
    parser.add_argument("--rtt", type=numbers, default="0,300", help="in ms, default %(default)s")
    parser.add_argument("--loads", type=int, default=5, help="for each RTT, default %(default)s")
    add_save_option(parser)
    options = parser.parse_args()
    if not Path(options.site).exists():
        parser.error(f"There is no folder {options.site}. Run `make site` first.")
    with serving(static_site(options.site)) as url, chromium() as browser:
        by_rtt = [medians(browser, url, rtt, options.loads) for rtt in options.rtt]
    with reporting(columns(options.rtt), "opening" if options.save else None) as table:
        add_rows(table, by_rtt)


if __name__ == "__main__":
    main()
