"""What a visitor costs the server: plain Voilà and the server for the public internet, as the rows of a markdown table.

    python -m benchmarks.kernels [--visitors 4]

Each server gets visitors in headless Chromium, one after the other, who move a slider and stay. Columns:

- HTML: from the request to the last byte of the page's HTML, whose kernel is started for it; median and slowest;
- dirty: megabytes that are a kernel's own (Private_Dirty) after the first move of a slider that the browser computes; median
  and largest;
- PSS: the same kernels' proportional share of all memory that they use, shared libraries included;
- all: the proportional shares of the server with everything that it has started, and what of it is no kernel;
- dirty, server computes: of one kernel, after the switch and a move, and after every problem with every optimizer. It finds
  what it would compile, if `python -m gradient.prepare --kernels` has been run.

Linux only: the numbers are those of /proc/PID/smaps_rollup.
"""

import argparse
import itertools
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page

from benchmarks.chromium import chromium
from benchmarks.proxy import HOST
from benchmarks.server import free_port, stopping, wait_until_listening

ROOT = Path(__file__).parent.parent
PATIENCE_MS = 90_000
FLAGS = ("--port={port}", "--no-browser", "techni.ipynb")
SERVERS = ("voila", "gradient.server")
# A kernel that has answered has done all that was asked before.
ANSWERED = "() => window.jupyterapp.widgetManager.kernel.requestKernelInfo()"


class Memory(NamedTuple):
    """Megabytes of a process."""

    dirty: float
    pss: float


def memory(pid: int) -> Memory:
    """What a process uses now."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    kilobytes = {name: int(value.split()[0]) for name, value in (line.split(":") for line in lines)}
    return Memory(kilobytes["Private_Dirty"] / 1024, kilobytes["Pss"] / 1024)


def family(pid: int) -> Iterator[int]:
    """A process and all that it has started."""
    yield pid
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield from family(int(child))


def is_kernel(pid: int) -> bool:
    """Whether a process is a kernel: one that was started as such, or a child of the zygote."""
    parent = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return "ipykernel_launcher" in command_of(pid) or "gradient.server.zygote" in command_of(parent)


def command_of(pid: int) -> str:
    """The command that a process was started with."""
    return Path(f"/proc/{pid}/cmdline").read_text()


def visit(browser: Browser, url: str) -> Page:
    """A visitor's page, with the first slider moved, and the kernel told so."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(url, timeout=PATIENCE_MS)
    page.wait_for_selector(".techni-loss g.curve path.line", state="attached", timeout=PATIENCE_MS)
    page.wait_for_function("document.querySelectorAll('.techni-field canvas').length > 1", timeout=PATIENCE_MS)
    move(page)
    return page


def move(page: Page) -> None:
    """Moves a slider, and waits for the new curve and until the kernel knows."""
    curve = "document.querySelector('.techni-loss g.curve path.line').getAttribute('d')"
    before = page.evaluate(curve)
    page.get_by_role("slider", name="Learning rate", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"(before) => {curve} !== before", arg=before, timeout=PATIENCE_MS)
    page.evaluate(ANSWERED)


def choose_all(page: Page) -> None:
    """Has the kernel compute every program."""
    for problem, optimizer in itertools.product(*(options(page, name) for name in ("Problem", "Optimizer"))):
        for name, option in (("Problem", problem), ("Optimizer", optimizer)):
            page.get_by_role("combobox", name=name, exact=True).select_option(option)
            page.evaluate(ANSWERED)
        move(page)


def options(page: Page, name: str) -> list[str]:
    """What a choice offers."""
    return page.get_by_role("combobox", name=name, exact=True).locator("option").all_inner_texts()


def largest(pid: int) -> float:
    """The most memory that a kernel of a server has of its own."""
    return max(memory(kernel).dirty for kernel in family(pid) if is_kernel(kernel))


def html_seconds(url: str) -> float:
    """How long the page's HTML takes."""
    start = time.perf_counter()
    asked = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0", "Accept": "text/html"})
    with urllib.request.urlopen(asked, timeout=PATIENCE_MS / 1000) as response:
        response.read()
    return time.perf_counter() - start


def row(name: str, pid: int, url: str, browser: Browser, visitors: int) -> str:
    """A server's line of the table."""
    pages = [visit(browser, url) for _ in range(visitors)]
    kernels = [memory(kernel) for kernel in family(pid) if is_kernel(kernel)]
    every = {process: memory(process).pss for process in family(pid)}
    rest = sum(pss for process, pss in every.items() if not is_kernel(process))
    pages[0].get_by_role("radio", name="server", exact=True).check(force=True)
    move(pages[0])
    one = largest(pid)
    choose_all(pages[0])
    full = largest(pid)
    seconds = [html_seconds(url) for _ in range(visitors)]
    dirty, shared = [kernel.dirty for kernel in kernels], [kernel.pss for kernel in kernels]
    cells = [
        f"{statistics.median(seconds):.2f}, {max(seconds):.2f}",
        f"{statistics.median(dirty):.0f}, {max(dirty):.0f}",
        f"{statistics.median(shared):.0f}",
        f"{sum(every.values()):.0f}, {rest:.0f}",
        f"{one:.0f}, {full:.0f}",
    ]
    return f"| {name} | {' | '.join(cells)} |"


def main(arguments: list[str]) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=4)
    visitors = parser.parse_args(arguments).visitors
    print(f"| {visitors} visitors | HTML (s) | dirty (MB) | PSS (MB) | all, no kernels (MB) | dirty, server computes (MB) |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with chromium() as browser:
        for module in SERVERS:
            port = free_port()
            command = [sys.executable, "-m", module, *(flag.format(port=port) for flag in FLAGS)]
            with tempfile.TemporaryFile("w+") as log, stopping(command, ROOT, log) as process:
                wait_until_listening(port, process, log)
                print(row(module, process.pid, f"http://{HOST}:{port}/", browser, visitors), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
