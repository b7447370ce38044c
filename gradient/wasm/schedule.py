"""The order in which the equations of a jaxpr are lowered: an update comes after what reads the old array, where it can.

`c.at[i].set(c[j]).at[j].set(c[i])` reads `c[i]` after it has made the first new array. Read before, the update needs no copy.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from gradient.adapters.jax import Equation, Jaxpr, inner_jaxprs, is_literal

UPDATES = frozenset(
    {"dynamic_update_slice", "scatter", "scatter-add", "scatter-sub", "scatter-mul", "scatter-min", "scatter-max"}
)
CALLS = frozenset({"jit", "remat2", "custom_jvp_call", "custom_vjp_call", "scan", "while", "cond"})


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

    def __init__(self, equations: Sequence[Equation], updates: Any) -> None:
        self._equations = equations
        self._readers: dict[Any, list[int]] = defaultdict(list)
        for number, equation in enumerate(equations):
            for var in _read(equation):
                self._readers[var].append(number)
        self._placed: set[int] = set()
        self.found: list[Equation] = []
        delayed: set[int] = set()
        stack = list(reversed(range(len(equations))))
        while stack:
            number = stack.pop()
            if number in self._placed:
                continue
            if number not in delayed and updates(equations[number]):
                delayed.add(number)
                if first := self._to_read_before(number):
                    stack += [number, *reversed(first)]
                    continue
            self._placed.add(number)
            self.found.append(equations[number])

    def _to_read_before(self, update: int) -> list[int]:
        """The later equations that read an operand of an update but not its result, and what they need."""
        equation = self._equations[update]
        operands = equation.invars[:1] if equation.primitive.name in UPDATES else equation.invars
        arrays = [v for v in operands if not is_literal(v) and v.aval.shape]
        pending = {n for var in arrays for n in self._readers[var]} - self._placed
        pending.discard(update)
        if not pending:
            return []
        window = [n for n in range(min(*pending, update), max(*pending, update) + 1) if n not in self._placed]
        after = set(equation.outvars)
        needed: set[Any] = set()
        for n in window:
            if n != update and not after.isdisjoint(_read(self._equations[n])):
                after.update(self._equations[n].outvars)
        for n in reversed(window):
            outvars = self._equations[n].outvars
            if n != update and after.isdisjoint(outvars) and (n in pending or not needed.isdisjoint(outvars)):
                needed.update(_read(self._equations[n]))
                pending.add(n)
            else:
                pending.discard(n)
        return [n for n in window if n in pending]


def _read(equation: Equation) -> Iterable[Any]:
    return [v for v in equation.invars if not is_literal(v)]
