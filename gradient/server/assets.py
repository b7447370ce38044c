"""Static files: compressed once, and cached by browsers for good if their address changes with their content."""

import asyncio
import contextlib
import hashlib
import math
import mimetypes
import re
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import FileFindHandler
from tornado.web import HTTPError, StaticFileHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler

from gradient.server.connections import PIECE_BYTES
from gradient.server.encodings import COMPRESSORS, encodings

FINGERPRINTED = ("static", "labextensions")  # Voilà's folders that a page asks for with a fingerprint in their names
_FOREVER = "public, max-age=31536000, immutable"
_REVALIDATE = "no-cache"
# A hash of the content in a file's name, as this package's bundle and static site have it.
_HASHED = re.compile(r"[\w-]+\.[0-9a-f]{12,}\.\w+")
_COMPRESSIBLE = {".js", ".css", ".html", ".json", ".svg", ".map", ".mjs", ".txt"}
_WORTHWHILE = 1024  # bytes
_SUFFIXES = {"br": ".br", "gzip": ".gz"}


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
        guess, compression = mimetypes.guess_type(self.original, strict=False)
        kind = (None if compression else guess) or "application/octet-stream"  # a compressed copy may be asked for by its name
        return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind

    def get_content_size(self) -> int:
        """The size of what is sent."""
        return Path(str(self.absolute_path)).stat().st_size

    def compute_etag(self) -> str | None:
        """A tag that changes with the file, and with its encoding."""
        found = Path(str(self.absolute_path)).stat()
        return f'"{found.st_mtime_ns:x}-{found.st_size:x}{self.encoding and "-" + self.encoding}"'

    @classmethod
    def get_content(cls, abspath: str, start: int | None = None, end: int | None = None) -> Generator[bytes, None, None]:
        """The bytes of a file from `start` to before `end`, in pieces: a client that reads nothing costs the memory of one."""
        with open(abspath, "rb") as file:
            file.seek(start or 0)
            left = math.inf if end is None else end - (start or 0)
            while piece := file.read(int(min(PIECE_BYTES, left))):
                left -= len(piece)
                yield piece

    def set_headers(self) -> None:
        """Sets the headers for caches, and the encoding."""
        super().set_headers()
        self._forget_range_of_another_file()
        self.set_header("Cache-Control", _FOREVER if self.is_final() else _REVALIDATE)
        if self.encoding:
            self.set_header("Content-Encoding", self.encoding)

    def _forget_range_of_another_file(self) -> None:
        """Whoever has a part of another version, or in another encoding, gets all of this one (RFC 9110, section 13.1.5)."""
        wanted = self.request.headers.get("If-Range")
        if wanted and wanted != self.compute_etag():
            self.request.headers.pop("Range", None)

    def get_cache_time(self, *_: Any) -> int:
        """Returns no time: for any address with `?v=` Tornado would send Expires, ten years from now."""
        return 0

    def is_final(self) -> bool:
        """Whether this server made the address from the content, so that it will never have another one."""
        return False


class HashedAsset(Asset):
    """A file of this package's, whose name may have a hash of its content in it."""

    def is_final(self) -> bool:
        """Whether it has."""
        return _HASHED.fullmatch(Path(self.original).name) is not None


class VersionedAsset(Asset):
    """A file in a folder whose address has a fingerprint in it: this server's, another server's, or none."""

    def is_final(self) -> bool:
        """Whether it is this server's: while servers are updated one by one, a page of one may ask another one."""
        return self.request.path.startswith(self.settings["fingerprinted"])


class StaticAsset(VersionedAsset, MultiStaticFileHandler):
    """Voilà's scripts."""


class TemplateAsset(Asset, TemplateStaticFileHandler):
    """The files of Voilà's templates."""


class ExtensionAsset(VersionedAsset, FileFindHandler):
    """The scripts of widget libraries."""
