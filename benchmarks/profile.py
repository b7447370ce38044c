"""Where the time of a key press goes, when the browser computes, as the rows of a markdown table.

    python -m benchmarks.profile [--presses 100]

Chromium's sampling profiler watches presses on the learning rate's slider, in Voilà, for each problem. A sample counts for the
innermost function that has an address: the time of a native function is its caller's. Milliseconds per press on the page's one
thread, in the key's handlers and in the frame after them. The browser's own work, such as layout and painting, is not in it.
"""

import argparse
import shutil
from collections import Counter
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page, sync_playwright

from benchmarks.frame import FOLLOW, PICTURES, PROBE, PROBLEMS, presses
from benchmarks.latency import PATIENCE_MS
from benchmarks.scenarios import NOTEBOOK, serving, voila
from benchmarks.server import CHROMIUM_FLAGS

INTERVAL_US = 100
OWNERS = {
    "wasm:": "the program",
    "blob:": "links and views",
    "/bqplot/": "bqplot",
    "/bqscales/": "bqplot",
    "/jupyter-matplotlib/": "ipympl",
    "widgets": "ipywidgets",
}


def owner(nodes: dict[int, dict], parents: dict[int, int], leaf: int) -> str:
    """Whose code was running."""
    node: int | None = leaf
    if nodes[leaf]["callFrame"]["functionName"] in ("(idle)", "(program)", "(garbage collector)"):
        return nodes[leaf]["callFrame"]["functionName"].strip("()")
    while node is not None:
        address = nodes[node]["callFrame"]["url"]
        if address:
            return next((name for part, name in OWNERS.items() if part in address), "Voilà")
        node = parents.get(node)
    return "benchmark"  # whose functions have no address


def shares(profile: dict[str, Any]) -> Counter[str]:
    """Microseconds for each owner."""
    nodes = {node["id"]: node for node in profile["nodes"]}
    parents = {child: node["id"] for node in profile["nodes"] for child in node.get("children", [])}
    found: Counter[str] = Counter()
    for leaf, microseconds in zip(profile["samples"], profile["timeDeltas"], strict=True):
        found[owner(nodes, parents, leaf)] += microseconds
    return found


def profiled(page: Page, count: int) -> dict[str, Any]:
    """The profile of so many presses."""
    session = page.context.new_cdp_session(page)
    session.send("Profiler.enable")
    session.send("Profiler.setSamplingInterval", {"interval": INTERVAL_US})
    session.send("Profiler.start")
    presses(page, count)
    profile = session.send("Profiler.stop")["profile"]
    session.detach()
    return profile


def rows(page: Page, count: int) -> Iterator[str]:
    """A line of the table for each problem and owner, the longest first."""
    for problem in PROBLEMS:
        page.get_by_role("combobox", name="Problem", exact=True).select_option(problem)
        page.get_by_role("slider", name="Learning rate", exact=True).focus()
        presses(page, 10)
        for name, microseconds in shares(profiled(page, count)).most_common():
            if name not in ("idle", "program", "benchmark"):
                yield f"| {problem} | {name} | {microseconds / 1000 / count:.2f} |"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=100, help="for each problem, default %(default)s")
    options = parser.parse_args()
    print("| Problem | Whose code | ms per press |\n| --- | --- | ---: |")
    with serving(voila(NOTEBOOK)) as url, sync_playwright() as playwright:
        page = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS).new_page()
        page.add_init_script(f"({PROBE})({[list(picture) for picture in PICTURES]})")
        page.goto(url, timeout=PATIENCE_MS)
        page.wait_for_selector(PICTURES[0][0], state="attached", timeout=PATIENCE_MS)
        page.evaluate(FOLLOW)
        for line in rows(page, options.presses):
            print(line, flush=True)


if __name__ == "__main__":
    main()
