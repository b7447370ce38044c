"""Whether Chromium, Firefox and wasmtime compute the same bits: `python -m benchmarks.browsers`.

Chromium and Firefox open a page, headless, that runs every program and posts its outputs back. So no driver is needed, and any
browser that opens a page will do.
"""

import base64
import json
import shutil
import subprocess
import sys
import tempfile
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.chromium import FLAGS
from benchmarks.encoding import encoded
from benchmarks.workloads import workloads
from gradient.wasm import Program, compile
from tests.wasm_graphs import arguments, program
from tests.wasm_parity import load

PAGE = """<!doctype html><meta charset="utf-8"><title>programs</title><script>
const decode = text => Uint8Array.from(atob(text), c => c.charCodeAt(0));
const encode = bytes => { let s = ''; for (const b of bytes) s += String.fromCharCode(b); return btoa(s); };
(async () => {
  const results = [];
  for (const {module, inputs, outputs} of await (await fetch('programs')).json()) {
    const {instance} = await WebAssembly.instantiate(decode(module));
    const memory = new Uint8Array(instance.exports.memory.buffer);
    for (const [offset, data] of inputs) memory.set(decode(data), offset);
    for (let i = 0; i < 3; i++) instance.exports.run();
    results.push(outputs.map(([offset, size]) => encode(memory.slice(offset, offset + size))));
  }
  await fetch('results', {method: 'POST', body: JSON.stringify({agent: navigator.userAgent, results})});
})().catch(e => fetch('results', {method: 'POST', body: JSON.stringify({error: String(e)})}));
</script>"""
Item = tuple[str, Program, tuple[Any, ...]]
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FIREFOX = ("firefox-esr", "firefox")


class _Handler(BaseHTTPRequestHandler):
    def __init__(self, work: bytes, results: Queue, *args: Any) -> None:
        self._work, self._results = work, results
        super().__init__(*args)

    def do_GET(self) -> None:
        """The page and the programs."""
        body = self._work if self.path == "/programs" else PAGE.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json" if self.path == "/programs" else "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        """The outputs, or an error."""
        self._results.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Logs nothing."""


def programs() -> list[Item]:
    """The name, program and arguments of descents, elementary functions over many values, and random graphs."""
    x = np.concatenate([np.linspace(-30, 30, 5001), np.logspace(-30, 38, 1000), [0, np.inf, -np.inf]]).astype(np.float32)
    functions = [jnp.sin, jnp.cos, jnp.tanh, jnp.exp, jnp.log, jnp.log1p, jnp.expm1, jax.nn.sigmoid, jnp.arctan, jax.lax.erf]

    def tables(x: jax.Array) -> list[jax.Array]:
        return [jnp.nan_to_num(f(x)) for f in functions] + [jnp.nan_to_num(jnp.abs(x) ** 0.3)]

    listed: list[Item] = [("functions", compile(tables, x), (x,))]
    listed += [(w.name, compile(w.function, *w.arguments), w.arguments) for w in workloads((3, 7))]
    for seed in range(20):
        numbers = np.random.RandomState(seed).randint(0, 2**30, 60).tolist()
        args = arguments(numbers)
        listed.append((f"graph {seed}", compile(program(numbers), *args), args))
    return listed


def expected(item: Item) -> list[bytes]:
    """The outputs in wasmtime."""
    _, compiled, args = item
    return [np.ascontiguousarray(leaf).tobytes() for leaf in jax.tree.leaves(load(compiled)(*args))]


def command(names: tuple[str, ...], profile: Path) -> list[str]:
    """The command that starts the first of these browsers that is installed, with an empty profile.

    Raises:
        FileNotFoundError: if none is installed.
    """
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise FileNotFoundError(
            f"None of {', '.join(names)} is installed, so its results cannot be compared. Install one of them."
        )
    if names == CHROMIUM:
        return [found, *FLAGS, "--remote-debugging-port=0", f"--user-data-dir={profile}"]
    return [found, "--headless", "--no-remote", "--profile", str(profile)]


def run_in(names: tuple[str, ...], listed: list[Item]) -> tuple[str, list[list[bytes]]]:
    """A browser's user agent, and the outputs of every program in it."""
    results: Queue = Queue()
    work = [encoded(compiled, args) for _, compiled, args in listed]
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, json.dumps(work).encode(), results))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        start = [*command(names, Path(profile)), f"http://127.0.0.1:{server.server_port}/"]
        browser = subprocess.Popen(start, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            found = results.get(timeout=120)
        finally:
            browser.terminate()
            browser.wait()
            server.shutdown()
            server.server_close()
    if "error" in found:
        raise RuntimeError(found["error"])
    return found["agent"], [[base64.b64decode(text) for text in outputs] for outputs in found["results"]]


def differing(names: tuple[str, ...]) -> tuple[str, int, list[str]]:
    """A browser's user agent, the number of programs, and the names of those whose outputs differ from wasmtime's."""
    listed = programs()
    agent, found = run_in(names, listed)
    wrong = [item[0] for item, outputs in zip(listed, found, strict=True) if outputs != expected(item)]
    return agent, len(listed), wrong


def main() -> int:
    """Prints which programs differ in which browser; the exit status is 1 if any does."""
    status = 0
    for names in (CHROMIUM, FIREFOX):
        try:
            agent, count, wrong = differing(names)
        except FileNotFoundError as error:
            print(error)
            status = 1
            continue
        print(f"{agent}: {count} programs, {len(wrong)} differ from wasmtime {wrong}")
        status |= int(bool(wrong))
    return status


if __name__ == "__main__":
    sys.exit(main())
