"""Whether the next animation frame shows what a slider changes, when the browser computes, as a Markdown table.

    python -m benchmarks.frame [--rtt 0,100,300,600] [--presses 120] [--save]

For each problem and round trip time (RTT): milliseconds from a key event until all outputs are set, and the share of presses
whose next animation frame shows the new loss curve, fitted curve, path, readout and, but for the network, whose sweep runs in a
worker, the strip under the momentum. The two are measured in separate passes,
because reading a canvas takes longer than a press, and each press waits for the frame of the one before. Voilà's server and
kernel run at the lowest priority, because for a visitor they run on another machine. The folder `site`, if it exists, is the
page without them. With *four runs* three others are compared with the present one. *A point of 100* is one that keys move, of a
visitor's own data, with the loss of every model drawn anew. The last rows are a notebook in Voilà with
one slider, one label and the sine between them, and a page that only changes one attribute of an SVG path for each key.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
from playwright.sync_api import Browser, BrowserContext, Page

from benchmarks.chromium import chromium, through
from benchmarks.latency import add_rtt_option
from benchmarks.proxy import delayed
from benchmarks.results import Column, Table, add_save_option, reporting
from benchmarks.scenarios import (
    LOSS_CURVE,
    NOTEBOOK,
    SITE,
    Scenario,
    any_notebook,
    serving,
    static_site,
    voila,
)
from benchmarks.timed_page import TIMEOUT_MS
from gradient import PROBLEMS

COLUMNS = [
    Column("page", "Page"),
    Column("problem", "Problem"),
    Column("rtt", "RTT (ms)", "g"),
    Column("key_to_outputs", "Key to outputs, median (ms)", ".1f"),
    Column("key_to_outputs_95", "95th percentile (ms)", ".1f"),
    Column("in_next_frame", "In the next frame", ".0%"),
]

PROBE = Path(__file__).with_name("frame_probe.js").read_text()
PICTURES = [
    [".techni-loss g:first-child > g.curve:first-child path.line", "d"],
    [".techni-fit g.curve path.line", "d"],
    [".techni-drawing", "pixels"],
    [".techni-readout [data-name=gradient_norm]", "text"],
]
STRIP = [".techni-swept:has([aria-label='Momentum']) .techni-strip canvas", "pixels"]
# The link of the pictures, or that of the comparison, which runs after it.
OBSERVE_RUNS = """async (isComparison) => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const compute = models.find((model) => model.get("followers"));
  const link = isComparison ? compute.get("followers").at(-1) : compute.get("link");
  (await manager.get_model(link.replace("IPY_MODEL_", ""))).on("jaxlink:ran", frameProbe.outputsSet);
}"""
LANDSCAPE = [".techni-landscape", "pixels"]  # the loss of every model
OTHERS = ("Adam", "RMSProp", "Nesterov")  # that are compared with the present run
COMPARED = [".techni-loss g:nth-child(2) > g.curve:first-child path.line", "d"]
LINKED = """
import ipywidgets as widgets
import jax.numpy as jnp
from gradient.link import jaxlink
slider, label = widgets.FloatSlider(max=6.3), widgets.Label()
jaxlink(lambda x: {"sine": jnp.sin(x)}, inputs={"x": slider}, outputs={"sine": (label, "value", "{sine:.4f}")})
widgets.VBox([slider, label])
"""
OBSERVE_LINK = """async () => {
  const models = await Promise.all(Object.values(jupyterapp.widgetManager._models));
  models.find((model) => model.get("state") === "browser").on("jaxlink:ran", frameProbe.outputsSet);
}"""
BARE_PAGE = """<button>press</button><svg><path d="M0 0"/></svg><script>
  let y = 0;
  document.querySelector("button").addEventListener("keydown", () => {
    document.querySelector("path").setAttribute("d", `M0 ${++y}`);
    frameProbe.outputsSet();
  });
</script>"""


def presses(page: Page, count: int, pictures: Sequence[list[str]] = ()) -> list[dict]:
    """What the probe records of `count` presses, and whether their frames show other pictures, if some are named."""
    for i in range(count):
        if pictures:
            page.evaluate("(pictures) => frameProbe.rememberPictures(pictures)", pictures)
        page.keyboard.press("ArrowRight" if i % 10 < 5 else "ArrowLeft")
        page.wait_for_function("(count) => frameProbe.presses.length > count", arg=i, timeout=TIMEOUT_MS)
    return page.evaluate("frameProbe.presses.splice(0)")


def timings(page: Page, count: int, pictures: Sequence[list[str]]) -> tuple[float, float, float]:
    """The median and 95th percentile of `count` presses in milliseconds, and the share of `count` others whose frame is new."""
    waits = [press["set"] - press["event"] for press in presses(page, count)]
    median, p95 = np.percentile(waits, (50, 95))
    return float(median), float(p95), sum(press["isInFrame"] for press in presses(page, count, pictures)) / count


def measure_app(browser: Browser, name: str, url: str, rtt: float, count: int, table: Table) -> None:
    """Adds a row for each problem, of one load of the page."""
    with delayed(rtt) as proxy, browser.new_context(**through(proxy)) as context:
        page = opened(context, url, is_comparison=False)
        for problem in PROBLEMS:  # not counted: until the page has loaded and the browser has optimized it
            choose(page, problem)
            presses(page, 60)
        for problem in PROBLEMS:
            choose(page, problem)
            presses(page, 10)
            pictures = PICTURES if problem == "Network" else [*PICTURES, STRIP]
            table.add(name, problem, rtt, *timings(page, count, pictures))


def opened(context: BrowserContext, url: str, *, is_comparison: bool) -> Page:
    """A page with the app, whose runs the probe counts."""
    page = context.new_page()
    page.add_init_script(PROBE)
    page.goto(url, timeout=TIMEOUT_MS)
    page.wait_for_selector(LOSS_CURVE, state="attached", timeout=TIMEOUT_MS)
    page.wait_for_function("window.jupyterapp?.widgetManager ?? window.widgetManager", timeout=TIMEOUT_MS)
    page.evaluate(OBSERVE_RUNS, is_comparison)
    return page


def measure_four_runs(browser: Browser, name: str, url: str, rtt: float, count: int, table: Table) -> None:
    """Adds rows with three runs beside the present one: for presses of the learning rate, and of the start, which moves all."""
    with delayed(rtt) as proxy, browser.new_context(**through(proxy)) as context:
        page = opened(context, url, is_comparison=True)
        for optimizer in OTHERS:
            page.get_by_role("button", name="+ Compare").click()
            page.get_by_role("combobox", name="Optimizer", exact=True).select_option(optimizer)
        for problem in ("Line", "Wave"):
            # Near a minimum the readout's digits are the same for another start.
            for slider, pictures in (("Learning rate", PICTURES), ("Initial w", [*PICTURES[:-1], COMPARED])):
                choose(page, problem, slider)
                presses(page, 60)
                words = f"{problem}, four runs, {'start' if slider == 'Initial w' else 'rate'}"
                table.add(name, words, rtt, *timings(page, count, pictures))


def measure_points(browser: Browser, name: str, url: str, rtt: float, count: int, table: Table) -> None:
    """Adds rows with a point that is moved, of as many data as the Line and the Wave have, fitted by their models."""
    for problem in ("Line", "Wave"):
        data = PROBLEMS[problem]
        points = ";".join(f"{x:.6g},{y:.6g}" for x, y in zip(data.x, data.y, strict=True))
        with delayed(rtt) as proxy, browser.new_context(**through(proxy)) as context:
            page = opened(context, f"{url}#v=1&problem=yours&data={points}&model={problem.lower()}", is_comparison=False)
            page.get_by_role("application").focus()
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Enter")
            presses(page, 60)
            # Near a minimum the readout's digits are the same.
            table.add(name, f"{problem}, a point of 100", rtt, *timings(page, count, [*PICTURES[:-1], STRIP, LANDSCAPE]))


def choose(page: Page, problem: str, slider: str = "Learning rate") -> None:
    """Chooses a problem, and focuses a slider."""
    page.get_by_role("combobox", name="Problem", exact=True).select_option(problem)
    page.get_by_role("slider", name=slider, exact=True).focus()


def low_priority(scenario: Scenario) -> Scenario:
    """The same page, whose server and kernels yield to the browser."""
    return replace(scenario, command=("nice", "-n", "19", *scenario.command))


def pages() -> list[tuple[str, Scenario]]:
    """What is measured, by its name in the table."""
    return [
        ("Voilà", low_priority(voila(NOTEBOOK))),
        *([("static site", static_site(SITE))] if Path(SITE).exists() else []),
    ]


def measure_one_link(browser: Browser, count: int, table: Table) -> None:
    """Adds the row of a notebook with nothing but one link."""
    with tempfile.TemporaryDirectory() as folder, browser.new_context() as context:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LINKED)])
        nbformat.write(notebook, Path(folder) / "linked.ipynb")
        with serving(low_priority(any_notebook(Path(folder) / "linked.ipynb"))) as url:
            page = context.new_page()
            page.add_init_script(PROBE)
            page.goto(url, timeout=TIMEOUT_MS)
            page.get_by_role("slider").focus(timeout=TIMEOUT_MS)
            page.evaluate(OBSERVE_LINK)
            presses(page, 60)
            table.add("one slider, one label", None, 0, *timings(page, count, [[".widget-vbox > .widget-label", "text"]]))


def measure_bare_page(browser: Browser, count: int, table: Table) -> None:
    """Adds the row of the page with one attribute."""
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(PROBE)
        page.goto(f"data:text/html,{BARE_PAGE}")
        page.locator("button").focus()
        table.add("one SVG attribute", None, None, *timings(page, count, [["path", "d"]]))


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rtt_option(parser)
    parser.add_argument("--presses", type=int, default=120, help="for each figure of a row, default %(default)s")
    add_save_option(parser)
    options = parser.parse_args()
    if not Path(NOTEBOOK).exists():
        sys.exit(f"There is no {NOTEBOOK} here. Run this from the project's folder.")
    with reporting(COLUMNS, "frame" if options.save else None) as table, chromium() as browser:
        for name, scenario in pages():
            with serving(scenario) as url:
                for rtt in options.rtt:
                    measure_app(browser, name, url, rtt, options.presses, table)
                    measure_four_runs(browser, name, url, rtt, options.presses, table)
                    measure_points(browser, name, url, rtt, options.presses, table)
        measure_one_link(browser, options.presses, table)
        measure_bare_page(browser, options.presses, table)


if __name__ == "__main__":
    main()
