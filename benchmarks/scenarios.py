"""The pages that are measured: what serves each of them, and how it is used."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.proxy import HOST
from benchmarks.server import server

NOTEBOOK, SITE = "techni.ipynb", "site"
LOSS_CURVE = ".techni-loss g.curve path.line"


@dataclass(frozen=True)
class Scenario:
    """A page to measure: one group of rows.

    Attributes:
        name: of the page, in the table.
        url: its address; "{port}" stands for the free port given to `command`.
        command: starts its server, with "{port}"; empty if one is running already.
        directory: where `command` runs.
        slider: the accessible name of the slider that is moved.
        in_server: whether the server computes in all measurements except that of loading.
        problem: chosen for all measurements except that of loading; empty for the page's own choice.
        curve: CSS selector of the SVG path that the slider changes.
        slowdown: how many times slower than this machine's the page's processor is, as Chromium pretends.
    """

    name: str
    url: str
    command: tuple[str, ...] = ()
    directory: Path = Path()
    slider: str = "Learning rate"
    in_server: bool = False
    problem: str = ""
    curve: str = LOSS_CURVE
    slowdown: int = 1


@contextlib.contextmanager
def serving(scenario: Scenario) -> Iterator[str]:
    """The address of the scenario's page, with its server running."""
    if not scenario.command:
        yield scenario.url
        return
    with server(scenario.command, scenario.directory) as port:
        yield scenario.url.replace("{port}", str(port))


def voila(notebook: str, *, in_server: bool = False) -> Scenario:
    """The notebook as Voilà serves it, computed by the browser or by the server."""
    path = Path(notebook).resolve()
    serve = (sys.executable, "-m", "voila", path.name, "--port={port}", "--no-browser")
    name = f"{path.stem}, Voilà, {'server' if in_server else 'browser'}"
    return Scenario(name, f"http://{HOST}:{{port}}/", serve, path.parent, in_server=in_server)


def any_notebook(path: Path) -> Scenario:
    """A notebook in another folder, which imports this package."""
    scenario = voila(str(path))
    return replace(scenario, command=("env", f"PYTHONPATH={Path(__file__).parents[1]}", *scenario.command))


def public_server(notebook: str) -> Scenario:
    """The notebook as the Procfile serves it: with warm kernels and compressed files."""
    serve = (sys.executable, "-m", "gradient.server", notebook, "--port={port}", "--no-browser")
    return Scenario(f"{Path(notebook).stem}, its own server", f"http://{HOST}:{{port}}/", serve, Path.cwd())


def static_site(folder: str, problem: str = "") -> Scenario:
    """A folder that `python -m gradient.publish` has written, on a server that sends the compressed files."""
    serve = (sys.executable, "-m", "benchmarks.static", str(Path(folder).resolve()), "{port}")
    return Scenario(f"static site{problem and ', '}{problem}", f"http://{HOST}:{{port}}/", serve, Path.cwd(), problem=problem)


def already_running(url: str) -> Scenario:
    """The page at an address on this machine where a server is running already."""
    if urlsplit(url).hostname != HOST:
        raise argparse.ArgumentTypeError(
            f"The browser of the benchmarks reaches {HOST} only. Name a page there instead of {url}."
        )
    return Scenario(url, url)


def tfjs(problem: str) -> Scenario:
    """The same descent in a plain page with TensorFlow.js."""
    serve = (sys.executable, "-m", "benchmarks.tfjs", problem, "{port}")
    return Scenario(f"TensorFlow.js, {problem}", f"http://{HOST}:{{port}}/", serve, Path.cwd(), curve="path.curve")


def slow_device(scenario: Scenario) -> Scenario:
    """The same page on a device whose processor is four times slower."""
    return replace(scenario, name=f"{scenario.name}, slow device", slowdown=4)


def all_scenarios() -> list[Scenario]:
    """The notebook in Voilà, computed in either place, and in its own server; the static site, if it exists; TensorFlow.js."""
    site = [static_site(SITE), static_site(SITE, "Network")] if Path(SITE).exists() else []
    site += [slow_device(scenario) for scenario in site]
    server_pages = [voila(NOTEBOOK), voila(NOTEBOOK, in_server=True), public_server(NOTEBOOK)]
    return [*server_pages, *site, tfjs("Wave"), tfjs("Network")]
