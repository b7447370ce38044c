"""Where the time of a key press goes, when the browser computes, as a Markdown table.

    python -m benchmarks.profile [--presses 100] [--save]

Chromium's sampling profiler watches presses on the learning rate's slider, in Voilà, for each problem. A sample counts for the
innermost function that has a URL: the time of a native function is its caller's. Figures are milliseconds per press on the
page's main thread, in the key's handlers and in the frame after them. The browser's own work, such as layout and painting, is
not included.
"""

import argparse
from collections import Counter
from typing import Any

from playwright.sync_api import Page

from benchmarks.chromium import chromium
from benchmarks.frame import OBSERVE_RUNS, PROBE, PROBLEMS, choose, presses
from benchmarks.results import Column, Table, add_save_option, reporting
from benchmarks.scenarios import LOSS_CURVE, NOTEBOOK, serving, voila
from benchmarks.timed_page import TIMEOUT_MS

SAMPLING_INTERVAL_US = 100
COLUMNS = [Column("problem", "Problem"), Column("owner", "Whose code"), Column("milliseconds", "ms per press", ".2f")]
# Whose code a function is, by a part of its URL; the first that fits holds.
OWNERS = {
    "wasm:": "the program",
    "blob:": "links and views",
    "/bqplot/": "bqplot",
    "/bqscales/": "bqplot",
    "/jupyter-matplotlib/": "ipympl",
    "widgets": "ipywidgets",
}


def owner(nodes: dict[int, dict], parents: dict[int, int], leaf: int) -> str:
    """Whose code was running in a sample that ended in the node `leaf`."""
    node: int | None = leaf
    if nodes[leaf]["callFrame"]["functionName"] in ("(idle)", "(program)", "(garbage collector)"):
        return nodes[leaf]["callFrame"]["functionName"].strip("()")
    while node is not None:
        if url := nodes[node]["callFrame"]["url"]:
            return next((name for part, name in OWNERS.items() if part in url), "Voilà")
        node = parents.get(node)
    return "benchmark"  # whose functions have no URL


def times_by_owner(profile: dict[str, Any]) -> Counter[str]:
    """Microseconds of a profile by owner."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    parents = {child: node["id"] for node in profile["nodes"] for child in node.get("children", [])}
    times: Counter[str] = Counter()
    for leaf, microseconds in zip(profile["samples"], profile["timeDeltas"], strict=True):
        times[owner(nodes, parents, leaf)] += microseconds
    return times


def profiled(page: Page, count: int) -> dict[str, Any]:
    """Chromium's profile of `count` presses."""
    session = page.context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.setSamplingInterval", {"interval": SAMPLING_INTERVAL_US})
    session.send("Profiler.start")
    presses(page, count)
    profile = session.send("Profiler.stop")["profile"]
    session.detach()
    return profile


def measure(page: Page, count: int, table: Table) -> None:
    """Adds a row for each problem and owner, the longest first."""
    for problem in PROBLEMS:
        choose(page, problem)
        presses(page, 10)
        for name, microseconds in times_by_owner(profiled(page, count)).most_common():
            if name not in ("idle", "program", "benchmark"):
                table.add(problem, name, microseconds / 1000 / count)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=100, help="for each problem, default %(default)s")
    add_save_option(parser)
    options = parser.parse_args()
    with (
        serving(voila(NOTEBOOK)) as url,
        chromium() as browser,
        reporting(COLUMNS, "profile" if options.save else None) as table,
    ):
        page = browser.new_page()
        page.add_init_script(PROBE)
        page.goto(url, timeout=TIMEOUT_MS)
        page.wait_for_selector(LOSS_CURVE, state="attached", timeout=TIMEOUT_MS)
        page.evaluate(OBSERVE_RUNS)
        measure(page, options.presses, table)


if __name__ == "__main__":
    main()
