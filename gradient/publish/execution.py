"""Executes a notebook, and notes which cell has made what."""

import asyncio
import os
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor

from gradient.publish.report import PublishError

_MINOR_WITH_IDS = 5  # of the notebook format 4
_CELL_TIMEOUT = 600  # seconds
_WAKE_SECONDS = 1
_POLL_MS = 1  # with 0, pyzmq does not look at what waits already
_IMPORT_PATH = str(Path(__file__).parents[2])  # from which this package is imported


class Executor(ExecutePreprocessor):
    """Executes a notebook in any folder, where it can import this package.

    Attributes:
        made_in: the index of the cell that has made a widget, by the widget's id.
        messages: the index of the cell that has sent a widget a message, which changes no trait, by the widget's id.
        source: of the cell that runs, or has run last.
    """

    def __init__(self, **traits: Any) -> None:
        super().__init__(on_cell_execute=self._start_waking, on_cell_executed=self._stop_waking, **traits)
        self.made_in: dict[str, int] = {}
        self.messages: dict[str, int] = {}
        self.source = ""
        self._waking: asyncio.Task | None = None

    def process_message(self, msg: dict[str, Any], cell: nbformat.NotebookNode, cell_index: int) -> Any:
        """Notes the cell of what a widget sends."""
        content = msg["content"]
        if msg["msg_type"] == "comm_open":
            self.made_in[content["comm_id"]] = cell_index
        elif msg["msg_type"] == "comm_msg" and content["data"].get("method") == "custom":
            self.messages.setdefault(content["comm_id"], cell_index)
        return super().process_message(msg, cell, cell_index)

    async def _start_waking(self, cell: nbformat.NotebookNode, **_: Any) -> None:
        self.source = cell.source
        self._waking = asyncio.create_task(self._wake())

    def _stop_waking(self, **_: Any) -> None:
        if self._waking:
            self._waking.cancel()

    async def _wake(self) -> None:
        """Asks again each second whether the cell has ended: now and then pyzmq overlooks a reply until it is asked anew."""
        while self.kc and self.kc.shell_channel.socket:
            await self.kc.shell_channel.socket.poll(_POLL_MS)
            await asyncio.sleep(_WAKE_SECONDS)

    def start_new_kernel(self, **options: Any) -> Any:
        """Starts a kernel that can import this package."""
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), _IMPORT_PATH]))
        return super().start_new_kernel(env={**os.environ, "PYTHONPATH": path}, **options)


def add_ids(node: nbformat.NotebookNode) -> None:
    """Gives ids to the cells of a notebook of an older format, which has none: by them the page tells cells apart."""
    node.nbformat_minor = max(node.nbformat_minor, _MINOR_WITH_IDS)
    for number, cell in enumerate(node.cells, 1):
        cell.setdefault("id", f"cell-{number}")


def execute(node: nbformat.NotebookNode, folder: Path, exported: Path) -> Executor:
    """Executes the cells in a folder, and then one more that exports what only the kernel has.

    Raises:
        PublishError: if a cell fails or ends the kernel, or if there is no such kernel.
    """
    export = f"from gradient.publish.kernel import export as _export\n_export({str(exported)!r})"
    node.cells.append(nbformat.v4.new_code_cell(export))
    executor = Executor(timeout=_CELL_TIMEOUT)
    try:
        executor.preprocess(node, {"metadata": {"path": str(folder)}})
    except NoSuchKernel as error:
        raise PublishError(
            f"The notebook asks for the kernel {error.name!r}, which is not installed. Install it, or choose another one."
        ) from error
    except CellExecutionError as error:
        cell = next(cell for cell in node.cells if any(out.output_type == "error" for out in cell.get("outputs", [])))
        raise PublishError(
            f"This cell of the notebook fails with {error.ename}: {error.evalue}. Correct it, and publish again.\n{cell.source}"
        ) from error
    except RuntimeError as error:  # of nbclient, which nbconvert executes with
        raise PublishError(
            f"The kernel failed in this cell of the notebook ({error}). Correct it, and publish again.\n{executor.source}"
        ) from error
    node.cells.pop()
    return executor
