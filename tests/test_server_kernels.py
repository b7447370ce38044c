"""Forked kernels: they share nothing but memory, none can harm another, and the next one always starts."""

import asyncio
import json
import os
import resource
import shutil
import signal
import sys
import urllib.error
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import zmq
from playwright.sync_api import Browser, expect

from gradient.server.admission import Admission
from gradient.server.kernels import Kernels
from gradient.server.limits import Limits
from gradient.server.provisioner import Kernel
from gradient.server.settings import Settings
from tests.app_page import LOAD_MS, AppPage
from tests.conftest import PYTHONPATH, SIZES
from tests.processes import children, command_of, descriptors, end, eventually, zygote_of
from tests.server import ask, hardened
from tests.visits import NAME, Visits, write_notebook

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")

SECRET = "the-operators-password"
ENVIRONMENT = {
    "TECHNI_KERNEL_LIMIT_MB": "900",
    "TECHNI_MAX_KERNELS": "100",
    "TECHNI_STARTS_PER_MINUTE": "0",
    "PASSWORD": SECRET,
}
APP = "from gradient import App\napp = App()\ndisplay(app)"


@pytest.fixture(scope="module")
def notebook(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_notebook(tmp_path_factory.mktemp("notebook"))


@pytest.fixture(scope="module")
def visits(notebook: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visits]:
    home = tmp_path_factory.mktemp("home")
    with hardened(notebook, HOME=str(home), **ENVIRONMENT) as server:
        yield Visits(server, notebook.parent)


def test_forks_share_no_randomness(visits: Visits) -> None:
    code = (
        "import random, uuid, numpy\nfound = [random.random(), numpy.random.random(), os.urandom(8).hex(), str(uuid.uuid4())]"
    )
    first, second = visits.get(code), visits.get(code)
    assert not set(first) & set(second)


def test_a_fork_has_its_own_group_and_none_of_the_zygotes_descriptors(visits: Visits) -> None:
    pid, group, parent, folder = visits.get("found = [os.getpid(), os.getpgid(0), os.getppid(), os.getcwd()]")
    zygote = zygote_of(visits.pid)
    assert (group, parent, folder) == (pid, zygote, str(visits._code.parent))
    # It shares its output streams with the server, and the parent pipe with all kernels.
    shared = descriptors(pid) & (descriptors(zygote) | descriptors(visits.pid))
    assert not [name for name in shared if name.startswith(("socket:", "/")) and name != "/dev/null"]
    assert [name for name in descriptors(zygote) if name.startswith("socket:")], (
        "The zygote has sockets that a fork could inherit."
    )


def test_a_fork_knows_nothing_of_the_servers_secrets(visits: Visits) -> None:
    told = visits.get("found = [dict(os.environ), Path('/proc/self/environ').read_text(), os.getpid()]")
    assert SECRET not in str(told)
    assert NAME not in str(told)
    assert "MALLOC_ARENA_MAX" not in told[0], "This variable is only for the zygote."
    assert told[0]["HOME"] == visits.get("found = os.path.expanduser('~')")


def test_a_fork_leaves_no_history_and_offers_no_debugger(visits: Visits) -> None:
    found = visits.get(
        "from ipykernel.debugger import _is_debugpy_available\nshell = get_ipython()\n"
        "found = [shell.history_manager.enabled, _is_debugpy_available, os.path.expanduser('~')]"
    )
    assert found[:2] == [False, False]
    assert not list(Path(found[2]).rglob("*.sqlite*"))


def test_a_fork_has_the_app_and_all_that_another_one_imports_and_no_backend(visits: Visits) -> None:
    found = visits.get(
        "import sys\nbefore = set(sys.modules)\nfrom gradient import App\nahead = App._built_ahead\n"
        "first, second = App(), App()\n"
        "from jax._src import xla_bridge\n"
        "found = [sorted(set(sys.modules) - before), xla_bridge.backends_are_initialized(), first is ahead, second is first]"
    )
    assert found == [[], False, True, False]


def test_a_fork_outlives_a_sigterm_to_all_processes(visits: Visits) -> None:
    assert visits.get("import signal\nos.kill(os.getpid(), signal.SIGTERM)\nfound = 'there'") == "there"


def test_jax_works_in_a_fork(visits: Visits) -> None:
    assert visits.get("import jax\nfound = float(jax.jit(jax.grad(lambda x: x**3))(2.0))") == 12.0


def test_memory_beyond_the_limit_is_refused_to_one_kernel_only(visits: Visits) -> None:
    other = visits.get("found = os.getpid()")
    code = "try:\n    bytearray(2 << 30)\n    found = 'as much as it wants'\nexcept MemoryError:\n    found = 'refused'"
    assert visits.get(code) == "refused"
    assert other in children(zygote_of(visits.pid))
    assert resource.prlimit(other, resource.RLIMIT_DATA) == (900 << 20, 900 << 20)
    assert os.getpriority(os.PRIO_PROCESS, other) == 10
    assert Path(f"/proc/{other}/oom_score_adj").read_text() == "1000\n"


@pytest.mark.skipif(not Path("/proc/self/autogroup").exists(), reason="only some systems share processors among sessions")
def test_all_kernels_together_have_one_share_of_the_processors_and_the_server_another(visits: Visits) -> None:
    one, other = (visits.get("found = Path('/proc/self/autogroup').read_text()") for _ in range(2))
    assert one == other != Path(f"/proc/{visits.pid}/autogroup").read_text()


def test_a_kernel_that_uses_up_its_processor_time_ends_alone_and_the_log_says_so(visits: Visits) -> None:
    other = visits.get("found = os.getpid()")
    soon = "int(resource.getrusage(0).ru_utime) + 2"
    visits.run_in_next_kernel(f"import resource\nresource.prlimit(0, resource.RLIMIT_CPU, ({soon}, 600))\nwhile True: pass")
    visits.page()
    eventually(lambda: f"ended by itself: {-signal.SIGXCPU}" in visits.server.log)
    assert other in children(zygote_of(visits.pid))


@pytest.mark.parametrize("number", [3, pytest.param(20, marks=pytest.mark.soak)])
def test_kernels_that_die_leave_nothing_behind(number: int, visits: Visits) -> None:
    visits.get("found = 1")  # which makes the server open the files that it keeps open
    before, open_before = set(visits.connection_folder.iterdir()), num_open(visits.pid)
    pids = [visits.get("found = os.getpid()") for _ in range(number)]
    assert len(set(visits.connection_folder.iterdir()) - before) >= number, (
        "Each kernel has a connection file that it could leave behind."
    )
    assert num_open(visits.pid) >= open_before + number, "Each kernel has a descriptor that it could leave behind."
    for pid in pids:
        end(pid)
    eventually(lambda: not set(visits.connection_folder.iterdir()) - before)
    assert not set(pids) & set(children(zygote_of(visits.pid))), "zombies"
    eventually(lambda: num_open(visits.pid) <= open_before)


def num_open(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


class Stillborn(Kernel):
    """A kernel whose start fails after its process has been launched."""

    async def _async_post_start_kernel(self, **_: Any) -> None:
        raise OSError("no more sockets")


def kernels_of(folder: Path) -> Kernels:
    """The kernels of a server that has none yet, and no zygote."""
    settings = Settings(max_kernels=9)
    return Kernels(
        supervisor=None, limits=Limits(), admission=Admission(settings), connection_dir=str(folder), root_dir=str(folder)
    )


def test_a_start_that_fails_after_the_launch_leaves_no_process(tmp_path: Path) -> None:
    async def start() -> int:
        kernel = Stillborn(parent=kernels_of(tmp_path), kernel_name="python3", connection_file=str(tmp_path / "kernel.json"))
        with pytest.raises(OSError, match="no more sockets"):
            await kernel.start_kernel(kernel_id="a", cwd=str(tmp_path), env=dict(os.environ))
        provisioner: Any = kernel.provisioner
        return provisioner.pid

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests has a loop in this one
        pid = thread.submit(asyncio.run, start()).result()
    assert not Path(f"/proc/{pid}").exists()
    assert list(tmp_path.iterdir()) == []


def test_sockets_are_enough_for_thousands_of_kernels(tmp_path: Path) -> None:
    assert kernels_of(tmp_path).context.get(zmq.MAX_SOCKETS) > 6 * 5000


def test_the_page_of_a_killed_kernel_carries_on(visits: Visits, browser: Browser) -> None:
    visits.run_in_next_kernel(APP)
    before = set(children(zygote_of(visits.pid)))
    context = browser.new_context(**SIZES["wide"])
    app = AppPage.open(context.new_page(), visits.server.url)
    (kernel,) = set(children(zygote_of(visits.pid))) - before
    for place in ("server", "browser"):  # the app was built before there was a kernel, and belongs to this one
        app.compute_in(place)
        seen = app.seen()
        app.press("Learning rate", "ArrowRight")
        app.wait_for_change(seen, "curve", "fit", "field", "gradient_norm")
    app.settle()
    end(kernel)
    seen = app.seen()
    app.press("Learning rate", "ArrowRight", 2)
    app.wait_for_change(seen, "curve", "fit", "gradient_norm")
    expect(app.page.locator(".techni-offline")).to_be_visible(timeout=LOAD_MS)
    eventually(lambda: f"ended by itself: {-signal.SIGKILL}" in visits.server.log)
    context.close()


def test_a_killed_zygote_leaves_its_kernels_running_and_is_replaced(visits: Visits) -> None:
    kernel, zygote = visits.get("found = os.getpid()"), zygote_of(visits.pid)
    end(zygote)
    eventually(lambda: ask(f"{visits.server.url}readyz").status == 503)
    assert visits.get("found = os.getppid()") == zygote_of(visits.pid) != zygote
    assert ask(f"{visits.server.url}readyz").status == 200
    (line,) = [line for line in visits.server.log.splitlines() if "The zygote has ended" in line]
    assert json.loads(line)["level"] == "warning"
    assert "gradient.server.zygote" in command_of(kernel)
    connection_files = set(visits.connection_folder.iterdir())
    end(kernel)
    # The exit status of an orphan is unknown, but its end is noticed.
    eventually(lambda: len(set(visits.connection_folder.iterdir())) < len(connection_files))


def test_a_full_disk_costs_one_visitor_the_kernel_and_nobody_else(visits: Visits) -> None:
    visits.run_in_next_kernel("")
    num_files = len(list(visits.connection_folder.iterdir()))
    unlimited = resource.prlimit(visits.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(visits.pid, resource.RLIMIT_FSIZE, (0, unlimited[1]))  # the server cannot write a byte to any file
    try:
        with pytest.raises(urllib.error.HTTPError, match="503") as refusal:
            visits.page()
        assert "<h1>visits</h1>" in refusal.value.read().decode()
        refusal.value.close()
    finally:
        resource.prlimit(visits.pid, resource.RLIMIT_FSIZE, unlimited)
    assert len(list(visits.connection_folder.iterdir())) == num_files
    assert visits.get("found = 1 + 1") == 2


THREADS = """
import sys, threading
if "gradient.server.zygote" in sys.orig_argv:
    threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def test_without_a_zygote_kernels_start_cold_with_the_same_environment(notebook: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(THREADS)
    path = os.pathsep.join([str(tmp_path), PYTHONPATH])
    with hardened(notebook, PYTHONPATH=path, **ENVIRONMENT) as server:
        visits = Visits(server, notebook.parent)
        found = visits.get("found = [os.getpid(), os.getppid(), dict(os.environ)]")
        assert found[1] == visits.pid
        assert SECRET not in str(found)
        assert resource.prlimit(found[0], resource.RLIMIT_DATA)[0] == 900 << 20
        assert "2 threads" in server.log
        assert "This kernel starts cold." in server.log
        assert server.log.count("There are no warm kernels here") == 1
        assert ask(f"{server.url}readyz").status == 200


def test_kernels_end_with_a_server_that_is_killed(visits: Visits) -> None:
    """The last test of this server."""
    folder = visits.connection_folder
    kernel, zygote = visits.get("found = [os.getpid(), os.getppid()]")
    end(visits.pid)
    eventually(lambda: not [pid for pid in (kernel, zygote) if Path(f"/proc/{pid}").exists()])
    shutil.rmtree(folder)  # a killed server cannot remove it
