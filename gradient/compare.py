"""Several runs on one picture: the same start, data and steps, each with an optimizer and settings of its own."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from gradient.frame import limits
from gradient.landscape import PlaneAxes
from gradient.optimizers import OPTIMIZERS, Optimizer, slider_name, sliders
from gradient.problems import Problem
from gradient.run import MAX_STEPS, NEVER, Run, as_high, finite, run_descent, start_of, verdict_of
from gradient.sweep import Descent, swept_rates
from gradient.verdict import CLOSE, NOTHING, spread

Rule = Callable[[jax.Array], optax.GradientTransformation]

SMALLEST = 1e-37  # a loss of zero needs a place on a logarithmic axis
MAX_RUNS = 4  # the present one, and three others


class Comparison(NamedTuple):
    """The results of the present run, which comes first, and of three others, in finite numbers.

    A missing run stays at the start. Arrays over steps have T = 201 entries, as in `gradient.frame.Frame`.

    Attributes:
        curve_x, curve_y: [3, T], the steps and losses of the others.
        paths: [3, T, 2], their iterates, or the projections of these onto the plane of the present run.
        points: [3, 2], where they are at the current step, or at the last one if that comes first: at `steps` [3].
        lasts: [3], their last steps; -1 for a run that is not there.
        losses: [4], at the current step, or at a run's last if that comes first; `verdicts` [4] of these iterates.
        close_steps: [4], the step from which the loss stays at most 5 % above the lowest known, -1 if there is none.
        best_known: the lowest loss known: the argument of that name, or the lowest of these runs if that is less.
        low, high: limits for the loss axis that holds all curves: `round_low` and `round_high` as in `gradient.frame.Frame`.
    """

    curve_x: jax.Array
    curve_y: jax.Array
    paths: jax.Array
    points: jax.Array
    steps: jax.Array
    lasts: jax.Array
    losses: jax.Array
    verdicts: jax.Array
    close_steps: jax.Array
    best_known: jax.Array
    low: jax.Array
    high: jax.Array


def columns() -> list[str]:
    """What a row of `compare` holds after the optimizer's index: the learning rate, and the value of each slider."""
    return ["learning_rate", *sliders()]


def own_places() -> list[list[int]]:
    """For each optimizer, the places in a row of what it takes: its learning rate, and its hyperparameters."""
    places = {name: 1 + i for i, name in enumerate(columns())}
    return [
        [places[name] for name in ("learning_rate", *(slider_name(key, name) for name in record.hyperparameters))]
        for key, record in OPTIMIZERS.items()
    ]


def compare(problem: Problem, rows: jax.Array, controls: Mapping[str, Any]) -> Comparison:
    """Runs the present descent and the others.

    `problem` is static, all else may be traced.

    Args:
        problem: what is fitted.
        rows: [4, n], the present run first: the index of an optimizer, and the values of `columns()`. A learning rate of 0 is
            that of a run that is not there.
        controls: the arguments of `gradient.frame.frame`, but for the optimizer's.
    """
    y = controls["y"]
    runs = runs_of(problem, rows, controls)
    steps = jnp.clip(controls["step"], 0, runs.last)
    best_known = jnp.minimum(controls["best_known"], as_high(runs.losses).min())
    drawn = jnp.where(runs.losses > SMALLEST, runs.losses, SMALLEST)  # NaN is not greater than anything
    paths = _paths(problem, runs)
    at = jnp.arange(len(rows)), steps
    round_low, round_high = limits(drawn).values()
    is_close = runs.losses <= CLOSE * best_known + NOTHING * spread(y) ** 2
    found = Comparison(
        curve_x=jnp.minimum(jnp.arange(MAX_STEPS + 1), runs.last[1:, None]).astype(jnp.float32),
        curve_y=drawn[1:],
        paths=paths[1:],
        points=paths[at][1:],
        steps=steps[1:],
        lasts=jnp.where(rows[1:, 1] > 0, runs.last[1:], NEVER),
        losses=as_high(runs.losses[at]),
        verdicts=jax.vmap(lambda each, step: verdict_of(each, step, best_known, spread(y)))(runs, steps),
        close_steps=_first_of_last(is_close),
        best_known=best_known,
        low=round_low,
        high=round_high,
    )
    return jax.tree.map(finite, found)


def _first_of_last(flags: jax.Array) -> jax.Array:
    """For each row of flags [n, T] where those at its end that are all true begin, -1 if the last one is false."""
    places = jnp.arange(flags.shape[1])
    begin = jnp.max(jnp.where(flags, NEVER, places), axis=1) + 1
    return jnp.where(flags[:, -1], begin, NEVER).astype(jnp.int32)


def best_rates(problem: Problem, rows: jax.Array, controls: Mapping[str, Any]) -> jax.Array:
    """The best learning rate [4] of each run, all else being equal: of the 64 of a sweep, the one that ends lowest.

    A run that is not there, or diverges with all of them, keeps the learning rate that it has. For the arguments see `compare`.
    """
    start = start_of(problem, controls["w"], controls["b"], controls["key"])
    descent = Descent.of(problem, start, controls["x"], controls["y"], controls["num_steps"])
    rates = jnp.asarray(swept_rates(), jnp.float32)
    branches = [partial(_losses_at, descent, rates, rule) for rule in rules()]

    def best(row: jax.Array) -> jax.Array:
        losses = jax.lax.switch(row[0].astype(jnp.int32), branches, row)
        is_found = (row[1] > 0) & jnp.isfinite(losses).any()
        return jnp.where(is_found, rates[jnp.argmin(losses)], row[1])

    return jax.lax.map(best, rows)


def _losses_at(descent: Descent, rates: jax.Array, rule: Rule, row: jax.Array) -> jax.Array:
    ends = jax.lax.map(lambda rate: descent.run(rule(row.at[1].set(rate))), rates)
    return jnp.where(ends.diverged, jnp.inf, ends.losses)


def rules() -> list[Rule]:
    """For each optimizer, what makes its rule from a row of settings; see `columns`."""

    def rule_of(record: Optimizer, places: list[int]) -> Rule:
        rate, *others = places
        return lambda row: record.make(
            row[rate], **{name: row[i] for name, i in zip(record.hyperparameters, others, strict=True)}
        )

    return [rule_of(*each) for each in zip(OPTIMIZERS.values(), own_places(), strict=True)]


def runs_of(problem: Problem, rows: jax.Array, controls: Mapping[str, Any]) -> Run:
    """The run of each row of settings [n, m], one after the other, so that only the optimizer of that row computes.

    For the arguments see `compare`.
    """
    x, y = controls["x"], controls["y"]
    start = start_of(problem, controls["w"], controls["b"], controls["key"])
    num_steps = jnp.clip(controls["num_steps"], 1, MAX_STEPS)

    def loss(flat: jax.Array) -> jax.Array:
        return problem.loss(problem.unravel(flat), x, y)

    def with_rule(rule: Rule) -> Callable[[jax.Array], Run]:
        return lambda row: run_descent(loss, start, rule(row), num_steps, y)

    branches = [with_rule(rule) for rule in rules()]
    return jax.lax.map(lambda row: jax.lax.switch(row[0].astype(jnp.int32), branches, row), rows)


def run_of(problem: Problem, row: jax.Array, controls: Mapping[str, Any]) -> Run:
    """The run of one row of settings [m]; for the arguments see `compare`."""
    return jax.tree.map(lambda each: each[0], runs_of(problem, row[None], controls))


def _paths(problem: Problem, runs: Run) -> jax.Array:
    if problem.is_planar:
        return runs.params
    axes = PlaneAxes.through(runs.params[0], runs.grads[0, 0], runs.diverged_step[0] != NEVER)
    return jax.vmap(axes.project)(runs.params)
