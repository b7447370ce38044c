"""The table of widgets in docs/jaxlink.md is what linking them comes to."""

import os
import subprocess
import sys

from tests.conftest import PYTHONPATH, ROOT


def test_the_documents_have_the_table_of_widgets() -> None:
    """In a process of its own, in which no other test has linked anything."""
    command = [sys.executable, "-c", "from tests.widget_table import table; print(table())"]
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    answer = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() in (ROOT / "docs" / "jaxlink.md").read_text(encoding="utf-8")
