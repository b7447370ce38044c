"""A folder of files for static hosts: names that change with the content, and what compresses compressed beforehand."""

import gzip
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli

_WORTHWHILE = 0.95
_WORKER = Path(__file__).parent / "template" / "worker.js"


class Folder:
    """The folder of a site while it is made; every address that it gives is relative to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "assets").mkdir(parents=True)

    def add_asset(self, name: str, content: bytes) -> str:
        """Adds a file that may be cached forever; returns its address."""
        stem, _, ending = name.rpartition(".")
        address = f"assets/{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
        (self.path / address).write_bytes(content)
        return address

    def add_page(self, name: str, content: str) -> None:
        """Adds a file that keeps its name, so that it must be asked for anew."""
        (self.path / name).write_text(content, encoding="utf-8")

    def compress(self) -> None:
        """Writes a `.br` and a `.gz` beside each file that becomes smaller."""
        for file in [file for file in self.path.rglob("*") if file.is_file()]:
            content = file.read_bytes()
            for ending, compressed in ((".br", brotli.compress(content)), (".gz", gzip.compress(content, 9, mtime=0))):
                if len(compressed) < _WORTHWHILE * len(content):
                    file.with_name(file.name + ending).write_bytes(compressed)


@contextmanager
def replaced(out: Path) -> Iterator[Folder]:
    """A new folder that takes the place of `out` when all of it is there; if anything fails, `out` stays as it was.

    Raises:
        FileExistsError: if `out` holds anything but a site, or what runs here runs in it.
    """
    _check_replaceable(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as made:
        folder = Folder(Path(made) / "site")  # a temporary folder itself is its owner's only, who need not be the web server
        yield folder
        folder.compress()
        _exchange(folder.path, out, Path(made) / "before")


def _exchange(new: Path, out: Path, aside: Path) -> None:
    """Puts a folder in the place of another, which is moved aside."""
    if out.exists():
        out.rename(aside)
    try:
        new.rename(out)
    except OSError:
        if aside.exists():
            aside.rename(out)
        raise


def _check_replaceable(out: Path) -> None:
    if out.resolve() in (Path.cwd(), *Path.cwd().parents):
        raise FileExistsError(f"{out} is the folder of this command, or above it, and would be replaced. Name another folder.")
    if out.exists() and any(out.iterdir()) and not _is_site(out):
        raise FileExistsError(
            f"{out} is not empty and holds no site, so it is left as it is. Name another folder, or empty it."
        )


def _is_site(folder: Path) -> bool:
    """Whether a folder was written by this package: its worker says so in its first line, as ours does."""
    worker = folder / _WORKER.name
    return worker.is_file() and worker.read_text(encoding="utf-8", errors="replace").startswith(_first_line(_WORKER))


def _first_line(file: Path) -> str:
    return file.read_text(encoding="utf-8").partition("\n")[0]
