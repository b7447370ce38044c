"""What is kept on disk of the shipped problems and optimizers, and by which names.

A reader's own records are not kept: their sources are not known, so nothing would tell when they have changed.
"""

from collections.abc import Callable, Sequence

import numpy as np

from gradient import optimizers, problems
from gradient.cache import DiskCache
from gradient.optimizers import Optimizer
from gradient.problems import Problem


def is_shipped(record: Problem | Optimizer) -> bool:
    """Whether this very record comes with the package, so that what follows from it follows from the package's sources."""
    return any(record is shipped for shipped in (*problems.SHIPPED, *optimizers.SHIPPED))


def program_name(problem: Problem, optimizer: Optimizer) -> str | None:
    """The name of the program that descends on a problem by an optimizer, or None if it is not kept."""
    if not (is_shipped(problem) and is_shipped(optimizer)):
        return None
    return f"frame {problem.name} {optimizer.label}"


class Grids:
    """Functions of `gradient.landscape` on a problem's loss: read from disk, or computed and, if they may be, kept there."""

    def __init__(self, cache: DiskCache) -> None:
        self._cache = cache

    def __call__(self, function: Callable, problem: Problem, domain: tuple, shape: tuple[int, int]) -> Sequence[np.ndarray]:
        """The arrays of `function(problem.loss, domain, shape)`."""

        def make() -> list[np.ndarray]:
            return [np.asarray(array) for array in function(problem.loss, domain, shape)]

        if not is_shipped(problem):
            return make()
        return self._cache.arrays(f"{function.__name__} {problem.name} {domain} {shape}", make)
