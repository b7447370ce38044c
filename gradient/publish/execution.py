"""Executes a notebook, and notes which cell has made what."""

import asyncio
import os
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor

from gradient.publish.report import PublishError, cell_name

_MINOR_WITH_IDS = 5  # of the notebook format 4
_CELL_TIMEOUT = 600  # seconds
_WAKE_SECONDS = 1
_POLL_MS = 1  # with 0, pyzmq does not look at what waits already
_NO_WARNINGS = "--IPKernelApp.log_level=ERROR"  # such as of its connection, which is this machine's own
_NAMES = ("_model_module", "_model_name")  # by which a page finds the script of a widget
_IMPORT_PATH = str(Path(__file__).parents[2])  # from which this package is imported


class Executor(ExecutePreprocessor):
    """Executes a notebook in any folder, where it can import this package.

    Attributes:
        made_in: the index of the cell that has made a widget, by the widget's id.
        messages: the index of the cell that has sent a widget a message, which changes no trait, by the widget's id.
        nameless: the index of the first cell that has made a widget for which no page can find a script.
        cell: the name of the cell that runs, or has run last, and its source.
    """

    def __init__(self, **traits: Any) -> None:
        super().__init__(on_cell_execute=self._start_waking, on_cell_executed=self._stop_waking, **traits)
        self.made_in: dict[str, int] = {}
        self.messages: dict[str, int] = {}
        self.nameless: int | None = None
        self.cell = "", ""
        self._waking: asyncio.Task | None = None

    def process_message(self, msg: dict[str, Any], cell: nbformat.NotebookNode, cell_index: int) -> Any:
        """Notes the cell of what a widget sends."""
        content = msg["content"]
        if msg["msg_type"] == "comm_open":
            self.made_in[content["comm_id"]] = cell_index
            if _is_nameless(content):  # nbclient would fail
                self.nameless = cell_index if self.nameless is None else self.nameless
                return None
        elif msg["msg_type"] == "comm_msg" and content["data"].get("method") == "custom":
            self.messages.setdefault(content["comm_id"], cell_index)
        return super().process_message(msg, cell, cell_index)

    async def _start_waking(self, cell: nbformat.NotebookNode, cell_index: int, **_: Any) -> None:
        self.cell = cell_name(cell_index + 1, cell.source), cell.source
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
        if self.km and self.km.ipykernel:
            self.extra_arguments = [*self.extra_arguments, _NO_WARNINGS]
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), _IMPORT_PATH]))
        return super().start_new_kernel(env={**os.environ, "PYTHONPATH": path}, **options)


def _is_nameless(content: dict[str, Any]) -> bool:
    """Whether a message makes a widget whose module or name is no trait, so that its page is not told."""
    state = content["data"].get("state", {})
    return content["target_name"] == "jupyter.widget" and not all(name in state for name in _NAMES)


def add_ids(node: nbformat.NotebookNode) -> None:
    """Gives ids to the cells of a notebook of an older format, which has none: by them the page tells cells apart."""
    node.nbformat_minor = max(node.nbformat_minor, _MINOR_WITH_IDS)
    for number, cell in enumerate(node.cells, 1):
        cell.setdefault("id", f"cell-{number}")


def execute(node: nbformat.NotebookNode, folder: Path, exported: Path) -> Executor:
    """Executes the cells in a folder, and then one more that exports what only the kernel has.

    Raises:
        PublishError: if a cell fails, ends the kernel or makes a widget without a name, or if there is no such kernel.
    """
    export = f"from gradient.publish.kernel import export as _export\n_export({str(exported)!r})"
    node.cells.append(nbformat.v4.new_code_cell(export))
    executor = Executor(timeout=_CELL_TIMEOUT)
    _run(executor, node, folder)
    node.cells.pop()
    if executor.nameless is not None:
        source = node.cells[executor.nameless].source
        raise PublishError(
            f"{cell_name(executor.nameless + 1, source)} makes a widget whose {' or '.join(_NAMES)} is no trait, so no "
            f'page can find its script. Write {_NAMES[0]} = Unicode("…").tag(sync=True), and publish again.'
        )
    return executor


def _run(executor: Executor, node: nbformat.NotebookNode, folder: Path) -> None:
    try:
        executor.preprocess(node, {"metadata": {"path": str(folder)}})
    except NoSuchKernel as error:
        raise PublishError(
            f"The notebook asks for the kernel {error.name!r}, which is not installed. Install it, or choose another one."
        ) from error
    except CellExecutionError as error:
        name, source = executor.cell
        what = f"{error.ename}: {error.evalue}".rstrip(".: ")
        if source == node.cells[-1].source:  # what `execute` has added
            raise PublishError(
                f"The notebook's kernel cannot tell its widgets: {what}. Install this package where the kernel runs."
            ) from error
        raise PublishError(f"{name} fails with {what}. Correct it, and publish again.\n{source}") from error
    except RuntimeError as error:  # of nbclient, which nbconvert executes with
        name, source = executor.cell
        raise PublishError(
            f"The kernel failed in {name}: {str(error).rstrip('.')}. Correct it, and publish again.\n{source}"
        ) from error
