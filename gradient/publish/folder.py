"""A folder of files for static hosts: names that change with the content, and what compresses compressed beforehand."""

import gzip
import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli

_WORTHWHILE = 0.95


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
    """A new folder that takes the place of `out` when all of it is there; if anything fails, `out` stays as it was."""
    _check_replaceable(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as made:
        folder = Folder(Path(made) / "site")  # a temporary folder itself is its owner's only, who need not be the web server
        yield folder
        folder.compress()
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(folder.path, out)


def _check_replaceable(out: Path) -> None:
    """Raises FileExistsError if a folder is there that holds something else than a site."""
    if out.exists() and any(out.iterdir()) and not (out / "index.html").exists():
        raise FileExistsError(
            f"{out} is not empty and holds no site, so it is left as it is. Name another folder, or empty it."
        )
