"""What kernels and zygotes write to their standard streams: the log stays lines of JSON, and has no words of a kernel's."""

import json
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gradient.server import output
from gradient.server.logs import JsonFormatter, log_what_python_prints
from gradient.server.output import KernelOutput, LineLog
from tests.conftest import PYTHONPATH, Server
from tests.processes import children, command_of, end, eventually
from tests.server import ask, hardened, metrics, wait_until_ready
from tests.visits import Visits, write_notebook

SECRET = "a-visitors-words"
MESSAGE = "kernels have written to their standard streams"
CRASH = f"""
import traceback
os.write(1, b"{SECRET}\\n")
try:
    Path("{SECRET}").read_text()
except OSError:
    os.write(2, traceback.format_exc().encode())
found = os.getpid()
"""
FLOOD = f"""
import threading
def write():
    while True:
        os.write(2, b"{SECRET}" * 50 + b"\\n")
threading.Thread(target=write, daemon=True).start()
found = os.getpid()
"""


def records(server: Server) -> list[dict]:
    """The log, every line of which is JSON."""
    return [json.loads(line) for line in list(server.lines)]


def reports(server: Server) -> list[dict]:
    """What the log says of kernels' output."""
    return [record for record in records(server) if record["message"] == MESSAGE]


@pytest.fixture(scope="module", params=["yes", "no"], ids=["warm", "cold"])
def visits(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visits]:
    """A server whose kernels are forked, and one that starts them by their command."""
    folder = tmp_path_factory.mktemp("notebook")
    (folder / "next_cell.py").write_text("Path('described').touch()")
    with hardened(write_notebook(folder), TECHNI_WARM=request.param, TECHNI_MAX_KERNELS="100") as server:
        wait_until_ready(server)
        eventually((folder / "described").exists)  # which runs the notebook, too
        yield Visits(server, folder)
        assert SECRET not in server.log
        assert records(server)


def test_an_error_that_a_kernel_prints_is_logged_without_its_words(visits: Visits) -> None:
    visits.get(CRASH)
    report = eventually(lambda: [report for report in reports(visits.server) if "error" in report])[0]
    assert report["lines"] > 3
    assert report["error"] == "FileNotFoundError"
    assert report["at"][0].startswith("<cell>:")
    assert report["at"][-1].startswith("pathlib.py:")


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are found in /proc")
def test_what_a_kernel_writes_before_it_ends_is_reported(visits: Visits) -> None:
    before = len(reports(visits.server))
    pid = visits.get("import faulthandler\nfaulthandler.enable(2)\nfound = os.getpid()")
    os.kill(pid, signal.SIGSEGV)
    eventually(lambda: f"ended by itself: {-signal.SIGSEGV}" in visits.server.log)
    eventually(lambda: len(reports(visits.server)) > before)


def test_a_kernel_that_floods_its_streams_waits_and_others_do_not(visits: Visits) -> None:
    """The server reads of it what a pipe holds, once a second."""
    before = len(reports(visits.server))
    pid = visits.get(FLOOD)
    eventually(lambda: len(reports(visits.server)) >= before + 3)
    assert visits.get("found = 1 + 1") == 2
    assert ask(f"{visits.server.url}healthz").status == 200
    end(pid)
    eventually(lambda: "ended by itself: -9" in visits.server.log)
    assert max(report["bytes"] for report in reports(visits.server)) <= 2 * output.MAX_BYTES


@pytest.mark.soak
def test_twenty_kernels_that_flood_their_streams_delay_nobody(visits: Visits) -> None:
    """Their log is a line a second, and the event loop works on nothing else for long."""
    for _ in range(20):
        visits.get(FLOOD)
    before, lines = metrics(visits.server), len(reports(visits.server))
    eventually(lambda: len(reports(visits.server)) >= lines + 30)
    after = metrics(visits.server)
    work = after["techni_loop_work_seconds_sum"] - before["techni_loop_work_seconds_sum"]
    print(f"{work:.2f} s of processor time of the event loop in 30 s")


BROKEN = """
import sys
if "gradient.server.zygote" in sys.orig_argv:
    raise SystemExit("why this zygote does not start")
"""


def test_a_zygote_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "next_cell.py").write_text("")
    (tmp_path / "sitecustomize.py").write_text(BROKEN)
    with hardened(write_notebook(tmp_path), PYTHONPATH=os.pathsep.join([str(tmp_path), PYTHONPATH])) as server:
        eventually(lambda: "There are no warm kernels here" in server.log)
        said = [record["message"] for record in records(server) if record.get("source") == "zygote"]
    assert "why this zygote does not start" in " ".join(said)


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
def test_a_new_zygote_is_heard_as_the_one_before(visits: Visits) -> None:
    """The last test of these servers."""
    for pid in children(visits.pid):
        if "gradient.server.zygote" in command_of(pid):
            end(pid)
    before = len(reports(visits.server))
    visits.get(CRASH)
    eventually(lambda: len(reports(visits.server)) > before)


def test_what_python_would_print_is_logged_without_its_words(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    log_what_python_prints()
    warnings.showwarning(SECRET, UserWarning, "/lib/session.py", 7)
    sys.unraisablehook(SimpleNamespace(exc_value=KeyError(SECRET)))
    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert [(line.get("warning"), line.get("error"), line["at"]) for line in lines] == [
        ("UserWarning", None, ["session.py:7"]),
        (None, "KeyError", []),
    ]
    assert SECRET not in str(lines)


def reported(caplog: pytest.LogCaptureFixture, *received: bytes) -> dict:
    """The fields of the report of some output."""
    kernels = KernelOutput()
    for part in received:
        kernels.note(part)
    kernels.report()
    kernels.report()
    (record,) = caplog.records
    return record.fields  # type: ignore[attr-defined]


def printed(file: str, error: str) -> bytes:
    return f'Traceback (most recent call last):\n  File "{file}", line 7, in work\n    work()\n{error}\n'.encode()


@pytest.mark.parametrize(
    ("error", "name"),
    [
        ("KeyError: 'Alice'", "KeyError"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("zmq.error.ZMQError: Alice", "zmq.error.ZMQError"),
        ("Alice: lives here", "unknown"),
        ("alice.Error: lives here", "unknown"),
        ("__main__.Alice: lives here", "unknown"),
    ],
)
def test_only_errors_that_can_exist_are_named(caplog: pytest.LogCaptureFixture, error: str, name: str) -> None:
    fields = reported(caplog, b"Alice\n", printed(__file__, error))
    assert fields == {"lines": 5, "bytes": fields["bytes"], "error": name, "at": ["test_server_output.py:7"]}


def test_only_files_that_exist_are_named(caplog: pytest.LogCaptureFixture) -> None:
    assert reported(caplog, printed("/home/Alice", "KeyError"))["at"] == ["<cell>:7"]


def test_of_several_errors_the_last_is_named(caplog: pytest.LogCaptureFixture) -> None:
    fields = reported(caplog, printed(__file__, "KeyError: 1") + printed(__file__, "ValueError: 2"), b"more\n")
    assert fields["error"] == "ValueError"


def test_lines_of_a_process_without_visitors_are_kept_up_to_a_number(caplog: pytest.LogCaptureFixture) -> None:
    lines = LineLog("zygote")
    for part in (b"one\ntw", b"o\n\xff\n", b"line\n" * 1000, b"line\n" * 1000):
        lines.feed(part)
    lines.end()
    messages = [record.getMessage() for record in caplog.records]
    assert messages[:3] == ["one", "two", "\ufffd"]
    assert messages[-1] == "There is more, which is not logged."
    assert len(messages) == 201
