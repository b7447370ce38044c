"""A front page's crowd on a small machine: 500 visitors in a minute, in 512 MB.

    python -m benchmarks.load [--root-page live|static|voila] [--visitors 500] [--seconds 10] [--limit-mb 512] [--no-cgroup]

Each visitor opens the page, moves a slider for ten seconds and leaves. Three of them are pages in Chromium, the others programs
that speak HTTP and the kernel's websocket (`benchmarks/crowd.py`). Visitors for whom there is no memory for another kernel get
the static page, which counts as served. The exit status is 1 if a visitor got an error, if a real page's slider was slow, if
the memory limit was exceeded, or if a kernel was left in the end.

The server is in a memory cgroup, in which the system kills what exceeds the limit, as in a container; files that it has read
count, too. In addition, and alone where no cgroup can be made, the proportional shares (PSS) of the server's processes are
added up ten times a second, and a server whose sum exceeds the limit is killed. A line on stderr says which of the two it was;
the larger figure is in the table.

"voila" is plain Voilà, whose pages all have kernels. Linux only.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from playwright.async_api import Browser, Playwright, async_playwright

from benchmarks import chromium
from benchmarks.cgroup import Cgroup, cgroup_of
from benchmarks.crowd import Visit, allow_many_connections, arrivals, assets_of
from benchmarks.memory_watch import MemoryWatch, wait_until_no_kernel, watching_memory
from benchmarks.proxy import HOST
from benchmarks.results import Column, add_save_option, reporting
from benchmarks.server import free_port, stopping, wait_until_listening

ROOT = Path(__file__).parent.parent
LEAVE_TIMEOUT = 120  # seconds, in which every kernel must end: longer than a kernel without a connection is kept
COLUMNS = [
    Column("root_page", "root page"),
    Column("live", "served with a kernel", "d"),
    Column("static", "static page", "d"),
    Column("errors", "errors", "d"),
    Column("page", "page, median (s)", ".2f"),
    Column("page_95", "95th percentile (s)", ".2f"),
    Column("answer", "kernel answers, median (ms)", ".0f"),
    Column("answer_95", "95th percentile (ms)", ".0f"),
    Column("curve", "real pages: key to curve, median (ms)", ".0f"),
    Column("curve_max", "longest (ms)", ".0f"),
    Column("kernels", "kernels at most", "d"),
    Column("megabytes", "memory at most (MB)", ".0f"),
    Column("killed_after", "killed after (s)", ".0f"),
    Column("kernels_left", "kernels left", "d"),
]


def command(root_page: str, port: int) -> list[str]:
    """The command that starts a server."""
    module = "voila" if root_page == "voila" else "gradient.server"
    return [sys.executable, "-m", module, f"--port={port}", "--no-browser", "techni.ipynb"]


def environment(root_page: str, limit_mb: int, cgroup: Cgroup | None) -> dict[str, str]:
    """A server's settings, as on a machine of this size, behind a proxy."""
    memory_mb = "0" if cgroup else str(limit_mb)  # a cgroup's limit is read by the server itself
    own = {"TECHNI_ROOT_PAGE": root_page, "TECHNI_MEMORY_MB": memory_mb, "TECHNI_TRUSTED_PROXIES": "1"}
    own["TECHNI_KERNELS_PER_ADDRESS"] = "1000"  # the real pages come from one
    return {} if root_page == "voila" else own


def assets_with_a_kernel(options: argparse.Namespace) -> list[str]:
    """What a page with a kernel loads, from a server that is started for that alone."""
    with running(options, None) as (_, url):
        return asyncio.run(_explore(url))


async def _explore(url: str) -> list[str]:
    async with async_playwright() as playwright:
        return await assets_of(url, await _launch(playwright))


async def crowd(options: argparse.Namespace, url: str, assets: list[str]) -> list[Visit]:
    """Sends the visitors."""
    allow_many_connections(10 * options.visitors)
    async with async_playwright() as playwright:
        browser = await _launch(playwright)
        return await arrivals(url, assets, options.visitors, options.within, options.seconds, browser, options.real)


async def _launch(playwright: Playwright) -> Browser:
    return await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(chromium.FLAGS))


def measure(options: argparse.Namespace) -> tuple[list[Visit], MemoryWatch, int]:
    """The visits, the server's memory, and how many kernels are left."""
    assets = [] if options.root_page == "static" else assets_with_a_kernel(options)
    with contextlib.nullcontext() if options.no_cgroup else cgroup_of(options.limit_mb) as cgroup:
        print(f"the limit is enforced by {'a cgroup' if cgroup else 'polling'}", file=sys.stderr)
        with running(options, cgroup) as (process, url):
            with watching_memory(process.pid, options.limit_mb) as watch:
                visits = asyncio.run(crowd(options, url, assets))
            left = wait_until_no_kernel(process.pid, LEAVE_TIMEOUT)
        if cgroup:
            watch.peak, watch.num_killed = max(watch.peak, cgroup.megabytes()), cgroup.num_killed()
    return visits, watch, left


@contextlib.contextmanager
def running(options: argparse.Namespace, cgroup: Cgroup | None) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A server and its address."""
    port = free_port()
    started = command(options.root_page, port)
    if cgroup:
        started = cgroup.entering(started)
    os.environ.update(environment(options.root_page, options.limit_mb, cgroup))
    with tempfile.TemporaryFile("w+") as log, stopping(started, ROOT, log) as process:
        wait_until_listening(port, process, log)
        yield process, f"http://{HOST}:{port}/"


def row(root_page: str, visits: list[Visit], watch: MemoryWatch, left: int) -> list[Any]:
    """The values of a row of the table."""
    served = [visit for visit in visits if not visit.error]
    answers = [1000 * move for visit in served if not visit.is_real for move in visit.moves]
    curves = [1000 * move for visit in visits if visit.is_real for move in visit.moves]
    return [
        root_page,
        *(sum(visit.kind == kind for visit in served) for kind in ("live", "static")),
        len(visits) - len(served),
        *percentiles([visit.page_seconds for visit in served], 50, 95),
        *percentiles(answers, 50, 95),
        *percentiles(curves, 50, 100),
        watch.num_kernels,
        watch.peak,
        watch.exceeded_after,
        left,
    ]


def percentiles(values: list[float], *percents: float) -> list[float | None]:
    """Percentiles of values, or None for each if there are no values."""
    return np.percentile(values, percents).tolist() if values else [None] * len(percents)


def failures(visits: list[Visit], watch: MemoryWatch, left: int, patience: float) -> list[str]:
    """A sentence for each requirement that was not met."""
    errors = [visit.error for visit in visits if visit.error]
    found = [f"{len(errors)} errors, the first: {errors[0]}"] if errors else []
    longest = max((move for visit in visits if visit.is_real for move in visit.moves), default=None)
    if longest is None:
        found.append("no real page moved a slider")
    elif longest > patience:
        found.append(f"a real page's slider waited for {longest:.1f} s")
    if watch.num_killed:
        found.append(f"the memory went over the limit, and the system killed {watch.num_killed} processes")
    elif watch.exceeded_after is not None:
        found.append(f"the memory went over the limit after {watch.exceeded_after:.0f} s")
    return [*found, f"{left} kernels were left"] if left else found


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root-page", choices=("live", "static", "voila"), default="live")
    parser.add_argument("--visitors", type=int, default=500)
    parser.add_argument("--real", type=int, default=3, help="how many of them are pages in Chromium")
    parser.add_argument("--seconds", type=float, default=10, help="for which each moves a slider")
    parser.add_argument("--within", type=float, default=60, help="seconds in which they arrive")
    parser.add_argument("--limit-mb", type=int, default=512)
    parser.add_argument("--patience", type=float, default=1, help="the most seconds from a key to the curve on a real page")
    parser.add_argument("--no-cgroup", action="store_true", help="enforce the limit by polling only")
    add_save_option(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> int:
    """Runs the benchmark of the command line; returns its exit status."""
    options = parse_arguments(arguments)
    visits, watch, left = measure(options)
    with reporting(COLUMNS, f"load-{options.root_page}" if options.save else None) as table:
        table.add(*row(options.root_page, visits, watch, left))
    found = failures(visits, watch, left, options.patience)
    for sentence in found:
        print(sentence, file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
