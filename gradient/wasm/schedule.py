"""The order in which the equations of a jaxpr are lowered: an update comes after what reads the old array, where it can.

`c.at[i].set(c[j]).at[j].set(c[i])` reads `c[i]` after it has made the first new array. Read before, the update needs no copy.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from gradient.adapters.jax import Equation, Jaxpr, inner_jaxprs, is_literal

UPDATES = frozenset(
    {"dynamic_update_slice", "scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max"}
)
CALLS = frozenset({"jit", "remat2", "custom_jvp_call", "custom_vjp_call", "scan", "while", "cond"})
MAX_DISTANCE = 1000  # equations: what reads the old array after more of them finds a copy


class Scheduler:
    """Orders equations. It remembers which jaxprs contain updates, because calls are nested."""

    def __init__(self) -> None:
        self._has_updates: dict[int, bool] = {}

    def has_updates(self, jaxpr: Jaxpr) -> bool:
        """Whether a jaxpr updates an array, or calls one that does."""
        known = self._has_updates.get(id(jaxpr))
        if known is None:
            known = self._has_updates[id(jaxpr)] = any(map(self._updates, jaxpr.eqns))
        return known

    def _updates(self, equation: Equation) -> bool:
        name = equation.primitive.name
        return name in UPDATES or (name in CALLS and any(map(self.has_updates, inner_jaxprs(equation))))

    def ordered(self, jaxpr: Jaxpr) -> Sequence[Equation]:
        """The equations of a jaxpr in the order in which they are lowered."""
        return _Order(jaxpr.eqns, self._updates).found if self.has_updates(jaxpr) else jaxpr.eqns


class _Order:
    """The equations that come next, as numbers in a stack, and those that have their place."""

    def __init__(self, equations: Sequence[Equation], updates: Callable[[Equation], bool]) -> None:
        self._equations = equations
        self._reads = [[v for v in equation.invars if not is_literal(v)] for equation in equations]
        self._readers: dict[Any, list[int]] = defaultdict(list)
        for number, variables in enumerate(self._reads):
            for var in variables:
                self._readers[var].append(number)
        self._placed: set[int] = set()
        self._waiting: dict[int, None] = {}  # updates that what reads the old array overtakes, in the order of the stack
        self.found: list[Equation] = []
        stack = list(reversed(range(len(equations))))
        while stack:
            number = stack.pop()
            if number in self._placed:
                continue
            if number not in self._waiting and updates(equations[number]) and (first := self._to_read_before(number)):
                self._waiting[number] = None
                stack += [number, *reversed(first)]
                continue
            self._waiting.pop(number, None)
            self._placed.add(number)
            self.found.append(equations[number])

    def _to_read_before(self, update: int) -> list[int]:
        """The later equations that read an operand of an update but no result of one that waits, and what they need."""
        pending = self._readers_of(update)
        start = min([update, *self._waiting])
        if not pending or update - start > MAX_DISTANCE:
            return []
        window = [n for n in range(start, max(*pending, update) + 1) if n not in self._placed]
        after = self._after({update, *self._waiting}, window)
        needed: set[Any] = set()
        for n in reversed(window):
            if n not in after and (n in pending or not needed.isdisjoint(self._equations[n].outvars)):
                needed.update(self._reads[n])
                pending.add(n)
            else:
                pending.discard(n)
        return [n for n in window if n in pending]

    def _readers_of(self, update: int) -> set[int]:
        """The equations, not far from an update and not placed, that read what it changes."""
        equation = self._equations[update]
        operands = equation.invars[:1] if equation.primitive.name in UPDATES else equation.invars
        found: set[int] = set()
        for var in operands:
            if not is_literal(var) and var.aval.shape:
                readers = self._readers[var]
                near = slice(bisect_left(readers, update - MAX_DISTANCE), bisect_right(readers, update + MAX_DISTANCE))
                found.update(readers[near])
        return found - self._placed - {update}

    def _after(self, updates: set[int], window: list[int]) -> set[int]:
        """The equations of a window that use a result of an update, directly or not, and the updates themselves."""
        found, made = set(updates), {var for n in updates for var in self._equations[n].outvars}
        for n in window:
            if not made.isdisjoint(self._reads[n]):
                found.add(n)
                made.update(self._equations[n].outvars)
        return found
