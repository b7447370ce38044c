"""What the page says of a descent: verdicts and when it diverged; on a bowl, on a line, on a person's own problems."""

import jax.numpy as jnp
import numpy as np
import pytest

from gradient.descent import descend
from gradient.problems import PROBLEMS, Problem, line
from gradient.run import MAX_STEPS, NEVER
from gradient.verdict import Verdict
from tests.frames import BOWL, T, check_sanity, factor, see

VERDICTS = [
    # .5^9 = 1.95e-3, .5^10 = 0.98e-3: the threshold is a thousandth of the gradient at the start.
    ("converges", factor(0.5), 9, 1.0, Verdict.DESCENDING, NEVER),
    ("has converged", factor(0.5), 10, 1.0, Verdict.CONVERGED, NEVER),
    # From .01 the gradient's norm is .02: a thousandth of 1 is reached in 5 steps, .02 / 32 = .6e-3. A loss of 1e-7 is nothing.
    ("nearly there", factor(0.5), 4, 0.01, Verdict.DESCENDING, NEVER),
    ("near the start", factor(0.5), 5, 0.01, Verdict.CONVERGED, NEVER),
    # A loss of 1e-5 is nothing: .0032^2 = 1.02e-5, .0031^2 = 0.96e-5.
    ("starts beside it", factor(0.9996), 1, 0.0032, Verdict.SLOW, NEVER),
    ("starts close", factor(0.9996), 1, 0.0031, Verdict.BEST, NEVER),
    ("starts there", factor(0.5), 1, 0.0, Verdict.CONVERGED, NEVER),
    ("in one step", factor(0.0), 1, 1.0, Verdict.CONVERGED, NEVER),
    # 4^9 = .26e6, 4^10 = 1.05e6: a million times the loss at the start.
    ("grows", factor(-2.0), 9, 1.0, Verdict.RISING, NEVER),
    ("has diverged", factor(-2.0), 10, 1.0, Verdict.DIVERGED, 10),
    ("diverged before", factor(-2.0), 200, 1.0, Verdict.DIVERGED, 10),
    # On the limit it hops to and fro exactly; 1 % of a hop is 1 - |rho|.
    ("at the limit", factor(-1.0), 50, 1.0, Verdict.BOUNCING, NEVER),
    ("just below", factor(-0.992), 50, 1.0, Verdict.BOUNCING, NEVER),
    ("just above", factor(-1.008), 50, 1.0, Verdict.BOUNCING, NEVER),
    ("well below", factor(-0.985), 50, 1.0, Verdict.DESCENDING, NEVER),
    ("too early to tell", factor(-1.0), 4, 1.0, Verdict.SLOW, NEVER),
    ("early enough to tell", factor(-1.0), 5, 1.0, Verdict.BOUNCING, NEVER),
    # Ten steps take 1 - rho^20 off the loss: 1.03 % and 0.96 %.
    ("still going down", factor(0.99948), 100, 1.0, Verdict.DESCENDING, NEVER),
    ("slow", factor(0.99952), 100, 1.0, Verdict.SLOW, NEVER),
    ("slow in all of few steps", factor(0.9996), 3, 1.0, Verdict.SLOW, NEVER),
]


@pytest.mark.parametrize(
    ("label", "learning_rate", "num_steps", "w", "verdict", "diverged_step"), VERDICTS, ids=[row[0] for row in VERDICTS]
)
def test_verdict_on_the_bowl(
    label: str, learning_rate: float, num_steps: int, w: float, verdict: int, diverged_step: int
) -> None:
    changes = {"learning_rate": learning_rate, "num_steps": num_steps, "step": num_steps, "w": w, "b": 0.0}
    seen = see(BOWL, "gradient_descent", best_known=0.0, **changes)
    assert seen.verdict == verdict
    assert seen.diverged_step == diverged_step


def test_a_steep_start_makes_no_end_flat() -> None:
    x = np.linspace(0, 10, 50)
    far = Problem("far", line, x, 2 * x + 5, start=(30.0, 0.0), domain=((-40, 40), (-40, 40)))
    seen = see(far, "momentum", learning_rate=0.01, num_steps=60, step=60, w=30.0, b=0.0, best_known=0.0)
    assert seen.verdict == Verdict.DESCENDING


@pytest.mark.parametrize("learning_rate", [0.02, 0.1, 0.3, 0.45, 0.5, 0.7, 1.0, 3.0, 100.0])
@pytest.mark.parametrize("num_steps", [5, 200])
def test_diverged_step_by_hand(learning_rate: float, num_steps: int) -> None:
    problem = PROBLEMS["Line"]
    x, y = problem.x.astype(float), problem.y.astype(float)
    p, losses = problem.start.astype(float), []
    for _ in range(num_steps + 1):
        error = p[0] * x + p[1] - y
        losses.append(np.mean(error**2))
        if losses[-1] > 1e6 * losses[0]:
            break
        p = p - learning_rate * np.array([np.mean(2 * error * x), np.mean(2 * error)])
    expected = len(losses) - 1 if losses[-1] > 1e6 * losses[0] else NEVER
    seen = see(problem, "gradient_descent", learning_rate=learning_rate, num_steps=num_steps, step=200)
    assert seen.diverged_step == expected
    assert seen.step == seen.last == (num_steps if expected == NEVER else expected)
    np.testing.assert_allclose(seen.curve_y[0, : seen.last + 1], losses[: seen.last + 1], rtol=1e-2)


@pytest.mark.parametrize("learning_rate", [0.1, 1.0, 10.0])
def test_num_finite_counts_beyond_the_steps_shown(learning_rate: float) -> None:
    problem = PROBLEMS["Line"]
    run = descend(problem.loss, problem.start, optimizer="gradient_descent", num_steps=MAX_STEPS, learning_rate=learning_rate)
    finite = np.isfinite(run.losses) & np.isfinite(run.params).all(axis=1) & np.isfinite(run.grads).all(axis=1)
    expected = int(np.argmin(finite)) if not finite.all() else T
    seen = see(problem, "gradient_descent", learning_rate=learning_rate, num_steps=1)
    assert seen.num_finite == expected
    assert seen.diverged_step == NEVER


# Problems of a person's own, which may be bad ones.

X = np.linspace(-1, 1, 9)
OWN = [
    ("no loss at the start", Problem("Log", lambda p, x: jnp.log(p[0] * x + p[1]), X, X, start=(1.0, 0.0)), Verdict.DIVERGED),
    ("one parameter", Problem("One", lambda p, x: p[0] * x, X, 2 * X, start=np.zeros(1)), Verdict.CONVERGED),
    (
        "three parameters",
        Problem("Three", lambda p, x: p[0] + p[1] * x + p[2] * x**2, X, X**2, start=np.zeros(3)),
        Verdict.DESCENDING,
    ),
    (
        "a tree that is flat at its start, and bad",
        Problem("Tree", lambda p, x: p["a"] * p["b"].sum() * x, X, X, start={"a": 0.0, "b": np.zeros(2)}),
        Verdict.SETTLED,
    ),
]


@pytest.mark.parametrize(("label", "problem", "verdict"), OWN, ids=[row[0] for row in OWN])
def test_own_problem(label: str, problem: Problem, verdict: int) -> None:
    seen = see(problem, "gradient_descent", learning_rate=0.3, num_steps=30, step=30, best_known=0.0)
    check_sanity(seen, problem)
    assert seen.verdict == verdict
    if verdict == Verdict.DIVERGED:
        assert (seen.last, seen.step, seen.num_finite, seen.diverged_step) == (0, 0, 0, 0)


EXACT = Problem("Exact", line, X, X, start=(1.0, 0.0))


def test_perfect_fit_has_converged() -> None:
    seen = see(EXACT, "adam", num_steps=200, step=200, best_known=0.0)
    check_sanity(seen, EXACT)
    assert seen.verdict == Verdict.CONVERGED
    assert (seen.loss, seen.times_best) == (0, 0)


def test_a_step_away_from_a_perfect_fit_has_not_diverged() -> None:
    # Adam's first step has the length of its learning rate however flat it is, and a million times nothing is nothing.
    seen = see(EXACT, "adam", w=1.0 + 1e-6, num_steps=200, step=200)
    check_sanity(seen, EXACT)
    assert seen.verdict != Verdict.DIVERGED
