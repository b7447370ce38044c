"""What gradient/adapters/jsonschema.py relies on. `tests/__init__.py` imports it first, as the commands do."""

import re
import sys

import pytest
from jsonschema import FormatChecker

from tests.adapters import relying_on
from tests.conftest import ROOT


def test_no_grammar_is_compiled_and_other_formats_are_checked() -> None:
    with relying_on("jsonschema"):
        assert "lark" not in sys.modules
        assert FormatChecker().conforms("no IRI", "iri")
        assert not FormatChecker().conforms("no time", "date-time")


@pytest.mark.parametrize("package", ["server", "publish"])
def test_a_command_imports_it_before_anything_of_a_library(package: str) -> None:
    imports = re.findall(r"^(?:import|from) (\S+)", (ROOT / "gradient" / package / "__main__.py").read_text(), re.MULTILINE)
    assert next(name for name in imports if name not in sys.stdlib_module_names) == "gradient.adapters.jsonschema"
