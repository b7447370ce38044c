"""The cache: a hit costs nothing, and whatever happens to the folder, the app has what it needs."""

import ast
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import jax
import numpy as np
import pytest

import gradient.cache
from gradient import OPTIMIZERS, PROBLEMS, App
from gradient.cache import DiskCache, sources_hash
from gradient.cache_paths import cache_folder
from gradient.problems import SHIPPED, line
from gradient.server.provisioner import kernel_environment
from tests.conftest import ROOT
from tests.test_rooms import MODULES, imports

PACKAGE = ROOT / "gradient"
NAME, DATA = "a program", bytes(range(256)) * 40

# The app in a process of its own: what it traced with the compiler, and which of JAX's backends it started.
APP = """
import jax, gradient.wasm
from jax._src import xla_bridge

traced, compile = [], gradient.wasm.compile

def counted(fun, *arguments):
    traced.append(fun.__name__)
    return compile(fun, *arguments)

gradient.wasm.compile = counted
from gradient import App
num_programs = len(App()._main.programs)
print([num_programs, len(traced), sorted(xla_bridge._backends)])
"""

# The files of the cache that an app uses.
FILES = "from gradient import App; cache = App()._cache; print(*map(cache._file, cache.names))"


def run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs Python with the cache in a folder."""
    environment = {**os.environ, "TECHNI_CACHE": str(folder)}
    return subprocess.run([sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def run_app(folder: Path) -> tuple[int, int, list[str]]:
    """How many programs an app had, how many it compiled, and the backends it started."""
    answer = run(["-c", APP], folder)
    assert answer.returncode == 0, answer.stderr
    num_programs, num_traced, backends = ast.literal_eval(answer.stdout)
    return num_programs, num_traced, backends


def state(folder: Path) -> dict[str, tuple[int, int]]:
    """Which files there are, and when each was written."""
    return {file.name: (file.stat().st_mtime_ns, file.stat().st_ino) for file in folder.iterdir()}


def by_size(files: Iterable[Path]) -> list[Path]:
    """The smallest first; of two of one size the one whose name comes first."""
    return sorted(files, key=lambda file: (file.stat().st_size, file.name))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the command has filled, but for what it found there: all but a twentieth of what other processes have made.

    Neither the smallest nor the largest file is from these, whose XLA may be another.
    """
    folder = tmp_path_factory.mktemp("cache")
    found = run(["-c", FILES], cache_folder(os.environ))
    assert found.returncode == 0, found.stderr
    for i, file in enumerate(by_size(map(Path, found.stdout.split()))[:-1]):
        if i % 20:
            shutil.copy(file, folder)
    answer = run(["-m", "gradient.prepare"], folder)
    assert answer.returncode == 0, answer.stderr
    assert str(folder) in answer.stdout
    numbers = re.findall(r"(\d+) (?:programs|grids)", answer.stdout)
    assert sum(map(int, numbers)) == len(state(folder))
    # Of `frame` and `sweep`; with and without a comparison, of best rates, pointer, maps, files, and own data if they are shown
    # and if not; and four of none.
    assert int(numbers[0]) == 2 * len(SHIPPED) * len(OPTIMIZERS) + 14 * len(SHIPPED) + 4
    return folder


def test_a_hit_traces_nothing_and_starts_no_backend(filled: Path) -> None:
    before = state(filled)
    assert run_app(filled) == (len(SHIPPED) * len(OPTIMIZERS), 0, [])
    assert state(filled) == before


@pytest.mark.soak
def test_a_kernel_finds_what_it_would_compile(tmp_path: Path) -> None:
    answer = run(["-m", "gradient.prepare", "--kernels"], tmp_path)
    assert answer.returncode == 0, answer.stderr
    (compiled,) = tmp_path.glob("jax-*")
    before = {file.name for file in compiled.glob("*-cache")}
    assert len(before) > 2 * len(SHIPPED) * len(OPTIMIZERS)  # those of `frame` and `sweep`, and of no comparison
    options = {"TECHNI_CACHE": str(tmp_path)}
    computing = "from gradient import App; app = App(); app.compute_in('kernel'); app.problem.index = 2"
    computing += "; app.frame(); app.sweep()"
    environment = {**os.environ, **kernel_environment({**os.environ, **options})}
    subprocess.run([sys.executable, "-c", computing], cwd=ROOT, env=environment, check=True)
    assert {file.name for file in compiled.glob("*-cache")} == before


def test_a_corrupted_file_is_made_anew(filled: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(filled, tmp_path / "copy")
    smallest, *_, largest = by_size(folder.iterdir())
    for damaged in (largest, smallest):
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    before = state(folder)
    num_programs, num_traced, backends = run_app(folder)
    assert num_programs == len(SHIPPED) * len(OPTIMIZERS)
    assert num_traced or backends
    after = state(folder)
    assert {name for name in after if after[name] != before[name]} == {largest.name, smallest.name}
    for made in (largest, smallest):
        assert made.read_bytes() == (filled / made.name).read_bytes()


# The command, where the app has a problem and an optimizer only, since it has to compute all.
PREPARE_FEW = """
from gradient import OPTIMIZERS, PROBLEMS
for records, kept in ((PROBLEMS, "Wave"), (OPTIMIZERS, "momentum")):
    for name in records.keys() - {kept}:
        del records[name]
from gradient.prepare import main
main()
"""


def test_a_folder_that_cannot_be_written_does_the_app_no_harm_but_the_command_says_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("no folder")
    answer = run(["-c", PREPARE_FEW], file / "cache")  # which is the app, and then a look at the cache
    assert answer.returncode == 1
    assert re.search(r"(\d+) of \1 files cannot be kept in .* TECHNI_CACHE", answer.stderr), answer.stderr
    assert "Traceback" not in answer.stderr
    assert file.read_text() == "no folder"


def test_what_is_stored_is_there_for_others(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there" / "yet"
    DiskCache(folder, "key").store(NAME, DATA)
    other = DiskCache(folder, "key")
    assert (other.load(NAME), other.load("another")) == (DATA, None)
    assert other.names == {NAME: True, "another": False}


def test_another_key_misses(tmp_path: Path) -> None:
    DiskCache(tmp_path, "key").store(NAME, DATA)
    assert DiskCache(tmp_path, "other key").load(NAME) is None


def test_another_precision_misses(tmp_path: Path) -> None:
    DiskCache(tmp_path, "key").store(NAME, DATA)
    with jax.enable_x64(True):
        assert DiskCache(tmp_path, "key").load(NAME) is None
    assert DiskCache(tmp_path, "key").load(NAME) == DATA


def test_a_readers_own_records_are_not_taken_for_the_packages(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TECHNI_CACHE", str(filled))
    adam = OPTIMIZERS["adam"]._replace(stability=lambda b1, b2: 2.0)
    problems = {"Line": PROBLEMS["Line"], "Wave": replace(PROBLEMS["Wave"], predict=line)}
    optimizers = {"momentum": OPTIMIZERS["momentum"], "adam": adam}  # few, because each program has to be compiled
    # Unlike monkeypatch's, these leave the order of the records as it was.
    with patch.dict(PROBLEMS, problems, clear=True), patch.dict(OPTIMIZERS, optimizers, clear=True):
        app = App()
        names = app._cache.names
        app.close()
    assert any("Line" in name for name in names)
    assert not [name for name in names if "Wave" in name or "Adam" in name]


def test_only_what_other_keys_stored_is_pruned(tmp_path: Path) -> None:
    (tmp_path / "somebody's file").write_text("stays")
    old, new = DiskCache(tmp_path, "old key"), DiskCache(tmp_path, "new key")
    for cache in (old, new):
        cache.store(NAME, DATA)
    new.prune()
    assert (old.load(NAME), new.load(NAME)) == (None, DATA)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_full_disk_keeps_no_half_a_file(tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))"
    quiet = "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    store = f"DiskCache(Path({str(tmp_path)!r}), 'key').store('name', bytes(2000))"
    imports = "from pathlib import Path; from gradient.cache import DiskCache"
    answer = run(["-c", "; ".join([imports, limit, quiet, store])], tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", DATA, b"\0" * 32 + DATA])
def test_what_is_no_file_of_the_cache_is_not_there(tmp_path: Path, content: bytes) -> None:
    cache = DiskCache(tmp_path, "key")
    cache.store(NAME, DATA)
    (file,) = tmp_path.iterdir()
    file.write_bytes(content)
    assert cache.load(NAME) is None


def test_every_cut_of_a_file_is_not_there(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, "key")
    cache.store(NAME, DATA)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for length in range(0, len(whole), 37):
        file.write_bytes(whole[:length])
        assert cache.load(NAME) is None


def test_arrays_are_made_once_and_again_if_they_are_lost(tmp_path: Path) -> None:
    arrays = [np.linspace(0, 1, 5, dtype=np.float32), np.array([[np.nan, np.inf]]), np.zeros((0, 3), np.int32)]
    makings: list[int] = []

    def make() -> list[np.ndarray]:
        makings.append(1)
        return arrays

    for num_makings in (1, 1, 2):
        if num_makings == 2:
            next(tmp_path.iterdir()).write_bytes(b"lost")
        found = DiskCache(tmp_path, "key").arrays(NAME, make)
        assert len(makings) == num_makings
        for mine, theirs in zip(found, arrays, strict=True):
            np.testing.assert_array_equal(mine, theirs, strict=True)


def test_readers_never_see_half_a_file(tmp_path: Path) -> None:
    versions = [bytes([letter]) * 1_000_000 for letter in b"ab"]
    cache = DiskCache(tmp_path, "key")
    cache.store(NAME, versions[0])

    def write(data: bytes) -> None:
        for _ in range(100):
            cache.store(NAME, data)

    writers = [threading.Thread(target=write, args=(data,)) for data in versions]
    for writer in writers:
        writer.start()
    seen = []
    while any(writer.is_alive() for writer in writers):
        seen.append(cache.load(NAME) in versions)
    for writer in writers:
        writer.join()
    assert seen
    assert all(seen)
    assert len(list(tmp_path.iterdir())) == 1


@pytest.fixture
def sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the package's sources, from which the key is made."""
    copy = shutil.copytree(PACKAGE, tmp_path / "gradient", ignore=shutil.ignore_patterns("__*cache__"))
    monkeypatch.setattr(gradient.cache, "_PACKAGE", copy)
    return copy


@pytest.mark.parametrize("name", ["problems.py", "wasm/rules/shape.py", "adapters/jax.py", "app_links.py"])
def test_a_changed_source_is_another_key(sources: Path, name: str) -> None:
    before = sources_hash.__wrapped__()
    assert before == sources_hash()  # a copy elsewhere has the same
    (sources / name).write_text((sources / name).read_text() + "\n")
    assert sources_hash.__wrapped__() != before


def test_a_source_from_which_nothing_in_the_cache_follows_does_not_matter(sources: Path) -> None:
    (sources / "views" / "readout.py").write_text("")
    assert sources_hash.__wrapped__() == sources_hash()


# What computes programs and grids, besides the functions that these files trace.
LINKS = ["app_links.py", "compare_links.py"]
ROOTS = ["frame.py", "landscape.py", "link/programs.py", "wasm/__init__.py"]


def file_of(module: str) -> str:
    """The file of a module of the package, relative to the package."""
    path = module.replace(".", "/").removeprefix("gradient").removeprefix("/")
    return f"{path}.py" if (PACKAGE / f"{path}.py").is_file() else f"{path}/__init__.py"


def imported_files(name: str, names: Set[str] | None = None) -> set[str]:
    """The package's files from which a file imports anything, or any of these names."""
    taken = imports((PACKAGE / name).read_text(), f"gradient/{name}")
    return {file_of(module) for module, imported in taken if module in MODULES and (names is None or imported in names)}


def traced_names(source: str) -> set[str]:
    """The names in the functions that a source passes to `jaxlink`."""
    nodes = list(ast.walk(ast.parse(source)))
    calls = [node for node in nodes if isinstance(node, ast.Call) and ast.unparse(node.func) == "jaxlink"]
    traced = {ast.unparse(call.args[0]) for call in calls}
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef) and node.name in traced]
    assert len(functions) == len(traced) > 0
    return {node.id for function in functions for node in ast.walk(function) if isinstance(node, ast.Name)}


def import_closure(files: set[str]) -> set[str]:
    """Files, and all of the package's files that they import, directly or not."""
    new = set().union(*map(imported_files, files)) - files
    return import_closure(files | new) if new else files


def test_the_key_follows_from_every_module_that_computes_programs_or_grids() -> None:
    traced = set().union(*(imported_files(name, traced_names((PACKAGE / name).read_text())) for name in LINKS))
    sources = {str(file.relative_to(PACKAGE)) for pattern in gradient.cache.SOURCES for file in PACKAGE.glob(pattern)}
    missing = import_closure({*ROOTS, *traced}) - sources
    assert not missing, f"{sorted(missing)} decide what is in the cache. Add them to SOURCES in gradient/cache.py."


def test_every_pattern_of_sources_finds_a_file() -> None:
    assert [pattern for pattern in gradient.cache.SOURCES if not any(PACKAGE.glob(pattern))] == []
