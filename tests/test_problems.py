"""The built-in problems, and what a person may bring instead."""

import dataclasses
import math
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradient.controls import Controls
from gradient.descent import descend
from gradient.optimizers import OPTIMIZERS
from gradient.problem_links import default_preset
from gradient.problems import NUM_KEYS, NUM_POINTS, PROBLEMS, Problem, line, network, network_starts, wave
from tests.record_properties import check_problem

LINE, WAVE, NETWORK = PROBLEMS["Line"], PROBLEMS["Wave"], PROBLEMS["Network"]
X = np.linspace(-1, 1, 7)
ROOT = Path(__file__).resolve().parents[1]


# RandomState has a frozen stream, so these are the same on every machine but for the last bits of log and sqrt.
SAMPLES = [
    ("Line", (-0.9812181, 0.8746048, 2.9534953), (-1.4180044, 0.1457006, 1.9662921)),
    ("Wave", (-4.5624361, -0.8507904, 3.3069906), (0.6320097, -1.0479660, 0.7186121)),
    ("Network", (-1.9812181, -0.1253952, 1.9534954), (-0.2937962, -0.4523110, 0.0920699)),
]


@pytest.mark.parametrize(("name", "x", "y"), SAMPLES)
def test_data_is_the_same_everywhere(name: str, x: tuple[float, ...], y: tuple[float, ...]) -> None:
    problem = PROBLEMS[name]
    np.testing.assert_allclose(problem.x[[0, 50, 99]], x, rtol=1e-5)
    np.testing.assert_allclose(problem.y[[0, 50, 99]], y, rtol=1e-5)


TRUTHS: list[tuple[str, Callable[[np.ndarray], np.ndarray], tuple[float, float]]] = [
    ("Line", lambda x: 0.8 * x - 0.4, (-1.0, 3.0)),
    ("Wave", lambda x: np.sin(0.83 * x - 0.4), (-4.6, 3.4)),
    ("Network", lambda x: np.sin(2 * x) + 0.4 * x, (-2.0, 2.0)),
]


@pytest.mark.parametrize(("name", "truth", "interval"), TRUTHS)
def test_data_is_the_truth_and_noise(
    name: str, truth: Callable[[np.ndarray], np.ndarray], interval: tuple[float, float]
) -> None:
    problem = PROBLEMS[name]
    assert problem.x.shape == problem.y.shape == (NUM_POINTS,) == (100,)
    assert problem.x.dtype == problem.y.dtype == np.float32
    assert (np.diff(problem.x) >= 0).all()
    assert interval[0] <= problem.x.min() < interval[0] + 0.2 < interval[1] - 0.2 < problem.x.max() <= interval[1]
    noise = problem.y - truth(problem.x)
    # The standard errors of a mean and a standard deviation of 100 numbers of deviation .2 are .02 and .014.
    assert abs(noise.mean()) < 0.06
    assert noise.std() == pytest.approx(0.2, abs=0.045)
    assert np.abs(noise).max() < 0.8


@pytest.mark.parametrize("name", PROBLEMS)
def test_record_has_the_properties_of_a_problem(name: str) -> None:
    assert PROBLEMS[name].name == name
    check_problem(PROBLEMS[name])


@pytest.mark.parametrize(("name", "is_planar"), [("Line", True), ("Wave", True), ("Network", False)])
def test_models_of_two_parameters_are_planar(name: str, is_planar: bool) -> None:
    assert PROBLEMS[name].is_planar == is_planar


def network_forward(flat: np.ndarray, x: np.ndarray) -> np.ndarray:
    units, at = x[:, None], 0
    for fan_in, fan_out in pairwise((1, 3, 3, 3, 1)):
        bias = flat[at : at + fan_out]
        weight = flat[at + fan_out : at + fan_out + fan_in * fan_out].reshape(fan_in, fan_out)
        at += fan_out + fan_in * fan_out
        units = units @ weight + bias
        units = np.tanh(units) if at < flat.size else units
    return units[:, 0]


FORWARD: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "Line": lambda p, x: p[0] * x + p[1],
    "Wave": lambda p, x: np.sin(p[0] * x + p[1]),
    "Network": network_forward,
}


def float64_loss(problem: Problem, flat: np.ndarray) -> float:
    return np.mean((FORWARD[problem.name](flat, problem.x.astype(float)) - problem.y.astype(float)) ** 2)


@pytest.mark.parametrize("name", FORWARD)
def test_loss_is_the_mean_squared_error(name: str) -> None:
    problem = PROBLEMS[name]
    for flat in problem.flat_starts:
        loss = problem.loss(problem.unravel(jnp.asarray(flat)))
        assert loss.shape == ()
        assert float(loss) == pytest.approx(float64_loss(problem, flat.astype(float)), rel=1e-5)


@pytest.mark.parametrize("name", FORWARD)
def test_gradients_are_central_differences(name: str) -> None:
    problem = PROBLEMS[name]
    gradient = jax.jit(jax.grad(lambda flat: problem.loss(problem.unravel(flat))))
    draw = np.random.RandomState(0)
    for _ in range(4):
        # No point of symmetry: a random place near the start, exact in float32.
        flat = (problem.flat_starts[0] + draw.normal(size=problem.flat_starts[0].size)).astype(np.float32).astype(float)
        steps = 1e-5 * np.eye(flat.size)
        central = [(float64_loss(problem, flat + h) - float64_loss(problem, flat - h)) / 2e-5 for h in steps]
        np.testing.assert_allclose(gradient(jnp.asarray(flat, jnp.float32)), central, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", PROBLEMS)
def test_loss_takes_other_data(name: str) -> None:
    problem = PROBLEMS[name]
    params, x = problem.start_at(), jnp.linspace(-1, 1, 5)
    exact = problem.predict(params, x)
    assert problem.loss(params, x, exact) == 0
    assert problem.loss(params, x, exact + 2) == pytest.approx(4, rel=1e-5)
    assert problem.loss(params, jnp.asarray(problem.x), jnp.asarray(problem.y)) == problem.loss(params)


# The random keys of the network.


def test_network_has_34_parameters_and_10_keys() -> None:
    assert NETWORK.num_keys == NUM_KEYS == 10
    assert NETWORK.flat_starts.shape == (10, 34)
    assert NETWORK.flat_starts.dtype == np.float32
    # All different: no two rows are even near each other.
    gaps = np.linalg.norm(NETWORK.flat_starts[:, None] - NETWORK.flat_starts[None], axis=2)
    assert (gaps[~np.eye(10, dtype=bool)] > 1).all()


@pytest.mark.parametrize("key", range(1, 11))
def test_key_picks_its_row(key: int) -> None:
    layers = NETWORK.start_at(key)
    assert [layer["weight"].shape for layer in layers] == [(1, 3), (3, 3), (3, 3), (3, 1)]
    assert [layer["bias"].shape for layer in layers] == [(3,), (3,), (3,), (1,)]
    assert not any(layer["bias"].any() for layer in layers)
    # A key is the seed of the frozen stream, so that a network of one key alone is the same network.
    alone = network_starts((1, 3, 3, 3, 1), num_keys=key)
    for layer, stack in zip(layers, alone, strict=True):
        np.testing.assert_array_equal(layer["weight"], stack["weight"][key - 1].astype(np.float32))
    unraveled = NETWORK.unravel(jnp.asarray(NETWORK.flat_starts[key - 1]))
    assert_same_tree(unraveled, layers)


def assert_same_tree(one: object, other: object) -> None:
    assert str(jax.tree.structure(one)) == str(jax.tree.structure(other))
    for mine, theirs in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_key_picks_nothing_but_the_start() -> None:
    x, y = NETWORK.x.copy(), NETWORK.y.copy()
    for key in range(1, 11):
        NETWORK.start_at(key)
    np.testing.assert_array_equal(NETWORK.x, x)
    np.testing.assert_array_equal(NETWORK.y, y)


def test_first_weights_are_known_numbers() -> None:
    # RandomState(1) begins 1.62434536, -0.61175641, -0.52817175; the first layer has one input.
    np.testing.assert_allclose(NETWORK.start_at(1)[0]["weight"], [[1.6243454, -0.6117564, -0.5281718]], rtol=1e-6)


def test_weights_have_variance_one_over_inputs() -> None:
    for layer, fan_in in zip(network_starts((4, 100, 50), num_keys=20), (4, 100), strict=True):
        assert layer["weight"].var() * fan_in == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize("key", [0, -1, 11])
def test_a_key_out_of_range_is_refused(key: int) -> None:
    # Python would count 0 and -1 from the end.
    with pytest.raises(ValueError, match=f"key is {key}"):
        NETWORK.start_at(key)


@pytest.mark.parametrize("name", ["Line", "Wave"])
def test_a_single_start_has_no_keys(name: str) -> None:
    problem = PROBLEMS[name]
    assert problem.num_keys == 0
    assert problem.flat_starts.shape == (1, 2)
    np.testing.assert_array_equal(problem.flat_starts[0], problem.start_at())
    np.testing.assert_array_equal(problem.unravel(problem.flat_starts[0]), problem.start)


# The symmetries of the wave: sin has the period 2 pi, and sin(pi - a) = sin(a).

MIRRORS: list[tuple[str, Callable[[Any], Any]]] = [
    ("shifted", lambda p: np.stack([p[..., 0], p[..., 1] + 2 * np.pi], axis=-1)),
    ("mirrored", lambda p: np.stack([-p[..., 0], np.pi - p[..., 1]], axis=-1)),
]


@pytest.mark.parametrize(("name", "mirror"), MIRRORS, ids=["shifted", "mirrored"])
def test_wave_loss_is_symmetric(name: str, mirror: Callable[[np.ndarray], np.ndarray]) -> None:
    points = np.random.RandomState(0).uniform(-3, 3, size=(20, 2)).astype(np.float32)
    losses = jax.jit(jax.vmap(WAVE.loss))
    np.testing.assert_allclose(losses(mirror(points).astype(np.float32)), losses(points), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize(("name", "mirror"), MIRRORS, ids=["shifted", "mirrored"])
def test_wave_descents_are_symmetric(name: str, mirror: Callable[[np.ndarray], np.ndarray], optimizer: str) -> None:
    # Each rule treats the coordinates alone, and a sign or a shift of one commutes with it. 30 steps at .01 stay short of
    # the bottom, where RMSProp's hops would let the rounding in.
    runs = [
        descend(WAVE.loss, start.astype(np.float32), optimizer=optimizer, num_steps=30, learning_rate=0.01)
        for start in (WAVE.start, mirror(WAVE.start))
    ]
    np.testing.assert_allclose(runs[1].params, mirror(np.asarray(runs[0].params)), atol=1e-4)


# What is refused, and why.

GOOD: dict[str, Any] = {"name": "Mine", "predict": line, "x": X, "y": X}

MISTAKES = [
    ({"x": np.ones((3, 2))}, ["x has the shape (3, 2)", "1-D"]),
    ({"y": np.float32(1)}, ["y has the shape ()", "1-D"]),
    ({"x": X[:-1]}, ["x has 6 points and y has 7", "one length"]),
    ({"x": [1.0], "y": [1.0]}, ["x has 1 point", "at least two", "more data"]),
    ({"x": [], "y": []}, ["x has 0 point", "at least two"]),
    ({"x": np.where(X == 0, np.nan, X)}, ["x has NaN or infinite", "Drop those points"]),
    ({"y": np.where(X == 0, np.inf, X)}, ["y has NaN or infinite", "Drop those points"]),
    ({"predict": lambda p, x: p[0]}, ["predict returned the shape ()", "(7,)", "one number for each x"]),
    ({"predict": lambda p, x: p[0] * x[:, None]}, ["predict returned the shape (7, 1)", "squeeze"]),
    ({"predict": lambda p, x: p[0] * x[:-1]}, ["predict returned the shape (6,)", "one number for each x"]),
    ({"learning_rate": 0.0}, ["learning_rate is 0.0", "0.001..10", "scale x and y"]),
    ({"learning_rate": -0.1}, ["learning_rate is -0.1", "0.001..10"]),
    ({"learning_rate": math.nan}, ["learning_rate is nan", "0.001..10"]),
    ({"learning_rate": math.inf}, ["learning_rate is inf"]),
    ({"learning_rate": 1e-4}, ["learning_rate is 0.0001", "like the slider"]),
    ({"momentum": 1.0}, ["momentum is 1.0", "0..0.99", "0.7"]),
    ({"momentum": -0.1}, ["momentum is -0.1", "0..0.99"]),
    ({"momentum": math.nan}, ["momentum is nan", "0..0.99"]),
    ({"num_steps": 0}, ["num_steps is 0", "1..200"]),
    ({"num_steps": 201}, ["num_steps is 201", "1..200"]),
    ({"domain": ((-1.0, 1.0), (1.0, -1.0))}, ["domain is", "low < high"]),
    ({"domain": ((1.0, 1.0), (-1.0, 1.0))}, ["domain is", "low < high"]),
    ({"domain": ((-1.0, math.nan), (-1.0, 1.0))}, ["domain is", "low < high"]),
    ({"domain": ((-1.0, math.inf), (-1.0, 1.0))}, ["domain is"]),
    ({"domain": ((-1.0, 1.0),)}, ["domain is", "two intervals"]),
    ({"start": (4.0, 0.0)}, ["start is", "[4., 0.]", "must lie in the domain ((-3.0, 3.0), (-3.0, 3.0))"]),
    ({"start": (0.0, math.nan)}, ["start is", "must lie in the domain"]),
]


@pytest.mark.parametrize(("changes", "phrases"), MISTAKES, ids=lambda value: ",".join(value) if isinstance(value, dict) else "")
def test_mistakes_are_explained(changes: dict[str, Any], phrases: list[str]) -> None:
    with pytest.raises(ValueError, match=r".+") as caught:
        Problem(**(GOOD | changes))
    for phrase in phrases:
        assert phrase in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"x": X.tolist(), "y": X.tolist()},
        {"x": X.astype(int), "y": X.astype(np.float16)},
        {"num_steps": 1},
        {"num_steps": 200},
        {"momentum": 0},
        {"momentum": 0.99},
        {"learning_rate": 1},
        {"learning_rate": 0.001},
        {"learning_rate": 10},
        {"start": (-3, 3)},
        {"x": X[:2], "y": X[:2]},
        {"start": [1, 2]},
        {"start": jnp.ones(2)},
    ],
    ids=str,
)
def test_what_is_allowed(changes: dict[str, Any]) -> None:
    problem = Problem(**(GOOD | changes))
    assert problem.x.dtype == problem.y.dtype == np.float32
    assert problem.is_planar
    assert problem.flat_starts.dtype == np.float32
    assert np.isfinite(problem.loss(problem.start))


def put(problem: Problem) -> list[float]:
    """Where the choice of a problem puts the learning rate, the momentum and the start."""
    controls = Controls()
    controls.make_controls(list(PROBLEMS.values()))
    preset = default_preset(controls, problem)
    sliders = (controls.learning_rate, controls.hyperparameters["momentum"], controls.initial_w, controls.initial_b)
    return [preset[slider, "value"] for slider in sliders]


def test_a_setting_on_which_a_slider_can_stand_is_kept_to_the_last_bit() -> None:
    assert put(LINE) == [0.1, 0.7, -1.4, 2.0]
    assert put(NETWORK)[:2] == [NETWORK.learning_rate, 0.7]


def test_another_setting_is_put_where_the_slider_can_stand() -> None:
    changes: dict[str, Any] = {
        "learning_rate": 0.05,
        "momentum": 0.854,
        "start": (1 / 3, 2.999),
        "domain": ((-1, 3), (0, 2.999)),
    }
    assert put(dataclasses.replace(LINE, **changes)) == pytest.approx([10**-1.3, 0.85, 0.33, 2.999])


def test_the_allowed_settings_are_those_of_the_sliders() -> None:
    controls = Controls()
    controls.make_controls(list(PROBLEMS.values()))
    rate, momentum, steps = controls.learning_rate, controls.hyperparameters["momentum"], controls.steps
    ends = {
        "learning_rate": [rate.base**rate.min, rate.base**rate.max],
        "momentum": [momentum.min, momentum.max],
        "num_steps": [steps.min, steps.max],
    }
    for name, (low, high) in ends.items():
        for value in (low, high):
            assert getattr(dataclasses.replace(LINE, **{name: value}), name) == value
        for value in (low - 1e-4, high + 1e-4) if name != "num_steps" else (low - 1, high + 1):
            with pytest.raises(ValueError, match=f"^{name} is "):
                dataclasses.replace(LINE, **{name: value})


def test_a_model_that_is_shown_on_a_plane_of_its_path_may_start_anywhere() -> None:
    assert not Problem(**(GOOD | {"start": np.zeros(3), "domain": ((1, 2), (1, 2))})).is_planar


# A person's own: data with a model that exists, or a model with two parameters, three, or a tree of them.


def exact(predict: Callable, params: Any) -> np.ndarray:
    return np.asarray(predict(params, jnp.asarray(X, jnp.float32)))


def parabola(p: Any, x: Any) -> Any:
    return p[0] + p[1] * x + p[2] * x**2


def decay(p: Any, x: Any) -> Any:
    return p[0] * jnp.exp(-p[1] * x)


def tree(p: Any, x: Any) -> Any:
    return p["scale"] * x + p["offsets"].sum()


OWN = [
    ("own data", line, np.array([0.5, 2.0]), (0.0, 0.0), 2, True),
    ("two", decay, np.array([1.0, 0.5]), (0.5, 0.0), 2, True),
    ("three", parabola, np.array([1.0, -0.5, 0.25]), (0.0, 0.0, 0.0), 3, False),
    ("tree", tree, {"scale": 2.0, "offsets": np.array([0.25, 0.25])}, {"scale": 0.0, "offsets": np.zeros(2)}, 3, False),
]


@pytest.mark.parametrize(("name", "predict", "truth", "start", "dim", "is_planar"), OWN, ids=[row[0] for row in OWN])
def test_own_problem_is_fitted(name: str, predict: Callable, truth: Any, start: Any, dim: int, is_planar: bool) -> None:
    problem = Problem(name, predict, X, exact(predict, truth), start=start)
    assert problem.is_planar == is_planar
    assert problem.flat_starts.shape == (1, dim)
    assert_same_tree(problem.unravel(problem.flat_starts[0]), problem.start_at())
    run = descend(problem.loss, problem.start_at(), num_steps=1_000)
    assert run.losses[-1] < 1e-6
    assert problem.loss(truth) == 0


def test_own_starts_may_be_several() -> None:
    starts = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])
    problem = Problem("Mine", parabola, X, X, start=starts, num_keys=2)
    np.testing.assert_array_equal(problem.flat_starts, starts)
    np.testing.assert_array_equal(problem.start_at(2), starts[1])
    assert not problem.is_planar


@pytest.mark.parametrize("num_keys", [-1, 3])
def test_number_of_keys_is_the_number_of_starts(num_keys: int) -> None:
    with pytest.raises(ValueError, match="num_keys"):
        Problem("Mine", parabola, X, X, start=np.zeros((2, 3)), num_keys=num_keys)


def test_network_takes_any_sizes() -> None:
    sizes = (1, 5, 1)
    problem = Problem("Mine", network, X, X**2, start=network_starts(sizes, num_keys=2), num_keys=2)
    assert problem.flat_starts.shape == (2, 5 + 5 + 5 + 1)


def test_models_are_plain_functions() -> None:
    x = jnp.array([0.0, 1.0])
    np.testing.assert_allclose(line(jnp.array([2.0, 3.0]), x), [3, 5])
    np.testing.assert_allclose(wave(jnp.array([2.0, 3.0]), x), np.sin([3, 5]), rtol=1e-6)


# Importing starts nothing: a person who only reads, or a server before it forks, has no JAX backend yet.

QUIET = """
import jax._src.xla_bridge as bridge
import numpy as np
import gradient
from gradient.problems import Problem, line, network, network_starts
Problem("Mine", line, [0, 1], [0, 1])
own = Problem("Mine", network, [0, 1], [0, 1], start=network_starts((1, 2, 1)), num_keys=10)
own.flat_starts, own.is_planar, own.start_at(3), own.unravel(own.flat_starts[0])
assert not bridge._backends, bridge._backends
gradient.PROBLEMS["Line"].loss(np.zeros(2))
assert bridge._backends  # else the line above proves nothing
print("quiet")
"""


def test_importing_and_constructing_starts_no_backend() -> None:
    answer = subprocess.run([sys.executable, "-c", QUIET], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert answer.stdout.strip() == "quiet", answer.stderr
