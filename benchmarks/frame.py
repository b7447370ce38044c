"""Whether a slider's answer is in the next frame, when the browser computes, as the rows of a markdown table.

    python -m benchmarks.frame [--rtt 0,100,300,600] [--presses 120]

For each problem and round trip time (RTT): milliseconds from a key event to the moment when all outputs are set, and the
share of presses whose first animation frame after that carries the new loss curve, fitted curve, path and readout. The two are
measured one after the other, because to read a canvas takes longer than a press, and each press comes when the frame of the
one before is there. Voilà's server and kernel have the lowest priority: elsewhere than here they take nothing from the
browser's processors. The folder `site`, if it is there, shows the page without them. The last row is the same for a page that
does nothing but change one attribute of an SVG path for each key.
"""

import argparse
import json
import shutil
import statistics
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.latency import PATIENCE_MS, milliseconds
from benchmarks.proxy import Meter, delayed
from benchmarks.scenarios import NOTEBOOK, SITE, Scenario, on_port, serving, static, voila
from benchmarks.server import CHROMIUM_FLAGS

PROBLEMS = ("Line", "Wave", "Network")

# A press is on record with three moments: the event, all outputs set, and the end of the frame after that. A resize
# observer's first call comes in the frame under way, after everything that this frame's callbacks draw.
PROBE = """
(look) => {
  const probe = window.frameProbe = { presses: [], now: null, before: null };
  const seen = () => look.map(([selector, name]) => {
    const found = [...document.querySelectorAll(selector)].at(-1);
    return name === "pixels" ? found?.toDataURL() : name === "text" ? found?.textContent : found?.getAttribute(name);
  });
  probe.look = () => { probe.before = seen(); };
  addEventListener("keydown", (event) => { probe.now = { event: event.timeStamp }; }, { capture: true });
  window.frameProbeSet = () => {
    const press = probe.now;
    if (!press || press.set) return;
    press.set = performance.now();
    requestAnimationFrame(() => {
      const end = new ResizeObserver(() => {
        end.disconnect();
        if (probe.before) press.isCarried = seen().every((value, i) => value !== probe.before[i]);
        probe.before = null;
        probe.presses.push(press);
      });
      end.observe(document.documentElement);
    });
  };
}
"""
PICTURES = [
    [".techni-loss g.curve:first-of-type path.line", "d"],
    [".techni-fit g.curve path.line", "d"],
    [".techni-drawing", "pixels"],
    [".techni-readout [data-name=gradient_norm]", "text"],
]
FOLLOW = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  models.find((model) => Object.keys(model.get("programs") ?? {}).length > 1).on("jaxlink:ran", frameProbeSet);
}"""
BARE = """<button>press</button><svg><path d="M0 0"/></svg><script>
  let y = 0;
  document.querySelector("button").addEventListener("keydown", () => {
    document.querySelector("path").setAttribute("d", `M0 ${++y}`);
    frameProbeSet();
  });
</script>"""


def presses(page: Page, count: int, *, look: bool = False) -> list[dict]:
    """What the probe has on record of so many presses, one after the other, and of what their frames carry if it looks."""
    for i in range(count):
        if look:
            page.evaluate("frameProbe.look()")
        page.keyboard.press("ArrowRight" if i % 10 < 5 else "ArrowLeft")
        page.wait_for_function("(count) => frameProbe.presses.length > count", arg=i, timeout=PATIENCE_MS)
    return page.evaluate("frameProbe.presses.splice(0)")


def row(name: str, problem: str, rtt: str, page: Page, count: int) -> str:
    """A line of the table, of so many presses for each of its figures."""
    waits = [press["set"] - press["event"] for press in presses(page, count)]
    p95 = statistics.quantiles(waits, n=20, method="inclusive")[-1]
    carried = 100 * sum(press["isCarried"] for press in presses(page, count, look=True)) / count
    return f"| {name} | {problem} | {rtt} | {statistics.median(waits):.1f} | {p95:.1f} | {carried:.0f} % |"


def app_rows(browser: Browser, name: str, url: str, rtt: float, count: int) -> Iterator[str]:
    """One row for each problem, of one load of the page."""
    with delayed(urlsplit(url).port or 80, rtt, Meter()) as port, browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(f"({PROBE})({json.dumps(PICTURES)})")
        page.goto(on_port(url, port), timeout=PATIENCE_MS)
        page.wait_for_selector(PICTURES[0][0], state="attached", timeout=PATIENCE_MS)
        page.wait_for_function("window.jupyterapp?.widgetManager ?? window.widgetManager", timeout=PATIENCE_MS)
        page.evaluate(FOLLOW)
        for problem in PROBLEMS:  # in a first round, which ends when the page's loading does and the browser has optimized it
            choose(page, problem)
            presses(page, 60)
        for problem in PROBLEMS:
            choose(page, problem)
            presses(page, 10)
            yield row(name, problem, f"{rtt:g}", page, count)


def choose(page: Page, problem: str) -> None:
    """Chooses a problem, and has the keys go to its learning rate."""
    page.get_by_role("combobox", name="Problem", exact=True).select_option(problem)
    page.get_by_role("slider", name="Learning rate", exact=True).focus()


def pages() -> list[tuple[str, Scenario]]:
    """What is measured, by the name that it has in the table."""
    notebook = voila(NOTEBOOK)
    return [
        ("Voilà", replace(notebook, command=("nice", "-n", "19", *notebook.command))),
        *([("static site", static(SITE))] if Path(SITE).exists() else []),
    ]


def bare_row(browser: Browser, count: int) -> str:
    """The row of a page with one attribute."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(f"({PROBE})({json.dumps([['path', 'd']])})")
        page.goto(f"data:text/html,{BARE}")
        page.locator("button").focus()
        return row("one SVG attribute", "", "", page, count)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtt", type=milliseconds, default="0,100,300,600", help="in ms, default %(default)s")
    parser.add_argument("--presses", type=int, default=120, help="for each figure of a row, default %(default)s")
    options = parser.parse_args()
    if not Path(NOTEBOOK).exists():
        sys.exit(f"There is no {NOTEBOOK} here. Run this from the project's folder.")
    print("| Page | Problem | RTT (ms) | Key to outputs, median (ms) | 95th percentile (ms) | In the next frame |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        for name, scenario in pages():
            with serving(scenario) as url:
                for rtt in options.rtt:
                    for line in app_rows(browser, name, url, rtt, options.presses):
                        print(line, flush=True)
        print(bare_row(browser, options.presses))


if __name__ == "__main__":
    main()
