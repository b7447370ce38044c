"""JavaScript for the browser: several files as the one module that anywidget takes."""

import pathlib

TEXT = pathlib.Path(__file__).parent / "text.js"


def esm(folder: pathlib.Path, *names: str | pathlib.Path) -> str:
    """The named files of a folder, one after the other.

    anywidget loads a module from a blob, where relative imports lead nowhere. So the files import nothing, no two of them
    name a thing alike, and the last one has the default export.
    """
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
