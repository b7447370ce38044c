"""Serves a plain page with TensorFlow.js that does what the app does: a slider, a descent, a loss curve.

    python -m benchmarks.tfjs PROBLEM PORT

PROBLEM is "Wave" or "Network". TensorFlow.js comes from npm into a temporary folder. It runs on its backend "cpu", which is the
fastest for programs as small as these.
"""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.static import serve
from gradient.problems import PROBLEMS

TFJS = ("@tensorflow/tfjs@4.22.0", "@tensorflow/tfjs-backend-wasm@4.22.0")
_HERE = Path(__file__).parent


def install(folder: Path) -> None:
    """Installs TensorFlow.js in a folder."""
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", *TFJS], cwd=folder, check=True)


def work_of(name: str) -> dict[str, Any]:
    """A problem of the app with its own settings: the `Work` of `tfjs.js`."""
    problem = PROBLEMS[name]
    layers = [] if problem.is_planar else problem.start_at()
    params = [layer[part] for layer in layers for part in ("weight", "bias")] or [np.asarray(problem.start)]
    return {
        "sizes": [1, *(len(layer["bias"]) for layer in layers)] if layers else [],
        "steps": problem.num_steps,
        "rate": problem.learning_rate,
        "momentum": problem.momentum,
        "params": [array.tolist() for array in params],
        "x": (problem.x[:, None] if layers else problem.x).tolist(),
        "y": problem.y.tolist(),
    }


def main() -> None:
    """Serves the page until it is stopped."""
    name, port = sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # an exception, so that the folder is removed
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        install(folder)
        for script in ("tfjs.js", "tfjs_page.js"):
            shutil.copy(_HERE / script, folder)
        shutil.copy(_HERE / "tfjs_page.html", folder / "index.html")
        (folder / "work.json").write_text(json.dumps(work_of(name)))
        serve(folder, int(port))


if __name__ == "__main__":
    main()
