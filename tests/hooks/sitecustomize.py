"""What Python imports first in each process of a test's server: it lets the test say when time passes,
when a zygote goes on, and how many files the server may open.

`tests/server.py` puts this folder into PYTHONPATH.
"""

import os
import resource
import signal
import sys
import time

STEP_SECONDS = 100

_monotonic = time.monotonic
_ahead = [0]  # seconds


def _let_time_pass(*_: object) -> None:
    _ahead[0] += STEP_SECONDS


match sys.orig_argv[1:3]:
    case ["-m", "gradient.server"]:
        signal.signal(signal.SIGRTMIN, _let_time_pass)
        time.monotonic = lambda: _monotonic() + _ahead[0]
        if files := int(os.environ.get("TEST_OPEN_FILES", "0")):
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    case ["-m", "gradient.server.zygote"] if "MPL_TEST_GATE" in os.environ:  # by a name that a zygote is told
        open(os.environ["MPL_TEST_GATE"]).close()  # which waits until the other end is opened
