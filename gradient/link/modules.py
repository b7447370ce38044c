"""JavaScript for the browser: an ES module and what it imports, as the one module that anywidget takes."""

import re
from pathlib import Path

_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
_NAME = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


def esm(entry: Path) -> str:
    """The module at `entry` after all that it imports, in one text.

    anywidget loads a module from a blob, where relative imports lead nowhere. So each file comes once, before those that
    import it, without its `import` and `export` lines; the default export of `entry` stays.

    Raises:
        ValueError: if two of the files give the same name to something, as they share one scope in the end.
    """
    parts: dict[Path, str] = {}
    _collect(entry.resolve(), parts)
    _check_names(parts)
    return "\n".join(parts.values())


def _collect(file: Path, parts: dict[Path, str]) -> None:
    source = file.read_text(encoding="utf-8")
    for reference in _IMPORT.findall(source):
        imported = (file.parent / reference).resolve()
        if imported not in parts:
            _collect(imported, parts)
    parts[file] = _EXPORT.sub("", _IMPORT.sub("", source))


def _check_names(parts: dict[Path, str]) -> None:
    owners: dict[str, Path] = {}
    for file, source in parts.items():
        for name in _NAME.findall(source):
            other = owners.setdefault(name, file)
            if other != file:
                raise ValueError(f"{file} and {other} both name something {name!r}. Rename one: they become one module.")
