"""The compiler's programs compared with `jax.jit` and TensorFlow.js: `python -m benchmarks.wasm [--quick]`.

JAX runs in this process, everything else in one page of headless Chromium. Needs chromium, npm (for TensorFlow.js, which goes
to a temporary folder) and the packages of the tests. Times are medians of whole runs, results copied out.
"""

import argparse
import base64
import json
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli
import jax
import numpy as np
from playwright.sync_api import Page, sync_playwright

from benchmarks.tfjs import install
from benchmarks.workloads import MOMENTUM, Workload, workloads
from gradient.wasm import Program, compile

FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
PAGE = """<!doctype html><meta charset="utf-8"><title>benchmark</title>
<script src="node_modules/@tensorflow/tfjs/dist/tf.min.js"></script>
<script src="node_modules/@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js"></script>
<script src="tfjs.js"></script>
<script src="page.js"></script>
"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Says nothing."""


def serve(folder: Path) -> ThreadingHTTPServer:
    """A server of a folder, on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def median_ms(action: Callable[[], Any], seconds: float = 1.0) -> float:
    """The median time of an action in ms, after one run to warm up."""
    action()
    times: list[float] = []
    while len(times) < 5 or (sum(times) < seconds and len(times) < 300):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def jax_ms(work: Workload) -> float:
    """JAX jit on the CPU, results as NumPy arrays."""
    run = jax.jit(work.function)
    return median_ms(lambda: jax.tree.map(np.asarray, run(*work.arguments)))


def compile_ms(work: Workload) -> float:
    """Compilation, median of five, without the time that JAX needs to trace the function."""

    def timed(action: Callable[[], Any]) -> float:
        jax.clear_caches()
        start = time.perf_counter()
        action()
        return 1e3 * (time.perf_counter() - start)

    whole = [timed(lambda: compile(work.function, *work.arguments)) for _ in range(5)]
    tracing = [timed(lambda: jax.make_jaxpr(work.function)(*work.arguments)) for _ in range(5)]
    return statistics.median(whole) - statistics.median(tracing)


def encoded(program: Program, arguments: Any) -> dict[str, Any]:
    """A program and its inputs for the page."""

    def text(data: bytes) -> str:
        return base64.b64encode(data).decode()

    leaves = jax.tree.leaves(arguments)
    inputs = [
        [slot.offset, text(np.asarray(leaf, slot.dtype).tobytes())] for slot, leaf in zip(program.inputs, leaves, strict=True)
    ]
    outputs = [[slot.offset, slot.num_bytes] for slot in program.outputs]
    return {"module": text(program.module), "inputs": inputs, "outputs": outputs}


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
    """The row of a workload: figures by column."""
    program = compile(work.function, *work.arguments)
    row = {"jax": jax_ms(work), **page.evaluate("d => measure(d)", encoded(program, work.arguments))}
    if with_tfjs:
        for backend in ("cpu", "wasm"):
            row[f"tfjs {backend}"] = page.evaluate("([b, d]) => measureTfjs(b, d)", [backend, _for_tfjs(work)])
    row["compile"] = compile_ms(work)
    return {**row, "bytes": len(program.module), "brotli": len(brotli.compress(program.module))}


COLUMNS = ("jax", "wasm", "tfjs cpu", "tfjs wasm", "compile", "bytes", "brotli", "load", "first")


def print_row(name: str, row: dict[str, float]) -> None:
    """A line of the table, with how many times faster than JAX and TensorFlow.js this compiler is."""
    cells = [f"{row[c]:.0f}" if c in ("bytes", "brotli") else f"{row[c]:.3f}" if c in row else "-" for c in COLUMNS]
    ratios = [f"{row[c] / row['wasm']:.2f}" if c in row else "-" for c in ("jax", "tfjs cpu", "tfjs wasm")]
    print("| " + " | ".join([name, *cells, *ratios]) + " |", flush=True)


def measure_all(page: Page, names: Sequence[str], with_tfjs: bool) -> None:
    """Prints the table, each line as soon as it is measured."""
    print("| | " + " | ".join(COLUMNS) + " | JAX ÷ | tfjs cpu ÷ | tfjs wasm ÷ |")
    print("|---" * (len(COLUMNS) + 4) + "|")
    for work in workloads():
        if not names or work.name in names:
            print_row(work.name, measure(page, work, with_tfjs))


def main() -> None:
    """Serves the page, opens it in Chromium and measures there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without TensorFlow.js")
    parser.add_argument("--only", nargs="*", default=[], help="names of workloads")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        if not options.quick:
            install(folder)
        (folder / "index.html").write_text(PAGE)
        shutil.copy(Path(__file__).with_name("wasm_page.js"), folder / "page.js")
        server = serve(folder)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(f"http://127.0.0.1:{server.server_port}/")
        print(json.dumps({"browser": browser.version, "jax": jax.__version__}))
        measure_all(page, options.only, not options.quick)
        browser.close()
        server.shutdown()


if __name__ == "__main__":
    main()
