"""Publishes a notebook: has it executed, collects what its kernel exports, and writes the folder."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat

from gradient.link.modules import esm
from gradient.publish.execution import add_ids, execute
from gradient.publish.files import addresses_in_widgets, addresses_on_page, copy_files
from gradient.publish.folder import SiteFolder, replacing
from gradient.publish.formulas import need_script
from gradient.publish.later_words import as_file, take_prose, take_table
from gradient.publish.outputs import clean_outputs, clean_state, short_paths
from gradient.publish.page import render
from gradient.publish.programs import take_later_programs
from gradient.publish.report import PublishError, Report
from gradient.publish.scripts import OWN, bundle, icon_fonts, minify, other_files, replace_unknown

_TEMPLATE = Path(__file__).parent / "template"
_NPM_CACHE = Path("build") / "npm"  # in the folder where the command runs


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
    node = _read(notebook)
    node.metadata.setdefault("title", notebook.stem)
    add_ids(node)
    source, report = notebook.parent.resolve(), Report(node.cells)
    with replacing(out) as folder, tempfile.TemporaryDirectory() as exported:
        executor = execute(node, source, Path(exported))
        made_in = executor.made_in
        state = json.loads((Path(exported) / "state.json").read_text())
        for id_, what in (*state.pop("missing"), *replace_unknown(state)):
            report.lacks(made_in.get(id_), short_paths(what, source))
        _note_messages(executor.messages, state, report)
        for id_ in state.pop("pictures"):
            report.remark(made_in.get(id_), "its Matplotlib figure is a picture on the page, not interactive.")
        clean_outputs(node.cells, source, report)
        clean_state(state["state"], made_in, source, report)
        html = _write(node, state, folder, report)
        found = (*addresses_on_page(html, node.cells), *addresses_in_widgets(state["state"], made_in))
        copy_files(found, source, folder.path, report)
        report.end(allow_missing=allow_missing)


def _read(notebook: Path) -> nbformat.NotebookNode:
    """The notebook in the present format.

    Raises:
        PublishError: if the file holds something else.
    """
    try:
        return nbformat.read(notebook, as_version=nbformat.current_nbformat)
    except OSError:
        raise
    except Exception as error:  # nbformat expects a notebook, and what else there is fails in many ways
        first = str(error).partition("\n")[0]
        raise PublishError(f"{notebook} holds no notebook: {first}") from error


def _note_messages(messages: dict[str, int], state: dict, report: Report) -> None:
    """Remarks on the messages to widgets, such as what an ipycanvas draws: they reach only a page that is open already."""
    for id_, cell in messages.items():
        model = state["state"].get(id_)
        if model and id_ not in state["pictures"]:
            kind = model["state"].get("_anywidget_id") or f"{model['state'].get('_model_module')}.{model['model_name']}"
            if not kind.startswith(OWN):
                report.remark(cell, f"its messages to {kind} reach no page that is opened later, neither this one nor Voilà's.")


def _write(node: nbformat.NotebookNode, state: dict, folder: SiteFolder, report: Report) -> str:
    """Writes the page with its scripts, and returns all of its HTML."""
    programs, state["programs"] = take_later_programs(state["state"])
    choice = state["words"]
    table = take_table(state["state"], choice) if choice else []
    page_script = minify(state["state"], esm(_TEMPLATE / "page.js"), _NPM_CACHE)
    script = bundle(state, _NPM_CACHE, has_formulas=need_script(node.cells, state["state"]))
    site: dict[str, Any] = {
        "widgets": folder.add_asset("widgets.js", script.encode()),
        "programs": folder.add_asset("programs.bin", programs) if programs else "",
        "has_app": bool(state["style"]),
        "style": f"{state.pop('style')}\n{(_TEMPLATE / 'site.css').read_text()}",
        "script": page_script,
    }
    _copy_files(state, folder)
    rendered = render(node, report, **site)
    shown, prose = take_prose(rendered) if choice else (rendered, [])
    words = folder.add_asset("words.json", as_file(table, prose)) if choice else ""
    state["words"] = {"file": words, "choice": choice} if choice else None
    html = _filled(shown, state=_json_in_html(state))
    folder.add_page("index.html", html)
    _add_worker(folder, html, filter(None, (site["widgets"], site["programs"])))
    return rendered


def _copy_files(state: dict, folder: SiteFolder) -> None:
    """Copies the files that scripts load by themselves, each to where its script looks for it."""
    fonts = ((file, f"assets/{file.name}") for file in icon_fonts(_NPM_CACHE))
    for file, address in (*fonts, *other_files(state)):
        (folder.path / address).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, folder.path / address)


def _add_worker(folder: SiteFolder, html: str, files: Iterable[str]) -> None:
    """Adds the service worker, which keeps the page and these files for visits without a network."""
    version = hashlib.sha256(html.encode()).hexdigest()[:12]
    folder.add_page("worker.js", _filled((_TEMPLATE / "worker.js").read_text(), version=version, files=" ".join(files)))


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
