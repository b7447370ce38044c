"""The notebook as HTML: what Voilà shows of it."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from gradient.adapters.nbconvert import markdown_to_html
from gradient.publish.formulas import formula, latex_to_html
from gradient.publish.outputs import SHOWN
from gradient.publish.report import PublishError, Report

_SVG_NAMESPACE = "http://www.w3.org/2000/svg"
_HERE = Path(__file__).parent
# nbconvert makes every cell and every output a stop of the Tab key, and has no option for that. Voilà's page has none.
_FOCUSABLE = r"jp-(?:Cell-inputWrapper|OutputArea-output)"
_TAB_STOP = re.compile(rf'(<div\b[^<>]*\bclass="[^"<>]*\b{_FOCUSABLE}\b[^<>]*?) tabindex="0"')


class _Exporter(HTMLExporter):
    exclude_input = True
    exclude_input_prompt = True
    exclude_output_prompt = True
    report: Report
    cells: dict[str, int]  # the index of each by its id

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Markdown as HTML, with the images that were pasted into its cell."""
        try:
            attachments = context.get("cell", {}).get("attachments", {})
            return markdown_to_html(source, attachments, partial(formula, note=self._note_in(context)))
        except ValueError as error:
            raise PublishError(f"A cell cannot be shown ({error}). Paste its picture again.\n{source}") from error

    @pass_context
    def latex2html(self, context: Context, text: str) -> str:
        """An output of LaTeX as HTML."""
        return latex_to_html(text, self._note_in(context))

    def _note_in(self, context: Context) -> Callable[[str], None]:
        """Returns a function that notes what the page lacks in the cell that is being rendered."""
        return partial(self.report.lacks, self.cells.get(context.get("cell", {}).get("id")))


def svg_file(svg: str) -> str:
    """SVG as a file has it: with its namespace, which it needs as a picture and not within HTML."""
    return svg if "xmlns" in svg else svg.replace("<svg", f'<svg xmlns="{_SVG_NAMESPACE}"', 1)


def render(notebook: NotebookNode, report: Report, **site: Any) -> str:
    """The page of an executed notebook.

    Args:
        notebook: with its outputs, ids of its cells, and a `title` in its metadata.
        report: is told which formulas cannot be shown.
        site: further variables of the template, `template/index.html.j2`.
    """
    config = Config({"NbConvertBase": {"display_data_priority": SHOWN}})
    exporter = _Exporter(config, template_name="template", extra_template_basedirs=[str(_HERE)])
    exporter.report, exporter.cells = report, {cell.id: index for index, cell in enumerate(notebook.cells)}
    exporter.register_filter("latex_to_html", exporter.latex2html)
    exporter.register_filter("svg_file", svg_file)
    html, _ = exporter.from_notebook_node(notebook, resources={"site": site})
    return _TAB_STOP.sub(r"\1", html)
