"""The compiler's programs compared with `jax.jit` and TensorFlow.js, as a Markdown table.

    python -m benchmarks.wasm [--quick] [--only WORKLOAD...] [--save]

JAX runs in this process, everything else in one page of headless Chromium. TensorFlow.js is installed in a temporary folder.
Times are medians in milliseconds of whole runs, results copied out; `compile` is without the time that JAX takes to trace.
"""

import argparse
import contextlib
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import brotli
import jax
import numpy as np
from playwright.sync_api import Page

from benchmarks.chromium import chromium
from benchmarks.encoding import encoded
from benchmarks.results import Column, add_save_option, reporting
from benchmarks.static import serving_folder
from benchmarks.tfjs import install
from benchmarks.workloads import MOMENTUM, Workload, workloads
from gradient.wasm import compile

PAGE = """<!doctype html><meta charset="utf-8"><title>benchmark</title>
<script src="node_modules/@tensorflow/tfjs/dist/tf.min.js"></script>
<script src="node_modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js"></script>
<script type="module" src="wasm_page.js"></script>
"""
SCRIPTS = ("wasm_page.js", "tfjs.js")
COLUMNS = [
    Column("workload", ""),
    Column("jax", "jax", ".3f"),
    Column("wasm", "wasm", ".3f"),
    Column("tfjs_cpu", "tfjs cpu", ".3f"),
    Column("tfjs_wasm", "tfjs wasm", ".3f"),
    Column("compile", "compile", ".3f"),
    Column("bytes", "bytes", "d"),
    Column("brotli", "brotli", "d"),
    Column("load", "load", ".3f"),
    Column("first", "first", ".3f"),
    Column("jax_ratio", "JAX ÷", ".2f"),
    Column("tfjs_cpu_ratio", "tfjs cpu ÷", ".2f"),
    Column("tfjs_wasm_ratio", "tfjs wasm ÷", ".2f"),
]


@contextlib.contextmanager
def serving_page(html: str, *, with_tfjs: bool = False) -> Iterator[str]:
    """Serves a page that has `wasm_page.js`; yields its address."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if with_tfjs:
            install(folder)
        (folder / "index.html").write_text(html)
        for script in SCRIPTS:
            shutil.copy(Path(__file__).with_name(script), folder)
        with serving_folder(folder) as url:
            yield url


def median_ms(action: Callable[[], Any], seconds: float = 1.0) -> float:
    """The median duration of an action in milliseconds, after one run that does not count."""
    action()
    times: list[float] = []
    while len(times) < 5 or (sum(times) < seconds and len(times) < 300):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def jax_ms(work: Workload) -> float:
    """A run by `jax.jit` on the CPU, with results as NumPy arrays."""
    run = jax.jit(work.function)
    return median_ms(lambda: jax.tree.map(np.asarray, run(*work.arguments)))


def compile_ms(work: Workload) -> float:
    """Compilation, the median of five, without the time that JAX takes to trace the function."""

    def timed(action: Callable[[], Any]) -> float:
        jax.clear_caches()
        start = time.perf_counter()
        action()
        return 1e3 * (time.perf_counter() - start)

    whole = [timed(lambda: compile(work.function, *work.arguments)) for _ in range(5)]
    tracing = [timed(lambda: jax.make_jaxpr(work.function)(*work.arguments)) for _ in range(5)]
    return statistics.median(whole) - statistics.median(tracing)


def _for_tfjs(work: Workload) -> dict[str, Any]:
    params, x, y = work.arguments
    return {
        "sizes": work.sizes,
        "steps": work.num_steps,
        "rate": work.learning_rate,
        "momentum": MOMENTUM,
        "params": [np.asarray(leaf).tolist() for leaf in jax.tree.leaves(params)],
        "x": x.tolist(),
        "y": y.tolist(),
    }


def measure(page: Page, work: Workload, with_tfjs: bool) -> dict[str, float]:
    """The figures of a workload by column; a ratio says how many times faster than the other this compiler is."""
    program = compile(work.function, *work.arguments)
    row = {"jax": jax_ms(work), **page.evaluate("program => measure(program)", encoded(program, work.arguments))}
    for backend in ("cpu", "wasm") if with_tfjs else ():
        row[f"tfjs_{backend}"] = page.evaluate("([backend, work]) => measureTfjs(backend, work)", [backend, _for_tfjs(work)])
    row |= {f"{name}_ratio": row[name] / row["wasm"] for name in ("jax", "tfjs_cpu", "tfjs_wasm") if name in row}
    return row | {
        "compile": compile_ms(work),
        "bytes": len(program.module),
        "brotli": len(brotli.compress(program.module)),
    }


def main() -> None:
    """Serves the page, opens it in Chromium and measures there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="without TensorFlow.js")
    parser.add_argument("--only", nargs="*", default=[], help="names of workloads")
    add_save_option(parser)
    options = parser.parse_args()
    with serving_page(PAGE, with_tfjs=not options.quick) as url, chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(url)
        with reporting(COLUMNS, "wasm" if options.save else None) as table:
            table.source |= {"browser": browser.version, "jax": jax.__version__}
            for work in workloads():
                if not options.only or work.name in options.only:
                    row = measure(page, work, not options.quick)
                    table.add(work.name, *(row.get(column.name) for column in COLUMNS[1:]))


if __name__ == "__main__":
    main()
