"""What Python imports first in each process of a test's server: it lets the test say when time passes,
what work takes, when a zygote goes on, and how many files the server may open.

`tests/server.py` puts this folder into PYTHONPATH.
"""

import os
import resource
import signal
import sys
import time
import warnings

STEP_SECONDS = 100
WORK_SECONDS = 0.02

_monotonic = time.monotonic
_thread_time = time.thread_time
_ahead = [0]  # seconds
_worked, _seconds = [0.0], [0.0]  # so far, and from one look at it to the next


def _let_time_pass(*_: object) -> None:
    _ahead[0] += STEP_SECONDS
    warnings.warn("of what hunter2 has sent", stacklevel=1)  # as a library may, in the middle of anything


def _work() -> float:
    _worked[0] += _seconds[0]
    return _thread_time() + _worked[0]


def _work_hard(*_: object) -> None:
    _seconds[0] = WORK_SECONDS - _seconds[0]


match sys.orig_argv[1:3]:
    case ["-m", "gradient.server"]:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)  # also if the tests run under nohup
        signal.signal(signal.SIGRTMIN, _let_time_pass)
        signal.signal(signal.SIGRTMIN + 1, _work_hard)
        time.thread_time = _work
        time.monotonic = lambda: _monotonic() + _ahead[0]
        if files := int(os.environ.get("TEST_OPEN_FILES", "0")):
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    case ["-m", "gradient.server.zygote"] if "MPL_TEST_GATE" in os.environ:  # by a name that a zygote is told
        open(os.environ["MPL_TEST_GATE"]).close()  # which waits until the other end is opened
