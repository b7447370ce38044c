"""Runs the cells of a notebook as its kernel would, without a kernel's process and sockets."""

import asyncio
import contextlib
import io
import json
import os
import sys
from pathlib import Path
from typing import Any


def run_cells(notebook: Path) -> list[str]:
    """Runs the code cells of a notebook, in its folder, until one fails; returns a line for that one.

    As in a notebook that Voilà serves, no cell runs after one that fails, except if it has the tag `raises-exception`.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    os.chdir(notebook.resolve().parent)
    sys.path.insert(0, "")  # as in a kernel: the folder in which it works
    shell = _kernel().shell
    return asyncio.run(_run(shell, cells, notebook.name))


def _kernel() -> Any:
    """A kernel whose sockets are dummies. Cells use a kernel's shell: its event loop, its magics, its place for messages."""
    from ipykernel.inprocess.ipkernel import InProcessKernel  # noqa: PLC0415 -- 0.8 s that only this needs
    from traitlets.config import Config  # noqa: PLC0415

    return InProcessKernel.instance(config=Config(HistoryManager={"enabled": False}))


async def _run(shell: Any, cells: list[dict], name: str) -> list[str]:
    for number, cell in enumerate(cells, start=1):
        if cell["cell_type"] == "code":
            error = await _error_of("".join(cell["source"]), shell)
            if error is not None and "raises-exception" not in cell["metadata"].get("tags", ()):
                return [f"Cell {number} of {name} failed, and those after it do not run: {error!r:.500}"]
    return []


async def _error_of(code: str, shell: Any) -> BaseException | None:
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        result = await shell.run_cell_async(code, silent=True, transformed_cell=shell.transform_cell(code))
    return result.error_before_exec or result.error_in_exec
