"""The zygote: a process that has imported what a notebook's kernel needs, and forks a kernel whenever the server asks for one.

The server starts it as `python -m gradient.server.zygote CONTROL LIFELINE`, the numbers of two inherited descriptors. A fork
takes over all memory as it is and copies only what it changes. It is safe as long as this process has one thread, which is why
nothing that it imports may touch a JAX backend, and why it ends at once where something has started a thread.

CONTROL is a Unix socket of packets, each a JSON object. The server sends what `Order` holds and gets `{"pid": ...}` with a
descriptor of that process, or `{"error": ...}`. Once, the zygote says `{"ready": true}`, or `{"unfit": ...}`, why it must not
fork; of each kernel that ends `{"ended": pid, "status": ...}`, the status as `subprocess` has it; and `{"warning": ...}`, a
line for the log. LIFELINE is the end of a pipe that says nothing until the server is gone: then the kernels go, too.
"""

import gc
import importlib
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from gradient.server.limits import Limits

MAX_PACKET = 1 << 16
# What a page's kernel imports before its first slider moves, besides what building the app does.
PRELOADED = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "psutil", "pdb", "faulthandler"),
    "zmq.utils.garbage",  # for the first large message
    *("IPython.core.completerlib", "IPython.core.oinspect", "IPython.core.debugger", "IPython.core.logger"),
    *("IPython.extensions.storemagic", "tornado.locks", "tornado.queues", "tornado.platform.asyncio"),
    *("encodings.idna", "gradient.app"),
)
# A debugger is for the notebook's author, takes 12 MB of each kernel, and is nothing to offer to strangers. ipykernel does
# without where it is not installed.
_BLOCKED = ("debugpy",)
# ipywidgets answers pages only if it has found a kernel when it was imported, or is told of one as IPython's extension.
_EXTENSIONS = ("--IPKernelApp.extensions=ipywidgets",)

_UNBUILT = (
    "The app is not built ahead, so each kernel does it for itself: its programs cannot be kept in the cache. "
    "Make that folder writable, or name another one in TECHNI_CACHE."
)


class Order(NamedTuple):
    """A kernel that is wanted.

    Attributes:
        arguments: of the kernel's command line, connection file included.
        env: its whole environment.
        cwd: its folder.
        limits: the fields of `Limits`.
    """

    arguments: list[str]
    env: dict[str, str]
    cwd: str
    limits: dict[str, int]


class Zygote:
    """The loop of this process: it answers one order after the other, and reports what has ended."""

    def __init__(self, control: socket.socket, lifeline: int) -> None:
        self._control, self._lifeline = control, lifeline

    def warn(self, text: str) -> None:
        """Has the server log something."""
        self._say({"warning": text})

    def run(self) -> None:
        """Forks kernels until the server is gone."""
        signal.signal(signal.SIGCHLD, self._reap)
        if _num_threads() > 1:
            self._say({"unfit": f"The zygote has {_num_threads()} threads after its imports, so that a fork of it could hang."})
            return
        self._say({"ready": True})
        while packet := self._control.recv(MAX_PACKET):
            # A kernel that ends at once is reported after the answer that names it.
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            self._answer(Order(**json.loads(packet)))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])

    def _answer(self, order: Order) -> None:
        try:
            pid = os.fork()
        except OSError as error:
            self._say({"error": str(error)})
            return
        if pid == 0:
            _become_kernel(order, self._lifeline)
        descriptor = os.pidfd_open(pid)
        socket.send_fds(self._control, [json.dumps({"pid": pid}).encode()], [descriptor])
        os.close(descriptor)

    def _reap(self, *_: object) -> None:
        while any_ended := _wait():
            pid, status = any_ended
            self._say({"ended": pid, "status": status})

    def _say(self, message: dict) -> None:
        self._control.send(json.dumps(message).encode())


def _wait() -> tuple[int, int] | None:
    """A child that has ended, and how; None if there is none."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None


def _become_kernel(order: Order, lifeline: int) -> NoReturn:
    """The rest of a kernel's life, from the moment after the fork."""
    try:
        _leave_home(order, lifeline)
        Limits(**order.limits).apply()
        threading.Thread(target=_follow, args=(lifeline,), daemon=True).start()
        _run([*order.arguments, *_EXTENSIONS])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    else:
        status = 0
    sys.stderr.flush()
    os._exit(status)  # what Python does at its end would copy all memory, to free it


def _run(arguments: list[str]) -> None:
    """Runs IPython's kernel; what was built before there was a kernel belongs to it now."""
    application = importlib.import_module("ipykernel.kernelapp").IPKernelApp.instance()
    application.initialize(arguments)
    for comm in importlib.import_module("comm").get_comm_manager().comms.values():
        comm.kernel = application.kernel
    application.start()


def _leave_home(order: Order, lifeline: int) -> None:
    """Shares nothing with the zygote any more but memory, which is a copy, and what it writes to."""
    os.setsid()
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    # A platform sends it to all processes, and pages under way need their kernels.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _close_all_but({0, 1, 2, lifeline})
    os.environ.clear()
    os.environ.update(order.env)
    os.chdir(order.cwd)
    sys.modules["numpy"].random.seed()  # Python's own generator does so at each fork


def _close_all_but(kept: set[int]) -> None:
    for descriptor in {int(name) for name in os.listdir("/proc/self/fd")} - kept:
        try:
            os.close(descriptor)
        except OSError:
            continue  # the one that has read the list


def _follow(lifeline: int) -> None:
    """Ends this process with the server, whatever it is busy with."""
    os.read(lifeline, 1)
    os._exit(1)


def _num_threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _build_ahead() -> bool:
    """Builds the app that every kernel shows, if that starts no thread; returns whether it did.

    Whether it does is tried in a child, whose first try fills an empty cache.
    """
    build = importlib.import_module("gradient.app").App.build_ahead
    is_safe = _num_threads() == 1 and any(_starts_no_thread(build) for _ in range(2))
    if is_safe:
        build()
    return is_safe


def _starts_no_thread(act: Callable[[], None]) -> bool:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            act()
            status = int(_num_threads() > 1)
        finally:
            os._exit(status)
    return os.waitpid(pid, 0)[1] == 0


def main(control: str, lifeline: str) -> None:
    """Imports, then serves.

    It outlives the signals that a terminal or a platform sends to all processes at once: it ends with the server.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    for name in _BLOCKED:
        sys.modules[name] = None  # type: ignore[assignment] # by which whoever imports it gets an ImportError
    for name in PRELOADED:
        importlib.import_module(name)
    zygote = Zygote(socket.socket(fileno=int(control)), int(lifeline))
    if not _build_ahead():
        zygote.warn(_UNBUILT)
    gc.collect()
    gc.freeze()
    zygote.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
