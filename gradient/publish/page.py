"""The notebook as HTML: what Voilà shows of it, with formulas in MathML, which browsers draw by themselves."""

import sys
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbformat import NotebookNode

from gradient.adapters.nbconvert import markdown_to_html

_HERE = Path(__file__).parent


class _Exporter(HTMLExporter):
    exclude_input = True
    exclude_input_prompt = True
    exclude_output_prompt = True

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Markdown as HTML, with the images that were pasted into its cell."""
        return markdown_to_html(source, context.get("cell", {}).get("attachments", {}), _formula)


def _formula(latex: str, display: str) -> str:
    """A formula in MathML; one that cannot be parsed stays LaTeX, as on the notebook's own page."""
    try:
        return convert(latex, display=display)
    except Exception as error:  # the converter has a class of error for each kind of mistake
        print(f"This formula cannot be parsed ({type(error).__name__}), so the page shows its LaTeX: {latex}", file=sys.stderr)
        return f"<code>{escape(latex)}</code>"


def render(notebook: NotebookNode, **site: Any) -> str:
    """The page of an executed notebook.

    Args:
        notebook: with its outputs, and a `title` in its metadata.
        site: further variables of the template, `template/index.html.j2`.
    """
    exporter = _Exporter(template_name="template", extra_template_basedirs=[str(_HERE)])
    html, _ = exporter.from_notebook_node(notebook, resources={"site": site})
    return html
