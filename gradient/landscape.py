"""The loss around a descent: its values and gradient on grids, its curvature, and planes through a path."""

from collections.abc import Callable
from enum import IntEnum
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradient.optimizers import OPTIMIZERS, optimizer_key

Loss = Callable[[jax.Array], jax.Array]
Interval = tuple[float, float]

PLANE_SIZE = 17
PLANE_DOMAIN = ((-0.5, 1.5), (-0.5, 1.5))


class Grid(NamedTuple):
    """A function of two parameters on a grid: `w` [n], `b` [m], `values` [m, n] (or [m, n, 2] for a gradient)."""

    w: jax.Array
    b: jax.Array
    values: jax.Array


@partial(jax.jit, static_argnames=("loss", "domain", "shape", "is_gradient"))
def _on_grid(loss: Loss, domain: tuple[Interval, Interval], shape: tuple[int, int], is_gradient: bool = False) -> Grid:
    function = jax.grad(loss) if is_gradient else loss
    w, b = (jnp.linspace(*interval, size) for interval, size in zip(domain, shape, strict=True))
    return Grid(w, b, jax.vmap(lambda bias: jax.vmap(lambda weight: function(jnp.stack([weight, bias])))(w))(b))


def loss_field(loss: Loss, domain: tuple[Interval, Interval], shape: tuple[int, int] = (101, 101)) -> Grid:
    """The loss of a two-parameter model over the domain of (w, b)."""
    return _on_grid(loss, domain, shape)


def gradient_field(loss: Loss, domain: tuple[Interval, Interval], shape: tuple[int, int] = (17, 17)) -> Grid:
    """The gradient of a two-parameter loss over the domain of (w, b); values [m, n, 2]."""
    return _on_grid(loss, domain, shape, is_gradient=True)


def curvature(loss: Loss, params: jax.Array) -> jax.Array:
    """The largest eigenvalue of the Hessian of `loss` at `params` [dim]: in closed form for dim 2, else by Lanczos' method."""
    if params.size == 2:
        (a, b), (_, d) = jax.hessian(loss)(params)
        return (a + d) / 2 + jnp.sqrt(((a - d) / 2) ** 2 + b**2)
    return _largest_eigenvalue(lambda v: jax.jvp(jax.grad(loss), (params,), (v,))[1], params.size)


def _largest_eigenvalue(matvec: Loss, dim: int, num_steps: int = 16) -> jax.Array:
    """Lanczos' method with full reorthogonalisation (Rayleigh-Ritz on a Krylov space): exact for dim <= num_steps."""
    size = min(dim, num_steps)

    def step(basis: jax.Array, i: jax.Array) -> tuple[jax.Array, jax.Array]:
        image = matvec(basis[i])
        residual = image - (basis @ image) @ basis
        residual = residual - (basis @ residual) @ basis  # again: rounding leaves a part of the basis in it
        norm = jnp.linalg.norm(residual)
        is_new = norm > 1e-5 * jnp.linalg.norm(image)  # if not, the space is invariant, and the other rows stay zero
        return basis.at[i + 1].set(jnp.where(is_new, residual / jnp.maximum(norm, 1e-30), 0.0), mode="drop"), image

    first = jnp.zeros((size, dim)).at[0].set(_fixed_direction(dim))
    basis, images = jax.lax.scan(step, first, jnp.arange(size))
    small = images @ basis.T
    # A row of zeros adds the eigenvalue 0, which could be the largest; the first Rayleigh quotient cannot exceed the largest.
    unused = jnp.where(basis.any(axis=1), 0.0, small[0, 0])
    return _dominant((small + small.T) / 2 + unused[:, None] * jnp.eye(size))


def _dominant(matrix: jax.Array, doublings: int = 14) -> jax.Array:
    """The largest eigenvalue of a small symmetric matrix, by power iteration that squares the matrix at each step.

    The largest absolute row sum bounds every eigenvalue; adding twice that to the diagonal makes all of them positive, so
    the largest dominates. `jnp.linalg.eigh` would be shorter, but cannot be compiled for the browser.
    """
    bound = jnp.maximum(jnp.abs(matrix).sum(axis=1).max(), 1e-30)

    def square(power: jax.Array, _: None) -> tuple[jax.Array, None]:
        power = power @ power
        return power / jnp.abs(power).max(), None

    identity = jnp.eye(len(matrix))
    power, _ = jax.lax.scan(square, matrix / bound + 2 * identity, length=doublings)
    column = power[:, jnp.argmax(jnp.sum(power * identity, axis=1))]
    return column @ matrix @ column / (column @ column)


def stability_limit(optimizer: str, curvature: jax.Array, **hyperparameters: jax.Array | float) -> jax.Array:
    """The learning rate above which `optimizer` diverges on a quadratic of this largest curvature.

    0 where there is none: the optimizer has no such law, or the loss curves upwards in no direction. The law is local: the
    curvature differs along the path.
    """
    law = OPTIMIZERS[optimizer_key(optimizer)].stability
    if law is None:
        return jnp.zeros(())
    return jnp.where(curvature > 0, law(**hyperparameters) / jnp.maximum(curvature, 1e-30), 0.0)


class PlaneCase(IntEnum):
    """How the axes of a `Plane` were chosen, as the integer that `Plane.case` holds.

    Attributes:
        THROUGH_PATH: the plane goes through the start, the end, and the iterate farthest from the line between them.
        STRAIGHT: the path has no such iterate; the second axis is a fixed direction of the same length as the first.
        DIVERGENT: the end is too far away to draw; the first axis is a step of length 1 down the gradient at the start,
            the second a fixed direction of length 1.
    """

    THROUGH_PATH = 0
    STRAIGHT = 1
    DIVERGENT = 2


class Plane(NamedTuple):
    """The loss on a plane in parameter space, with coordinates in which the start is (0, 0) and the end (1, 0).

    Attributes:
        losses: [17, 17], rows upwards, over `PLANE_DOMAIN` in both axes.
        path: [num_steps + 1, 2], the path projected onto the plane.
        third: the step of the third point, whose second coordinate is 1.
        corners: [3], the true losses at the start, at the third point and at the end.
        case: a `PlaneCase`.
    """

    losses: jax.Array
    path: jax.Array
    third: jax.Array
    corners: jax.Array
    case: jax.Array


class PlaneAxes(NamedTuple):
    """The axes of a plane in parameter space: its origin, the start of a path, and what is 1 along each axis, all [dim].

    Attributes:
        start, first, second: the origin, and the axes, which are perpendicular.
        third: the step of the iterate farthest from the first axis.
        is_straight: whether that lies on the first axis, too, so that the second is arbitrary.
    """

    start: jax.Array
    first: jax.Array
    second: jax.Array
    third: jax.Array
    is_straight: jax.Array

    @classmethod
    def through(cls, path: jax.Array, grad: jax.Array, diverged: jax.Array) -> "PlaneAxes":
        """The axes through the start, the end and a third point of a path; for the arguments see `plane`."""
        start, end = path[0], path[-1]
        first = jnp.where(diverged, -grad / jnp.maximum(jnp.linalg.norm(grad), 1e-30), end - start)
        length = jnp.linalg.norm(first)
        relative = path - start
        along = relative @ first / jnp.maximum(length**2, 1e-30)
        beside = relative - along[:, None] * first
        distance = jnp.sum(beside**2, axis=1)
        third = jnp.argmax(distance).astype(jnp.int32)
        is_straight = distance[third] <= (1e-3 * length) ** 2
        second = jnp.where(is_straight | diverged, _perpendicular(first, length), beside[third])
        return cls(start, first, second, third, is_straight)

    def project(self, path: jax.Array) -> jax.Array:
        """The coordinates [n, 2] of parameters [n, dim]."""
        relative = path - self.start
        squares = [jnp.maximum(axis @ axis, 1e-30) for axis in (self.first, self.second)]
        return jnp.stack([relative @ self.first / squares[0], relative @ self.second / squares[1]], axis=1)


def plane(loss: Loss, path: jax.Array, grad: jax.Array, last: jax.Array, diverged: jax.Array) -> Plane:
    """The plane through the start, the end and a third point of a path.

    Args:
        loss: of flat parameters [dim].
        path: [num_steps + 1, dim], constant after step `last`.
        grad: [dim], the gradient at the start.
        last: the step of the end.
        diverged: whether the descent diverged, so that its end is too far away to draw.
    """
    axes = PlaneAxes.through(path, grad, diverged)
    side_w, side_b = (jnp.linspace(*interval, PLANE_SIZE) for interval in PLANE_DOMAIN)
    u, v = (each.reshape(-1, 1) for each in jnp.meshgrid(side_w, side_b))
    grid, corners = axes.start + u * axes.first + v * axes.second, jnp.stack([path[0], path[axes.third], path[-1]])
    losses = jax.vmap(loss)(jnp.concatenate([grid, corners]))  # in one go: a program has the loss once
    grid, corners = losses[: u.size].reshape(PLANE_SIZE, PLANE_SIZE), losses[u.size :]
    case = jnp.where(axes.is_straight, PlaneCase.STRAIGHT, PlaneCase.THROUGH_PATH)
    case = jnp.where(diverged, PlaneCase.DIVERGENT, case).astype(jnp.int32)
    return Plane(grid, axes.project(path), jnp.minimum(axes.third, last), corners, case)


def colour_range(losses: jax.Array) -> jax.Array:
    """The losses [low, high], 0 < low < high, at the ends of a logarithmic colour scale for a plane.

    The scale runs from the lowest loss to two standard deviations above the mean of the logarithms, or to the highest loss
    if that is less, so that a few steep places do not use up the colours. A quantile would do as well, but needs a sort.
    """
    logs = jnp.log(jnp.clip(losses, 1e-12, 1e37))
    low, high = logs.min(), jnp.minimum(logs.mean() + 2 * logs.std(), logs.max())
    return jnp.exp(jnp.stack([low, jnp.maximum(high, low + 0.01)]))


def _perpendicular(first: jax.Array, length: jax.Array) -> jax.Array:
    fixed = jnp.asarray(_fixed_direction(first.size))
    unit = first / jnp.maximum(length, 1e-30)
    beside = fixed - (fixed @ unit) * unit
    norm = jnp.linalg.norm(beside)
    # In one dimension nothing is perpendicular, and what rounding leaves is no direction.
    beside = jnp.where(norm > 1e-3, beside / jnp.maximum(norm, 1e-30), 0.0)
    return beside * jnp.where(length > 0, length, 1.0)


def _fixed_direction(dim: int) -> np.ndarray:
    """A unit vector drawn once for each `dim`: random, so that no symmetry of a loss singles it out."""
    v = np.random.RandomState(dim).normal(size=dim).astype(np.float32)
    return v / np.linalg.norm(v)
