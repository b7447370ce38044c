"""What the two adapters of anywidget rely on; the JavaScript beside them is tested in test_adapter_ipywidgets.py."""

import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from gradient.adapters.anywidget import ViewlessWidget
from gradient.adapters.anywidget_script import SHARED, with_names
from tests.adapters import relying_on
from tests.wire import Wire

_SCRIPT = Path(sys.prefix) / "share/jupyter/nbextensions/anywidget/index.js"


class Plain(ViewlessWidget):
    """The smallest such widget."""

    _esm = "export default {};"


def test_a_viewless_widget_has_a_model_and_no_view(monkeypatch: pytest.MonkeyPatch) -> None:
    Wire(monkeypatch)
    with relying_on("anywidget"):
        state = Plain().get_state()
        assert state["_view_name"] is None
        assert state["_model_name"] == "AnyModel"
        assert state["_esm"] == "export default {};"
        assert state["_anywidget_id"].endswith("Plain")


def test_its_script_uses_what_other_names_are_bound_to() -> None:
    """Two functions of `AbortSignal`, of which one says how long it waits, and an address made of the text of a module."""
    with relying_on("anywidget"):
        script = _SCRIPT.read_text()
        assert set(re.findall(r"AbortSignal\.(\w+)", script)) == {"any", "timeout"}
        assert "AbortSignal.timeout(2e3)" in script
        assert re.findall(r"\bURL\.(\w+)", script) == ["createObjectURL", "revokeObjectURL"]
        assert re.findall(r"\bURL\b|\bBlob\b", script) == ["URL", "Blob", "URL"]
        assert "URL.createObjectURL(new Blob([esm], " in script


def test_a_page_loads_a_module_once_that_its_widgets_can_share(browser: Browser) -> None:
    """Of any other module each widget has its own, as in JupyterLab."""
    load = """
      const addressOf = (text) => URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
      const load = async (text) => {
        const address = addressOf(text);
        const { numbers } = await import(address);
        URL.revokeObjectURL(address);
        return numbers.push(0);
      };
      window.lengths = (async () => {
        const lengths = [];
        for (const text of [SHARED, SHARED, OWN, OWN, SHARED]) lengths.push(await load(text));
        return lengths;
      })();
    """
    module = "export const numbers = [];"
    names = f"const [SHARED, OWN] = {[SHARED + module, module]};"
    page = browser.new_page()
    page.evaluate(f"{names} {with_names(load)}")
    assert page.evaluate("window.lengths") == [1, 2, 1, 1, 3]
    page.close()
