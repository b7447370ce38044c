"""What gradient/adapters/nbconvert.py relies on."""

from gradient.adapters.nbconvert import markdown_to_html
from tests.adapters import relying_on


def test_formulas_are_rendered_by_the_function_and_attachments_are_embedded() -> None:
    source = "A $a$ <b>c</b> ![d](attachment:d.png)\n\n$$e$$\n\n\\begin{align}f\\end{align}\n"
    with relying_on("nbconvert"):
        html = markdown_to_html(source, {"d.png": {"image/png": "AAAA"}}, lambda latex, display: f"[{display} {latex}]")
        assert "A [inline a] <b>c</b>" in html
        assert "[block e]" in html
        assert r"[block \begin{align}f\end{align}]" in html
        assert "data:image/png;base64,AAAA" in html
