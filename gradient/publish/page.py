"""The notebook as HTML: what Voilà shows of it, its formulas in MathML, which browsers draw by themselves."""

import sys
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

_HERE = Path(__file__).parent


class _Renderer(IPythonRenderer):
    """nbconvert's renderer of Markdown, with formulas that need no script."""

    def block_math(self, body: str) -> str:
        return _formula(body, display="block")

    def inline_math(self, body: str) -> str:
        return _formula(body)

    def latex_environment(self, name: str, body: str) -> str:
        return _formula(rf"\begin{{{name}}}{body}\end{{{name}}}", display="block")


class _Exporter(HTMLExporter):
    exclude_input = True
    exclude_input_prompt = True
    exclude_output_prompt = True

    @pass_context
    def markdown2html(self, context: Context, source: str) -> str:
        """Markdown as HTML, with the pictures that were pasted into its cell."""
        renderer = _Renderer(
            escape=False, attachments=context.get("cell", {}).get("attachments", {}), exclude_anchor_links=True
        )
        return MarkdownWithMath(renderer=renderer).render(source)


def _formula(body: str, display: str = "inline") -> str:
    """A formula in MathML; one that cannot be read stays as it was written, like on the notebook's own page."""
    try:
        return convert(body, display=display)
    except Exception as error:  # of many kinds, as each part of a formula has its own
        print(f"A formula stays as it is written, as it cannot be read ({type(error).__name__}): {body}", file=sys.stderr)
        return f"<code>{escape(body)}</code>"


def render(notebook: NotebookNode, **site: Any) -> str:
    """The page of an executed notebook.

    Args:
        notebook: with its outputs, and a `title` in its metadata.
        site: what the template `template/index.html.j2` takes besides.
    """
    exporter = _Exporter(template_name="template", extra_template_basedirs=[str(_HERE)])
    html, _ = exporter.from_notebook_node(notebook, resources={"site": site})
    return html
