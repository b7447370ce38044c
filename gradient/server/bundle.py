"""The page's hundred scripts in one file: each would cost a round trip, and most are requested only by another one.

Voilà and the widget libraries are built by webpack, whose chunks only register themselves. A chunk that is registered before
its library needs it is not requested. `chunks.txt` lists those that a page loads, and `python -m benchmarks.chunks` writes it.
A chunk that is not listed, or has another name after an upgrade, is loaded by the page as usual.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from gradient.adapters import anywidget_script, ipywidgets_script

CHUNKS = Path(__file__).parent / "chunks.txt"


def chunks(roots: Mapping[str, Sequence[str]], names: Iterable[str]) -> list[Path]:
    """The files of the chunks that exist. A name is `ROOT/PATH`; the first folder of the root that has the file counts."""
    found = []
    for name in names:
        root, _, path = name.partition("/")
        found += [file for folder in roots.get(root, ()) if (file := Path(folder) / path).is_file()][:1]
    return found


def _statement(file: Path) -> str:
    # Each chunk gets a function of its own, because "use strict" at its start would apply to all that follow.
    script = file.read_text(encoding="utf-8")
    if "anywidget" in file.parts:
        return anywidget_script.with_names(script)
    if ipywidgets_script.LOOKING in script:
        return ipywidgets_script.with_patience(script)
    return f"(() => {{\n{script}\n}})();"


def write_bundle(folder: Path, files: Iterable[Path]) -> str:
    """Writes scripts into one file in a folder; returns its name, which has a hash of them in it."""
    content = "\n".join(map(_statement, files)).encode()
    name = f"bundle.{hashlib.sha256(content).hexdigest()[:16]}.js"
    (folder / name).write_bytes(content)
    return name
