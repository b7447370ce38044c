"""The pages that are measured: what serves each of them, and how it is used."""

import argparse
import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.proxy import HOST
from benchmarks.server import server

NOTEBOOK, SITE = "techni.ipynb", "site"


@dataclass(frozen=True)
class Scenario:
    """A page to measure: one group of rows.

    Attributes:
        name: of the page, in the table.
        url: where it is; "{port}" stands for the free port given to `command`.
        command: starts its server, with "{port}"; empty if one is running already.
        directory: where `command` runs.
        slider: the accessible name of the slider that is moved.
        in_server: whether the page's switch is set to the server before anything but the loading is measured.
        problem: what is chosen before anything but the loading is measured; empty for what the page has chosen itself.
        curve: CSS selector of the SVG path that answers.
    """

    name: str
    url: str
    command: tuple[str, ...] = ()
    directory: Path = Path()
    slider: str = "Learning rate"
    in_server: bool = False
    problem: str = ""
    curve: str = ".techni-loss g.curve path.line"


def on_port(url: str, port: int) -> str:
    """The same address on this machine, with another port."""
    return urlsplit(url)._replace(netloc=f"{HOST}:{port}").geturl()


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


def hardened(notebook: str) -> Scenario:
    """The notebook as the Procfile's server has it: kernels that wait for their visitors, and compressed files."""
    serve = (sys.executable, "-m", "gradient.server", notebook, "--port={port}", "--no-browser")
    return Scenario(f"{Path(notebook).stem}, its own server", f"http://{HOST}:{{port}}/", serve, Path.cwd())


def static(folder: str, problem: str = "") -> Scenario:
    """A folder that `python -m gradient.publish` has written, on a server that sends the compressed files."""
    serve = (sys.executable, "-m", "benchmarks.static", str(Path(folder).resolve()), "{port}")
    return Scenario(f"static site{problem and ', '}{problem}", f"http://{HOST}:{{port}}/", serve, Path.cwd(), problem=problem)


def running(url: str) -> Scenario:
    """The page at an address on this machine, whose server is running already."""
    if urlsplit(url).hostname not in (HOST, "localhost"):
        raise argparse.ArgumentTypeError(f"not on {HOST}: {url}")
    return Scenario(url, url)


def tfjs(problem: str) -> Scenario:
    """The same descent in a plain page with TensorFlow.js."""
    serve = (sys.executable, "-m", "benchmarks.tfjs", problem, "{port}")
    return Scenario(f"TensorFlow.js, {problem}", f"http://{HOST}:{{port}}/", serve, Path.cwd(), curve="path.curve")


def everything() -> list[Scenario]:
    """The notebook in Voilà, computed in either place, and in its own server; a static site if there is one; TensorFlow.js."""
    site = [static(SITE), static(SITE, "Network")] if Path(SITE).exists() else []
    return [voila(NOTEBOOK), voila(NOTEBOOK, in_server=True), hardened(NOTEBOOK), *site, tfjs("Wave"), tfjs("Network")]
