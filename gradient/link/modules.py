"""Bundles an ES module and everything it imports into the single module that anywidget takes."""

import re
from pathlib import Path

from gradient.adapters.anywidget_script import SHARED
from gradient.link.constants import constants_module

_CONSTANTS = Path(__file__).parent.resolve() / "constants.js"
_IMPORT = re.compile(r'^import \{[^}]*\} from "(\.{1,2}/[^"]+)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const|let)\b)", re.MULTILINE)
_NAME = re.compile(r"^(?:async )?(?:function|class|const|let) (\w+)", re.MULTILINE)


def esm(entry: Path, *, is_shared: bool = False) -> str:
    """Returns the module at `entry`, preceded by every module that it imports, as one text.

    anywidget loads a module from a blob URL, against which relative imports cannot be resolved. So each file appears once,
    before the files that import it, without its `import` and `export` lines. The default export of `entry` stays.
    `constants.js` is no file: it is generated from `constants.py`.

    Args:
        entry: the file of the module.
        is_shared: whether a page may load the module once for all of its widgets. Its variables are theirs together, then.

    Raises:
        ValueError: if two files define the same name, because all of them share one scope.
    """
    parts: dict[Path, str] = {}
    _collect(entry.resolve(), parts)
    _check_names(parts)
    return "\n".join([*([SHARED] if is_shared else []), *parts.values()])


def _collect(file: Path, parts: dict[Path, str]) -> None:
    source = constants_module() if file == _CONSTANTS else file.read_text(encoding="utf-8")
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
                raise ValueError(f"{file} and {other} both define {name!r}. Rename one of them: they share one scope.")
