"""The notebook as HTML: what Voilà shows of it, its formulas in MathML, which browsers draw by themselves."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

_HERE = Path(__file__).parent


class _Renderer(IPythonRenderer):
    """nbconvert's renderer of Markdown, with formulas that need no script."""

    def block_math(self, body: str) -> str:
        return convert(body, display="block")

    def inline_math(self, body: str) -> str:
        return convert(body)


class _Exporter(HTMLExporter):
    exclude_input = True
    exclude_input_prompt = True
    exclude_output_prompt = True

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """The filters of the template, Markdown with formulas in MathML among them."""
        yield from super().default_filters()
        yield "markdown2html", _markdown


def _markdown(source: str) -> str:
    return MarkdownWithMath(renderer=_Renderer(escape=False, exclude_anchor_links=True)).render(source)


def render(notebook: NotebookNode, **site: Any) -> str:
    """The page of an executed notebook.

    Args:
        notebook: with its outputs, and a `title` in its metadata.
        site: what the template `template/index.html.j2` takes besides.
    """
    exporter = _Exporter(template_name="template", extra_template_basedirs=[str(_HERE)])
    html, _ = exporter.from_notebook_node(notebook, resources={"site": site})
    return html
