"""Visits to a notebook that runs whatever a test wants, each in a kernel of its own."""

import html
import json
import re
import urllib.request
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat

from tests.app_page import LOAD_MS
from tests.conftest import Server, notebook_of
from tests.server import BROWSER

NAME = "somebody"


def write_notebook(folder: Path) -> Path:
    """Writes the notebook; returns where it is."""
    path = folder / "visits.ipynb"
    nbformat.write(notebook_of("from pathlib import Path\nexec(Path('next_cell.py').read_text())"), path)
    return path


class Visits:
    """A server whose notebook runs whatever a test wants, once for each visit, in a kernel of its own."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self._code = server, folder / "next_cell.py"

    @property
    def pid(self) -> int:
        return self.server.process.pid

    @cached_property
    def connection_folder(self) -> Path:
        return Path(self.get("found = get_ipython().kernel.parent.connection_file")).parent

    def run_in_next_kernel(self, code: str) -> None:
        """Sets what the notebook runs from now on."""
        self._code.write_text(code)

    def get(self, code: str) -> Any:
        """What `found` is in a new kernel after it has run this."""
        self.run_in_next_kernel(f"import json, os\n{code}\nprint(f'<<{{json.dumps(found)}}>>')")
        page = html.unescape(self.page())
        answers = re.findall("<<(.*)>>", page)
        assert answers, page
        return json.loads(answers[0])

    def page(self) -> str:
        request = urllib.request.Request(f"{self.server.url}?visitor={NAME}", headers=BROWSER)
        with urllib.request.urlopen(request, timeout=LOAD_MS / 1000) as response:
            return response.read().decode()
