"""The memory of all processes stays below its limit: the largest kernels end, and new visitors get the static page."""

import asyncio
import os
import sys
from pathlib import Path
from unittest.mock import MagicMock

import pytest

from gradient.server.admission import Admission, AdmissionError
from gradient.server.memory import MemoryWatch, largest, measure
from gradient.server.settings import Settings
from tests.clock import without_loop
from tests.processes import end, eventually, zygote_of
from tests.server import Gate, hardened, metrics, visit
from tests.visits import Visits, write_notebook

MB = 1 << 20
CULLED = 'techni_kernels_culled_total{reason="memory"}'
# Takes 600 MB as soon as somebody opens the other end of a pipe.
GREEDY = """
import os, threading

def grow():
    global taken
    open("gate").close()
    taken = b"x" * (600 << 20)

threading.Thread(target=grow).start()
found = os.getpid()
"""


@pytest.mark.parametrize(
    ("excess", "expected"), [(-1, ""), (0, ""), (1, "c"), (300, "c"), (301, "ca"), (500, "ca"), (501, "cab"), (10_000, "cab")]
)
def test_the_fewest_kernels_end_and_the_largest_first(excess: int, expected: str) -> None:
    assert "".join(largest({"a": 200, "b": 100, "c": 300}, excess)) == expected


def test_there_is_room_while_enough_memory_is_free() -> None:
    """Nine tenths of 1000 MB, of which each newcomer since the last check is expected to take 80."""
    gate = Admission(Settings(memory_mb=1000, kernel_mb=80, max_kernels=100))
    gate.update_memory(740 * MB, num_kernels=5)
    gate.check_room(5)
    gate.check_room(6)
    with pytest.raises(AdmissionError, match="full"):
        gate.check_room(7)
    gate.update_memory(821 * MB, num_kernels=5)
    with pytest.raises(AdmissionError, match="full"):
        gate.check_room(3)


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_the_memory_of_a_process_is_counted() -> None:
    own = os.getpid()
    before = measure([own])
    taken = b"x" * (200 * MB)
    after = measure([own])
    assert after.total - before.total > 150 * MB
    assert after.own[own] - before.own[own] > 150 * MB
    assert len(taken) == 200 * MB


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_memory_that_is_free_again_is_given_back() -> None:
    """Also if it lies between pieces that are still in use, as after many connections at once."""
    own = os.getpid()
    kernels = MagicMock(admission=Admission(Settings(memory_mb=9000)), processes=dict)
    pieces = [bytes(size) for _ in range(2000) for size in (1000, 100_000)]
    before = measure([own]).own[own]
    del pieces[1::2]
    without_loop(lambda: asyncio.run(MemoryWatch(kernels, 1).check()))
    assert measure([own]).own[own] < before - 100 * MB
    assert len(pieces) == 2000


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_a_kernel_that_takes_too_much_ends_alone_even_if_its_zygote_is_gone(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    options = {"TECHNI_MEMORY_MB": "900", "TECHNI_MEMORY_SECONDS": "1", "TECHNI_MAX_KERNELS": "10"}
    with hardened(write_notebook(tmp_path), **options) as server:
        visits = Visits(server, tmp_path)
        greedy, other = visits.get(GREEDY), visits.get("found = os.getpid()")
        end(zygote_of(visits.pid))
        (tmp_path / "gate").open("w").close()
        eventually(lambda: metrics(server).get(CULLED) == 1)
        eventually(lambda: "memory is nearly exhausted" in server.log)
        eventually(lambda: not Path(f"/proc/{greedy}").exists())
        eventually(lambda: metrics(server)["techni_memory_bytes"] < 810 * MB)
        assert visits.get("found = os.getpid()")
        assert Path(f"/proc/{other}").exists()
        assert metrics(server)[CULLED] == 1


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured on Linux only")
def test_a_server_without_free_memory_starts_no_kernel(tmp_path: Path) -> None:
    """The part of it that is no zygote and no kernel takes more than that itself."""
    (tmp_path / "index.html").write_text("<html><head></head><body></body></html>")
    options = {"TECHNI_MEMORY_MB": "30", "TECHNI_KERNEL_MB": "1", "TECHNI_MAX_KERNELS": "9", "TECHNI_SITE": str(tmp_path)}
    with hardened(**options, **Gate.in_folder(tmp_path).environment) as server:
        eventually(lambda: metrics(server)["techni_memory_bytes"] > 27 * MB)
        assert "All kernels are in use" in visit(server.url).text
