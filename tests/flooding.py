"""Visitors who send whatever their kernels and canvases take, as fast as the server lets them.

`python -m tests.flooding URL NUMBER` is so many of them, until it is ended. It prints a line when all have a kernel and begin,
and one for each hundred messages that a kernel has answered.
"""

import asyncio
import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests.conftest import ROOT
from tests.visitor import Visitor, custom, update


@contextmanager
def flooded(url: str, *, processes: int, visitors: int) -> Iterator[list[subprocess.Popen[str]]]:
    """A block during which so many visitors in each of so many processes flood a server.

    Yields:
        The processes, when all visitors have begun; see above for what they print.
    """
    command = [sys.executable, "-m", "tests.flooding", url, str(visitors)]
    with ExitStack() as stack:
        started = []
        for _ in range(processes):
            process = stack.enter_context(subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True))
            stack.callback(process.kill)
            started.append(process)
        for process in started:
            wait_for_lines(process, 1)
        yield started


def wait_for_lines(process: subprocess.Popen[str], number: int) -> None:
    """Waits until it has printed so many more."""
    assert process.stdout
    lines = list(itertools.islice(process.stdout, number))
    assert len(lines) == number, "The process has ended."


async def _flood(visitor: Visitor) -> None:
    """Sends without an end."""
    canvas, slider = visitor.model(_model_name="MPLCanvasModel"), visitor.model(description="Learning rate")
    await visitor.say(custom(canvas, {"type": "initialized"}))
    for turn in itertools.cycle(range(500)):
        await visitor.say(custom(canvas, {"type": "resize", "width": 300 + turn % 9, "height": 300}))
        await visitor.say(custom(canvas, {"type": "send_image_mode"}))
        await visitor.say(update(slider, value=0.001 * (turn + 1)))
        await asyncio.sleep(0)


async def _read(visitor: Visitor) -> None:
    """Reads all answers."""
    for _ in itertools.count():
        for _ in range(100):
            while (await visitor.hear()).content.get("execution_state") != "idle":
                pass
        print("answered", flush=True)


async def _main(url: str, number: int) -> None:
    visitors = [await Visitor.join(url) for _ in range(number)]
    print("begun", flush=True)
    await asyncio.gather(*(act(visitor) for visitor in visitors for act in (_flood, _read)))


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
