"""Which programs and grids are cached, and under which names: those of the problems and optimizers in this package.

A reader's own records are not cached, because the cache could not tell when their sources have changed.
"""

from collections.abc import Callable, Sequence

import numpy as np

from gradient import optimizers, problems
from gradient.best import best_known
from gradient.cache import DiskCache
from gradient.optimizers import Optimizer
from gradient.problems import Problem


def is_shipped(record: Problem | Optimizer) -> bool:
    """Whether a record is one of the package's own, rather than a reader's, even one of the same name."""
    return any(record is shipped for shipped in (*problems.SHIPPED, *optimizers.SHIPPED))


def program_name(kind: str, problem: Problem, optimizer: Optimizer) -> str | None:
    """The cached name of a program, for a problem and an optimizer; None if it must not be cached. `kind` tells apart two."""
    if not (is_shipped(problem) and is_shipped(optimizer)):
        return None
    return f"{kind} {problem.name} {optimizer.label}"


def program_of_all(kind: str, problem: Problem | None = None) -> str | None:
    """The cached name of a program that has all optimizers in it, for a problem if it has one in it, too; None as above."""
    records: list[Problem | Optimizer] = [*optimizers.OPTIMIZERS.values(), *([problem] if problem else [])]
    if not all(map(is_shipped, records)):
        return None
    return f"{kind} {problem.name}" if problem else kind


def cached_best(cache: DiskCache) -> Callable[[Problem], float]:
    """A function that returns the lowest loss known for a problem, from the cache if the problem is shipped."""

    def lowest(problem: Problem) -> float:
        found = (
            cache.arrays(f"best {problem.name}", lambda: best_known(problem)) if is_shipped(problem) else best_known(problem)
        )
        return float(str(found[0]))  # as a program's numbers come out: else the sweep would set the same number anew

    return lowest


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
