"""Grids against direct evaluation, curvature against NumPy's eigenvalues, and planes against linear algebra."""

import logging
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradient.landscape import (
    PLANE_DOMAIN,
    PLANE_SIZE,
    Plane,
    PlaneCase,
    _fixed_direction,
    colour_range,
    curvature,
    gradient_field,
    loss_field,
    plane,
    stability_limit,
)
from gradient.optimizers import OPTIMIZERS
from gradient.problems import PROBLEMS

# Grids.


def test_rows_are_b_and_columns_are_w() -> None:
    grid = loss_field(lambda p: p[0] + 100 * p[1], ((0.0, 3.0), (5.0, 9.0)), (4, 3))
    np.testing.assert_allclose(grid.w, [0, 1, 2, 3])
    np.testing.assert_allclose(grid.b, [5, 7, 9])
    np.testing.assert_allclose(grid.values, [[500, 501, 502, 503], [700, 701, 702, 703], [900, 901, 902, 903]])


@pytest.mark.parametrize("name", ["Line", "Wave"])
def test_grids_hold_the_loss_and_its_gradient(name: str) -> None:
    problem = PROBLEMS[name]
    losses, slopes = loss_field(problem.loss, problem.domain, (7, 5)), gradient_field(problem.loss, problem.domain, (7, 5))
    assert losses.values.shape == (5, 7)
    assert slopes.values.shape == (5, 7, 2)
    direct = jax.jit(jax.value_and_grad(problem.loss))
    for grid in (losses, slopes):
        np.testing.assert_allclose([grid.w[0], grid.w[-1], grid.b[0], grid.b[-1]], np.ravel(problem.domain))
    for m, n in [(0, 0), (0, 6), (4, 0), (2, 3), (4, 6)]:
        value, slope = direct(jnp.array([losses.w[n], losses.b[m]]))
        np.testing.assert_allclose(losses.values[m, n], value, rtol=1e-5)
        np.testing.assert_allclose(slopes.values[m, n], slope, rtol=1e-3, atol=1e-5)


def test_default_shapes() -> None:
    problem = PROBLEMS["Line"]
    assert loss_field(problem.loss, problem.domain).values.shape == (101, 101)
    assert gradient_field(problem.loss, problem.domain).values.shape == (17, 17, 2)


@pytest.mark.parametrize("field", [loss_field, gradient_field])
def test_a_second_grid_compiles_nothing(field: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    # The page draws one for each problem whenever it is opened again.
    problem, counts = PROBLEMS["Line"], []
    for shape in ((5, 6), (5, 6), (6, 5)):
        caplog.clear()
        with jax.log_compiles(), caplog.at_level(logging.WARNING):
            field(problem.loss, problem.domain, shape)
        counts.append(sum(record.getMessage().startswith("Compiling") for record in caplog.records))
    assert counts[0] > 0
    assert counts[1] == 0
    assert counts[2] > 0


# Curvature.


@cache
def quadratic_curvature(dim: int) -> Callable[[np.ndarray], jax.Array]:
    """One compilation for all matrices of a size."""
    return jax.jit(lambda matrix: curvature(lambda p: 0.5 * p @ matrix @ p, jnp.zeros(dim)))


def symmetric(dim: int, seed: int) -> np.ndarray:
    root = np.random.RandomState(seed).normal(size=(dim, dim))
    return (root + root.T) / 2


def turned(values: list[float], seed: int = 0) -> np.ndarray:
    """A symmetric matrix with these eigenvalues, in a random basis."""
    basis = np.linalg.qr(np.random.RandomState(seed).normal(size=(len(values), len(values))))[0]
    return basis @ np.diag(values) @ basis.T


def check_curvature(matrix: np.ndarray, tolerance: float) -> None:
    eigenvalues = np.linalg.eigvalsh(matrix)
    found = quadratic_curvature(len(matrix))(matrix.astype(np.float32))
    # Relative to the whole spectrum: a small eigenvalue beside a large negative one is lost in float32 anyway.
    assert abs(float(found) - eigenvalues[-1]) <= tolerance * np.abs(eigenvalues).max() + 1e-6


@pytest.mark.parametrize(("dim", "tolerance"), [(1, 1e-6), (2, 1e-5), (3, 0.02), (5, 0.02), (34, 0.02)])
@pytest.mark.parametrize("shift", [-3.0, 0.0, 3.0], ids=["mostly negative", "indefinite", "mostly positive"])
def test_curvature_is_the_largest_eigenvalue(dim: int, tolerance: float, shift: float) -> None:
    for seed in range(20):
        check_curvature(symmetric(dim, seed) + shift * np.sqrt(dim) * np.eye(dim), tolerance)


# Where a power iteration fails: the largest magnitude is negative, two magnitudes tie, the top is crowded, or all is zero.
SPECTRA = [
    [-10.0, 1.0],
    [-10.0, 1.0, 0.5],
    [-10.0, 3.0, 1.0, 0.5, 0.1],
    [-5.0, -4.0, -3.0, -2.0, -1.0],
    [-1.0, 1.0, 0.0],
    [-1.0, 1.0, 0.9, -0.9, 0.0],
    [2.0, 1.99, 1.0, 0.5, 0.0],
    [1.0] * 5,
    [-1.0] * 5,
    [0.0, 0.0],
    [0.0] * 5,
    [-2.0, 1.9, *[0.01] * 32],
    [-20.0, 5.0, *[0.1] * 32],
]


@pytest.mark.parametrize("values", SPECTRA, ids=lambda values: f"{len(values)}:{values[:3]}")
@pytest.mark.parametrize("seed", range(3))
def test_curvature_of_awkward_spectra(values: list[float], seed: int) -> None:
    check_curvature(turned(values, seed), 1e-5 if len(values) == 2 else 0.02)


@settings(deadline=None, max_examples=100)
@given(st.tuples(*[st.floats(-100, 100, width=32)] * 3))
def test_curvature_in_two_dimensions_is_exact(entries: tuple[float, float, float]) -> None:
    a, b, d = entries
    check_curvature(np.array([[a, b], [b, d]]), 1e-5)


@pytest.mark.parametrize("name", ["Line", "Wave"])
def test_curvature_of_a_planar_problem(name: str) -> None:
    problem = PROBLEMS[name]
    largest, hessian = jax.jit(lambda p: curvature(problem.loss, p)), jax.jit(jax.hessian(problem.loss))
    for seed in range(10):
        params = jnp.asarray(np.random.RandomState(seed).uniform(-2, 2, size=2), jnp.float32)
        expected = np.linalg.eigvalsh(np.asarray(hessian(params), float))[-1]
        np.testing.assert_allclose(largest(params), expected, rtol=1e-4, atol=1e-4)


@cache
def network_loss() -> Callable[[jax.Array], jax.Array]:
    return lambda flat: PROBLEMS["Network"].loss(PROBLEMS["Network"].unravel(flat))


def test_curvature_of_the_network_at_its_starts() -> None:
    # The page divides by this number and calls it the limit of the learning rate: 2 % is the width of a line there.
    largest, hessian = jax.jit(lambda p: curvature(network_loss(), p)), jax.jit(jax.hessian(network_loss()))
    for flat in PROBLEMS["Network"].flat_starts:
        eigenvalues = np.linalg.eigvalsh(np.asarray(hessian(flat), float))
        assert float(largest(jnp.asarray(flat))) == pytest.approx(eigenvalues[-1], rel=0.02)


# Stability.

LIMITS = [
    ("gradient_descent", {}, 2.0),
    ("momentum", {"momentum": 0.0}, 2.0),
    ("momentum", {"momentum": 0.7}, 3.4),
    ("nesterov", {"momentum": 0.0}, 2.0),
    ("nesterov", {"momentum": 0.7}, 3.4 / 2.4),
    ("adagrad", {}, 0.0),
    ("rmsprop", {"decay": 0.9}, 0.0),
    ("adam", {"b1": 0.9, "b2": 0.999}, 0.0),
]


@pytest.mark.parametrize(("optimizer", "hyperparameters", "product"), LIMITS)
@pytest.mark.parametrize("largest_curvature", [0.01, 1.0, 4.0, 1e6])
def test_stability_limit_is_a_law_over_the_curvature(
    optimizer: str, hyperparameters: dict[str, float], product: float, largest_curvature: float
) -> None:
    assert float(stability_limit(optimizer, jnp.asarray(largest_curvature), **hyperparameters)) == pytest.approx(
        product / largest_curvature
    )


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("largest_curvature", [-1.0, 0.0, -1e-20])
def test_no_limit_where_nothing_curves_upwards(optimizer: str, largest_curvature: float) -> None:
    hyperparameters = {name: record.default for name, record in OPTIMIZERS[optimizer].hyperparameters.items()}
    assert stability_limit(optimizer, jnp.asarray(largest_curvature), **hyperparameters) == 0


# Planes. A linear loss returns a coordinate, so that the planes of all coordinates together show where each grid point lies.


class Seen(NamedTuple):
    plane: Plane
    points: np.ndarray  # [17, 17, dim], the grid in parameters
    first: np.ndarray
    second: np.ndarray


@cache
def coordinate_planes(num_points: int, dim: int) -> Callable[..., Plane]:
    def one(coordinate: jax.Array, *args: Any) -> Plane:
        return plane(lambda p: p @ coordinate, *args)

    return jax.jit(jax.vmap(one, in_axes=(0, None, None, None, None)))


def see(path: np.ndarray, grad: np.ndarray | None = None, last: int | None = None, diverged: bool = False) -> Seen:
    num_points, dim = path.shape
    slope = np.ones(dim) if grad is None else grad
    planes = coordinate_planes(num_points, dim)(
        np.eye(dim, dtype=np.float32),
        path.astype(np.float32),
        slope.astype(np.float32),
        np.int32(num_points - 1 if last is None else last),
        np.bool_(diverged),
    )
    points = np.moveaxis(np.asarray(planes.losses, float), 0, -1)
    zero, one = np.linspace(*PLANE_DOMAIN[0], PLANE_SIZE).tolist().index(0), 12
    # Between (0, 0) and (1, 0), and between (0, 0) and (0, 1).
    first, second = points[zero, one] - points[zero, zero], points[one, zero] - points[zero, zero]
    return Seen(Plane(*(np.asarray(value)[0] for value in planes)), points, first, second)


def random_path(seed: int, dim: int, num_points: int = 12) -> np.ndarray:
    return np.cumsum(np.random.RandomState(seed).normal(size=(num_points, dim)), axis=0)


@pytest.mark.parametrize("dim", [2, 3, 34])
@pytest.mark.parametrize("seed", range(20))
def test_plane_goes_through_start_end_and_farthest(dim: int, seed: int) -> None:
    path = random_path(seed, dim)
    seen = see(path)
    step = int(seen.plane.third)
    assert seen.plane.case == PlaneCase.THROUGH_PATH
    np.testing.assert_allclose(seen.plane.path[0], [0, 0], atol=1e-6)
    np.testing.assert_allclose(seen.plane.path[-1], [1, 0], atol=1e-4)
    assert seen.plane.path[step, 1] == pytest.approx(1, abs=1e-4)
    # The three points themselves lie where their coordinates say.
    for t in (0, step, -1):
        u, v = seen.plane.path[t]
        np.testing.assert_allclose(path[0] + u * seen.first + v * seen.second, path[t], atol=1e-3)
    # No iterate is farther from the line through start and end, by Pythagoras.
    relative, unit = path - path[0], (path[-1] - path[0]) / np.linalg.norm(path[-1] - path[0])
    distances = np.sqrt(np.maximum(np.sum(relative**2, axis=1) - (relative @ unit) ** 2, 0))
    assert distances[step] == pytest.approx(distances.max(), rel=1e-4)
    assert np.abs(seen.plane.path[:, 1]).max() <= 1 + 1e-4


@pytest.mark.parametrize("dim", [2, 3, 34])
def test_path_is_projected_at_right_angles(dim: int) -> None:
    path = random_path(7, dim)
    seen = see(path)
    assert abs(seen.first @ seen.second) < 1e-3 * np.linalg.norm(seen.first) * np.linalg.norm(seen.second)
    on_plane = path[0] + seen.plane.path @ np.stack([seen.first, seen.second])
    for axis in (seen.first, seen.second):
        np.testing.assert_allclose((path - on_plane) @ axis, 0, atol=1e-2)
    if dim == 2:  # the plane is the whole space
        np.testing.assert_allclose(on_plane, path, atol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_plane_losses_are_the_losses_there(seed: int) -> None:
    draw, path = np.random.RandomState(seed), random_path(seed, 5)
    matrix = jnp.asarray(draw.normal(size=(5, 5)), jnp.float32)

    def loss(p: jax.Array) -> jax.Array:
        return jnp.sum(jnp.sin(matrix @ p))

    seen = see(path)
    found = jax.jit(lambda *args: plane(loss, *args))(path.astype(np.float32), jnp.ones(5), 11, False)
    np.testing.assert_allclose(found.losses, jax.vmap(jax.vmap(loss))(jnp.asarray(seen.points, jnp.float32)), atol=5e-4)
    # The corners are losses at the very iterates, not at their neighbours on the grid.
    expected = [loss(jnp.asarray(path[t], jnp.float32)) for t in (0, int(found.third), -1)]
    np.testing.assert_allclose(found.corners, expected, atol=1e-5)


def test_grid_spans_the_plane_domain() -> None:
    seen = see(random_path(0, 3))
    w, b = (np.linspace(*interval, PLANE_SIZE) for interval in PLANE_DOMAIN)
    assert seen.plane.losses.shape == (PLANE_SIZE, PLANE_SIZE) == (17, 17)
    start = random_path(0, 3)[0]
    expected = start + w[None, :, None] * seen.first + b[:, None, None] * seen.second  # rows upwards
    np.testing.assert_allclose(seen.points, expected, atol=1e-4)


@pytest.mark.parametrize("dim", [2, 3, 34])
@pytest.mark.parametrize("shares", [[0, 0.5, 1], [0, 0.1, 0.1, 1], [0, 2, -1, 1]])
def test_collinear_path_has_a_fixed_second_axis(dim: int, shares: list[float]) -> None:
    direction = np.random.RandomState(1).normal(size=dim)
    seen = see(np.outer(shares, direction) + 1)
    assert seen.plane.case == PlaneCase.STRAIGHT
    np.testing.assert_allclose(seen.plane.path[:, 0], shares, atol=1e-4)
    np.testing.assert_allclose(seen.plane.path[:, 1], 0, atol=1e-4)
    assert np.linalg.norm(seen.second) == pytest.approx(np.linalg.norm(seen.first), rel=1e-3)
    assert seen.first @ seen.second == pytest.approx(0, abs=1e-3 * np.sum(seen.first**2))


@pytest.mark.parametrize(("bulge", "case"), [(0.9e-3, PlaneCase.STRAIGHT), (1.1e-3, PlaneCase.THROUGH_PATH)])
def test_collinear_means_within_a_thousandth(bulge: float, case: int) -> None:
    assert see(np.array([[0, 0, 0], [1, bulge * 2, 0], [2, 0, 0]])).plane.case == case


@pytest.mark.parametrize("dim", [2, 3, 34])
def test_diverged_path_is_seen_down_the_gradient(dim: int) -> None:
    path, slope = random_path(0, dim) * 1e12, np.linspace(-1, 3, dim)
    seen = see(path - path[0], slope, diverged=True)
    assert seen.plane.case == PlaneCase.DIVERGENT
    np.testing.assert_allclose(seen.first, -slope / np.linalg.norm(slope), atol=1e-5)
    assert np.linalg.norm(seen.second) == pytest.approx(1, rel=1e-4)
    assert seen.first @ seen.second == pytest.approx(0, abs=1e-4)
    assert all(np.isfinite(value).all() for value in seen.plane)


@pytest.mark.parametrize("dim", [2, 3, 34])
@pytest.mark.parametrize("sign", [-1, 1])
def test_axes_are_never_parallel(dim: int, sign: int) -> None:
    # Where the first axis happens to go along the fixed direction, what is left of that is rounding: no axis to draw.
    direction = sign * _fixed_direction(dim)
    for seen in (see(np.outer([0, 0.5, 1], direction)), see(random_path(0, dim), direction, diverged=True)):
        assert seen.first @ seen.second == pytest.approx(0, abs=1e-3)


FLAT_PATHS = [
    ("nothing moves", np.ones((12, 3)), np.zeros(3), False),
    ("nothing moves, diverged", np.ones((12, 3)), np.zeros(3), True),
    ("moves by rounding", 1 + np.r_[np.zeros((11, 3)), np.full((1, 3), 1e-7)], np.zeros(3), False),
    ("there and back", np.r_[np.zeros((6, 3)), np.ones((5, 3)), np.zeros((1, 3))], np.ones(3), False),
    ("tiny", random_path(0, 3) * 1e-12, np.ones(3), False),
    ("huge", random_path(0, 3) * 1e12, np.ones(3), False),
]


@pytest.mark.parametrize(("name", "path", "grad", "diverged"), FLAT_PATHS, ids=[row[0] for row in FLAT_PATHS])
def test_degenerate_paths_give_finite_planes(name: str, path: np.ndarray, grad: np.ndarray, diverged: bool) -> None:
    seen = see(path, grad, diverged=diverged)
    assert all(np.isfinite(value).all() for value in seen.plane)
    assert np.isfinite(seen.points).all()
    np.testing.assert_allclose(seen.plane.path[0], [0, 0], atol=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_one_parameter_has_no_second_axis(seed: int) -> None:
    path = random_path(seed, 1)
    seen = see(path)
    assert seen.plane.case == PlaneCase.STRAIGHT
    relative = (path - path[0])[:, 0]
    np.testing.assert_allclose(seen.plane.path[:, 0], relative / relative[-1], rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(seen.plane.path[:, 1], 0, atol=1e-4)
    assert all(np.isfinite(value).all() for value in seen.plane)


def test_third_point_is_a_step_that_is_shown() -> None:
    # What comes after the last step repeats it, and rounding may find a copy of it farther away.
    path = random_path(0, 3)
    assert see(path).plane.third > 2
    assert see(path, last=2).plane.third == 2


def test_the_fixed_direction_is_the_same_everywhere() -> None:
    # No random one, so that a picture does not jump, and that a program compiled elsewhere draws the same.
    code = "from gradient.landscape import _fixed_direction; print(_fixed_direction(3).tolist())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert other.stdout.strip() == str(_fixed_direction(3).tolist())


# The range of a plane's colours.


def test_colours_go_from_the_lowest_loss_to_two_standard_deviations_above_the_mean() -> None:
    losses = np.exp(np.random.RandomState(0).normal(size=(25, 25))).astype(np.float32)
    logs = np.log(losses)
    low, high = colour_range(jnp.asarray(losses))
    np.testing.assert_allclose([low, high], [losses.min(), np.exp(logs.mean() + 2 * logs.std())], rtol=1e-4)
    assert np.mean(losses <= high) > 0.95


def test_colours_go_no_higher_than_the_highest_loss() -> None:
    losses = jnp.where(jnp.arange(625).reshape(25, 25) % 2 == 0, 0.5, 3.0)
    np.testing.assert_allclose(colour_range(losses), [0.5, 3.0], rtol=1e-5)


@pytest.mark.parametrize(
    "losses", [[[0.0, 0.0]], [[1.0, 1.0]], [[0.0, np.inf]], [[np.inf, np.inf]], [[1e-30, 1.0]], [[1e38, 1]]]
)
def test_a_range_of_colours_is_finite_positive_and_not_empty(losses: list) -> None:
    low, high = colour_range(jnp.array(losses))
    assert 0 < low < high < np.inf
