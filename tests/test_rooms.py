"""Who may import whom: the core knows no widget, the links know no page, the views know no app."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "gradient").rglob("*.py"))
NAMES = [str(file.relative_to(ROOT)) for file in FILES]

WIDGET_LIBRARIES = {"ipywidgets", "anywidget", "bqplot", "ipympl", "matplotlib", "traitlets", "voila", "tornado"}
RUN_PARTS = {f"gradient.{room}" for room in ("points", "problems", "descent", "verdict")}
FRAME_PARTS = {f"gradient.{room}" for room in ("points", "problems", "optimizers", "landscape", "arithmetic", "verdict", "run")}
CORE = {
    *RUN_PARTS,
    *FRAME_PARTS,
    *(f"gradient.{room}" for room in ("datasets", "models", "frame", "sweep", "compare", "best", "valleys", "maps", "probe")),
    *(f"gradient.{room}" for room in ("own", "analysis", "iterates")),
}


class Room(NamedTuple):
    """The files of a pattern and, besides the standard library, what they may import; `*` stands for any ending."""

    pattern: str
    allowed: set[str]


# What an adapter may import besides the library whose name it has.
ADAPTERS = {
    **{library: set[str]() for library in ("jax", "traitlets", "tornado", "nbconvert", "html_manager", "jsonschema")},
    "anywidget_script": set(),
    "ipywidgets_script": set(),
    "ipywidgets": {"traitlets"},
    "anywidget": {"traitlets"},
    "ipympl": {"matplotlib"},
    "bqplot": {"traitlets", "numpy"},
    "jupyter_server": {"jupyter_client", "tornado", "traitlets"},
    "voila": {"jupyter_server", "nbconvert", "nbformat", "jinja2", "tornado", "traitlets"},
}

# One row for each room; the first that fits a file holds. A library stands for all its modules.
ROOMS = [
    *(Room(f"gradient/adapters/{library}.py", {library, *others}) for library, others in ADAPTERS.items()),
    Room("gradient/adapters/__init__.py", set()),
    Room("gradient/points.py", {"jax", "numpy"}),
    Room("gradient/models.py", {"jax"}),
    Room("gradient/datasets.py", {"numpy"}),
    Room(
        "gradient/problems.py",
        {"jax", "numpy", *(f"gradient.{room}" for room in ("datasets", "models", "optimizers", "points"))},
    ),
    Room("gradient/optimizers.py", {"jax", "numpy", "optax"}),
    Room("gradient/descent.py", {"jax", "optax", "gradient.optimizers", "gradient.adapters.jax"}),
    Room("gradient/landscape.py", {"jax", "numpy", "gradient.optimizers"}),
    Room("gradient/arithmetic.py", {"jax", "optax", "gradient.problems"}),
    Room("gradient/verdict.py", {"jax", "gradient.points"}),
    Room("gradient/run.py", {"jax", "numpy", "optax", *RUN_PARTS}),
    Room("gradient/frame.py", {"jax", "numpy", *FRAME_PARTS}),
    Room(
        "gradient/sweep.py",
        {
            "jax",
            "numpy",
            "optax",
            *(f"gradient.{room}" for room in ("run", "landscape", "optimizers", "points", "problems", "verdict")),
        },
    ),
    Room(
        "gradient/compare.py",
        {
            "jax",
            "optax",
            *(f"gradient.{room}" for room in ("frame", "run", "landscape", "optimizers", "problems", "sweep", "verdict")),
        },
    ),
    Room("gradient/best.py", {"jax", "numpy", *(f"gradient.{room}" for room in ("run", "optimizers", "problems", "sweep"))}),
    Room(
        "gradient/valleys.py",
        {"jax", "numpy", *(f"gradient.{room}" for room in ("landscape", "points", "problems", "verdict"))},
    ),
    Room(
        "gradient/maps.py",
        {
            *("jax", "numpy", "gradient.valleys"),
            *(f"gradient.{room}" for room in ("compare", "run", "optimizers", "problems", "sweep", "verdict")),
        },
    ),
    Room(
        "gradient/probe.py",
        {"jax", *(f"gradient.{room}" for room in ("compare", "frame", "run", "landscape", "problems"))},
    ),
    Room("gradient/own.py", {"jax", "gradient.points", "gradient.problems"}),
    Room(
        "gradient/analysis.py",
        {
            *("jax", "numpy", "gradient.frame", "gradient.landscape", "gradient.models", "gradient.optimizers", "gradient.own"),
            *("gradient.points", "gradient.problems", "gradient.run", "gradient.sweep", "gradient.valleys"),
        },
    ),
    Room("gradient/iterates.py", {"jax", *(f"gradient.{room}" for room in ("compare", "run", "problems"))}),
    Room("gradient/wasm/*.py", {"jax", "numpy", "gradient.wasm*", "gradient.adapters.jax"}),
    Room(
        "gradient/link/*.py",
        {
            *("jax", "numpy", "traitlets", "ipywidgets", "anywidget", "gradient.wasm", "gradient.link*"),
            *(f"gradient.adapters.{library}" for library in ("traitlets", "ipywidgets", "anywidget", "anywidget_script")),
        },
    ),
    Room(
        "gradient/views/*.py",
        {
            *("ipywidgets", "anywidget", "bqplot", "ipympl", "matplotlib", "numpy", "traitlets"),
            *(
                "gradient.link.address",
                "gradient.link.events",
                "gradient.link.modules",
                "gradient.link.template",
                "gradient.link.text",
                "gradient.views*",
            ),
            *("gradient.problems", "gradient.optimizers", "gradient.landscape", "gradient.verdict", "gradient.frame"),
            *("gradient.compare", "gradient.maps", "gradient.valleys", "gradient.points", "gradient.models"),
            *("gradient.run", "gradient.datasets", "gradient.analysis"),
            *(f"gradient.adapters.{library}" for library in ("traitlets", "ipywidgets", "anywidget", "ipympl", "bqplot")),
        },
    ),
    Room("gradient/cache_paths.py", set()),
    Room("gradient/cache.py", {"jax", "numpy", "gradient.cache_paths"}),
    Room(
        "gradient/controls.py",
        {
            *("ipywidgets", "gradient.adapters.ipywidgets", "gradient.run", "gradient.link*", "gradient.optimizers"),
            *("gradient.datasets", "gradient.models", "gradient.problems", "gradient.sweep", "gradient.views*"),
        },
    ),
    Room(
        "gradient/problem_links.py",
        {
            *("ipywidgets", "gradient.controls", "gradient.link*", "gradient.models", "gradient.optimizers"),
            *("gradient.problems", "gradient.run", "gradient.analysis", "gradient.views*"),
        },
    ),
    Room("gradient/shipped.py", {"numpy", "gradient.best", "gradient.cache", "gradient.optimizers", "gradient.problems"}),
    Room(
        "gradient/app_links.py",
        {
            *("jax", "gradient.cache", "gradient.controls", "gradient.frame", "gradient.link*", "gradient.optimizers"),
            *("gradient.own", "gradient.problems", "gradient.run", "gradient.shipped", "gradient.sweep", "gradient.views*"),
        },
    ),
    Room(
        "gradient/compare_links.py",
        {
            *("jax", "gradient.app_links", "gradient.cache", "gradient.compare", "gradient.controls", "gradient.link*"),
            *("gradient.run", "gradient.optimizers", "gradient.own", "gradient.problems", "gradient.shipped"),
            *("gradient.views*",),
        },
    ),
    Room(
        "gradient/map_links.py",
        {
            *("jax", "gradient.app_links", "gradient.cache", "gradient.compare", "gradient.controls", "gradient.link*"),
            *("gradient.run", "gradient.maps", "gradient.optimizers", "gradient.problems", "gradient.shipped"),
            *("gradient.own", "gradient.points", "gradient.valleys", "gradient.views*"),
        },
    ),
    Room(
        "gradient/probe_links.py",
        {
            *("jax", "gradient.app_links", "gradient.cache", "gradient.compare", "gradient.controls", "gradient.link*"),
            *("gradient.own", "gradient.probe", "gradient.problems", "gradient.shipped", "gradient.views*"),
        },
    ),
    Room(
        "gradient/own_links.py",
        {
            *("jax", "gradient.cache", "gradient.controls", "gradient.landscape", "gradient.link*", "gradient.own"),
            *("gradient.problems", "gradient.analysis", "gradient.shipped", "gradient.views*"),
        },
    ),
    Room(
        "gradient/share_links.py",
        {
            *("jax", "ipywidgets", "gradient.app_links", "gradient.cache", "gradient.compare", "gradient.controls"),
            *("gradient.iterates", "gradient.link*", "gradient.optimizers", "gradient.own", "gradient.problems"),
            "gradient.shipped",
            "gradient.views*",
        },
    ),
    Room("gradient/app.py", {"*"}),
    Room(
        "gradient/allowlist/*.py",
        {
            *(
                "ipywidgets",
                "traitlets",
                "ipykernel",
                "gradient.app",
                "gradient.adapters.ipywidgets",
                "gradient.adapters.traitlets",
            ),
            *("gradient.allowlist*", "gradient.server.rules"),  # rules are checked where they are declared, too
        },
    ),
    Room("gradient/prepare.py", {"jax", "gradient.app", "gradient.cache_paths", "gradient.link"}),
    Room(
        "gradient/publish/app_export.py",
        {
            *("gradient.app", "gradient.views.style", "gradient.views.shell", "gradient.publish.kernel"),
        },
    ),
    # Any notebook is published without the app and its libraries.
    Room(
        "gradient/publish/*.py",
        {
            *("ipywidgets", "traitlets", "numpy", "nbconvert", "nbformat", "jinja2", "jupyter_client", "jupyter_core"),
            *("latex2mathml", "brotli"),
            *("gradient.publish*", *(f"gradient.link{part}" for part in ("", ".modules", ".constants"))),
            *(
                f"gradient.adapters.{library}"
                for library in (
                    "ipywidgets",
                    "traitlets",
                    "anywidget",
                    "anywidget_script",
                    "nbconvert",
                    "html_manager",
                    "jsonschema",
                )
            ),
        },
    ),
    # The server hands out kernels and knows nothing of what runs in them.
    Room(
        "gradient/server/*.py",
        {
            *("voila", "jupyter_server", "jupyter_client", "jupyter_core", "nbconvert", "nbformat", "jinja2"),
            *("tornado", "traitlets", "brotli", "prometheus_client", "gradient.cache_paths", "gradient.server*"),
            *(
                f"gradient.adapters.{library}"
                for library in ("voila", "jupyter_server", "tornado", "jsonschema", "anywidget_script", "ipywidgets_script")
            ),
        },
    ),
    Room("gradient/__init__.py", {*CORE, "gradient.app"}),
]

# Files that take only these names from a module: of the page's function the views know what it returns, not how.
ONLY_NAMES = [
    ("gradient/views/*.py", "gradient.frame", lambda name: name.isupper() or name == "Frame"),
    ("gradient/views/*.py", "gradient.run", str.isupper),
    ("gradient/views/*.py", "gradient.verdict", lambda name: name == "Verdict"),
    ("gradient/views/*.py", "gradient.optimizers", str.isupper),
    ("gradient/views/*.py", "gradient.maps", lambda name: name in ("MapKind", "SecondAxis", "layout")),
    ("gradient/views/*.py", "gradient.valleys", str.isupper),
    ("gradient/controls.py", "gradient.run", str.isupper),
    ("gradient/problem_links.py", "gradient.run", str.isupper),
]

# What a library does not promise to keep: only its adapter uses it.
PRIVATE = {"gradient/adapters/jax.py": ("jax._src", "jax.extend", "jax.core", "jax.interpreters")}

# The app and the views change nothing by hand: all that reacts to a change is a link.
NO_OBSERVE = [f"gradient/{name}.py" for name in ("app", "*_links", "controls", "views/*")]


def module_of(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


MODULES = {module_of(name) for name in NAMES}


def imports(source: str, name: str) -> Iterator[tuple[str, str | None]]:
    """Each (module, name taken from it) that a file imports anywhere in it, lazily and for type checking included."""
    package = module_of(name) if name.endswith("__init__.py") else module_of(name).rpartition(".")[0]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, None) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                # `from gradient import frame` takes the module if there is one of this name.
                inner = f"{module}.{alias.name}"
                yield (inner, None) if inner in MODULES else (module, alias.name)


def room_of(name: str) -> Room | None:
    return next((room for room in ROOMS if fnmatch(name, room.pattern)), None)


def is_allowed(module: str, allowed: set[str]) -> bool:
    library = module.split(".", maxsplit=1)[0]
    if library in sys.stdlib_module_names:
        return True
    return any(fnmatch(module, pattern) or library == pattern for pattern in allowed)


def intruders(source: str, name: str) -> list[str]:
    room = room_of(name)
    assert room, f"No row of ROOMS covers {name}. Add one that says what it may import."
    return [module for module, _ in imports(source, name) if not is_allowed(module, room.allowed)]


def observers(source: str) -> list[int]:
    """The lines that call or decorate with something named observe."""
    nodes = list(ast.walk(ast.parse(source)))
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    decorators = [decorator for node in nodes for decorator in getattr(node, "decorator_list", [])]
    names = [(used.lineno, getattr(used, "id", getattr(used, "attr", ""))) for used in calls + decorators]
    return [line for line, name in names if name == "observe"]


@pytest.mark.parametrize("name", NAMES)
def test_room_imports_only_what_it_may(name: str) -> None:
    assert intruders((ROOT / name).read_text(), name) == []


@pytest.mark.parametrize("name", NAMES)
def test_views_take_only_names_that_are_theirs(name: str) -> None:
    taken = list(imports((ROOT / name).read_text(), name))
    for pattern, module, is_ours in ONLY_NAMES:
        if fnmatch(name, pattern):
            assert [other for source, other in taken if source == module and not (other and is_ours(other))] == []


def private_uses(source: str, name: str) -> list[str]:
    """The private modules that a file imports, or reaches as attributes (`jax.core.Tracer`), without being their adapter."""
    modules = [module for adapter, listed in PRIVATE.items() if adapter != name for module in listed]
    imported = {path for module, other in imports(source, name) for path in (module, f"{module}.{other}")}
    reached = {ast.unparse(node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Attribute)}
    return [module for module in modules if any(is_within(path, module) for path in imported | reached)]


def is_within(path: str, module: str) -> bool:
    return path == module or path.startswith(f"{module}.")


@pytest.mark.parametrize("name", NAMES)
def test_only_an_adapter_uses_what_is_private(name: str) -> None:
    assert private_uses((ROOT / name).read_text(), name) == []


@pytest.mark.parametrize("name", [name for name in NAMES if any(fnmatch(name, pattern) for pattern in NO_OBSERVE)])
def test_nothing_but_a_link_observes(name: str) -> None:
    assert observers((ROOT / name).read_text()) == []


@pytest.mark.parametrize("room", [room for room in ROOMS if f"gradient.{Path(room.pattern).stem}" in CORE])
def test_table_keeps_widgets_out_of_the_core(room: Room) -> None:
    assert not room.allowed & WIDGET_LIBRARIES
    assert "*" not in room.allowed


def test_core_is_there() -> None:
    assert CORE <= MODULES


TABLE = re.findall(
    r"^\| `(gradient/\w+\.py)` \| .*? \| ([^|]*) \|$", (ROOT / "docs" / "architecture.md").read_text(), re.MULTILINE
)
CORE_ROWS = [(name, column) for name, column in TABLE if module_of(name) in CORE]


@pytest.mark.parametrize(("name", "column"), CORE_ROWS)
def test_the_documents_table_says_what_a_room_may_import(name: str, column: str) -> None:
    """Of the core; for the other rooms the table sums up. Of libraries it names those that say something."""
    room = room_of(name)
    assert room
    allowed = {module.removeprefix("gradient.").replace(".", "/") for module in room.allowed}
    own = {module.removeprefix("gradient.").replace(".", "/") for module in room.allowed if module.startswith("gradient.")}
    assert own <= set(column.split(", ")) <= allowed


def test_the_documents_table_has_the_core() -> None:
    assert {module_of(name) for name, _ in CORE_ROWS} == CORE


# The checks themselves can fail.

INTRUSIONS = [
    ("gradient/problems.py", "import optax", ["optax"]),
    ("gradient/problems.py", "from gradient import descent", ["gradient.descent"]),
    ("gradient/problems.py", "from . import descent", ["gradient.descent"]),
    ("gradient/problems.py", "from .descent import descend", ["gradient.descent"]),
    ("gradient/problems.py", "from gradient import PROBLEMS", ["gradient"]),
    ("gradient/problems.py", "def f():\n    import matplotlib.pyplot as plt", ["matplotlib.pyplot"]),
    ("gradient/optimizers.py", "import scipy", ["scipy"]),
    ("gradient/descent.py", "import ipywidgets", ["ipywidgets"]),
    ("gradient/landscape.py", "from gradient.problems import PROBLEMS", ["gradient.problems"]),
    ("gradient/run.py", "from gradient.frame import frame", ["gradient.frame"]),
    ("gradient/frame.py", "from gradient.app import App", ["gradient.app"]),
    ("gradient/frame.py", "from gradient.sweep import sweep", ["gradient.sweep"]),
    ("gradient/sweep.py", "from gradient.best import best_known", ["gradient.best"]),
    ("gradient/link/jaxlink.py", "from gradient.frame import frame", ["gradient.frame"]),
    ("gradient/link/jaxlink.py", "from gradient.views.loss import Loss", ["gradient.views.loss"]),
    ("gradient/views/new.py", "from gradient.app import App", ["gradient.app"]),
    ("gradient/views/new.py", "from ..link import jaxlink", ["gradient.link.jaxlink"]),
    ("gradient/views/new.py", "import gradient", ["gradient"]),
    ("gradient/views/new.py", "from gradient.views.other import x\nimport os, bqplot.marks\nfrom . import style", []),
    ("gradient/prepare.py", "from gradient.cache import DiskCache\nfrom gradient.app import App", ["gradient.cache"]),
    ("gradient/server/application.py", "import jax, voila.app", ["jax"]),
    ("gradient/server/kernels.py", "from gradient.app import App", ["gradient.app"]),
    ("gradient/app.py", "import anything, gradient.link", []),
]


@pytest.mark.parametrize(("name", "source", "expected"), INTRUSIONS)
def test_an_intruder_is_found(name: str, source: str, expected: list[str]) -> None:
    assert intruders(source, name) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from jax.extend import core", ["jax.extend"]),
        ("from jax._src import core", ["jax._src"]),
        ("import jax.interpreters.mlir", ["jax.interpreters"]),
        ("from jax import core", ["jax.core"]),
        ("import jax\ndef f(x):\n    return isinstance(x, jax.core.Tracer)", ["jax.core"]),
        ("from jax import lax\njax.corelike.x", []),
    ],
)
def test_a_private_module_is_found(source: str, expected: list[str]) -> None:
    assert private_uses(source, "gradient/problems.py") == expected
    assert private_uses(source, "gradient/adapters/jax.py") == []


def test_a_file_without_a_row_is_found() -> None:
    with pytest.raises(AssertionError, match="No row of ROOMS covers"):
        intruders("", "gradient/attic.py")


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("slider.observe(f)", [1]),
        ("observe(f)", [1]),
        ("@observe('x')\ndef f(): ...", [1]),
        ("@traitlets.observe('x')\ndef f(): ...", [1]),
        ("@observe\ndef f(): ...", [1]),
        ("observed(f)\nx = 'observe'", []),
    ],
)
def test_an_observer_is_found(source: str, lines: list[int]) -> None:
    assert sorted(set(observers(source))) == lines


PLAIN = f"""
import sys
import gradient
gradient.descend(gradient.PROBLEMS["Line"].loss, (0.0, 0.0), num_steps=1)
print(sorted({WIDGET_LIBRARIES!r} & set(sys.modules)))
"""


def test_a_plain_interpreter_loads_no_widget_library() -> None:
    # What the core's libraries import in their turn counts, too.
    answer = subprocess.run([sys.executable, "-c", PLAIN], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert answer.stdout.strip() == "[]", answer.stderr


SERVING = """
import sys
import gradient.server.application
import gradient.server.kernels
import gradient.server.provisioner
print(sorted({"jax", "numpy", "optax", "ipywidgets", "matplotlib", "IPython"} & set(sys.modules)))
"""


def test_the_server_loads_no_library_of_the_pages() -> None:
    answer = subprocess.run([sys.executable, "-c", SERVING], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert answer.stdout.strip() == "[]", answer.stderr
