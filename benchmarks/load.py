"""A front page's crowd on a small machine: 500 visitors in a minute, in 512 MB.

    python -m benchmarks.load [--root-page live|static|voila] [--visitors 500] [--seconds 10] [--limit-mb 512] [--no-cgroup]

Each visitor opens the page, moves a slider for ten seconds and goes; three of them are pages in Chromium, the others programs
that speak HTTP and the kernel's websocket (`benchmarks/crowd.py`). Whoever comes when there is no room for another kernel gets
the static page, which counts as served. The exit status is 1 if anybody got an error, if a real page's slider waited, if the
memory went over the limit, or if a kernel was left in the end.

The server is in a memory cgroup, in which the system ends what goes over the limit, as in a container; what it has read from
disk counts, too. Besides, and alone where no cgroup can be made, the proportional shares (PSS) of the server and all that it
has started are added up ten times a second, and a server that goes over the limit with that is killed. A line on stderr says
which it was; the larger figure is in the table.

"voila" is plain Voilà, whose pages all have kernels. Linux only.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, Playwright, async_playwright

from benchmarks import chromium
from benchmarks.cgroup import Cgroup, cgroup_of
from benchmarks.crowd import Visit, allow_many_connections, arrivals, assets_of
from benchmarks.kernels import command_of, family, is_kernel, memory
from benchmarks.proxy import HOST
from benchmarks.server import free_port, stopping, wait_until_listening

ROOT = Path(__file__).parent.parent
LOOK_SECONDS = 0.1
LEAVE_SECONDS = 120  # until every kernel must be gone: longer than a kernel without a connection is kept
HEADER = (
    "| root page | served with a kernel | static page | errors | page, median (s) | 95 % | kernel answers, median (ms) | 95 % "
    "| real pages: key to curve, median (ms) | longest | kernels at most | memory at most (MB) | kernels left |"
)


@dataclass
class Watch:
    """What was seen of the server's processes.

    Attributes:
        peak: megabytes, the most there were.
        num_kernels: the most there were at the same time.
        over: the second after the start in which the limit was exceeded, or None.
        num_killed: how many processes the system has ended at the limit.
    """

    peak: float = 0.0
    num_kernels: int = 0
    over: float | None = None
    num_killed: int = 0


@contextlib.contextmanager
def watching(process: subprocess.Popen[bytes], limit_mb: int) -> Iterator[Watch]:
    """Looks at a server's memory meanwhile, and kills it if that is over the limit."""
    watch, done = Watch(), threading.Event()
    thread = threading.Thread(target=_look, args=(process, limit_mb, watch, done), name="memory")
    thread.start()
    try:
        yield watch
    finally:
        done.set()
        thread.join()


def _look(process: subprocess.Popen[bytes], limit_mb: int, watch: Watch, done: threading.Event) -> None:
    start = time.perf_counter()
    while not done.wait(LOOK_SECONDS) and watch.over is None:
        pids = processes(process.pid)
        watch.peak = max(watch.peak, sum(map(megabytes, pids)))
        watch.num_kernels = max(watch.num_kernels, sum(map(is_kernel_still, pids)))
        if watch.peak > limit_mb:
            watch.over = time.perf_counter() - start
            for pid in reversed(pids):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, 9)


def processes(pid: int) -> list[int]:
    """A server's processes; some may end while one looks."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        found.extend(family(pid))
    return found


def megabytes(pid: int) -> float:
    """A process's proportional share of the memory; 0 if it has ended."""
    try:
        return memory(pid).pss
    except (OSError, KeyError):
        return 0.0


def is_kernel_still(pid: int) -> bool:
    """Whether a process is a kernel that has not ended, and no program that the zygote has asked something."""
    try:
        return is_kernel(pid) and any(name in command_of(pid) for name in ("ipykernel_launcher", "gradient.server.zygote"))
    except OSError:
        return False


def command(root_page: str, port: int) -> list[str]:
    """What starts a server."""
    module = "voila" if root_page == "voila" else "gradient.server"
    return [sys.executable, "-m", module, f"--port={port}", "--no-browser", "techni.ipynb"]


def environment(root_page: str, limit_mb: int, cgroup: Cgroup | None) -> dict[str, str]:
    """What a server is told: as on a machine of this size, behind a proxy."""
    memory_mb = "0" if cgroup else str(limit_mb)  # a cgroup's limit is read by the server itself
    own = {"TECHNI_ROOT_PAGE": root_page, "TECHNI_MEMORY_MB": memory_mb, "TECHNI_TRUSTED_PROXIES": "1"}
    own["TECHNI_KERNELS_PER_ADDRESS"] = "1000"  # the real pages come from one
    return {} if root_page == "voila" else own


async def explore(url: str) -> list[str]:
    """What a page with a kernel loads."""
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


def wait_until_no_kernel(pid: int) -> int:
    """Waits until a server's kernels are gone, but not for ever; returns how many are left."""
    end = time.monotonic() + LEAVE_SECONDS
    while (num := sum(map(is_kernel_still, processes(pid)))) and time.monotonic() < end:
        time.sleep(LOOK_SECONDS)
    return num


def measure(options: argparse.Namespace) -> tuple[list[Visit], Watch, int]:
    """How the visitors fared, how the server did, and how many kernels it has left."""
    with running(options, None) as (_, url):
        assets = [] if options.root_page == "static" else asyncio.run(explore(url))
    with contextlib.nullcontext() if options.no_cgroup else cgroup_of(options.limit_mb) as cgroup:
        print(f"held to the limit by {'a cgroup' if cgroup else 'looking at it'}", file=sys.stderr)
        with running(options, cgroup) as (process, url), watching(process, options.limit_mb) as watch:
            visits = asyncio.run(crowd(options, url, assets))
            left = wait_until_no_kernel(process.pid)
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


def row(root_page: str, visits: list[Visit], watch: Watch, left: int) -> str:
    """A line of the table."""
    served = [visit for visit in visits if not visit.error]
    pages = [visit.page_seconds for visit in served]
    answers = [1000 * move for visit in served if not visit.is_real for move in visit.moves]
    curves = [1000 * move for visit in visits if visit.is_real for move in visit.moves]
    cells = [
        root_page,
        *(f"{sum(visit.kind == kind for visit in served)}" for kind in ("live", "static")),
        f"{len(visits) - len(served)}",
        *(f"{value:.2f}" for value in _middle_and_95(pages)),
        *(f"{value:.0f}" for value in _middle_and_95(answers)),
        *(f"{value:.0f}" for value in ((statistics.median(curves), max(curves)) if curves else ())),
        *([] if curves else ["", ""]),
        f"{watch.num_kernels}",
        f"{watch.peak:.0f}" + (f", killed after {watch.over:.0f} s" if watch.over is not None else ""),
        f"{left}",
    ]
    return f"| {' | '.join(cells)} |"


def _middle_and_95(values: list[float]) -> tuple[float, float]:
    """The median and the 95th percentile; no numbers if there are no values."""
    if not values:
        return float("nan"), float("nan")
    return statistics.median(values), sorted(values)[int(0.95 * (len(values) - 1))]


def complaints(visits: list[Visit], watch: Watch, left: int, patience: float) -> list[str]:
    """What did not hold, in words."""
    errors = [visit.error for visit in visits if visit.error]
    found = [f"{len(errors)} errors, the first: {errors[0]}"] if errors else []
    longest = max((move for visit in visits if visit.is_real for move in visit.moves), default=None)
    if longest is None or longest > patience:
        found.append("a real page's slider waited" if longest else "no real page moved a slider")
    if watch.num_killed:
        found.append(f"the memory went over the limit, and the system ended {watch.num_killed} processes")
    elif watch.over is not None:
        found.append(f"the memory went over the limit after {watch.over:.0f} s")
    return [*found, f"{left} kernels were left"] if left else found


def main(arguments: list[str]) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root-page", choices=("live", "static", "voila"), default="live")
    parser.add_argument("--visitors", type=int, default=500)
    parser.add_argument("--real", type=int, default=3, help="how many of them are pages in Chromium")
    parser.add_argument("--seconds", type=float, default=10, help="for which each moves a slider")
    parser.add_argument("--within", type=float, default=60, help="seconds in which they arrive")
    parser.add_argument("--limit-mb", type=int, default=512)
    parser.add_argument("--patience", type=float, default=1, help="seconds from a key to the curve; more is called waiting")
    parser.add_argument("--no-cgroup", action="store_true", help="hold it to the limit by looking only")
    options = parser.parse_args(arguments)
    visits, watch, left = measure(options)
    print(HEADER, "|" + " --- |" * (HEADER.count("|") - 1), row(options.root_page, visits, watch, left), sep="\n")
    found = complaints(visits, watch, left, options.patience)
    for words in found:
        print(words, file=sys.stderr)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
