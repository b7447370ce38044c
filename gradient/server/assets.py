"""Static files: compressed once, and cached by browsers for good if their address changes with their content."""

import asyncio
import contextlib
import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import brotli
from jupyter_server.base.handlers import FileFindHandler
from tornado.web import HTTPError, StaticFileHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler

_FOREVER = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
# A hash of the content in a file's name, as webpack, JupyterLab's builder and the static site write it.
_HASHED = re.compile(r"\.[0-9a-f]{8,}[./]|/[0-9a-f]{16,}\.")
_COMPRESSIBLE = {".js", ".css", ".html", ".json", ".svg", ".map", ".mjs", ".txt"}
_WORTHWHILE = 1024  # bytes
COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=9),
    "gzip": lambda content: gzip.compress(content, 6, mtime=0),
}
_SUFFIXES = {"br": ".br", "gzip": ".gz"}


def encodings(accepted: str) -> list[str]:
    """The encodings that a header Accept-Encoding allows, the best first."""
    allowed = {part.split(";")[0].strip() for part in accepted.split(",") if not re.search(r";\s*q=0(\.0*)?\s*$", part)}
    return [name for name in COMPRESSORS if name in allowed]


def fingerprint(folders: Iterable[str]) -> str:
    """A hash of the content of all files below some folders."""
    digest = hashlib.sha256()
    for folder in map(Path, folders):
        for file in sorted(file for file in folder.rglob("*") if file.is_file()):
            digest.update(f"{file.relative_to(folder)} {file.stat().st_size}".encode() + file.read_bytes())
    return digest.hexdigest()[:12]


class CompressedCopies:
    """Compressed copies of files: those that lie beside them, and others that are made at the first request.

    Attributes:
        folder: for the latter; it may disappear with the process.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._making: dict[Path, asyncio.Task] = {}

    async def find(self, file: Path, accepted: str) -> tuple[Path, str]:
        """The file to send in place of another one, and its encoding; the same file and "" if there is no compressed copy."""
        for encoding in encodings(accepted) if file.suffix in _COMPRESSIBLE else []:
            beside = file.with_name(file.name + _SUFFIXES[encoding])
            if beside.exists():
                return beside, encoding
        for encoding in encodings(accepted)[:1] if _is_worthwhile(file) else []:
            with contextlib.suppress(OSError):  # a full disk
                return await self._made(file, encoding), encoding
        return file, ""

    async def _made(self, file: Path, encoding: str) -> Path:
        key = hashlib.sha256(f"{file} {file.stat().st_mtime_ns}".encode()).hexdigest()[:32]
        copy = self.folder / (key + _SUFFIXES[encoding])
        if not copy.exists():
            task = self._making.get(copy) or asyncio.ensure_future(asyncio.to_thread(_compress, file, copy, encoding))
            self._making[copy] = task
            try:
                await task
            finally:
                self._making.pop(copy, None)
        return copy


def _is_worthwhile(file: Path) -> bool:
    return file.suffix in _COMPRESSIBLE and file.is_file() and file.stat().st_size >= _WORTHWHILE


def _compress(file: Path, copy: Path, encoding: str) -> None:
    unfinished = copy.with_suffix(copy.suffix + "-")
    unfinished.write_bytes(COMPRESSORS[encoding](file.read_bytes()))
    unfinished.replace(copy)


class Asset(StaticFileHandler):
    """Tornado's handler of files, with compression, and with caching for as long as the address stays the same."""

    quiet = True

    async def get(self, path: str, include_body: bool = True) -> None:
        """Sends a file, in the best encoding that the browser accepts."""
        self.original, self.variant, self.encoding = "", None, ""
        try:
            self.path = self.parse_url_path(path)
            absolute_path = self.get_absolute_path(self.root, self.path)  # may change the root
            found = self.validate_absolute_path(self.root, absolute_path)
        except (ValueError, AssertionError) as error:  # not a valid path
            raise HTTPError(404) from error
        if found:
            compressed: CompressedCopies = self.settings["compressed"]
            accepted = self.request.headers.get("Accept-Encoding", "")
            variant, self.encoding = await compressed.find(Path(found), accepted)
            self.variant = str(variant)
            await super().get(path, include_body)

    async def head(self, path: str) -> None:
        """The headers of a file."""
        await self.get(path, include_body=False)

    def write_error(self, status_code: int, **_: Any) -> None:
        """Sends a line of text; jupyter_server's error page needs files that are not served here."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{status_code}: {self._reason}\n")

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """The path to send if the file is in the folder; its compressed copy once that is known."""
        self.original = super().validate_absolute_path(root, absolute_path) or ""
        return self.variant or self.original or None

    def get_content_type(self) -> str:
        """The type of the requested file, by its name."""
        kind = mimetypes.guess_type(self.original, strict=False)[0] or "application/octet-stream"
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    def get_content_size(self) -> int:
        """The size of what is sent."""
        return Path(str(self.absolute_path)).stat().st_size

    def compute_etag(self) -> str | None:
        """A tag that changes with the file, and with its encoding."""
        found = Path(str(self.absolute_path)).stat()
        return f'"{found.st_mtime_ns:x}-{found.st_size:x}"'

    def set_headers(self) -> None:
        """Sets the headers for caches, and the encoding."""
        super().set_headers()
        is_final = _has_hash(self.request.path) or "v" in self.request.arguments
        self.set_header("Cache-Control", _FOREVER if is_final else _REVALIDATE)
        if self.encoding:
            self.set_header("Content-Encoding", self.encoding)


def _has_hash(address: str) -> bool:
    """Whether the address changes with the content: there is a hash in the name of the file or of a folder."""
    return _HASHED.search(address) is not None


class BundleAsset(Asset):
    """The page's scripts in one file."""


class StaticAsset(Asset, MultiStaticFileHandler):
    """Voilà's scripts."""


class TemplateAsset(Asset, TemplateStaticFileHandler):
    """The files of Voilà's templates."""


class ExtensionAsset(Asset, FileFindHandler):
    """The scripts of widget libraries."""
