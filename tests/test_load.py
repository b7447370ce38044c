"""More visitors in a few seconds than there is room for, with the harness that measures hundreds: `benchmarks/load.py`."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.cgroup import cgroup_of
from benchmarks.crowd import page_kind
from tests.conftest import PYTHONPATH, ROOT
from tests.server import WITH_HOOKS, Gate

VISITORS = 12
SMALL = (f"--visitors={VISITORS}", "--real=1", "--seconds=2", "--within=4", "--patience=300")
SOON = {"TECHNI_CONNECT_SECONDS": "30", "TECHNI_CULL_SECONDS": "1"}  # how soon a kernel ends whose visitor has vanished


def load(site: Path, *arguments: str, **environment: str) -> dict[str, str]:
    """The cells of the benchmark's row by column, after a run that met all its requirements."""
    command = [sys.executable, "-m", "benchmarks.load", *arguments]
    variables = {**os.environ, "PYTHONPATH": PYTHONPATH, "TECHNI_SITE": str(site), **environment}
    run = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr}"
    names, _, cells = ([cell.strip() for cell in line.strip("| ").split("|")] for line in run.stdout.splitlines())
    return dict(zip(names, cells, strict=True))


@pytest.mark.parametrize(
    ("html", "kind"),
    [
        ('<html><script>{"kernelId": "a"}</script></html>\n', "live"),
        ('<html><body data-voila="static"></body></html>', "static"),
        ('<html><body data-voila="static">', None),
        ("<html>Everything is in use</html>", None),
        ("", None),
    ],
)
def test_a_truncated_or_unknown_page_is_an_error(html: str, kind: str | None) -> None:
    if kind is None:
        with pytest.raises(RuntimeError, match="neither page"):
            page_kind(html)
    else:
        assert page_kind(html) == kind


def test_a_cgroup_kills_a_process_above_its_limit() -> None:
    with cgroup_of(64) as cgroup:
        if cgroup is None:
            pytest.skip("this machine lets nobody make a memory cgroup")
        greedy = [sys.executable, "-c", "bytearray(b'x') * (256 << 20)"]
        assert subprocess.run(cgroup.entering(greedy), check=False).returncode == -signal.SIGKILL
        assert cgroup.num_killed() == 1
        assert 32 < cgroup.megabytes() <= 64
        folder = cgroup.limit.parent
        assert folder.is_dir()
    assert not folder.exists()


def test_a_crowd_is_served_within_the_memory_limit(site_folder: Path) -> None:
    row = load(site_folder, *SMALL, "--root-page=live", **SOON)
    assert int(row["served with a kernel"]) + int(row["static page"]) == VISITORS
    assert int(row["served with a kernel"]) >= int(row["kernels at most"]) > 0
    assert int(row["static page"]) > 0
    assert (row["errors"], row["kernels left"]) == ("0", "0")


def test_a_static_root_page_serves_a_crowd_without_kernels(site_folder: Path, tmp_path: Path) -> None:
    """Nor does it need a zygote."""
    row = load(site_folder, *SMALL, "--root-page=static", **Gate.in_folder(tmp_path).environment, PYTHONPATH=WITH_HOOKS)
    assert [row[name] for name in ("served with a kernel", "static page", "errors", "kernels left")] == [
        "0",
        str(VISITORS),
        "0",
        "0",
    ]


@pytest.mark.soak
def test_the_harness_reports_failures(site_folder: Path) -> None:
    """With less memory than a server needs, visitors get errors."""
    with pytest.raises(AssertionError, match="memory went over the limit"):
        load(site_folder, *SMALL, "--root-page=static", "--limit-mb=50", "--no-cgroup")


@pytest.mark.soak
@pytest.mark.parametrize("root_page", ["live", "static"])
def test_five_hundred_visitors_in_a_minute(site_folder: Path, root_page: str) -> None:
    row = load(site_folder, f"--root-page={root_page}")
    assert int(row["served with a kernel"]) + int(row["static page"]) == 500
