"""The numbers that a visitor saves are those of the page's descent."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradient.iterates import iterates
from gradient.optimizers import OPTIMIZERS
from gradient.problems import PROBLEMS, Problem
from gradient.run import MAX_STEPS, NEVER
from tests.descents import run
from tests.frames import controls
from tests.test_compare import row_of


def found(problem: Problem, optimizer: str, **settings: float) -> Any:
    row = jnp.asarray(row_of(optimizer, settings), jnp.float32)
    return jax.tree.map(np.asarray, jax.jit(partial(iterates, problem))(row, controls(problem, optimizer, **settings)))


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_they_are_those_of_the_descent(name: str, optimizer: str) -> None:
    problem = PROBLEMS[name]
    seen, own = (
        found(problem, optimizer, learning_rate=0.05, num_steps=40),
        run(problem, optimizer, learning_rate=0.05, num_steps=40),
    )
    assert seen.last == 40
    assert seen.params.shape == (MAX_STEPS + 1, problem.flat_starts.shape[1])
    np.testing.assert_allclose(seen.losses[:41], own.losses[:41], rtol=1e-4)
    np.testing.assert_allclose(seen.params[:41], own.params[:41], rtol=1e-3, atol=1e-4)
    for each in (seen.params, seen.losses, seen.gradient_norms):
        assert (each[41:] == each[40]).all()


def test_a_descent_that_diverges_ends_there_in_finite_numbers() -> None:
    seen = found(PROBLEMS["Line"], "gradient_descent", learning_rate=10.0, num_steps=200)
    assert NEVER < seen.last < 200
    assert all(np.isfinite(each).all() for each in (seen.params, seen.losses, seen.gradient_norms))
