"""The wheel in an environment of its own, outside this repository."""

import functools
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from playwright.sync_api import Browser, expect

from tests.app_page import LOAD_MS
from tests.conftest import ROOT, notebook_of, readme_example, static_server, watched
from tests.test_example import expect_sentence_after_a_key

LINKS = notebook_of(readme_example("import ipywidgets"))
USES = {
    "": "from gradient.link import choose, jaxlink, remember",
    "app": "from gradient import App, descend",
    "server": "import gradient.server.application, gradient.server.zygote, voila.app",
}
NOT_NEEDED = {"": ["matplotlib", "bqplot", "ipympl", "optax", "voila", "jupyter_server"], "app": ["voila", "prometheus_client"]}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy of the files that git tracks or would, so that nothing is left in the checkout."""
    source = tmp_path_factory.mktemp("source")
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, check=True, cwd=ROOT, capture_output=True, text=True).stdout.splitlines()
    for name in filter(lambda name: (ROOT / name).exists(), names):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, source / name)
    built = tmp_path_factory.mktemp("wheel")
    options = ["--no-deps", "--no-build-isolation", "--quiet", "--disable-pip-version-check", "--wheel-dir", str(built)]
    subprocess.run([sys.executable, "-m", "pip", "wheel", *options, str(source)], check=True)
    (found,) = built.glob("*.whl")
    return found


def needed(requirements: list[str], extra: str) -> Iterator[importlib.metadata.Distribution]:
    """The distributions that requirements ask for, and what these ask for, each once. Those here must be what is asked for."""
    seen: set[tuple[str, str]] = set()
    pending = [(Requirement(line), extra) for line in requirements]
    while pending:
        requirement, extra = pending.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        wanted = {(canonicalize_name(requirement.name), each) for each in ("", *requirement.extras)}
        if requirement.name == "techni":
            own = requirements
        else:
            distribution = importlib.metadata.distribution(requirement.name)
            assert requirement.specifier.contains(distribution.version), f"{requirement}, but {distribution.version} is tested"
            if wanted.isdisjoint(seen):
                yield distribution
            own = distribution.requires or []
        pending += [(Requirement(line), each) for _, each in wanted - seen for line in own]
        seen |= wanted


def link_into(place: Path, distribution: importlib.metadata.Distribution) -> None:
    """Links what an installed distribution has beside the standard library into an environment, but for its commands."""
    for file in distribution.files or []:
        is_data = file.parts[0] == ".."  # outside the folder of packages, file by file: others have theirs in the same folders
        name = Path(file) if is_data else Path(file.parts[0])
        target = Path(os.path.normpath(place / name))
        if target.exists() or "bin" in target.relative_to(place.parents[2]).parts[:1] or name.name == "__pycache__":
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(os.path.normpath(str(distribution.locate_file(name))))


class Environment:
    """A virtual environment with the wheel. What that requires is linked from this one, not downloaded again."""

    def __init__(self, wheel: Path, place: Path) -> None:
        venv.create(place, symlinks=True)
        self.python = place / "bin" / "python"
        (self._packages,) = place.glob("lib/python*/site-packages")
        shutil.unpack_archive(wheel, self._packages, "zip")

    def add(self, extra: str) -> None:
        """Adds what an extra requires; "" for what the wheel itself does."""
        (metadata,) = self._packages.glob("techni-*.dist-info")
        for distribution in needed(importlib.metadata.Distribution.at(metadata).requires or [], extra):
            link_into(self._packages, distribution)


@pytest.fixture(scope="module")
def environment(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """To which the tests, in their order, add more and more."""
    return Environment(wheel, tmp_path_factory.mktemp("environment"))


def run(python: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER", "TECHNI"))}
    return subprocess.run([python, *arguments], check=False, cwd=cwd, env=own, capture_output=True, text=True)


def expect_published(python: Path, browser: Browser, place: Path) -> None:
    """Publishes the README's example, and uses the page."""
    nbformat.write(LINKS, place / "notebook.ipynb")
    published = run(python, "-m", "gradient.publish", "some/prefix", "--notebook", "notebook.ipynb", cwd=place)
    assert published.returncode == 0, published.stderr
    with static_server(place / "some" / "prefix") as server, watched(browser.new_context(service_workers="block")) as context:
        page = context.new_page()
        sockets: list[str] = []
        page.on("websocket", lambda socket: sockets.append(socket.url))
        page.goto(server.url, timeout=LOAD_MS)
        expect_sentence_after_a_key(page)
        expect(page).to_have_title("notebook")
        assert sockets == []


def test_the_wheel_publishes(environment: Environment, browser: Browser, site_folder: Path, tmp_path: Path) -> None:
    environment.add("")
    (tmp_path / "build").symlink_to(ROOT / "build")  # in which publishing `site_folder` has installed npm's packages
    expect_published(environment.python, browser, tmp_path)


@pytest.mark.parametrize("extra", USES)
def test_the_requirements_are_enough(extra: str, environment: Environment, tmp_path: Path) -> None:
    environment.add(extra)
    lacks = f"import importlib.util; assert not any(map(importlib.util.find_spec, {NOT_NEEDED.get(extra, [])}))"
    found = run(environment.python, "-c", f"{lacks}\n{USES[extra]}\nimport gradient; print(gradient.__file__)", cwd=tmp_path)
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith(str(environment.python.parents[1]))


def test_the_wheel_has_all_files_of_the_package(wheel: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(wheel, tmp_path, "zip")
    is_source = functools.partial(re.search, r"\.(py|js|css|j2|json|txt)$")

    def names(root: Path) -> list[str]:
        files = [str(path.relative_to(root)) for path in (root / "gradient").rglob("*")]
        return sorted(name for name in files if is_source(name) and "__cache__" not in name)

    assert names(tmp_path) == names(ROOT)


@pytest.mark.soak
def test_the_wheel_is_installed_and_publishes(wheel: Path, browser: Browser, tmp_path: Path) -> None:
    venv.create(tmp_path / "environment", symlinks=True, with_pip=True)
    python = tmp_path / "environment" / "bin" / "python"
    installed = run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel), cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    expect_published(python, browser, tmp_path)
