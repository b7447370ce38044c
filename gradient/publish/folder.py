"""The folder of a site: names that change with the content, for cache busting, and precompressed files."""

import gzip
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import brotli

_MAX_COMPRESSED = 0.95  # of a file's size; a compressed file that is larger than that is not worth keeping
_WORKER = Path(__file__).parent / "template" / "worker.js"


class SiteFolder:
    """The folder of a site that is being written; every address that it returns is relative to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "assets").mkdir(parents=True)

    def add_asset(self, name: str, content: bytes) -> str:
        """Adds a file that browsers may cache for ever, because its content is hashed into its name; returns its address."""
        stem, _, ending = name.rpartition(".")
        address = f"assets/{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
        (self.path / address).write_bytes(content)
        return address

    def add_page(self, name: str, content: str) -> None:
        """Adds a file that keeps its name, so that browsers have to revalidate it."""
        (self.path / name).write_text(content, encoding="utf-8")

    def compress(self) -> None:
        """Writes a `.br` and a `.gz` beside each file that they make smaller."""
        for file in [file for file in self.path.rglob("*") if file.is_file()]:
            content = file.read_bytes()
            for ending, compressed in ((".br", brotli.compress(content)), (".gz", gzip.compress(content, 9, mtime=0))):
                if len(compressed) < _MAX_COMPRESSED * len(content):
                    file.with_name(file.name + ending).write_bytes(compressed)


@contextmanager
def replacing(out: Path) -> Iterator[SiteFolder]:
    """A new folder that replaces `out` at the end of the block; if the block fails, `out` stays as it was.

    Raises:
        FileExistsError: if `out` holds anything but a site, or is the current folder or above it.
    """
    _check_replaceable(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}-") as temporary:
        folder = SiteFolder(Path(temporary) / "site")  # below it, because others, like a web server, may not read `temporary`
        yield folder
        folder.compress()
        _swap(folder.path, out, Path(temporary) / "previous")


def _swap(new: Path, out: Path, aside: Path) -> None:
    """Moves `out`, if it exists, to `aside`, and `new` to `out`."""
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
        raise FileExistsError(f"{out} is the current folder, or contains it, and would be replaced. Name another folder.")
    if out.exists() and any(out.iterdir()) and not _is_site(out):
        raise FileExistsError(f"{out} holds other files than a site, which would be lost. Name another folder, or empty it.")


def _is_site(folder: Path) -> bool:
    """Whether a folder was written by this package: the first line of its service worker is the template's."""
    worker = folder / _WORKER.name
    return worker.is_file() and worker.read_text(encoding="utf-8", errors="replace").startswith(_first_line(_WORKER))


def _first_line(file: Path) -> str:
    return file.read_text(encoding="utf-8").partition("\n")[0]
