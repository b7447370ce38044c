"""The descent itself: one scan, pure, over any loss and any pytree of parameters."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from gradient.adapters.jax import is_tracer
from gradient.optimizers import OPTIMIZERS, Optimizer, optimizer_key

Params = Any
Loss = Callable[[Params], jax.Array]

MAX_ITERATIONS = 10_000


class Trajectory(NamedTuple):
    """Every iterate of a descent, the start included.

    Attributes:
        params: [num_steps + 1, dim], or a pytree whose leaves have that leading axis.
        losses: [num_steps + 1], the loss at each iterate.
        grads: like `params`, the gradient of the loss at each iterate.
    """

    params: Params
    losses: jax.Array
    grads: Params


def iterate(loss: Loss, start: Params, rule: optax.GradientTransformation, num_steps: int) -> Trajectory:
    """Applies `rule` for `num_steps` steps from `start`; can be called in a traced function."""

    def step(state: tuple[Params, optax.OptState], _: None) -> tuple[tuple[Params, optax.OptState], Trajectory]:
        params, opt_state = state
        value, grads = jax.value_and_grad(loss)(params)
        updates, opt_state = rule.update(grads, opt_state, params)
        return (optax.apply_updates(params, updates), opt_state), Trajectory(params, value, grads)

    _, trajectory = jax.lax.scan(step, (start, rule.init(start)), length=num_steps + 1)
    return trajectory


@partial(jax.jit, static_argnames=("loss", "optimizer", "num_steps"))
def _descend(loss: Loss, start: Params, hyperparameters: dict, *, optimizer: str, num_steps: int) -> Trajectory:
    return iterate(loss, start, OPTIMIZERS[optimizer].make(**hyperparameters), num_steps)


def descend(
    loss: Loss, start: Params, *, optimizer: str = "momentum", num_steps: int, **hyperparameters: float | jax.Array
) -> Trajectory:
    """Runs an optimizer for `num_steps` steps from `start`.

    Args:
        loss: a function of the parameters to a scalar, in jax.numpy. The same function object compiles only once.
        start: the initial parameters, an array of shape [dim] or a pytree.
        optimizer: a key or a label of `OPTIMIZERS`.
        num_steps: 1..10,000; static, so that each value compiles once.
        **hyperparameters: `learning_rate` (default 0.1), and those of the optimizer's record, each in [0, 1).

    Returns:
        The trajectory, with `num_steps + 1` iterates. A diverging descent is returned as it is, non-finite values included.

    Raises:
        ValueError: if an argument is unknown or out of its range.
    """
    optimizer = optimizer_key(optimizer)
    record = OPTIMIZERS[optimizer]
    if not 1 <= num_steps <= MAX_ITERATIONS:
        raise ValueError(f"num_steps is {num_steps}, but it must be in 1..{MAX_ITERATIONS:,}: every iterate is kept in memory.")
    complete = {"learning_rate": 0.1, **{k: h.default for k, h in record.hyperparameters.items()}} | hyperparameters
    _check_hyperparameters(optimizer, record, complete)
    numbers = {name: jnp.asarray(value, jnp.float32) for name, value in complete.items()}
    start = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), start)
    return _descend(loss, start, numbers, optimizer=optimizer, num_steps=num_steps)


def _check_hyperparameters(name: str, record: Optimizer, hyperparameters: dict[str, Any]) -> None:
    known = ["learning_rate", *record.hyperparameters]
    for key, value in hyperparameters.items():
        if key not in known:
            raise ValueError(f"{name} has no hyperparameter {key!r}. It takes {', '.join(known)}.")
        if is_tracer(value):
            continue  # inside jit or vmap it has no value yet
        if key == "learning_rate":
            if not 0 < value < float("inf"):
                raise ValueError(f"learning_rate is {value}, but it must be positive and finite to step downhill. Try 0.1.")
        elif not 0 <= value < 1:
            hyperparameter = record.hyperparameters[key]
            raise ValueError(
                f"{key} is {value}, but it must be in [0, 1): {hyperparameter.limit_reason}. "
                f"{hyperparameter.default} is a good first try."
            )
