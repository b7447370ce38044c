"""Gradient descent to look at: problems, optimizers, the descent itself, and the page that shows them.

The core (`descend`, `Problem`, `PROBLEMS`, `OPTIMIZERS`, `frame`) needs JAX, NumPy and optax only, so it runs in a plain REPL.
`App` is the page and imports the widget libraries when it is first asked for.
"""

from typing import TYPE_CHECKING

from gradient.descent import Trajectory, descend
from gradient.frame import Frame, frame
from gradient.optimizers import OPTIMIZERS, Optimizer
from gradient.problems import PROBLEMS, Problem

if TYPE_CHECKING:
    from gradient.app import App

__all__ = ["OPTIMIZERS", "PROBLEMS", "App", "Frame", "Optimizer", "Problem", "Trajectory", "descend", "frame"]


def __getattr__(name: str) -> object:
    if name == "App":
        from gradient.app import App  # noqa: PLC0415 - the widget libraries stay out of a plain REPL

        return App
    raise AttributeError(f"module 'gradient' has no attribute {name!r}")
