"""Which programs and grids are cached, and under which names: those of the problems and optimizers in this package.

A reader's own records are not cached, because the cache could not tell when their sources have changed.
"""

from collections.abc import Callable, Sequence

import numpy as np

from gradient import optimizers, problems
from gradient.cache import DiskCache
from gradient.optimizers import Optimizer
from gradient.problems import Problem


def is_shipped(record: Problem | Optimizer) -> bool:
    """Whether a record is one of the package's own, rather than a reader's, even one of the same name."""
    return any(record is shipped for shipped in (*problems.SHIPPED, *optimizers.SHIPPED))


def program_name(problem: Problem, optimizer: Optimizer) -> str | None:
    """The cached name of the program for a problem and an optimizer, or None if it must not be cached."""
    if not (is_shipped(problem) and is_shipped(optimizer)):
        return None
    return f"frame {problem.name} {optimizer.label}"


class CachedGrids:
    """Evaluates functions of `gradient.landscape` on a problem's loss, through the cache if the problem is shipped."""

    def __init__(self, cache: DiskCache) -> None:
        self._cache = cache

    def __call__(self, function: Callable, problem: Problem, domain: tuple, shape: tuple[int, int]) -> Sequence[np.ndarray]:
        """The arrays of `function(problem.loss, domain, shape)`."""

        def make() -> list[np.ndarray]:
            return [np.asarray(array) for array in function(problem.loss, domain, shape)]

        if not is_shipped(problem):
            return make()
        return self._cache.arrays(f"{function.__name__} {problem.name} {domain} {shape}", make)
