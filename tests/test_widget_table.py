"""The table of widgets in docs/jaxlink.md is what linking them comes to."""

import logging

import pytest

from tests.conftest import ROOT
from tests.widget_table import table


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of widgets that ipywidgets has renamed
def test_the_documents_have_the_table_of_widgets(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.CRITICAL):
        made = table()
    assert made in (ROOT / "docs" / "jaxlink.md").read_text(encoding="utf-8")
