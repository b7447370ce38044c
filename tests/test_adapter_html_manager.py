"""What gradient/adapters/html_manager.py relies on: how the script of ipywidgets' renderer is built."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gradient.adapters.html_manager import ICON_FONTS, RENDERER, needed_modules
from gradient.publish.scripts import install
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def packages() -> Path:
    return install(ROOT / "build" / "npm")


@contextmanager
def relying_on_html_manager(packages: Path) -> Iterator[None]:
    """Names the version that npm has installed, like `tests.adapters.relying_on` for packages of Python."""
    try:
        yield
    except Exception as error:
        version = json.loads((packages / "@jupyter-widgets/html-manager/package.json").read_text())["version"]
        raise AssertionError(f"@jupyter-widgets/html-manager {version} is built in another way: {error!r}.") from error


def test_the_needed_modules_are_found_without_their_validators(packages: Path) -> None:
    with relying_on_html_manager(packages):
        script = (packages / RENDERER).read_text()
        needed = needed_modules(script)
        assert 0.5 * len(script) < len(needed) < 0.65 * len(script)  # with the validators it is 0.67
        assert needed.count("\ndefine(") + needed.startswith("define(") == 3


def test_the_icon_font_is_found(packages: Path) -> None:
    with relying_on_html_manager(packages):
        assert len(list(packages.glob(ICON_FONTS))) == 3


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ('define("@jupyter-widgets/base",[]);', "does not define @jupyter-widgets/controls, @jupyter-widgets/html-manager"),
        (
            "\n".join(f'define("@jupyter-widgets/{name}",[]);' for name in ("base", "controls", "html-manager")),
            "has 0 statements",
        ),
    ],
)
def test_another_script_is_refused(script: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        needed_modules(script)
