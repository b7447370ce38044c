"""The page as a pure function of its controls: one descent, and every array and number that a picture shows."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradient.descent import iterate
from gradient.landscape import PLANE_DOMAIN, colour_range, curvature, plane, stability_limit
from gradient.optimizers import OPTIMIZERS
from gradient.problems import Problem

MAX_STEPS = 200
CURVE_POINTS = 121
NEVER = -1
_ROUND = np.array([float(f"{digit}e{exponent}") for exponent in range(-37, 38) for digit in (1, 2, 5)] + [1e38], np.float32)
CONVERGED, DIVERGED, BOUNCING, DESCENDING, SLOW, RISING, WANDERING = range(7)

Interval = tuple[float, float]


class Frame(NamedTuple):
    """Everything the page shows. Finite numbers only: arrays over steps stay at the last shown iterate after it.

    The descent is shown up to step `last`: the step asked for, or where it diverged if that comes first. "T" is 201 iterates.

    Attributes:
        curve_x, curve_y: [2, T]; row 0 is the loss against the step, row 1 the current step's point, T times.
        round_low, round_high: between which that curve lies, a power of ten and one of 1, 2, 5, 10, ...: limits of an axis
            that stay where they are from one descent to the next like it. Beyond 1e-37 and 1e38 there are none.
        path: [T, 2], (w, b) of each iterate, or its place on the plane of a larger model.
        point: [2], the current step's place on the path.
        exit_step: the first step outside the picture's domain, -1 for never; `exit_point` [2] is where the path crosses its
            frame and `exit_direction` [2] the step that crosses it, in parameters.
        fit_x, fit_y: [121], the model's curve at the current step, over the range of the data.
        residual_x, residual_y: [n, 2], a segment from each data point to the curve.
        loss, gradient_norm: at the current step.
        step: the current step, at most `last`.
        verdict: `CONVERGED`, `DIVERGED`, `BOUNCING`, `DESCENDING`, `RISING`, `WANDERING` or `SLOW`, of the descent
            up to `last`.
        num_finite: how many iterates come before the first non-finite one, of T.
        diverged_step: the first step that is non-finite or whose loss is over a million times the start's (or the data's
            variance, should the start be a better fit than a constant), -1 for none.
        curvature: the largest eigenvalue of the Hessian at `last`, or at the start of a descent whose loss has grown.
        stability_limit: the largest stable learning rate there, 0 where no law holds.
        advised_rate: the same if the learning rate is above it, else 0: below it would be no advice.
        larger_rate: the same if the learning rate is below it, else 0.
        steps_left: how many more steps there could be.
        plane: [17, 17], losses on the plane of a larger model ([0, 0] for two parameters), with `plane_third`,
            `plane_corners` [3] and `plane_case` as in `landscape.Plane`; what is no number there is as large as can be.
        plane_range: [2], between which losses the colours of that plane go, positive (zeros for two parameters).
    """

    curve_x: jax.Array
    curve_y: jax.Array
    round_low: jax.Array
    round_high: jax.Array
    path: jax.Array
    point: jax.Array
    exit_step: jax.Array
    exit_point: jax.Array
    exit_direction: jax.Array
    fit_x: jax.Array
    fit_y: jax.Array
    residual_x: jax.Array
    residual_y: jax.Array
    loss: jax.Array
    gradient_norm: jax.Array
    step: jax.Array
    last: jax.Array
    verdict: jax.Array
    num_finite: jax.Array
    diverged_step: jax.Array
    curvature: jax.Array
    stability_limit: jax.Array
    advised_rate: jax.Array
    larger_rate: jax.Array
    steps_left: jax.Array
    plane: jax.Array
    plane_range: jax.Array
    plane_third: jax.Array
    plane_corners: jax.Array
    plane_case: jax.Array


class _Run(NamedTuple):
    """A trajectory that stays at `last`: params and grads [T, dim], losses [T]; `rest` is the steepest of what comes next."""

    params: jax.Array
    losses: jax.Array
    grads: jax.Array
    last: jax.Array
    num_finite: jax.Array
    diverged_step: jax.Array
    rest: jax.Array


def frame(
    problem: Problem,
    optimizer: str,
    *,
    x: jax.Array,
    y: jax.Array,
    w: jax.Array,
    b: jax.Array,
    key: jax.Array,
    learning_rate: jax.Array,
    num_steps: jax.Array,
    step: jax.Array,
    **hyperparameters: jax.Array,
) -> Frame:
    """Descends and describes what to draw; `problem` and `optimizer` are static, all else may be traced.

    Args:
        problem: what is fitted; `x` and `y` [n] take the place of its own data.
        optimizer: a key of `OPTIMIZERS`; of `hyperparameters` it takes its own and ignores the rest.
        w, b: the start of a two-parameter model.
        key: 1..num_keys, the start of any other model.
        learning_rate: positive.
        num_steps: 1..200, clamped to it; the scan is always 200 steps long.
        step: 0..num_steps, clamped to it; the iterate that is looked at.
    """
    settings = {name: hyperparameters[name] for name in OPTIMIZERS[optimizer].hyperparameters}
    rule = OPTIMIZERS[optimizer].make(learning_rate, **settings)

    def loss(flat: jax.Array) -> jax.Array:
        return problem.loss(problem.unravel(flat), x, y)

    num_steps = jnp.clip(num_steps, 1, MAX_STEPS)
    run = _run(loss, _start(problem, w, b, key), rule, num_steps, jnp.var(y))
    step = jnp.clip(step, 0, run.last)
    picture = _plane_picture(loss, run) if not problem.is_planar else _parameter_picture(problem, run)
    params, diverged = run.params[step], run.diverged_step != NEVER
    has_grown = diverged | (run.losses[run.last] > run.losses[0])  # then how it curves at the end is no advice
    bend = curvature(loss, jnp.where(has_grown, run.params[0], run.params[run.last]))
    limit = stability_limit(optimizer, bend, **settings)
    return Frame(
        **_finite(
            **picture,
            **_loss_curve(run, step),
            **_fit(problem, params, x, y),
            point=picture["path"][step],
            loss=run.losses[step],
            gradient_norm=jnp.linalg.norm(run.grads[step]),
            step=step,
            last=run.last,
            verdict=_verdict(run),
            num_finite=run.num_finite,
            diverged_step=run.diverged_step,
            curvature=bend,
            stability_limit=limit,
            advised_rate=jnp.where(limit < learning_rate, limit, 0.0),
            larger_rate=jnp.where(limit > learning_rate, limit, 0.0),
            steps_left=MAX_STEPS - num_steps,
        )
    )


def _start(problem: Problem, w: jax.Array, b: jax.Array, key: jax.Array) -> jax.Array:
    if problem.is_planar:
        return jnp.stack([w, b]).astype(jnp.float32)
    starts = jnp.asarray(problem.flat_starts)
    return starts[jnp.clip(key - 1, 0, len(starts) - 1)]


def _run(loss: Callable, start: jax.Array, rule: object, num_steps: jax.Array, scale: jax.Array) -> _Run:
    params, losses, grads = iterate(loss, start, rule, MAX_STEPS)
    t = jnp.arange(MAX_STEPS + 1)
    finite = jnp.isfinite(losses) & jnp.isfinite(params).all(axis=1) & jnp.isfinite(grads).all(axis=1)
    num_finite = _first(~finite)
    diverged = _first(~finite | (losses > 1e6 * jnp.maximum(losses[0], scale)))
    last = jnp.clip(jnp.minimum(jnp.minimum(num_steps, diverged), num_finite - 1), 0, MAX_STEPS)
    shown = t <= last
    return _Run(
        jnp.where(shown[:, None], params, params[last]),
        jnp.where(shown, losses, losses[last]),
        jnp.where(shown[:, None], grads, grads[last]),
        last,
        num_finite,
        jnp.where(diverged <= num_steps, diverged, NEVER),
        jnp.linalg.norm(grads[jnp.minimum(last + jnp.arange(1, 6), MAX_STEPS)], axis=1).max(),
    )


def _first(flags: jax.Array) -> jax.Array:
    """The index of the first true flag, or their number if none is."""
    return jnp.where(flags.any(), jnp.argmax(flags), flags.size).astype(jnp.int32)


def _loss_curve(run: _Run, step: jax.Array) -> dict[str, jax.Array]:
    t = jnp.minimum(jnp.arange(MAX_STEPS + 1), run.last).astype(jnp.float32)
    x = jnp.stack([t, jnp.full_like(t, step)])
    # A perfect fit has a place on a logarithmic axis too. So has a loss that is no number: NaN is not greater than anything.
    y = jnp.stack([run.losses, jnp.full_like(run.losses, run.losses[step])])
    y = jnp.where(y > _ROUND[0], y, _ROUND[0])
    return {"curve_x": x, "curve_y": y, **_limits(y[0])}


def _limits(losses: jax.Array) -> dict[str, jax.Array]:
    """Round numbers around the losses, from a table: a power that is computed is off by a last bit."""
    numbers = jnp.asarray(_ROUND)
    below = 3 * (jnp.sum(jnp.asarray(_ROUND[:-1:3]) <= losses.min()) - 1)
    above = jnp.sum(numbers[:-1] < losses.max())
    return {"round_low": numbers[below], "round_high": numbers[jnp.maximum(above, below + 1)]}


def _fit(problem: Problem, flat: jax.Array, x: jax.Array, y: jax.Array) -> dict[str, jax.Array]:
    params = problem.unravel(flat)
    fit_x = jnp.linspace(x.min(), x.max(), CURVE_POINTS)
    return {
        "fit_x": fit_x,
        "fit_y": problem.predict(params, fit_x),
        "residual_x": jnp.stack([x, x], axis=1),
        "residual_y": jnp.stack([y, problem.predict(params, x)], axis=1),
    }


def _parameter_picture(problem: Problem, run: _Run) -> dict[str, jax.Array]:
    none = jnp.zeros((), jnp.int32)
    nothing = {"plane_range": jnp.zeros(2), "plane_third": none, "plane_corners": jnp.zeros(3), "plane_case": none}
    return {"path": run.params, "plane": jnp.zeros((0, 0)), **nothing, **_exit(run.params, problem.domain)}


def _plane_picture(loss: Callable, run: _Run) -> dict[str, jax.Array]:
    seen = plane(loss, run.params, run.grads[0], run.last, run.diverged_step != NEVER)
    losses = jnp.where(jnp.isnan(seen.losses), jnp.inf, seen.losses)
    return {
        "path": seen.path,
        "plane": losses,
        "plane_range": colour_range(losses),
        "plane_third": seen.third,
        "plane_corners": seen.corners,
        "plane_case": seen.case,
        **_exit(seen.path, PLANE_DOMAIN),
    }


def _exit(path: jax.Array, domain: tuple[Interval, Interval]) -> dict[str, jax.Array]:
    """Where a path first leaves a rectangle: the segment that does is cut at the side it meets first."""
    low, high = jnp.asarray(domain, jnp.float32).T
    outside = ((path < low) | (path > high)).any(axis=1)
    step = _first(outside)
    inner, outer = path[jnp.maximum(step - 1, 0)], path[jnp.minimum(step, len(path) - 1)]
    move = outer - inner
    ahead = jnp.where(move > 0, high - inner, low - inner)
    share = jnp.min(jnp.where(move != 0, ahead / jnp.where(move != 0, move, 1.0), jnp.inf))
    crossing = jnp.clip(inner + jnp.clip(share, 0.0, 1.0) * move, low, high)
    return {
        "exit_step": jnp.where(outside.any(), step, NEVER).astype(jnp.int32),
        "exit_point": crossing,
        "exit_direction": move,
    }


def _verdict(run: _Run) -> jax.Array:
    """The first that holds of: diverged, converged, bouncing, going down, going up, wandering; else slow.

    Converged: the gradient's norm is at most 1e-3 of the norm at the start, clipped to 1..10, and would stay below ten times
    that for five more steps: momentum may carry a path through a minimum. Bouncing: over the last six iterates each
    is within 1 % of a step's length of the one before the last. The others look at the last eleven losses. Going down: they
    end at least 1 % lower, and at their lowest. Going up: they end at least 1 % higher, and rising. Wandering: they spread
    over more than 5 % without such an end.
    """
    norms = jnp.linalg.norm(run.grads, axis=1)
    small = 1e-3 * jnp.clip(norms[0], 1.0, 10.0)
    converged = (norms[run.last] <= small) & (run.rest <= 10 * small)
    return jnp.select(
        [run.diverged_step != NEVER, converged, _bounces(run)], [DIVERGED, CONVERGED, BOUNCING], _trend(run)
    ).astype(jnp.int32)


def _bounces(run: _Run) -> jax.Array:
    six = jax.lax.dynamic_slice_in_dim(run.params, jnp.maximum(run.last - 5, 0), 6)
    hop = jnp.linalg.norm(six[2:] - six[1:-1], axis=1)
    return (run.last >= 5) & jnp.all((jnp.linalg.norm(six[2:] - six[:-2], axis=1) <= 0.01 * hop) & (hop > 0))


def _trend(run: _Run) -> jax.Array:
    # Shorter descents have fewer losses: what follows the last one repeats it, and says nothing new.
    losses = jax.lax.dynamic_slice_in_dim(run.losses, jnp.maximum(run.last - 10, 0), 11)
    first, end, lowest = losses[0], losses[-1], losses.min()
    down = (end <= 0.99 * first) & (end <= 1.001 * lowest)
    up = (end >= 1.01 * first) & (end > run.losses[jnp.maximum(run.last - 1, 0)])
    return jnp.select([down, up, losses.max() > 1.05 * lowest], [DESCENDING, RISING, WANDERING], SLOW)


def _finite(**values: jax.Array) -> dict[str, jax.Array]:
    """The same with no NaN or infinity: only a start that is itself not finite, or a curve between data points, has any."""
    largest = np.finfo(np.float32).max
    return {
        name: jnp.nan_to_num(value, nan=0.0, posinf=largest, neginf=-largest) if value.dtype.kind == "f" else value
        for name, value in values.items()
    }
