"""How the script of ipywidgets' `@jupyter-widgets/html-manager` is built, which a release may change."""

import re
from collections.abc import Iterable, Mapping

RENDERER = "@jupyter-widgets/html-manager/dist/libembed-amd.js"  # of its scripts the one that waits until it is called
ICON_FONTS = "@jupyter-widgets/html-manager/dist/*.woff2"
# The modules that a page needs. The others are those of ipywidgets 7, and one that looks for widgets in the page by itself.
_NEEDED = {f"@jupyter-widgets/{name}" for name in ("base", "controls", "html-manager")}
# The script compiles validators of two schemas and uses neither, which takes a fifth of a page's load.
_VALIDATORS = re.compile(r"(\w+)=new\((\w+)\(\)\);\1\.compile\(\w+\),\1\.compile\(\w+\);")
# How webpack writes that a name is that of a module, where its modules begin, and what may be a reference to one.
_IMPORT = r"var (\w+)=__webpack_require__\((\d+)\),{name}=__webpack_require__\.n\(\1\);"
_MODULES = re.compile(r"(?<=[,{])(\d+)(?=:(?:\([\w,]*\)=>\{|\w+=>|function\())")
_REFERENCES = re.compile(r"\w\((\d+)\)")
_EMPTY = ":()=>{},"


def needed_modules(script: str) -> str:
    """The part of the renderer's script, a sequence of `define("module", ...)`, that a page needs.

    Raises:
        ValueError: if the script is built in another way.
    """
    parts = {part.split('"')[1]: part for part in re.split(r"^(?=define\(\")", script, flags=re.MULTILINE)[1:]}
    if missing := _NEEDED - parts.keys():
        raise ValueError(f"{RENDERER} does not define {', '.join(sorted(missing))}. Pin a version of it that does.")
    needed = [part for name, part in parts.items() if name in _NEEDED]
    if (count := sum(len(_VALIDATORS.findall(part)) for part in needed)) != 1:
        raise ValueError(f"{RENDERER} has {count} statements that compile its validators, not 1. Pin a version that has 1.")
    return "\n".join(_without_validators(part) if _VALIDATORS.search(part) else part for part in needed)


def _without_validators(script: str) -> str:
    """A part of the script without its validators, and without the modules that only these need: a twelfth of what is sent."""
    found = _VALIDATORS.search(script)
    validator = found and re.search(_IMPORT.format(name=found[2]), script)
    begin, *modules = _MODULES.split(script)
    if not found or not validator or len(set(modules[::2])) < len(modules[::2]):
        raise ValueError(
            f"{RENDERER} has its validators in another way. Pin a version in which webpack's modules have numbers."
        )
    begin, *modules = _MODULES.split(script.replace(found[0], f"{found[1]}=null;").replace(validator[0], ""))
    bodies = dict(zip(modules[::2], modules[1::2], strict=True))
    *_, last = bodies  # behind which the script goes on
    needed = _reached([*_REFERENCES.findall(begin), last], bodies)
    unneeded = _reached([validator[2]], bodies) - needed
    return begin + "".join(name + (_EMPTY if name in unneeded else body) for name, body in bodies.items())


def _reached(names: Iterable[str], bodies: Mapping[str, str]) -> set[str]:
    """Of webpack's modules those with these names, and all that they refer to."""
    found: set[str] = set()
    waiting = [*names]
    while waiting:
        name = waiting.pop()
        if name in bodies and name not in found:
            found.add(name)
            waiting += _REFERENCES.findall(bodies[name])
    return found
