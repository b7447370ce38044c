"""Gradient descent made visible: problems, optimizers, the descent itself, and the page that shows them.

The core (`descend`, `Problem`, `PROBLEMS`, `OPTIMIZERS`) needs only JAX, NumPy and optax, so it runs in a plain REPL.
`App` is the page; its widget libraries are imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradient.app import App
    from gradient.descent import Trajectory, descend
    from gradient.optimizers import OPTIMIZERS, Optimizer
    from gradient.problems import PROBLEMS, Problem

__all__ = ["OPTIMIZERS", "PROBLEMS", "App", "Optimizer", "Problem", "Trajectory", "descend"]

_MODULES = {
    **dict.fromkeys(("OPTIMIZERS", "Optimizer"), "gradient.optimizers"),
    **dict.fromkeys(("PROBLEMS", "Problem"), "gradient.problems"),
    **dict.fromkeys(("Trajectory", "descend"), "gradient.descent"),
    "App": "gradient.app",
}


def __getattr__(name: str) -> Any:
    # Modules are imported on first use. The server is in this package too, and does without the core's libraries, which take
    # 60 MB; a plain REPL does without the widget libraries.
    if name not in _MODULES:
        raise AttributeError(f"module 'gradient' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
