"""The private part of nbconvert that this package uses: its renderer of Markdown."""

from collections.abc import Callable

from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath


class _Renderer(IPythonRenderer):
    """Renders formulas by a function. nbconvert leaves them to MathJax, and has no option for that."""

    def __init__(self, formula: Callable[[str, str], str], attachments: dict) -> None:
        super().__init__(escape=False, attachments=attachments, exclude_anchor_links=True)
        self.formula = formula

    def block_math(self, body: str) -> str:
        return self.formula(body, "block")

    def inline_math(self, body: str) -> str:
        return self.formula(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return self.formula(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")


def markdown_to_html(source: str, attachments: dict, formula: Callable[[str, str], str]) -> str:
    """The Markdown of a cell as HTML.

    Args:
        attachments: the images that were pasted into the cell, as the notebook stores them.
        formula: HTML of a formula, from its LaTeX and "block" or "inline".

    Raises:
        ValueError: if the cell lacks an attachment that it shows.
    """
    try:
        return MarkdownWithMath(renderer=_Renderer(formula, attachments)).render(source)
    except InvalidNotebook as error:  # which nbconvert does not export
        raise ValueError(str(error)) from error
