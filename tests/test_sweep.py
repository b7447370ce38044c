"""The sweep: every run in it is a run of the page, what it advises ends lower, and its marks are where a law says."""

import math
from functools import cache, partial
from typing import Any

import jax
import numpy as np
import pytest

from gradient.best import best_known
from gradient.link.text import format_number
from gradient.optimizers import LEARNING_RATES, OPTIMIZERS
from gradient.problems import PROBLEMS, Problem, line
from gradient.run import NEVER
from gradient.sweep import IMPROVEMENT, NUM_RATES, NUM_VALUES, sweep, swept_rates, swept_values
from tests.descents import random_settings
from tests.frames import controls, see

# Each costs a second to compile; tests/test_parity.py has all of them, as a page runs them.
SWEPT = [*(("Line", optimizer) for optimizer in OPTIMIZERS), ("Wave", "momentum"), ("Wave", "adam"), ("Network", "momentum")]
LINE = PROBLEMS["Line"]


@cache
def compiled(problem: Problem, optimizer: str) -> Any:
    return jax.jit(partial(sweep, problem, optimizer))


def swept(problem: Problem, optimizer: str, **changes: Any) -> Any:
    data = {name: changes.pop(name) for name in ("x", "y") if name in changes}
    return jax.tree.map(np.asarray, compiled(problem, optimizer)(controls(problem, optimizer, **changes) | data))


def end_of(problem: Problem, optimizer: str, **changes: float) -> Any:
    return see(problem, optimizer, **{**changes, "step": 200})


@pytest.mark.parametrize(("name", "optimizer"), SWEPT)
def test_every_run_is_that_of_the_page_to_the_last_bit(name: str, optimizer: str) -> None:
    problem = PROBLEMS[name]
    for seed in range(2):
        settings = random_settings(name, optimizer, np.random.RandomState(seed))
        found = swept(problem, optimizer, **settings)
        rows = [("learning_rate", found.rates, found.losses, found.diverged)]
        rows += [(key, *outcomes[:3]) for key, outcomes in found.hyperparameters.items()]
        for control, values, losses, diverged in rows:
            for i in (0, len(values) // 3, len(values) - 1):
                seen = end_of(problem, optimizer, **{**settings, control: values[i]})
                assert (losses[i], diverged[i]) == (seen.loss, seen.diverged_step != NEVER)
        seen = end_of(problem, optimizer, **settings)
        assert (found.present_loss, found.present_diverged) == (seen.loss, seen.diverged_step != NEVER)
        assert found.start_loss == seen.curve_y[0, 0]


@pytest.mark.parametrize(("name", "optimizer"), SWEPT)
def test_what_is_advised_ends_lower(name: str, optimizer: str) -> None:
    draw = np.random.RandomState(2)
    for settings in (random_settings(name, optimizer, draw) for _ in range(6)):
        check_advice(PROBLEMS[name], optimizer, settings)


def check_advice(problem: Problem, optimizer: str, settings: dict[str, float]) -> bool:
    """Follows the advice, if there is one; else no setting of the sweep is better by a hundredth. Whether there was one."""
    found = swept(problem, optimizer, **settings)
    tables = [(found.losses, found.diverged), *((h.losses, h.diverged) for h in found.hyperparameters.values())]
    lowest = min(np.where(diverged, np.inf, losses).min() for losses, diverged in tables)
    assert found.lowest == min(lowest, found.start_loss)
    before = np.inf if found.present_diverged else found.present_loss
    if found.advised == NEVER:
        assert lowest > min(IMPROVEMENT * before, before - 1.1e-5 * np.var(problem.y))
        return False
    names = ["learning_rate", *found.hyperparameters]
    values = [found.rates, *(h.values for h in found.hyperparameters.values())]
    advised = {names[found.advised]: values[found.advised][found.advised_index]}
    seen = end_of(problem, optimizer, **{**settings, **advised})
    assert seen.diverged_step == NEVER
    assert seen.loss <= 0.99 * before
    return True


X = np.linspace(-1, 1, 9)
OWN = [
    Problem("One", lambda p, x: p[0] * x, X, 2 * X + X**3, start=np.zeros(1)),
    Problem("Two points", line, np.arange(2), np.array([1, 3])),
    Problem("Tiny", line, 1e-3 * X, 1e-6 * X, start=(1.0, 0.0)),
]


@pytest.mark.parametrize("problem", OWN, ids=[problem.name for problem in OWN])
def test_what_is_advised_for_a_problem_of_ones_own_ends_lower(problem: Problem) -> None:
    rates = (0.001, 0.1, 10.0)
    advised = [
        check_advice(problem, "momentum", {"learning_rate": rate, "num_steps": steps}) for rate in rates for steps in (1, 60)
    ]
    assert any(advised)


def test_values_are_those_of_the_sliders_over_their_whole_ranges() -> None:
    assert len(swept_rates()) == NUM_RATES
    assert set(swept_rates()) <= set(LEARNING_RATES)
    assert (swept_rates()[0], swept_rates()[-1]) == pytest.approx((0.001, 10))
    for record in OPTIMIZERS.values():
        for hyperparameter in record.hyperparameters.values():
            values = swept_values(hyperparameter)
            assert len(set(values)) == NUM_VALUES
            assert set(values) <= set(hyperparameter.stops())
            assert (values[0], values[-1]) == pytest.approx((0, hyperparameter.maximum))


def end_by_hand(rate: float, num_steps: int) -> tuple[float, bool]:
    """Where gradient descent on the line comes to, and whether it diverges, in float64."""
    x, y = LINE.x.astype(float), LINE.y.astype(float)
    p, losses = LINE.start.astype(float), list[float]()
    for _ in range(num_steps + 1):
        error = p[0] * x + p[1] - y
        losses.append(float(np.mean(error**2)))
        if losses[-1] > 1e6 * losses[0]:
            return losses[-1], True
        p = p - rate * np.array([np.mean(2 * error * x), np.mean(2 * error)])
    return losses[-1], False


@pytest.mark.parametrize("num_steps", [1, 30, 200])
def test_gradient_descent_on_the_line_is_that_of_numpy(num_steps: int) -> None:
    found = swept(LINE, "gradient_descent", num_steps=num_steps)
    losses, diverged = zip(*(end_by_hand(rate, num_steps) for rate in found.rates.astype(float)), strict=True)
    np.testing.assert_array_equal(found.diverged, diverged)
    np.testing.assert_allclose(found.losses, losses, rtol=0.01)
    allowed = np.where(diverged, np.inf, losses)
    assert found.best_loss == pytest.approx(allowed.min(), rel=1e-4)
    assert (found.best_loss, found.best_rate) == (found.losses[found.best], found.rates[found.best])
    assert found.hyperparameters == {}


def hessian_by_hand(name: str, w: float, b: float) -> np.ndarray:
    """The second derivatives of the mean squared error of a line, or of a sine of one."""
    x, y = PROBLEMS[name].x.astype(float), PROBLEMS[name].y.astype(float)
    z = w * x + b
    slope = np.ones_like(z) if name == "Line" else np.cos(z)
    bend = 0 * z if name == "Line" else -np.sin(z) * (np.sin(z) - y)
    weights = 2 * (slope**2 + bend)
    return np.array([[np.mean(weights * x * x), np.mean(weights * x)], [np.mean(weights * x), np.mean(weights)]])


@pytest.mark.parametrize(("name", "optimizer"), [row for row in SWEPT if row[0] != "Network"])
def test_the_limit_is_a_law_over_the_curvature_at_the_minimum(name: str, optimizer: str) -> None:
    found = swept(PROBLEMS[name], optimizer, num_steps=200)
    w, b = end_of(PROBLEMS[name], optimizer, num_steps=200, learning_rate=found.best_rate).parameters
    largest = np.linalg.eigvalsh(hessian_by_hand(name, float(w), float(b)))[-1]
    law = OPTIMIZERS[optimizer].stability
    products = {"gradient_descent": 2, "momentum": 2 + 2 * 0.7, "nesterov": 3.4 / 2.4}
    assert found.stability_limit == pytest.approx(products[optimizer] / largest if law else 0, rel=1e-3)


def test_the_limit_on_the_line_is_where_runs_begin_to_diverge() -> None:
    found = swept(LINE, "gradient_descent", num_steps=200)
    stable = found.rates < found.stability_limit
    assert not found.diverged[stable].any()
    assert found.diverged[found.rates > 1.2 * found.stability_limit].all()


def test_where_all_diverge_nothing_is_advised_but_to_change_x() -> None:
    found = swept(LINE, "gradient_descent", x=1000 * LINE.x, num_steps=200)
    assert found.diverged.all()
    assert (found.best, found.best_rate, found.best_loss) == (NEVER, 0, found.start_loss)
    assert (found.advised, found.advised_index, found.lowest) == (NEVER, NEVER, found.start_loss)
    assert (found.offset, found.scale) == (0, 1000)


U = np.linspace(0, 1, 40)
LARGE = [
    ("years", 1900 + 120 * U, (1960, 10)),
    ("a decade", 2015 + 10 * U, (2020, 0)),
    ("billions", 1e9 + 4e9 * U, (3e9, 1e9)),
    ("millions on both sides", 1e6 * (2 * U - 1), (0, 1e6)),
    ("below zero", -272 - U, (-272, 0)),
    ("hundreds from zero", 300 * U, (0, 100)),
    ("far away", 1.2345e9 + 1e6 * U, (1.24e9, 1e7)),
]


STRAIGHT = Problem("Straight", line, U, U)
CURVED = Problem("Curved", lambda p, x: p[0] + p[1] * x + p[2] * x**2, U, U, start=np.zeros(3))


@pytest.mark.parametrize(("label", "x", "numbers"), LARGE, ids=[row[0] for row in LARGE])
def test_who_changes_a_large_x_as_advised_gets_near_the_best_fit(label: str, x: np.ndarray, numbers: tuple) -> None:
    """With the very numbers that the page shows, and a rate of the slider."""
    y = 3 + 2 * U + 0.1 * np.random.RandomState(0).normal(size=U.size)
    found = swept(STRAIGHT, "momentum", x=x, y=y, num_steps=200)
    assert found.best == NEVER or found.best_loss > IMPROVEMENT * found.start_loss
    offset, scale = (float(format_number(float(number))) for number in (found.offset, found.scale))
    assert (offset, scale) == pytest.approx(numbers)
    changed = (x - offset) / (scale or 1)
    for problem in (STRAIGHT, CURVED):
        again = swept(problem, "momentum", x=changed, y=y, num_steps=200)
        assert (again.offset, again.scale) == (0, 0)
        assert again.best_loss < 0.05 * again.start_loss
    if np.std(changed) > 0.1:  # three digits may be too few to bring x to 0
        assert swept(STRAIGHT, "momentum", x=changed, y=y, num_steps=200).best_loss < 1.05 * residue(changed, y)


def residue(x: np.ndarray, y: np.ndarray) -> float:
    """The loss of the best line."""
    return float(np.mean((np.polyval(np.polyfit(x, y, 1), x) - y) ** 2))


def test_a_large_x_is_not_blamed_where_no_step_is_too_large() -> None:
    """A model that is flat at its start does not move, however large x is."""
    flat = Problem("Flat", lambda p, x: (p[0] * p[1]) * x, 1000 * X, X, start=(0.0, 0.0))
    found = swept(flat, "gradient_descent")
    assert found.best_loss == found.start_loss
    assert (found.offset, found.scale) == (0, 0)


@pytest.mark.parametrize("name", ["Line", "Wave", "Network"])
def test_x_is_left_alone_where_a_rate_works(name: str) -> None:
    found = swept(PROBLEMS[name], "momentum")
    assert (found.offset, found.scale) == (0, 0)


BEST = [
    (LINE, residue(LINE.x, LINE.y)),
    (Problem("Exact", line, X, 2 * X), 0.0),
    # Every descent diverges, so the starts are what is known: of those on the grid the one with the best mean.
    (Problem("Billions", line, 1e9 * X, X, domain=((-1, 1), (-1, 1))), np.mean(X**2)),
]


@pytest.mark.parametrize(("problem", "lowest"), BEST, ids=[problem.name for problem, _ in BEST])
def test_the_lowest_loss_known_is_that_of_the_best_fit_or_of_a_start(problem: Problem, lowest: float) -> None:
    assert best_known(problem)[0] == pytest.approx(lowest, rel=1e-3, abs=1e-9)


@pytest.mark.parametrize(
    "changes", [{"w": math.nan}, {"w": math.inf, "b": -math.inf}, {"w": 1e30, "b": 1e30}, {"learning_rate": math.nan}]
)
def test_numbers_are_finite_whatever_comes(changes: dict[str, float]) -> None:
    found = swept(LINE, "momentum", **changes)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(found))
    assert NEVER <= found.advised < 2
