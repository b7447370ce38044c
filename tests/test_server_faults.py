"""Faults in the server's surroundings: its port is taken, its clock is set."""

import asyncio
import glob
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from tests.conftest import PYTHONPATH, ROOT, Server
from tests.deployment import installed
from tests.processes import eventually
from tests.server import hardened, let_time_pass, metrics
from tests.visitor import Visitor, fetch

LEFT = 'techni_kernels_culled_total{reason="left"}'


def test_a_taken_port_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "gradient.server", f"--port={port}", "--no-browser", "techni.ipynb"]
        environment = {**os.environ, "PYTHONPATH": PYTHONPATH, "TMPDIR": str(tmp_path)}
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert f"cannot listen on port {port}" in run.stderr
    assert "--port" in run.stderr
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def clock(tmp_path: Path) -> Path:
    """A file that says how far a server's wall clock is off; its other clocks run on, as they do when a clock is set."""
    file = tmp_path / "clock"
    file.write_text("+0")
    return file


def test_setting_the_clock_ends_no_kernel(clock: Path) -> None:
    """By a day forward and back: kernels are kept and ended as before, and the next visitor gets one."""
    found = installed("libfaketime", lambda: next(glob.iglob("/usr/lib/*/faketime/libfaketime.so.1"), None))
    faked = {"LD_PRELOAD": found, "FAKETIME_TIMESTAMP_FILE": str(clock), "FAKETIME_NO_CACHE": "1"}
    # In a thread of its own: the browser of other tests has a loop in this one.
    with (
        hardened(FAKETIME_DONT_FAKE_MONOTONIC="1", TECHNI_CONNECT_SECONDS="30", **faked) as server,
        ThreadPoolExecutor(1) as thread,
    ):
        thread.submit(asyncio.run, _outlive(server, clock)).result()


async def _outlive(server: Server, clock: Path) -> None:
    stays = await Visitor.join(server.url)
    for num_culled, days in enumerate((1, -1), start=1):
        clock.write_text(f"{days:+}d")
        date = parsedate_to_datetime((await fetch(f"{server.url}healthz")).headers["Date"])
        assert round((date - datetime.now(UTC)) / timedelta(days=1)) == days, "The server's clock has not been set."
        await Visitor.arrive(server.url)  # who never connects
        assert (await fetch(f"{server.url}healthz")).code == 200
        let_time_pass(server.process.pid)
        await asyncio.to_thread(eventually, lambda: _culled_and_live(server) == (num_culled, 1))  # noqa: B023
        assert await stays.echo(0.05 * num_culled) == 0.05 * num_culled
    await stays.leave()


def _culled_and_live(server: Server) -> tuple[float, float]:
    found = metrics(server)
    return found.get(LEFT, 0), found["techni_kernels_live"]
