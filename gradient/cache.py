"""A disk cache of compiled programs and of grids of the loss, valid as long as their sources stay the same."""

import hashlib
import io
import os
import pathlib
import sys
import uuid
from collections.abc import Callable, Sequence
from functools import cache
from importlib.metadata import version

import jax
import numpy as np

from gradient.cache_paths import cache_folder

_PACKAGE = pathlib.Path(__file__).parent
# Every file that decides what a program or a grid contains, or its name in the cache; tests/test_cache.py finds a missing one.
SOURCES = (
    *(
        "points.py",
        "models.py",
        "datasets.py",
        "problems.py",
        "optimizers.py",
        "descent.py",
        "landscape.py",
        "arithmetic.py",
        "verdict.py",
        "run.py",
        "frame.py",
        "sweep.py",
        "compare.py",
        "best.py",
        "valleys.py",
        "maps.py",
        "probe.py",
        "own.py",
        "analysis.py",
        "iterates.py",
        "link/programs.py",
        "link/results.py",
    ),
    *("wasm/**/*.py", "adapters/jax.py"),
    *(
        "controls.py",
        "problem_links.py",
        "app_links.py",
        "compare_links.py",
        "map_links.py",
        "probe_links.py",
        "own_links.py",
        "share_links.py",
        "shipped.py",
        "app.py",
    ),
)
_LIBRARIES = ("jax", "jaxlib", "optax", "numpy")


@cache
def sources_hash() -> str:
    """A hash of all that determines a program or a grid: `SOURCES`, and the versions of Python and the libraries."""
    digest = hashlib.sha256(f"{sys.version_info[:2]} {[version(name) for name in _LIBRARIES]}".encode())
    for pattern in SOURCES:
        for file in sorted(_PACKAGE.glob(pattern)):
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()


class DiskCache:
    """Files by name. One that cannot be read counts as missing, and one that cannot be written is computed again next time.

    Attributes:
        folder: where the files are.
        names: every name that was loaded or stored, and whether its file exists.
    """

    def __init__(self, folder: pathlib.Path | None = None, key: str | None = None) -> None:
        self.folder = folder or cache_folder(os.environ)
        self.names: dict[str, bool] = {}
        precision = jax.dtypes.canonicalize_dtype(float)  # a notebook can change it
        self._key = hashlib.sha256(f"{key or sources_hash()} {precision}".encode()).hexdigest()[:16]

    def load(self, name: str) -> bytes | None:
        """The bytes stored under this name, or None."""
        data = self._read(name)
        self.names[name] = data is not None
        return data

    def store(self, name: str, data: bytes) -> None:
        """Stores bytes under this name. A reader sees all of them or none."""
        try:
            self._write(name, data)
        except OSError:
            return
        self.names[name] = True

    def arrays(self, name: str, make: Callable[[], Sequence[np.ndarray]]) -> list[np.ndarray]:
        """The arrays stored under this name; if there are none, those that `make` returns, which are stored."""
        data = self.load(name)
        if data is None:
            stream = io.BytesIO()
            np.savez(stream, *make())
            data = stream.getvalue()
            self.store(name, data)
        with np.load(io.BytesIO(data)) as found:
            return [found[key] for key in found.files]

    def prune(self) -> None:
        """Removes the files of other versions, which nothing loads again."""
        for file in self.folder.glob("?" * 16 + "-" + "?" * 32):
            if not file.name.startswith(self._key):
                file.unlink(missing_ok=True)

    def _read(self, name: str) -> bytes | None:
        try:
            content = self._file(name).read_bytes()
        except OSError:
            return None
        checksum, data = content[:32], content[32:]
        return data if hashlib.sha256(data).digest() == checksum else None

    def _write(self, name: str, data: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        part = self.folder / f"{uuid.uuid4().hex}.part"
        try:
            part.write_bytes(hashlib.sha256(data).digest() + data)
            part.replace(self._file(name))
        except OSError:
            part.unlink(missing_ok=True)
            raise

    def _file(self, name: str) -> pathlib.Path:
        return self.folder / f"{self._key}-{hashlib.sha256(name.encode()).hexdigest()[:32]}"
