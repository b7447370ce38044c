"""The order of equations: reads of an old array before its update, and nothing before what it needs."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gradient.wasm import schedule
from gradient.wasm.schedule import Scheduler
from tests.wasm_parity import check, floats

ARGUMENTS = floats(5), floats(5), floats(5)


def two_updates(c: Any, e: Any) -> Any:
    """The second update reads what the first one changes, and the sum what each of them does."""
    c, e = c * 2, jnp.sin(e)
    first = lax.dynamic_update_slice(c, e[:1], (0,))
    second = lax.dynamic_update_slice(e, c, (0,))
    return first, second, e + first


OPERATIONS: list[Callable[..., Any]] = [
    lambda a, b, i, j: lax.dynamic_update_slice(a, b, (0,)),
    lambda a, b, i, j: a.at[i].set(b[j]),
    lambda a, b, i, j: a.at[i].set(a[j]).at[j].set(a[i]),
    lambda a, b, i, j: a + b,
    lambda a, b, i, j: a[::-1] - b,
    lambda a, b, i, j: lax.fori_loop(0, 3, lambda k, c: c.at[k].set(b[k] + c[(k + 1) % 5]), a),
]


def random_updates(seed: int) -> Callable:
    """Updates, sums and loops, each of two of the last arrays."""

    def fun(*arguments: Any) -> list[Any]:
        choose = np.random.RandomState(seed)
        arrays = [a * 2 + i for i, a in enumerate(arguments)]
        for _ in range(choose.randint(4, 16)):
            a, b = (arrays[choose.randint(max(0, len(arrays) - 6), len(arrays))] for _ in range(2))
            operation = OPERATIONS[choose.randint(len(OPERATIONS))]
            arrays.append(operation(a, b, *choose.randint(5, size=2)))
        return arrays[-6:]

    return fun


def ordered(fun: Callable, *arguments: Any) -> tuple[list[Any], Any]:
    """The equations of a function in their order, and its jaxpr."""
    jaxpr: Any = jax.make_jaxpr(fun)(*arguments).jaxpr
    return list(Scheduler().ordered(jaxpr)), jaxpr


def test_what_needs_an_update_that_waits_comes_after_it() -> None:
    check(two_updates, floats(5), floats(5))


@pytest.mark.parametrize("seed", [1, 9, 26, 45])
def test_programs_of_updates(seed: int) -> None:
    check(random_updates(seed), *ARGUMENTS)


def test_every_equation_comes_after_what_it_needs() -> None:
    for seed in range(50):
        found, jaxpr = ordered(random_updates(seed), *ARGUMENTS)
        assert sorted(map(id, found)) == sorted(map(id, jaxpr.eqns))
        known = {*jaxpr.invars, *jaxpr.constvars}
        for equation in found:
            assert {v for v in equation.invars if not hasattr(v, "val")} <= known, f"seed {seed}"
            known.update(equation.outvars)


@pytest.mark.parametrize(("distance", "last"), [(1000, "scatter"), (5, "reduce_sum")])
def test_a_reader_far_behind_an_update_is_not_moved(distance: int, last: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MAX_DISTANCE", distance)

    def fun(x: Any) -> Any:
        updated, others = x.at[0].set(1.0), [x[i] * 2.0 for i in range(20)]
        return updated, others, jnp.sum(x)

    names = [equation.primitive.name for equation in ordered(fun, floats(30))[0]]
    assert max(("scatter", "reduce_sum"), key=names.index) == last
