"""Publishes a notebook: executes it, collects what its kernel exports, and writes the folder."""

import asyncio
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbconvert.preprocessors import CellExecutionError, ExecutePreprocessor

from gradient.link.modules import esm
from gradient.publish.files import addresses_in_widgets, addresses_on_page, copy_files
from gradient.publish.folder import SiteFolder, replacing
from gradient.publish.formulas import need_script
from gradient.publish.outputs import clean_outputs, clean_state
from gradient.publish.page import render
from gradient.publish.report import PublishError, Report
from gradient.publish.scripts import bundle, icon_fonts, other_files, replace_unknown

_TEMPLATE = Path(__file__).parent / "template"
_NPM_CACHE = Path("build") / "npm"  # in the folder where the command runs
_MINOR_WITH_IDS = 5  # of the notebook format 4
_OWN = f"{__package__.partition('.')[0]}."  # the start of the names of this package's widgets
_CELL_TIMEOUT = 600  # seconds
_WAKE_SECONDS = 1
_POLL_MS = 1  # with 0, pyzmq does not look at what waits already
_IMPORT_PATH = str(Path(__file__).parents[2])  # from which this package is imported


class _Executor(ExecutePreprocessor):
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
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), _IMPORT_PATH]))
        return super().start_new_kernel(env={**os.environ, "PYTHONPATH": path}, **options)


def publish(notebook: Path, out: Path, *, allow_missing: bool = False) -> None:
    """Writes the notebook's page, which is interactive without a kernel, and all its files into a folder for any static host.

    Args:
        notebook: one whose widgets need no kernel, or that opens an `App`; it is executed in its own folder.
        out: the folder; a site that is there is replaced.
        allow_missing: whether to publish a page that lacks something of the one in Voilà.

    Raises:
        FileExistsError: if `out` holds anything else.
        PublishError: if npm is missing, the notebook fails, or the page would lack something.
    """
    node = nbformat.read(notebook, as_version=4)
    node.metadata.setdefault("title", notebook.stem)
    _add_ids(node)
    source, report = notebook.parent.resolve(), Report(node.cells)
    with replacing(out) as folder, tempfile.TemporaryDirectory() as exported:
        executor = _execute(node, source, Path(exported))
        made_in = executor.made_in
        state = _collect(Path(exported), folder)
        for id_, what in (*state.pop("missing"), *replace_unknown(state)):
            report.lacks(made_in.get(id_), what)
        _note_messages(executor.messages, state, report)
        for id_ in state.pop("pictures"):
            report.remark(made_in.get(id_), "its Matplotlib figure is a picture on the page, not interactive.")
        clean_outputs(node.cells, source, report)
        clean_state(state["state"], made_in, source, report)
        html = _write(node, state, folder)
        found = (*addresses_on_page(html, node.cells), *addresses_in_widgets(state["state"], made_in))
        copy_files(found, source, folder.path, report)
        report.end(allow_missing=allow_missing)


def _note_messages(messages: dict[str, int], state: dict, report: Report) -> None:
    """Remarks on the messages to widgets, such as what an ipycanvas draws: they reach only a page that is open already."""
    for id_, cell in messages.items():
        model = state["state"].get(id_)
        if model and id_ not in {*state["pictures"], *state["figures"]}:
            kind = model["state"].get("_anywidget_id") or f"{model['state'].get('_model_module')}.{model['model_name']}"
            if not kind.startswith(_OWN):
                report.remark(cell, f"its messages to {kind} reach no page that is opened later, neither this one nor Voilà's.")


def _add_ids(node: nbformat.NotebookNode) -> None:
    """Gives ids to the cells of a notebook of an older format, which has none: by them the page tells cells apart."""
    node.nbformat_minor = max(node.nbformat_minor, _MINOR_WITH_IDS)
    for number, cell in enumerate(node.cells, 1):
        cell.setdefault("id", f"cell-{number}")


def _execute(node: nbformat.NotebookNode, folder: Path, exported: Path) -> _Executor:
    """Executes the cells in a folder, and then one more that exports what only the kernel has."""
    export = f"from gradient.publish.kernel import export as _export\n_export({str(exported)!r})"
    node.cells.append(nbformat.v4.new_code_cell(export))
    executor = _Executor(timeout=_CELL_TIMEOUT)
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


def _collect(exported: Path, folder: SiteFolder) -> dict:
    """Copies what the kernel has exported into the site; returns the widgets' state, with the images' addresses in it."""
    state = json.loads((exported / "state.json").read_text())
    for image in (image for images in state["figures"].values() for image in images):
        image["file"] = folder.add_asset(image["file"], (exported / image["file"]).read_bytes())
    return state


def _write(node: nbformat.NotebookNode, state: dict, folder: SiteFolder) -> str:
    """Writes the page with its scripts, and returns its HTML."""
    first: list[dict] = next(iter(state["figures"].values()), [])
    script = bundle(state, _NPM_CACHE, has_formulas=need_script(node.cells, state["state"]))
    site: dict[str, Any] = {
        "widgets": folder.add_asset("widgets.js", script.encode()),
        "images": [{name: image[name] for name in ("file", "size")} for image in first],
        "style": f"{state.pop('style')}\n{(_TEMPLATE / 'site.css').read_text()}",
        "script": esm(_TEMPLATE / "page.js"),
    }
    for file in (*icon_fonts(_NPM_CACHE), *other_files(state)):  # a script looks for them beside itself
        shutil.copy(file, folder.path / "assets")
    html = _filled(render(node, **site), state=_json_in_html(state))
    folder.add_page("index.html", html)
    version = hashlib.sha256(html.encode()).hexdigest()[:12]
    worker = (_TEMPLATE / "worker.js").read_text()
    folder.add_page("worker.js", _filled(worker, version=version, script=site["widgets"]))
    return html


def _filled(template: str, **values: str) -> str:
    """A template in which each comment `/* name */` is replaced by the value of that name."""
    for name, value in values.items():
        before, comment, after = template.partition(f"/* {name} */")
        assert comment, f"The template has no comment {name!r}."
        template = before + value + after
    return template


def _json_in_html(state: dict) -> str:
    """JSON for a script element: no character in it can end the element."""
    return json.dumps(state, separators=(",", ":")).replace("<", "\\u003c")
