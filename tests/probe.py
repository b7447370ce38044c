"""`python -m tests.probe URL` requests /healthz every 20 ms until its input ends, and prints how long each answer took.

It is a process of its own, so that the tests' own work does not delay it.
"""

import http.client
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

_INTERVAL = 0.02  # seconds
ROOT = Path(__file__).parent.parent


def main(url: str) -> None:
    """Prints the milliseconds of each answer. A status other than 200 is an error."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    while not select.select([sys.stdin], [], [], _INTERVAL)[0]:
        start = time.monotonic()
        connection.request("GET", "/healthz")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200, answer.status
        print(1000 * (time.monotonic() - start), flush=True)


@contextmanager
def probed(url: str) -> Iterator[list[float]]:
    """Probes a server during the block. Afterwards the list has the milliseconds of every answer."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.probe", url], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout
    taken = [float(process.stdout.readline())]
    try:
        yield taken
    finally:
        answers, _ = process.communicate("\n")
        taken += map(float, answers.split())
    assert process.returncode == 0


if __name__ == "__main__":
    main(sys.argv[1])
