"""The numbers of one step: gradient, memory, new parameters, and the arithmetic of one data point."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

from gradient.problems import Params, Problem


class Arithmetic(NamedTuple):
    """The step that an optimizer takes from the iterate in view.

    A model with two parameters has vectors of length 2; any other has empty ones, and `layer_norms`.

    Attributes:
        parameters, gradient, next_parameters: [2], before the step, of the loss there, and after the step.
        memory: [k, 2], what the optimizer remembers after the step: z of momentum, or m and v of Adam.
        settings: [1 + h], the learning rate, and the optimizer's hyperparameters in their order.
        example: [7], of the first data point: x, y, the model's value f, the error f - y, its square, and that square's
            derivatives by the two parameters ([5] for other models).
        layer_norms: [number of layers], the norm of the gradient by each of the outermost parts of a larger model's parameters.
    """

    parameters: jax.Array
    gradient: jax.Array
    next_parameters: jax.Array
    memory: jax.Array
    settings: jax.Array
    example: jax.Array
    layer_norms: jax.Array


def arithmetic(
    problem: Problem,
    rule: optax.GradientTransformation,
    path: tuple[jax.Array, jax.Array],
    step: jax.Array,
    data: tuple[jax.Array, jax.Array],
    settings: jax.Array,
) -> Arithmetic:
    """The step from the iterate at `step`, by the optimizer's own rule.

    Args:
        problem: whose model it is.
        rule: the optimizer with its learning rate.
        path: params and grads [T, dim] of the iterates.
        step: of the iterate in view, in 0..T-1.
        data: x and y [n].
        settings: as in `Arithmetic`.
    """
    params, grads = path
    none = jnp.zeros(0)
    if not problem.is_planar:
        norms = jnp.stack([optax.tree.norm(layer) for layer in layers(problem.unravel(grads[step]))])
        return Arithmetic(none, none, none, jnp.zeros((0, 0)), settings, _example(problem, params[step], data), norms)
    memory, updates = _memories(rule, params, grads)
    after = optax.apply_updates(params[step], updates[step])
    return Arithmetic(params[step], grads[step], after, memory[step], settings, _example(problem, params[step], data), none)


def layers(params: Params) -> list[Params]:
    """The outermost parts of a model's parameters: those of its layers."""
    return jax.tree.leaves(params, is_leaf=lambda node: node is not params)


def _memories(rule: optax.GradientTransformation, params: jax.Array, grads: jax.Array) -> tuple[jax.Array, jax.Array]:
    """What the optimizer remembers after each step [T, k, dim], and the updates [T, dim]: its rule applied to the gradients."""

    def step(state: optax.OptState, taken: tuple[jax.Array, jax.Array]) -> tuple[optax.OptState, tuple[jax.Array, jax.Array]]:
        updates, state = rule.update(taken[1], state, taken[0])
        like_params = [leaf for leaf in jax.tree.leaves(state) if leaf.shape == updates.shape]
        return state, (jnp.stack(like_params) if like_params else jnp.zeros((0, updates.size)), updates)

    return jax.lax.scan(step, rule.init(params[0]), (params, grads))[1]


def _example(problem: Problem, flat: jax.Array, data: tuple[jax.Array, jax.Array]) -> jax.Array:
    x, y = data[0][:1], data[1][:1]

    def value(flat: jax.Array) -> jax.Array:
        return problem.predict(problem.unravel(flat), x)[0]

    error = value(flat) - y[0]
    square = jnp.stack([x[0], y[0], value(flat), error, error**2])
    return jnp.concatenate([square, 2 * error * jax.grad(value)(flat)]) if problem.is_planar else square
