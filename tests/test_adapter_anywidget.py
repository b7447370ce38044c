"""What gradient/adapters/anywidget.py relies on; the JavaScript beside it is tested in test_adapter_ipywidgets.py."""

import pytest

from gradient.adapters.anywidget import ViewlessWidget
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
