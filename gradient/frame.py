"""The page as a pure function of its controls: one descent, and every array and number that a picture shows."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradient.arithmetic import arithmetic
from gradient.landscape import PLANE_DOMAIN, colour_range, plane
from gradient.optimizers import OPTIMIZERS, optimizer_key
from gradient.points import highest, lowest, sample
from gradient.problems import Problem
from gradient.run import MAX_STEPS, NEVER, Run, as_high, finite, first_true, run_descent, start_of, verdict_of
from gradient.verdict import CLOSE, NOTHING, spread

CURVE_POINTS = 121
FIT_PAD = 0.12  # what the picture of the data shows above and below them, as a share of their range
X_PAD = 0.03  # the same to the left and right
FAR = 1000  # how many sizes of the data from them a curve is drawn
_ROUND = np.array([float(f"{digit}e{exponent}") for exponent in range(-37, 38) for digit in (1, 2, 5)] + [1e38], np.float32)

Interval = tuple[float, float]


class Frame(NamedTuple):
    """Everything the page shows, in finite numbers.

    A descent is shown up to step `last`: the number of steps asked for, or the step where it diverged if that comes first.
    Arrays over steps have T = 201 entries and repeat the iterate at `last` after it.

    Attributes:
        curve_x, curve_y: [3, T]; row 0 is the loss against the step, row 1 the same up to the current step, row 2 the point
            there, T times.
        round_low, round_high: limits for the loss axis: a power of ten below the curve, and one of 1, 2, 5, 10, ... above
            it, within 1e-37..1e38. Similar descents have the same limits, so their curves can be compared.
        path: [T, 2], (w, b) of each iterate, or its projection onto the plane of a larger model.
        point: [2], the iterate at the current step, on that path.
        exit_step: the first step outside the picture's domain, -1 if there is none; `exit_point` [2] is where the path
            crosses the border and `exit_direction` [2] the step that crosses it, in parameters.
        fit_x, fit_y: [121], the model's curve at the current step, over the range of the data.
        fit_outside: whether all of that curve is outside the picture of the data.
        residual_x, residual_y: [n, 2], a segment from each data point to the curve; of padded points [100, 2], see
            `points.sample`.
        loss, gradient_norm: at the current step; the loss is the largest float32 where it is NaN.
        step: the current step, at most `last`.
        verdict: a `Verdict`, of the iterate at the current step.
        best_known: the lowest loss known: the argument of that name, or the lowest loss of this descent, if that is less.
        times_best: the loss at the current step in multiples of `best_known`; 0 if it is close to that (see `verdict`), or if
            that counts as nothing.
        num_finite: the number of iterates before the first non-finite one, at most T.
        diverged_step: the first step that is not finite, or whose loss exceeds a million times the loss at the start (or the
            variance of the data, if that is larger); -1 if there is none.
        parameters, gradient, next_parameters, memory, settings, example, layer_norms: see `arithmetic.Arithmetic`.
        plane: [17, 17], losses on the plane of a larger model ([0, 0] for two parameters), the largest float32 where a loss
            is NaN; `plane_third`, `plane_corners` [3] and `plane_case` are as in `landscape.Plane`.
        plane_range: [2], the losses at the two ends of the colour scale, positive (zeros for two parameters).
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
    fit_outside: jax.Array
    residual_x: jax.Array
    residual_y: jax.Array
    loss: jax.Array
    gradient_norm: jax.Array
    step: jax.Array
    last: jax.Array
    verdict: jax.Array
    best_known: jax.Array
    times_best: jax.Array
    num_finite: jax.Array
    diverged_step: jax.Array
    parameters: jax.Array
    gradient: jax.Array
    next_parameters: jax.Array
    memory: jax.Array
    settings: jax.Array
    example: jax.Array
    layer_norms: jax.Array
    plane: jax.Array
    plane_range: jax.Array
    plane_third: jax.Array
    plane_corners: jax.Array
    plane_case: jax.Array


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
    best_known: jax.Array,
    **hyperparameters: jax.Array,
) -> Frame:
    """Runs a descent and returns what to draw; `problem` and `optimizer` are static, all else may be traced.

    Args:
        problem: what is fitted; `x` and `y` [n] take the place of its own data.
        optimizer: a key or a label of `OPTIMIZERS`; it takes its own `hyperparameters` and ignores the others.
        w, b: the start of a two-parameter model.
        key: 1..num_keys, which start any other model takes.
        learning_rate: positive.
        num_steps: clamped to 1..200; the scan is always 200 steps long.
        step: the current step, clamped to 0..last.
        best_known: the lowest loss known for these data and this model.
    """
    record = OPTIMIZERS[optimizer_key(optimizer)]
    own = {name: hyperparameters[name] for name in record.hyperparameters}
    rule = record.make(learning_rate, **own)
    settings = jnp.stack([jnp.asarray(number, jnp.float32) for number in (learning_rate, *own.values())])

    def loss(flat: jax.Array) -> jax.Array:
        return problem.loss(problem.unravel(flat), x, y)

    num_steps = jnp.clip(num_steps, 1, MAX_STEPS)
    shown = run_descent(loss, start_of(problem, w, b, key), rule, num_steps, y)
    step = jnp.clip(step, 0, shown.last)
    picture = _plane_picture(loss, shown) if not problem.is_planar else _parameter_picture(problem, shown)
    best_known = jnp.minimum(best_known, as_high(shown.losses).min())
    return Frame(
        **_finite(
            **picture,
            **_loss_curve(shown, step),
            **_fit(problem, shown.params[step], x, y),
            **arithmetic(problem, rule, (shown.params, shown.grads), step, (x, y), settings)._asdict(),
            **_iterate(picture["path"], shown, step),
            **_judgement(shown, step, best_known, y),
            num_finite=shown.num_finite,
            diverged_step=shown.diverged_step,
        )
    )


def _iterate(path: jax.Array, run: Run, step: jax.Array) -> dict[str, jax.Array]:
    """The iterate in view."""
    return {
        "point": path[step],
        "loss": as_high(run.losses[step]),
        "gradient_norm": jnp.linalg.norm(run.grads[step]),
        "step": step,
        "last": run.last,
    }


def _judgement(run: Run, step: jax.Array, best_known: jax.Array, y: jax.Array) -> dict[str, jax.Array]:
    """How the descent is going at the iterate in view."""
    return {
        "verdict": verdict_of(run, step, best_known, spread(y)),
        "best_known": best_known,
        "times_best": _times(run.losses[step], best_known, NOTHING * spread(y) ** 2),
    }


def _loss_curve(run: Run, step: jax.Array) -> dict[str, jax.Array]:
    t = jnp.minimum(jnp.arange(MAX_STEPS + 1), run.last).astype(jnp.float32)
    until = jnp.minimum(jnp.arange(MAX_STEPS + 1), step)
    x = jnp.stack([t, t[until], jnp.full_like(t, step)])
    # A loss of zero needs a place on a logarithmic axis, and so does NaN, which is not greater than anything.
    y = jnp.stack([run.losses, run.losses[until], jnp.full_like(run.losses, run.losses[step])])
    y = jnp.where(y > _ROUND[0], y, _ROUND[0])
    return {"curve_x": x, "curve_y": y, **limits(y[0])}


def limits(losses: jax.Array) -> dict[str, jax.Array]:
    """`Frame.round_low` and `round_high` for these losses, from a table: a computed power can be off in the last bit."""
    numbers = jnp.asarray(_ROUND)
    below = 3 * (jnp.sum(jnp.asarray(_ROUND[:-1:3]) <= losses.min()) - 1)
    above = jnp.sum(numbers[:-1] < losses.max())
    return {"round_low": numbers[below], "round_high": numbers[jnp.maximum(above, below + 1)]}


def model_curve(problem: Problem, flat: jax.Array, x: jax.Array, y: jax.Array) -> tuple[jax.Array, jax.Array]:
    """`fit_x` and `fit_y` for these flat parameters [dim], over the range of x [n] and near enough to y [n] to be drawn."""
    fit_x = jnp.linspace(lowest(x), highest(x), CURVE_POINTS)
    return problem.given_x(fit_x), _drawable(problem, problem.predict(problem.unravel(flat), fit_x), y)


def _drawable(problem: Problem, values: jax.Array, y: jax.Array) -> jax.Array:
    """Values of a model as the picture has them, no farther from the data than a thousand times their size.

    A browser draws no line of SVG that leaves the range of 32-bit floats.
    """
    low, high = problem.given_y(lowest(y)), problem.given_y(highest(y))
    size = high - low + jnp.maximum(jnp.abs(low), jnp.abs(high))
    room = FAR * jnp.where(size > 0, size, 1)
    return jnp.clip(problem.given_y(values), low - room, high + room)


def _fit(problem: Problem, flat: jax.Array, x: jax.Array, y: jax.Array) -> dict[str, jax.Array]:
    fit_x, fit_y = model_curve(problem, flat, x, y)
    y_low, y_high = problem.given_y(lowest(y)), problem.given_y(highest(y))
    pad = FIT_PAD * (y_high - y_low)
    x, y = sample(x), sample(y)
    return {
        "fit_x": fit_x,
        "fit_y": fit_y,
        # A steep curve crosses the picture between two of its points.
        "fit_outside": ~((fit_y.max() >= y_low - pad) & (fit_y.min() <= y_high + pad)),
        "residual_x": jnp.stack([problem.given_x(x)] * 2, axis=1),
        "residual_y": _drawable(problem, jnp.stack([y, problem.predict(problem.unravel(flat), x)], axis=1), y),
    }


def _parameter_picture(problem: Problem, run: Run) -> dict[str, jax.Array]:
    none = jnp.zeros((), jnp.int32)
    nothing = {"plane_range": jnp.zeros(2), "plane_third": none, "plane_corners": jnp.zeros(3), "plane_case": none}
    return {"path": run.params, "plane": jnp.zeros((0, 0)), **nothing, **_exit(run.params, problem.domain)}


def _plane_picture(loss: Callable, run: Run) -> dict[str, jax.Array]:
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
    """Where a path first leaves a rectangle: its segment is cut at the side that it meets first."""
    low, high = jnp.asarray(domain, jnp.float32).T
    outside = ((path < low) | (path > high)).any(axis=1)
    step = first_true(outside)
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


def _times(loss: jax.Array, best_known: jax.Array, nothing: jax.Array) -> jax.Array:
    is_told = (best_known > nothing) & (loss > CLOSE * best_known)
    return jnp.where(is_told, loss / jnp.maximum(best_known, 1e-30), 0.0)


def _finite(**values: jax.Array) -> dict[str, jax.Array]:
    """The same without NaN and infinity, which only a non-finite start or a curve between data points brings."""
    return {name: finite(value) for name, value in values.items()}
