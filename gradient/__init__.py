"""Gradient descent to look at: problems, optimizers, the descent itself, and the page that shows them.

The core (`descend`, `Problem`, `PROBLEMS`, `OPTIMIZERS`) needs JAX, NumPy and optax only, so it runs in a plain REPL.
`App` is the page and imports the widget libraries when it is first asked for.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gradient.app import App
    from gradient.descent import Trajectory, descend
    from gradient.optimizers import OPTIMIZERS, Optimizer
    from gradient.problems import PROBLEMS, Problem

__all__ = ["OPTIMIZERS", "PROBLEMS", "App", "Optimizer", "Problem", "Trajectory", "descend"]

_ROOMS = {
    **dict.fromkeys(("OPTIMIZERS", "Optimizer"), "gradient.optimizers"),
    **dict.fromkeys(("PROBLEMS", "Problem"), "gradient.problems"),
    **dict.fromkeys(("Trajectory", "descend"), "gradient.descent"),
    "App": "gradient.app",
}


def __getattr__(name: str) -> Any:
    # Nothing is imported before it is asked for: the server is in this package, too, and needs none of the core's libraries,
    # which take 60 MB; and the widget libraries stay out of a plain REPL.
    if name not in _ROOMS:
        raise AttributeError(f"module 'gradient' has no attribute {name!r}")
    return getattr(import_module(_ROOMS[name]), name)
