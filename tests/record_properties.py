"""What holds for any record of a problem or an optimizer; a new one is checked by these properties and by no table."""

import inspect

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradient import App
from gradient.descent import descend
from gradient.frame import frame
from gradient.landscape import stability_limit
from gradient.optimizers import OPTIMIZERS
from gradient.problems import Problem

BOWL = jnp.array([1.0, 4.0])  # the two curvatures of a quadratic


def bowl(params: jax.Array) -> jax.Array:
    """A quadratic whose minimum, 0, is at the origin."""
    return 0.5 * jnp.sum(BOWL * params**2)


def check_optimizer(key: str) -> None:
    """An optimizer, by its key: the text and sliders of its record, its descent, and its law of stability if it has one."""
    record = OPTIMIZERS[key]
    assert record.label
    assert record.formula
    taken = record.hyperparameters.keys() & {*inspect.signature(frame).parameters, *dir(App)}
    assert not taken, f"{taken}: the page has another argument, or the app another attribute, of this name. Choose another."
    for hyperparameter in record.hyperparameters.values():
        assert 0 <= hyperparameter.default <= hyperparameter.maximum < 1
        assert 0 < hyperparameter.step <= hyperparameter.maximum
        # A slider stops at whole steps; its end and its default are among them.
        for stop in (hyperparameter.default, hyperparameter.maximum):
            assert stop / hyperparameter.step == pytest.approx(round(stop / hyperparameter.step))
    run = descend(bowl, jnp.array([1.0, -1.0]), optimizer=key, num_steps=300, learning_rate=0.01)
    assert np.isfinite(run.params).all()
    assert run.losses[-1] < 0.8 * run.losses[0]
    if record.stability is not None:
        _check_stability(key)


def _check_stability(key: str) -> None:
    """Just below the limit a descent on the quadratic shrinks, and just above it grows."""
    defaults = {name: h.default for name, h in OPTIMIZERS[key].hyperparameters.items()}
    limit = float(stability_limit(key, BOWL.max(), **defaults))

    def growth(share: float) -> float:
        run = descend(bowl, jnp.ones(2), optimizer=key, num_steps=2_000, learning_rate=share * limit)
        return float(run.losses[-1] / run.losses[0])

    assert growth(0.97) < 1e-3
    assert not growth(1.03) < 1e3  # a loss beyond float32 has grown, too


def check_problem(problem: Problem) -> None:
    """A problem: its text, its starts, and a loss whose gradient is finite and points uphill."""
    assert problem.name
    assert problem.formula
    assert problem.x.dtype == problem.y.dtype == np.float32
    best = np.var(problem.y)
    for flat in problem.flat_starts:

        def loss(flat: jax.Array) -> jax.Array:
            return problem.loss(problem.unravel(flat))

        value, gradient = jax.value_and_grad(loss)(jnp.asarray(flat))
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()
        assert np.linalg.norm(gradient) > 0  # else there is nothing to watch
        step = 1e-3 / jnp.linalg.norm(gradient)
        assert loss(flat - step * gradient) < value < loss(flat + step * gradient)
        assert value > 0.01 * best
    if problem.is_planar:
        low, high = np.array(problem.domain).T
        assert ((low <= problem.start) & (problem.start <= high)).all()
