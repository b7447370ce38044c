"""In which settings the tests of a page run."""

from collections.abc import Collection

import pytest

# The same page where visitors meet it; a phone has no JupyterLab.
SETTINGS = {"wide": ["browser", "kernel", "site", "lab"], "phone": ["hardened", "kernel", "site"]}


def in_settings(
    metafunc: pytest.Metafunc,
    everywhere: Collection[str] = (),
    of_the_window: Collection[str] = (),
    of_the_scripts: Collection[str] = (),
    of_the_browser: Collection[str] = (),
) -> None:
    """Runs a test of a page in each of its settings.

    Args:
        everywhere: the tests that `make test` runs with a kernel that computes, and in JupyterLab, too; `make soak` runs all.
        of_the_window: those of the whole window, of which JupyterLab takes a part for itself.
        of_the_scripts: those of scripts that are the same without a kernel; only `make soak` runs them on the static site, too.
        of_the_browser: those of what is promised only where the browser computes.
    """
    for size in SETTINGS.keys() & set(metafunc.fixturenames):
        name = metafunc.function.__name__
        settings = [s for s in SETTINGS[size] if s != "lab" or name not in of_the_window]
        settings = [s for s in settings if s != "kernel" or name not in of_the_browser]
        rare = {"kernel", "lab"} if name not in everywhere else set()
        rare |= {"site"} if name in of_the_scripts else set()
        params = [pytest.param(s, marks=pytest.mark.soak if s in rare else ()) for s in settings]
        metafunc.parametrize(size, params, indirect=True, scope="module")
