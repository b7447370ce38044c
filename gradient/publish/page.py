"""The notebook as HTML: what Voilà shows of it."""

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
from gradient.publish.report import PublishError

_SVG_NAMESPACE = "http://www.w3.org/2000/svg"
_HERE = Path(__file__).parent


class _Exporter(HTMLExporter):
    exclude_input = True
    exclude_input_prompt = True
    exclude_output_prompt = True

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Markdown as HTML, with the images that were pasted into its cell."""
        try:
            return markdown_to_html(source, context.get("cell", {}).get("attachments", {}), formula)
        except ValueError as error:
            raise PublishError(f"A cell cannot be shown ({error}). Paste its picture again.\n{source}") from error


def svg_file(svg: str) -> str:
    """SVG as a file has it: with its namespace, which it needs as a picture and not within HTML."""
    return svg if "xmlns" in svg else svg.replace("<svg", f'<svg xmlns="{_SVG_NAMESPACE}"', 1)


def render(notebook: NotebookNode, **site: Any) -> str:
    """The page of an executed notebook.

    Args:
        notebook: with its outputs, and a `title` in its metadata.
        site: further variables of the template, `template/index.html.j2`.
    """
    config = Config({"NbConvertBase": {"display_data_priority": SHOWN}})
    exporter = _Exporter(config, template_name="template", extra_template_basedirs=[str(_HERE)])
    exporter.register_filter("latex_to_html", latex_to_html)
    exporter.register_filter("svg_file", svg_file)
    html, _ = exporter.from_notebook_node(notebook, resources={"site": site})
    return html
