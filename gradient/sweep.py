"""The same descent under every other setting of one control: what a strip under a slider shows, and what the page advises."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from gradient.landscape import Loss, curvature, stability_limit
from gradient.optimizers import LEARNING_RATES, OPTIMIZERS, Hyperparameter, optimizer_key
from gradient.points import mean
from gradient.problems import Problem
from gradient.run import MAX_STEPS, NEVER, as_high, divergence_bound, finite, start_of
from gradient.verdict import NOTHING, spread

NUM_RATES, NUM_VALUES = 64, 32
IMPROVEMENT = 0.99  # times the present loss at the end: an advised setting has to end at most there
_LARGE = 10  # mean absolute value of x
_FAR = 2.5  # times the mean distance of x from its mean: the mean of what should be moved to 0, unlike x from 0 to 1
_POWERS = np.array([float(f"1e{i}") for i in range(38)], np.float32)
_HALFWAY = np.float32(10**0.5)  # between two powers of ten
_RATE_PREFERENCE = 1.01  # times the lowest loss: another learning rate is preferred up to this


class Outcomes(NamedTuple):
    """How a descent ends for each of some values of one control, all else being equal.

    Attributes:
        values: [n], where the control's slider can stand, over its whole range.
        losses: [n], at the last step, or at the last finite iterate of a descent that diverges.
        diverged: [n], booleans.
        best: the index of the lowest loss among those that do not diverge, -1 if all do.
    """

    values: jax.Array
    losses: jax.Array
    diverged: jax.Array
    best: jax.Array


class Sweep(NamedTuple):
    """How a descent ends under other settings of its optimizer, in finite numbers.

    Attributes:
        rates, losses, diverged: [64], the `Outcomes` of other learning rates.
        best_rate, best_loss: the learning rate with the lowest loss, and that loss; 0 and the loss at the start if all diverge.
        best: the index of that rate, -1 if all diverge.
        hyperparameters: the `Outcomes` [32] of the optimizer's own hyperparameters, by name.
        start_loss, present_loss: at the start, and at the end of the present descent; `present_diverged` whether it diverged.
        lowest: the lowest loss at the end of any of these descents; the start's if all diverge.
        stability_limit: the largest stable learning rate where the best of the rates ends; 0 where no law holds.
        advised: which control has a value that ends at least 1 % lower than the present descent, and by more than counts as
            nothing (see `verdict`): 0 for the learning rate, 1, 2, ... for the hyperparameters in their order, -1 if none has;
            `advised_index` is that of the value.
        offset, scale: what to subtract from x, a number of three digits, and then to divide it by, a power of ten, if x is so
            large that the smallest learning rate already takes too large steps, and no other lowers the loss by 1 %; else 0,
            as is one of them that is not needed.
    """

    rates: jax.Array
    losses: jax.Array
    diverged: jax.Array
    best_rate: jax.Array
    best_loss: jax.Array
    best: jax.Array
    hyperparameters: dict[str, Outcomes]
    start_loss: jax.Array
    present_loss: jax.Array
    present_diverged: jax.Array
    lowest: jax.Array
    stability_limit: jax.Array
    advised: jax.Array
    advised_index: jax.Array
    offset: jax.Array
    scale: jax.Array


def swept_rates() -> np.ndarray:
    """The learning rates [64] of a sweep: every third of the slider's, first and last included."""
    return LEARNING_RATES[_evenly_spaced(len(LEARNING_RATES), NUM_RATES)]


def swept_values(hyperparameter: Hyperparameter) -> np.ndarray:
    """The values [32] of a hyperparameter in a sweep, spread evenly over the slider's."""
    stops = hyperparameter.stops()
    return stops[_evenly_spaced(len(stops), NUM_VALUES)]


def _evenly_spaced(count: int, wanted: int) -> np.ndarray:
    return np.round(np.linspace(0, count - 1, wanted)).astype(int)


def sweep(problem: Problem, optimizer: str, controls: Mapping[str, Any]) -> Sweep:
    """Runs a descent again for each of 64 learning rates and, in turn, 32 values of each hyperparameter of the optimizer.

    `problem` and `optimizer` are static, the controls may be traced. Each run takes the very steps of `frame`'s, one run after
    the other, so that an advised setting comes to the loss for which it is advised, to the last bit.

    Args:
        problem: what is fitted.
        optimizer: a key or a label of `OPTIMIZERS`.
        controls: the arguments of `gradient.frame.frame`; `step`, and what the optimizer does not take, are ignored.
    """
    optimizer = optimizer_key(optimizer)
    record = OPTIMIZERS[optimizer]
    names = list(record.hyperparameters)
    tables = [swept_rates(), *(swept_values(record.hyperparameters[name]) for name in names)]
    present = jnp.stack([jnp.asarray(controls[name], jnp.float32) for name in ("learning_rate", *names)])
    settings = jnp.concatenate([*(_with_column(present, i, table) for i, table in enumerate(tables)), present[None]])
    start = start_of(problem, controls["w"], controls["b"], controls["key"])
    descent = Descent.of(problem, start, controls["x"], controls["y"], controls["num_steps"])
    runs = jax.lax.map(lambda row: descent.run(record.make(row[0], **dict(zip(names, row[1:], strict=True)))), settings)
    outcomes = _split(tables, runs)
    rates, start_loss = outcomes[0], descent.start_loss
    minimum = runs.params[jnp.maximum(rates.best, 0)]
    found = Sweep(
        **_learning_rates(rates, start_loss),
        hyperparameters=dict(zip(names, outcomes[1:], strict=True)),
        start_loss=start_loss,
        present_loss=runs.losses[-1],
        lowest=as_high(jnp.append(jnp.where(runs.diverged, jnp.inf, runs.losses), start_loss)).min(),
        stability_limit=stability_limit(
            optimizer, curvature(descent.loss, minimum), **dict(zip(names, present[1:], strict=True))
        ),
        **_rescaling(rates, start_loss, controls["x"]),
        **_advice(outcomes, runs, NOTHING * spread(controls["y"]) ** 2),
    )
    return jax.tree.map(finite, found)


# `note(seen, t, params, loss)` returns what is known after the iterate at step t, given what was known before.
Note = Callable[[Any, jax.Array, jax.Array, jax.Array], Any]


class End(NamedTuple):
    """The end of a descent: the last finite params [dim] and their loss, and whether it diverged."""

    params: jax.Array
    losses: jax.Array
    diverged: jax.Array


class _State(NamedTuple):
    """A descent that is running: where it is, what its rule remembers, and its last finite iterate."""

    params: jax.Array
    memory: optax.OptState
    end: End
    has_stopped: jax.Array


class Descent(NamedTuple):
    """What descents with different optimizers have in common.

    Attributes:
        loss: of flat parameters [dim].
        start: [dim], and `start_loss` there.
        num_steps: in 1..200.
        bound: the loss above which one has diverged.
    """

    loss: Loss
    start: jax.Array
    start_loss: jax.Array
    num_steps: jax.Array
    bound: jax.Array

    @classmethod
    def of(cls, problem: Problem, start: jax.Array, x: jax.Array, y: jax.Array, num_steps: jax.Array | int) -> "Descent":
        """The descents of a problem, on these data, from flat parameters [dim]."""

        def loss(flat: jax.Array) -> jax.Array:
            return problem.loss(problem.unravel(flat), x, y)

        start_loss = loss(start)
        return cls(loss, start, start_loss, jnp.clip(num_steps, 1, MAX_STEPS), divergence_bound(start_loss, y))

    def run(self, rule: optax.GradientTransformation) -> End:
        """Runs it to its last step, or to where it diverges."""
        return self.watch(rule, lambda seen, *_: seen, ())[0]

    def watch(self, rule: optax.GradientTransformation, note: Note, seen: Any) -> tuple[End, Any]:
        """Runs it and calls `note` for each iterate; also returns what `note` returned last, which was `seen` at first."""

        def step(before: tuple[_State, Any], t: jax.Array) -> tuple[tuple[_State, Any], None]:
            is_running = (t <= self.num_steps) & ~before[0].has_stopped
            return jax.lax.cond(is_running, lambda: advanced(*before, t), lambda: before), None

        def advanced(state: _State, seen: Any, t: jax.Array) -> tuple[_State, Any]:
            new = self._advanced(state, rule)
            return new, note(seen, t, state.params, new.end.losses)

        end = End(self.start, self.start_loss, jnp.array(False))
        first = _State(self.start, rule.init(self.start), end, end.diverged)
        (state, seen), _ = jax.lax.scan(step, (first, seen), jnp.arange(MAX_STEPS + 1))
        return state.end, seen

    def _advanced(self, state: _State, rule: optax.GradientTransformation) -> _State:
        value, grads = jax.value_and_grad(self.loss)(state.params)
        is_finite = jnp.isfinite(value) & jnp.isfinite(state.params).all() & jnp.isfinite(grads).all()
        diverged = ~is_finite | (value > self.bound)
        params, loss = jnp.where(is_finite, state.params, state.end.params), jnp.where(is_finite, value, state.end.losses)
        updates, memory = rule.update(grads, state.memory, state.params)
        return _State(optax.apply_updates(state.params, updates), memory, End(params, loss, diverged), diverged)


def _with_column(row: jax.Array, i: int, values: np.ndarray) -> jax.Array:
    """The row once for each of some values, with that value at index i."""
    return jnp.tile(row, (len(values), 1)).at[:, i].set(jnp.asarray(values, jnp.float32))


def _split(tables: Sequence[np.ndarray], runs: End) -> list[Outcomes]:
    """The runs of each table of values, which follow one another."""
    ends = np.cumsum([len(table) for table in tables])
    return [
        _outcomes(table, runs.losses[end - len(table) : end], runs.diverged[end - len(table) : end])
        for table, end in zip(tables, ends, strict=True)
    ]


def _outcomes(values: np.ndarray, losses: jax.Array, diverged: jax.Array) -> Outcomes:
    best = jnp.argmin(jnp.where(diverged, jnp.inf, losses))
    return Outcomes(
        jnp.asarray(values, jnp.float32), losses, diverged, jnp.where(diverged.all(), NEVER, best).astype(jnp.int32)
    )


def _learning_rates(rates: Outcomes, start_loss: jax.Array) -> dict[str, jax.Array]:
    """What other learning rates come to, and the best of them."""
    return {
        "rates": rates.values,
        "losses": rates.losses,
        "diverged": rates.diverged,
        "best_rate": jnp.where(rates.best == NEVER, 0.0, rates.values[rates.best]),
        "best_loss": jnp.where(rates.best == NEVER, start_loss, rates.losses[rates.best]),
        "best": rates.best,
    }


def _advice(outcomes: Sequence[Outcomes], runs: End, nothing: jax.Array) -> dict[str, jax.Array]:
    """Advises a learning rate if it is about as good as the best value of any control, because it is easiest to understand."""
    best = jnp.stack([each.best for each in outcomes])
    losses = jnp.stack([jnp.where(each.best == NEVER, jnp.inf, each.losses[each.best]) for each in outcomes])
    present = jnp.where(runs.diverged[-1], jnp.inf, runs.losses[-1])
    enough = jnp.minimum(IMPROVEMENT * present, present - nothing)
    is_rate_best = losses[0] <= jnp.minimum(_RATE_PREFERENCE * losses.min(), enough)
    advised = jnp.where(is_rate_best, 0, jnp.argmin(losses)).astype(jnp.int32)
    # Where all diverge, the present one does, too, and infinity is not lower than infinity.
    is_lower = (best[advised] != NEVER) & (losses[advised] <= enough)
    return {
        "present_diverged": runs.diverged[-1],
        "advised": jnp.where(is_lower, advised, NEVER),
        "advised_index": jnp.where(is_lower, best[advised], NEVER),
    }


def _rescaling(rates: Outcomes, start_loss: jax.Array, x: jax.Array) -> dict[str, jax.Array]:
    """What brings x near 0 and to a size near 1, if its size makes the loss too steep for every learning rate; else zeros."""
    fails = (rates.diverged | (rates.losses > IMPROVEMENT * start_loss)).all() & (
        rates.diverged[0] | (rates.losses[0] > start_loss)
    )
    powers = jnp.asarray(_POWERS)
    middle = mean(x)
    digit = powers[jnp.maximum(jnp.sum(powers <= jnp.abs(middle)) - 1, 0)] / 100  # of its third digit, because three are shown
    is_far = jnp.abs(middle) > _FAR * mean(jnp.abs(x - middle))
    offset = jnp.where(is_far, jnp.round(middle / digit) * digit, 0.0)
    scale = powers[jnp.sum(_HALFWAY * powers <= mean(jnp.abs(x - offset)))]
    is_advised = fails & (mean(jnp.abs(x)) > _LARGE)
    return {"offset": jnp.where(is_advised, offset, 0.0), "scale": jnp.where(is_advised & (scale > 1), scale, 0.0)}
