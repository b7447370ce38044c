"""How long WebKit without a GPU takes to paint a press, by what cuts off the corners of the field, as a Markdown table.

    python -m benchmarks.webkit [--site site] [--presses 40] [--save]

For each style that is laid over the page: milliseconds from a key event on the learning rate until its frame has been painted,
when the next one begins, and the processor time of the page's process for a press, which depends less on what else the machine
does. The styles take turns, five presses each, so that all of them meet the same load. Without a GPU, Mesa's llvmpipe draws.
`tests/install_browsers.sh` installs WebKit.
"""

import argparse
import contextlib
import sys
import time
from pathlib import Path

import numpy as np
from selenium import webdriver
from selenium.common.exceptions import NoSuchFrameException
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.command import Command

from benchmarks.minibrowser import minibrowser
from benchmarks.processes import processes_of
from benchmarks.results import Column, Table, add_save_option, reporting
from benchmarks.scenarios import LOSS_CURVE, SITE
from benchmarks.static import serving_folder

COLUMNS = [
    Column("style", "The field is"),
    Column("painted", "Key to painted, median (ms)", ".0f"),
    Column("painted_95", "95th percentile (ms)", ".0f"),
    Column("processor", "Processor time of a press (ms)", ".0f"),
    Column("share", "of the first row's", ".0%"),
]

ROUND_OVERFLOW = """.techni-field { overflow: hidden !important; }
.techni-figures, .techni-overlay { clip-path: none !important; }"""
STYLES = {
    "cut by its round `overflow`": ROUND_OVERFLOW,
    "the same, without the path": f"{ROUND_OVERFLOW} .techni-drawing {{ display: none; }}",
    "cut by `clip-path`, as it is": "",
    "hidden": ".techni-field, .techni-field * { visibility: hidden !important; }",
}
PRESSES_IN_A_TURN = 5
REST_SECONDS = 0.25  # then the strips are drawn, too

IS_OPEN = f"return document.querySelector('{LOSS_CURVE}')?.getAttribute('d')?.length > 100"
WATCH = """window.painted = [];
addEventListener("keydown", ({ timeStamp }) => requestAnimationFrame(() =>
  requestAnimationFrame(() => painted.push(performance.now() - timeStamp))), { capture: true });
document.body.append(Object.assign(document.createElement("style"), { id: "laid-over" }));
document.querySelector("[role=slider][aria-label='Learning rate']").focus();"""
LAY_OVER = "document.getElementById('laid-over').textContent = arguments[0];"


def open_page(driver: webdriver.WebKitGTK, url: str) -> None:
    """Goes to the page, waits until it shows its curve, and watches its presses."""
    driver.set_window_size(1440, 900)
    driver.get(url)
    is_open = False
    while not is_open:
        with contextlib.suppress(NoSuchFrameException):  # of the empty page, which has gone meanwhile
            is_open = driver.execute_script(IS_OPEN)
    driver.execute_script(WATCH)


def press(driver: webdriver.WebKitGTK, count: int) -> list[float]:
    """Milliseconds from each of `count` presses until it has been painted."""
    for i in range(count):
        key = Keys.ARROW_RIGHT if i % 2 == 0 else Keys.ARROW_LEFT
        strokes = [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]
        driver.execute(Command.W3C_ACTIONS, {"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})
        while driver.execute_script("return painted.length") <= i:
            pass
        time.sleep(REST_SECONDS)
    return driver.execute_script("return painted.splice(0)")


def processor_ms(driver: webdriver.WebKitGTK) -> float:
    """The processor time that the page's process has taken."""
    (page,) = (process for process in processes_of(driver.service.process.pid) if process.name().startswith("WebKitWebProc"))
    return 1000 * sum(page.cpu_times()[:2])


def measure(driver: webdriver.WebKitGTK, count: int, table: Table) -> None:
    """Adds a row for each style, of `count` presses."""
    waits: dict[str, list[float]] = {name: [] for name in STYLES}
    processor = dict.fromkeys(STYLES, 0.0)
    for turn in range(-1, count // PRESSES_IN_A_TURN):  # the first does not count: WebKit compiles what it runs
        for name, style in STYLES.items():
            driver.execute_script(LAY_OVER, style)
            press(driver, 2)
            before = processor_ms(driver)
            found = press(driver, PRESSES_IN_A_TURN)
            if turn >= 0:
                waits[name] += found
                processor[name] += processor_ms(driver) - before
    first, *_ = processor.values()
    for name in STYLES:
        table.add(name, *np.percentile(waits[name], (50, 95)), processor[name] / len(waits[name]), processor[name] / first)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=Path(SITE), help="a folder of gradient.publish, default %(default)s")
    parser.add_argument("--presses", type=int, default=40, help="for each row, default %(default)s")
    add_save_option(parser)
    options = parser.parse_args()
    if not options.site.exists():
        sys.exit(f"There is no {options.site}. Run `make site`.")
    save_as = "webkit" if options.save else None
    with reporting(COLUMNS, save_as) as table, serving_folder(options.site) as url, minibrowser() as driver:
        open_page(driver, url)
        measure(driver, options.presses, table)


if __name__ == "__main__":
    main()
