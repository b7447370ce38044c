"""Several JavaScript files as the one module that anywidget takes."""

import re
import subprocess
from pathlib import Path

import pytest

from gradient.link.constants import KINDS, constants_module
from gradient.link.modules import esm
from tests.conftest import ROOT


def write(folder: Path, **sources: str) -> Path:
    """Files by their stem; returns the first."""
    for stem, source in sources.items():
        (folder / f"{stem}.js").write_text(source)
    return folder / f"{next(iter(sources))}.js"


def test_each_file_comes_once_and_before_those_that_import_it(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        entry='import { double } from "./double.js";\nimport { two } from "./two.js";\n\nprocess.exitCode = double(two);\n',
        double='import { two } from "./two.js";\nexport function double(x) {\n  return two * x;\n}\n',
        two="export const two = 2;\n",
    )
    module = tmp_path / "module.mjs"
    module.write_text(esm(entry))
    assert module.read_text().count("const two") == 1
    assert subprocess.run(["node", module], check=False).returncode == 4


def test_an_import_of_several_lines_is_followed(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        entry='import {\n  a,\n  b,\n} from "./other.js";\nexport default { a, b };\n',
        other="export const [a, b] = [1, 2];\n",
    )
    assert esm(entry) == "const [a, b] = [1, 2];\n\nexport default { a, b };\n"


def test_two_files_that_name_something_alike_are_refused(tmp_path: Path) -> None:
    entry = write(
        tmp_path, entry='import { b } from "./other.js";\nconst a = b;\n', other="const a = 1;\nexport function b() {}\n"
    )
    with pytest.raises(ValueError, match=r"entry.js and .*other.js both define 'a'. Rename one"):
        esm(entry)


def test_the_constants_of_python_have_types_in_javascript() -> None:
    types = (ROOT / "gradient" / "link" / "constants.d.ts").read_text()
    names = re.findall(r"^const (\w+) = ", constants_module(), re.MULTILINE)
    assert names
    assert re.findall(r"^export const (\w+): ", types, re.MULTILINE) == names
    assert dict(re.findall(r'^  readonly (\w+): "(\w+)";', types, re.MULTILINE)) == KINDS
