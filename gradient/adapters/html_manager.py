"""What this package uses of ipywidgets' `@jupyter-widgets/html-manager` that it does not promise: how its script is built."""

import re

RENDERER = "@jupyter-widgets/html-manager/dist/libembed-amd.js"  # of its scripts the one that waits until it is called
ICON_FONTS = "@jupyter-widgets/html-manager/dist/*.woff2"
# The modules that a page needs. The others are those of ipywidgets 7, and one that looks for widgets in the page by itself.
_NEEDED = {f"@jupyter-widgets/{name}" for name in ("base", "controls", "html-manager")}
# The script compiles validators of two schemas and uses neither, which takes a fifth of a page's load.
_VALIDATORS = re.compile(r"(\w+)=new\(\w+\(\)\);\1\.compile\(\w+\),\1\.compile\(\w+\);")


def needed_modules(script: str) -> str:
    """The part of the renderer's script, a sequence of `define("module", ...)`, that a page needs.

    Raises:
        ValueError: if the script is built in another way.
    """
    parts = {part.split('"')[1]: part for part in re.split(r"^(?=define\(\")", script, flags=re.MULTILINE)[1:]}
    if missing := _NEEDED - parts.keys():
        raise ValueError(f"{RENDERER} does not define {', '.join(sorted(missing))}. Pin a version of it that does.")
    needed, count = _VALIDATORS.subn(r"\1=null;", "\n".join(parts[name] for name in parts if name in _NEEDED))
    if count != 1:
        raise ValueError(f"{RENDERER} has {count} statements that compile its validators, not 1. Pin a version that has 1.")
    return needed
