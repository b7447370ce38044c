"""The tables of docs/jaxlink.md: which widgets can be linked, and what compiles."""

import os
import subprocess
import sys

import pytest

from tests.conftest import PYTHONPATH, ROOT


@pytest.mark.parametrize("name", ["widget_table", "primitive_table"])
def test_the_documents_have_the_table(name: str) -> None:
    """In a process of its own, in which no other test has linked anything."""
    command = [sys.executable, "-c", f"from tests.{name} import table; print(table())"]
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() in (ROOT / "docs" / "jaxlink.md").read_text(encoding="utf-8")
