"""Debian's programs for the tests of the server's surroundings."""

import os
import shutil
import subprocess
from collections.abc import Callable

import pytest

_PATH = f"{os.environ['PATH']}:/usr/sbin"


def haproxy_program() -> str:
    """HAProxy: the one that is installed, or else Debian's package; skips the test if that cannot be installed."""
    return installed("haproxy", lambda: shutil.which("haproxy", path=_PATH))


def installed(package: str, find: Callable[[], str | None]) -> str:
    """What `find` finds, if need be after installing Debian's package; skips the test if that cannot be installed."""
    if (found := find()) is None and os.geteuid() == 0 and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in ("apt-get update", f"apt-get install -y --no-install-recommends {package}"):
            subprocess.run(command.split(), env=environment, check=False, capture_output=True)
        found = find()
    if found is None:
        pytest.skip(f"There is no {package}, and Debian's package cannot be installed here.")
    return found
