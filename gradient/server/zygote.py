"""The zygote: a process that has imported everything a notebook's kernel needs, and forks a kernel whenever the server asks.

The server starts it as `python -m gradient.server.zygote CONTROL PARENT_PIPE [NOTEBOOK]`, the first two of which are numbers of
inherited descriptors. A fork shares all memory with its parent and copies only the pages it changes. Forking is safe only while
this process has a single thread: nothing it imports may start a JAX backend, and it exits if anything has started a thread.

CONTROL is a Unix socket of packets, each of them a JSON object:

    from the server     the fields of `ForkRequest`                      fork a kernel
    from the zygote     {"described": text}                              what pages of a NOTEBOOK may set, if there is one:
                                                                         pieces of JSON, the last of which is empty
                        {"ready": true}                                  once: it can fork
                        {"cannot_fork": reason}                          once, instead: it must not, and exits
                        {"pid": number}, with a pidfd and the read end   answers a request
                        of the kernel's output attached
                        {"error": text}                                  answers a request that failed
                        {"ended": pid, "status": number}                 a kernel has ended; the status is as in `subprocess`
                        {"warning": text}                                a line for the server's log

PARENT_PIPE is the read end of a pipe that is never written to. It reaches its end when the server exits; then the kernels exit.
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

MAX_PACKET = 1 << 17
_MAX_PIECE = 1 << 15  # characters of a description, of which JSON in JSON makes at most twice as many
MAX_DESCRIPTION = 1 << 23
TOO_LONG = f"What pages of {{}} may set takes {{}} characters; at most {MAX_DESCRIPTION} are read. Shorten lists of choices."
_DESCRIBE_SECONDS = 30
# What a kernel imports before its first slider moves, besides everything that building the app imports.
PRELOADED = (
    *("ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.debugger", "psutil", "pdb", "faulthandler"),
    "zmq.utils.garbage",  # for the first large message
    *("IPython.core.completerlib", "IPython.core.oinspect", "IPython.core.debugger", "IPython.core.logger"),
    *("IPython.extensions.storemagic", "tornado.locks", "tornado.queues", "tornado.platform.asyncio"),
    *("encodings.idna", "gradient.app"),
)
# A debugger is for a notebook's author; it takes 12 MB of each kernel, and visitors must not have it. ipykernel does without it
# where it is not installed.
_BLOCKED = ("debugpy",)
# ipywidgets answers pages only if there is a kernel when it is imported, or if it is loaded as an extension of IPython later.
_EXTENSIONS = ("--IPKernelApp.extensions=ipywidgets",)

_UNBUILT = (
    "Each kernel builds the app for itself, because the zygote cannot store its programs in the cache. "
    "Make that folder writable, or name another one in TECHNI_CACHE."
)


class ForkRequest(NamedTuple):
    """A request to fork a kernel.

    Attributes:
        arguments: the kernel's command line, with its connection file.
        env: its whole environment.
        cwd: its working directory.
        limits: the fields of `Limits`.
    """

    arguments: list[str]
    env: dict[str, str]
    cwd: str
    limits: dict[str, int]


class Zygote:
    """The main loop: answers one request after the other, and reports kernels that have ended."""

    def __init__(self, control: socket.socket, parent_pipe: int) -> None:
        self._control, self._parent_pipe = control, parent_pipe

    def warn(self, text: str) -> None:
        """Makes the server log a warning."""
        self._send({"warning": text})

    def describe(self, notebook: str) -> None:
        """Tells the server what pages of a notebook may set; a fork runs the notebook to find out."""
        described = importlib.import_module("gradient.allowlist").describe
        answer, status = _answer_of_a_fork(lambda: json.dumps(described(notebook)), _DESCRIBE_SECONDS)
        if status:
            why = f"not within {_DESCRIBE_SECONDS} s" if status == -signal.SIGALRM else f"that ended with status {status}"
            self.warn(f"The widgets of {notebook} could not be described: {why}.")
        elif len(answer) > MAX_DESCRIPTION:
            self.warn(TOO_LONG.format(notebook, len(answer)))
        else:
            for start in range(0, len(answer) + _MAX_PIECE, _MAX_PIECE):  # beyond the end it is empty
                self._send({"described": answer[start : start + _MAX_PIECE].decode()})

    def run(self) -> None:
        """Forks kernels until the server is gone."""
        signal.signal(signal.SIGCHLD, self._reap)
        if _num_threads() > 1:
            self._send(
                {"cannot_fork": f"The zygote has {_num_threads()} threads after its imports, so that a fork of it could hang."}
            )
            return
        self._send({"ready": True})
        while packet := self._control.recv(MAX_PACKET):
            # A kernel that ends at once has to be reported after the answer that names it.
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            self._answer(ForkRequest(**json.loads(packet)))
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])

    def _answer(self, request: ForkRequest) -> None:
        try:
            output, sink = os.pipe()
        except OSError as error:
            self._send({"error": str(error)})
            return
        try:
            self._fork(request, output, sink)
        finally:
            os.close(output)
            os.close(sink)

    def _fork(self, request: ForkRequest, output: int, sink: int) -> None:
        """Forks a kernel that writes to `sink`, and sends the other end of that pipe with the answer."""
        try:
            pid = os.fork()
        except OSError as error:
            self._send({"error": str(error)})
            return
        if pid == 0:
            _become_kernel(request, sink, self._parent_pipe)
        descriptor = os.pidfd_open(pid)
        socket.send_fds(self._control, [json.dumps({"pid": pid}).encode()], [descriptor, output])
        os.close(descriptor)

    def _reap(self, *_: object) -> None:
        while any_ended := _wait():
            pid, status = any_ended
            self._send({"ended": pid, "status": status})

    def _send(self, message: dict) -> None:
        self._control.send(json.dumps(message).encode())


def _wait() -> tuple[int, int] | None:
    """The number and the exit status of a child that has ended; None if there is none."""
    try:
        pid, status = os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return None
    return (pid, os.waitstatus_to_exitcode(status)) if pid else None


def _become_kernel(request: ForkRequest, sink: int, parent_pipe: int) -> NoReturn:
    """Runs a kernel in a process that has just been forked, and whose output goes to `sink`."""
    try:
        _detach(request, sink, parent_pipe)
        Limits(**request.limits).apply()
        threading.Thread(target=_exit_with_server, args=(parent_pipe,), daemon=True).start()
        _run([*request.arguments, *_EXTENSIONS])
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        status = 1
    else:
        status = 0
    sys.stderr.flush()
    os._exit(status)  # an ordinary exit would touch all memory, and so copy it, only to free it


def _run(arguments: list[str]) -> None:
    """Runs IPython's kernel, and gives it the widgets that were built before there was a kernel."""
    application = importlib.import_module("ipykernel.kernelapp").IPKernelApp.instance()
    application.initialize(arguments)
    for comm in importlib.import_module("comm").get_comm_manager().comms.values():
        comm.kernel = application.kernel
    application.start()


def _detach(request: ForkRequest, sink: int, parent_pipe: int) -> None:
    """Gives up what was inherited from the zygote, except its memory."""
    for stream in (1, 2):
        os.dup2(sink, stream)
    # In the zygote's session: on some systems each session has the same share of the processors, whatever the niceness of its
    # processes (autogroups, see `man 7 sched`), so a session for each kernel would leave ever less to the server.
    os.setpgid(0, 0)
    for number in (signal.SIGCHLD, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    # Platforms send SIGTERM to all processes when they stop a server, and pages under way still need their kernels.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    _close_all_but({0, 1, 2, parent_pipe})
    os.environ.clear()
    os.environ.update(request.env)
    os.chdir(request.cwd)
    sys.modules["numpy"].random.seed()  # Python reseeds its own generator at each fork


def _close_all_but(kept: set[int]) -> None:
    for descriptor in {int(name) for name in os.listdir("/proc/self/fd")} - kept:
        try:
            os.close(descriptor)
        except OSError:
            continue  # the descriptor that listed the others


def _exit_with_server(parent_pipe: int) -> None:
    """Ends this process when the server ends, whatever it is doing."""
    os.read(parent_pipe, 1)
    os._exit(1)


def _num_threads() -> int:
    return len(os.listdir("/proc/self/task"))


def _build_ahead() -> bool:
    """Builds the app that every kernel shows, unless that starts a thread; returns whether it did.

    A fork tries it first. With an empty cache it compiles, which starts threads; the second try finds the compiled programs.
    """
    build = importlib.import_module("gradient.app").App.build_ahead

    def is_safe() -> str:
        build()
        return "" if _num_threads() > 1 else "safe"

    if _num_threads() > 1 or not any(_answer_of_a_fork(is_safe)[0] for _ in range(2)):
        return False
    build()
    return True


def _answer_of_a_fork(ask: Callable[[], str], seconds: int = 0) -> tuple[bytes, int]:
    """What a function returns in a fork of this process, as ASCII, and the status with which the fork ends, as in `subprocess`.

    A fork that takes longer than so many seconds is ended by SIGALRM; 0 is no limit.
    """
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read_end)
        _answer_and_exit(ask, write_end, seconds)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe:
        answer = pipe.read()
    return answer, os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _answer_and_exit(ask: Callable[[], str], pipe: int, seconds: int) -> NoReturn:
    status = 1
    try:
        signal.alarm(seconds)
        answer = ask().encode("ascii")
        while answer:
            answer = answer[os.write(pipe, answer) :]
        status = 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def main(control: str, parent_pipe: str, notebook: str = "") -> None:
    """Imports everything, then serves requests until the server ends.

    It ignores the signals that terminals and platforms send to all processes at once.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    gc.disable()  # nearly all that is made here stays: to look for garbage again and again takes a sixth of the time
    for name in _BLOCKED:
        sys.modules[name] = None  # type: ignore[assignment] # makes importing it raise ImportError
    for name in PRELOADED:
        importlib.import_module(name)
    zygote = Zygote(socket.socket(fileno=int(control)), int(parent_pipe))
    if not _build_ahead():
        zygote.warn(_UNBUILT)
    if notebook:
        zygote.describe(notebook)
    gc.collect()
    gc.freeze()
    gc.enable()
    zygote.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
