"""The folders of the cache, and JAX's options for its own. No imports of JAX: the server needs these paths, too."""

import hashlib
import platform
import re
from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder that TECHNI_CACHE names; by default one beside the sources."""
    return Path(environ.get("TECHNI_CACHE") or Path(__file__).parent / "__cache__").absolute()


def compilation_options(environ: Mapping[str, str]) -> dict[str, str | float | int]:
    """JAX's options for caching everything that it compiles; by default it caches only what takes more than a second.

    XLA compiles for the processor that it runs on, and its code may not run on another, so each kind has its own folder.
    """
    folder = cache_folder(environ) / f"jax-{hashlib.sha256(_processor().encode()).hexdigest()[:8]}"
    return {
        "jax_compilation_cache_dir": str(folder),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }


def _processor() -> str:
    """Identifies this kind of processor: by the extensions that Linux lists, or else by its name."""
    try:
        listed = re.search(r"^(?:flags|Features)\s*:.*$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        listed = None
    return f"{platform.machine()} {listed[0] if listed else platform.processor()}"
