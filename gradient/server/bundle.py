"""The page's many scripts as one: each of them takes a round trip, and one asks for the next.

Voilà and the widget libraries are built by webpack, whose chunks do nothing but register themselves. A chunk that is there
before its library looks for it is not asked for again. `chunks.txt` names what a page loads; `python -m benchmarks.chunks`
writes it anew. What it does not name, or names in vain after an upgrade, the page loads by itself as before.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

CHUNKS = Path(__file__).parent / "chunks.txt"
# anywidget passes no message to a model whose module was not ready after two seconds, which a slow phone takes for the page.
_PATIENT = "{ any: (signals) => AbortSignal.any(signals), timeout: (ms) => AbortSignal.timeout(30 * ms) }"


def chunks(roots: Mapping[str, Sequence[str]], names: Iterable[str]) -> list[Path]:
    """The files of chunks that are there. A name begins with that of a root, of whose folders the first that has it counts."""
    found = []
    for name in names:
        root, _, rest = name.partition("/")
        found += [file for folder in roots.get(root, ()) if (file := Path(folder) / rest).is_file()][:1]
    return found


def _statement(file: Path) -> str:
    # Each is a whole statement, and the first words of some make all strict that follows in the same function.
    script = file.read_text(encoding="utf-8")
    if "anywidget" in file.parts:
        return f"((AbortSignal) => {{\n{script}\n}})({_PATIENT});"
    return f"(() => {{\n{script}\n}})();"


def write_bundle(folder: Path, files: Iterable[Path]) -> str:
    """Writes scripts one after the other into a file of a folder, whose name changes with them; returns that name."""
    content = "\n".join(map(_statement, files)).encode()
    name = f"bundle.{hashlib.sha256(content).hexdigest()[:16]}.js"
    (folder / name).write_bytes(content)
    return name
