"""What a new machine needs: pinned requirements, and a package that contains its pages."""

import ast
import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import BIN, ROOT, readme_example


@pytest.mark.soak
def test_a_build_ends_with_a_full_cache_and_the_site(tmp_path: Path) -> None:
    """Heroku's buildpack runs `bin/post_compile`, if that is executable, with the app's own Python first on the path."""
    script = ROOT / "bin" / "post_compile"
    assert os.access(script, os.X_OK)
    tracked = subprocess.run(["git", "ls-files", "--stage", script], check=True, cwd=ROOT, capture_output=True, text=True)
    assert tracked.stdout.startswith("100755 ")
    environment = {**os.environ, "PATH": f"{BIN}:{os.environ['PATH']}", "TECHNI_CACHE": str(tmp_path / "cache")}
    environment["TECHNI_SITE"] = str(tmp_path / "site")
    build = subprocess.run([script], check=False, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert build.returncode == 0, build.stderr
    numbers = re.fullmatch(r"(\d+) programs and (\d+) grids are in (.*)\.\n", build.stdout)
    assert numbers
    assert numbers[3] == str(tmp_path / "cache")
    assert (tmp_path / "site" / "index.html").exists()
    made = list((tmp_path / "cache").iterdir())
    (compiled,) = (folder for folder in made if folder.is_dir())  # what kernels would compile
    assert int(numbers[1]) + int(numbers[2]) == len(made) - 1
    assert list(compiled.iterdir())


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().split()
    matches = [re.fullmatch(r"([\w.-]+)==([\w.]+)", line) for line in lines]
    assert all(matches), lines
    return {match[1].lower().replace("-", "_"): match[2] for match in matches if match}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned_to_what_is_tested(name: str) -> None:
    assert {package: importlib.metadata.version(package) for package in pins(name)} == pins(name)


def test_production_needs_what_the_package_imports_and_what_serves_it() -> None:
    trees = [ast.parse(path.read_text()) for path in (ROOT / "gradient").rglob("*.py")]
    names = {
        name.split(".")[0]
        for node in (node for tree in trees for node in ast.walk(tree))
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", None) or ""])
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    imported = names - set(sys.stdlib_module_names) - {"gradient", ""}
    # traitlets comes with ipywidgets, IPython with ipykernel, which is not imported, and the server's libraries with Voilà.
    imported -= {"traitlets", "tornado", "jupyter_client", "jupyter_core", "jinja2", "IPython"}
    assert imported | {"jaxlib", "ipykernel"} == set(pins("requirements.txt"))


def test_the_readmes_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    exec(readme_example("from gradient"), {})
    assert capsys.readouterr().out.startswith("0.0385")


def test_the_runtime_is_a_python_3_11() -> None:
    assert re.fullmatch(r"python-3\.11\.\d+\n", (ROOT / "runtime.txt").read_text())
