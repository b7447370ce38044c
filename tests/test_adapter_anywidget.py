"""What gradient/adapters/anywidget.py relies on; the JavaScript beside it is tested in test_adapter_ipywidgets.py."""

import re
import sys
from pathlib import Path

import pytest

from gradient.adapters.anywidget import SCRIPT_NAMES, ViewlessWidget
from tests.adapters import relying_on
from tests.wire import Wire


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


def test_its_script_limits_waiting_by_abort_signals_only() -> None:
    """The names that a published page gives it: it uses two functions of `AbortSignal`, and one says how long it waits."""
    with relying_on("anywidget"):
        script = (Path(sys.prefix) / "share/jupyter/nbextensions/anywidget/index.js").read_text()
        assert set(re.findall(r"AbortSignal\.(\w+)", script)) == {"any", "timeout"}
        assert "AbortSignal.timeout(2e3)" in script
        assert all(f"{name}: (" in SCRIPT_NAMES["AbortSignal"] for name in ("any", "timeout"))
