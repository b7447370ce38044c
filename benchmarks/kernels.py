"""What a visitor costs the server, plain Voilà and the project's own, as a Markdown table.

    python -m benchmarks.kernels [--visitors 4] [--save]

Each server gets visitors in headless Chromium, one after the other, who move a slider and stay. Columns:

- HTML: seconds from the request to the last byte of the page's HTML, for which a kernel is started; median and longest;
- USS: megabytes that only one kernel uses, after the first move of a slider, which the browser computes; median and largest;
- PSS: the same kernels' memory with their share of what they share with others, such as libraries; median;
- all: the PSS of the server with all processes that it has started, and the part of it that is not kernels;
- server computes: the largest USS of a kernel after the server computes a move, and then every problem with every optimizer.
  It finds compiled programs if `python -m gradient.prepare --kernels` has been run.

Linux only.
"""

import argparse
import itertools
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks.chromium import chromium
from benchmarks.processes import is_kernel, processes_of, shared_megabytes, unique_megabytes
from benchmarks.proxy import HOST
from benchmarks.results import Column, add_save_option, reporting
from benchmarks.scenarios import LOSS_CURVE
from benchmarks.server import free_port, stopping, wait_until_listening

ROOT = Path(__file__).parent.parent
TIMEOUT_MS = 90_000
FLAGS = ("--port={port}", "--no-browser", "techni.ipynb")
SERVERS = ("voila", "gradient.server")
COLUMNS = [
    Column("server", "server"),
    Column("html", "HTML, median (s)", ".2f"),
    Column("html_max", "longest (s)", ".2f"),
    Column("uss", "USS, median (MB)", ".0f"),
    Column("uss_max", "largest (MB)", ".0f"),
    Column("pss", "PSS, median (MB)", ".0f"),
    Column("all", "all (MB)", ".0f"),
    Column("other", "of it not kernels (MB)", ".0f"),
    Column("uss_server", "server computes, USS (MB)", ".0f"),
    Column("uss_server_all", "every program (MB)", ".0f"),
]
# A kernel answers in order, so everything that was asked of it before is done.
KERNEL_ANSWERS = "() => window.jupyterapp.widgetManager.kernel.requestKernelInfo()"


def visit(browser: Browser, url: str) -> Page:
    """A visitor's page, after the first move of a slider has reached the kernel."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(url, timeout=TIMEOUT_MS)
    page.wait_for_selector(LOSS_CURVE, state="attached", timeout=TIMEOUT_MS)
    page.wait_for_function("document.querySelectorAll('.techni-field canvas').length > 1", timeout=TIMEOUT_MS)
    move(page)
    return page


def move(page: Page) -> None:
    """Moves a slider, and waits for the new curve and for the kernel."""
    curve = f"document.querySelector('{LOSS_CURVE}').getAttribute('d')"
    before = page.evaluate(curve)
    page.get_by_role("slider", name="Learning rate", exact=True).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"(before) => {curve} !== before", arg=before, timeout=TIMEOUT_MS)
    page.evaluate(KERNEL_ANSWERS)


def choose_all(page: Page) -> None:
    """Has the kernel run every program."""
    for problem, optimizer in itertools.product(*(options(page, name) for name in ("Problem", "Optimizer"))):
        for name, option in (("Problem", problem), ("Optimizer", optimizer)):
            page.get_by_role("combobox", name=name, exact=True).select_option(option)
            page.evaluate(KERNEL_ANSWERS)
        move(page)


def options(page: Page, name: str) -> list[str]:
    """The options of a dropdown."""
    return page.get_by_role("combobox", name=name, exact=True).locator("option").all_inner_texts()


def largest_uss(pid: int) -> float:
    """The largest USS of a server's kernels, in megabytes."""
    return max(unique_megabytes(process) for process in processes_of(pid) if is_kernel(process))


def html_seconds(url: str) -> float:
    """Seconds until the last byte of the page's HTML."""
    start = time.perf_counter()
    request = urllib.request.Request(url, headers={"User-Agent": "Mozilla/5.0", "Accept": "text/html"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_MS / 1000) as response:
        response.read()
    return time.perf_counter() - start


def measure(pid: int, url: str, browser: Browser, visitors: int) -> list[float]:
    """The figures of a server's row."""
    pages = [visit(browser, url) for _ in range(visitors)]
    processes = processes_of(pid)
    kernels = [process for process in processes if is_kernel(process)]
    uss, pss = ([measured(kernel) for kernel in kernels] for measured in (unique_megabytes, shared_megabytes))
    total = sum(map(shared_megabytes, processes))
    pages[0].get_by_role("radio", name="server", exact=True).check(force=True)
    move(pages[0])
    one_program = largest_uss(pid)
    choose_all(pages[0])
    all_programs = largest_uss(pid)
    seconds = [html_seconds(url) for _ in range(visitors)]
    medians = [float(np.median(values)) for values in (seconds, uss, pss)]
    return [medians[0], max(seconds), medians[1], max(uss), medians[2], total, total - sum(pss), one_program, all_programs]


def main(arguments: list[str]) -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=4, help="for each server, default %(default)s")
    add_save_option(parser)
    options = parser.parse_args(arguments)
    with reporting(COLUMNS, "kernels" if options.save else None) as table, chromium() as browser:
        for module in SERVERS:
            port = free_port()
            command = [sys.executable, "-m", module, *(flag.format(port=port) for flag in FLAGS)]
            with tempfile.TemporaryFile("w+") as log, stopping(command, ROOT, log) as process:
                wait_until_listening(port, process, log)
                table.add(module, *measure(process.pid, f"http://{HOST}:{port}/", browser, options.visitors))


if __name__ == "__main__":
    main(sys.argv[1:])
