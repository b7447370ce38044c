"""Where results that take long to compute are kept on disk, for all processes of this package."""

import hashlib
import platform
import re
from collections.abc import Mapping
from pathlib import Path


def cache_folder(environ: Mapping[str, str]) -> Path:
    """The folder that TECHNI_CACHE names; by default one beside the sources."""
    return Path(environ.get("TECHNI_CACHE") or Path(__file__).parent / "__cache__").absolute()


def compilation_options(environ: Mapping[str, str]) -> dict[str, str | float | int]:
    """JAX's options to keep everything that it compiles; by default it keeps only what takes more than a second.

    XLA compiles for the processor that it runs on, and its code may not run on another: each kind has its own folder.
    """
    folder = cache_folder(environ) / f"jax-{hashlib.sha256(_processor().encode()).hexdigest()[:8]}"
    return {
        "jax_compilation_cache_dir": str(folder),
        "jax_persistent_cache_min_compile_time_secs": 0.0,
        "jax_persistent_cache_min_entry_size_bytes": -1,
    }


def _processor() -> str:
    """The kind of this processor: the extensions that Linux lists, or else its name."""
    try:
        listed = re.search(r"^(?:flags|Features)\s*:.*$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        listed = None
    return f"{platform.machine()} {listed[0] if listed else platform.processor()}"
