"""From a notebook to a folder: execute, collect, write."""

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

from gradient.publish.folder import Folder, replaced
from gradient.publish.page import render
from gradient.publish.scripts import PublishError, bundle, icon_fonts
from gradient.views.shell import style_sheet

_TEMPLATE = Path(__file__).parent / "template"
_CACHE = Path("build") / "npm"  # below the folder where the command runs, like every build's
_EXECUTION_SECONDS = 600
_PACKAGES = str(Path(__file__).parents[2])  # where this package is imported from


class _Executor(ExecutePreprocessor):
    """Runs a notebook wherever it lies, with this package at hand."""

    def start_new_kernel(self, **options: Any) -> Any:
        path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), _PACKAGES]))
        return super().start_new_kernel(env={**os.environ, "PYTHONPATH": path}, **options)


def publish(notebook: Path, out: Path) -> None:
    """Writes the notebook's page, live but without a kernel, and all it needs into a folder for any static host.

    Args:
        notebook: any whose widgets need no kernel, or one that opens an `App`; it runs in its own folder.
        out: replaced if it holds a site already.

    Raises:
        FileExistsError: if `out` holds something else.
        PublishError: if npm or a widget library's script is missing, or the notebook fails.
    """
    node = nbformat.read(notebook, as_version=4)
    node.metadata.setdefault("title", notebook.stem)
    with replaced(out) as folder, tempfile.TemporaryDirectory() as drawn:
        _execute(node, notebook.parent.resolve(), Path(drawn))
        _write(node, _collect(Path(drawn), folder), folder)


def _execute(node: nbformat.NotebookNode, folder: Path, drawn: Path) -> None:
    """Runs the cells, and one more that exports what only the kernel has."""
    node.cells.append(nbformat.v4.new_code_cell(f"from gradient.publish.kernel import write as _write\n_write({str(drawn)!r})"))
    try:
        _Executor(timeout=_EXECUTION_SECONDS).preprocess(node, {"metadata": {"path": str(folder)}})
    except NoSuchKernel as error:
        raise PublishError(
            f"The notebook asks for the kernel {error.name!r}, which is not installed here. Install it, or choose another one."
        ) from error
    except CellExecutionError as error:
        cell = next(cell for cell in node.cells if any(out.output_type == "error" for out in cell.get("outputs", [])))
        raise PublishError(
            f"This cell of the notebook fails with {error.ename}: {error.evalue}. Mend it, and publish again.\n{cell.source}"
        ) from error
    node.cells.pop()


def _collect(drawn: Path, folder: Folder) -> dict:
    """Moves what the kernel has drawn into the site; returns the widgets' state with the pictures' addresses."""
    state = json.loads((drawn / "state.json").read_text())
    for picture in (picture for pictures in state["figures"].values() for picture in pictures):
        picture["file"] = folder.add_asset(picture["file"], (drawn / picture["file"]).read_bytes())
    return state


def _write(node: nbformat.NotebookNode, state: dict, folder: Folder) -> None:
    first: list[dict] = next(iter(state["figures"].values()), [])
    site = {
        "widgets": folder.add_asset("widgets.js", bundle(state, _CACHE).encode()),
        "pictures": [{name: picture[name] for name in ("file", "size")} for picture in first],
        "style": f"{style_sheet()}\n{(_TEMPLATE / 'site.css').read_text()}",
        "script": (_TEMPLATE / "page.js").read_text(),
    }
    for font in icon_fonts(_CACHE):
        shutil.copy(font, folder.path / "assets")  # named after its content already
    html = render(node, **site).replace("/* state */", _in_script(state))
    folder.add_page("index.html", html)
    worker = (_TEMPLATE / "worker.js").read_text()
    version = hashlib.sha256(html.encode()).hexdigest()[:12]
    folder.add_page("worker.js", worker.replace("/* version */", version).replace("/* script */", f"{site['widgets']}"))


def _in_script(state: dict) -> str:
    """JSON that can stand in an element of HTML: nothing in it begins or ends one."""
    return json.dumps(state, separators=(",", ":")).replace("<", "\\u003c")
