"""Whether a verdict is true: against a table of labelled runs, and against a second opinion over random settings."""

from collections import Counter
from functools import cache

import jax.numpy as jnp
import numpy as np
import pytest

from gradient.optimizers import LEARNING_RATES, OPTIMIZERS
from gradient.problems import PROBLEMS, Problem, line
from gradient.verdict import Verdict
from tests.descents import EVERY, Run, _verdicts, best_of, random_settings, run
from tests.frames import T, see
from tests.judge import fitting
from tests.labelled import LABELLED

NUM_RANDOM, NUM_STEPS_JUDGED = 12, 8
NEAR = {Verdict.CONVERGED, Verdict.BEST, Verdict.CLOSE}


@pytest.mark.parametrize("name", PROBLEMS)
def test_every_labelled_run_is_called_what_a_person_calls_it(name: str) -> None:
    wrong = []
    for problem, optimizer, settings, labels in LABELLED:
        if problem == name:
            found = run(PROBLEMS[name], optimizer, **settings).verdicts(best_of(name))
            wrong += [
                (optimizer, settings, step, label.name, Verdict(found[step]).name)
                for step, label in labels.items()
                if found[step] != label
            ]
    assert wrong == []


def test_the_table_has_all_verdicts_problems_and_optimizers() -> None:
    labels = [(problem, optimizer, label) for problem, optimizer, _, row in LABELLED for label in row.values()]
    assert len(labels) >= 120
    assert {(problem, optimizer) for problem, optimizer, _ in labels} == set(EVERY)
    assert {label for _, _, label in labels} == set(Verdict)
    assert min(Counter(label for _, _, label in labels).values()) >= 5


@cache
def random_runs(name: str, optimizer: str) -> list[Run]:
    draw = np.random.RandomState(EVERY.index((name, optimizer)))
    return [run(PROBLEMS[name], optimizer, **random_settings(name, optimizer, draw)) for _ in range(NUM_RANDOM)]


def judged(name: str, optimizer: str) -> list[tuple[Run, np.ndarray, float]]:
    """Random runs, the verdicts of their iterates, and the lowest loss known for each."""
    return [
        (each, each.verdicts(best_of(name)), min(best_of(name), float(each.losses.min())))
        for each in random_runs(name, optimizer)
    ]


@pytest.mark.parametrize(("name", "optimizer"), EVERY)
def test_a_second_opinion_agrees(name: str, optimizer: str) -> None:
    draw = np.random.RandomState(0)
    for each, verdicts, best in judged(name, optimizer):
        numbers = (each.params.tolist(), each.losses.tolist(), each.norms.tolist())
        steps = {0, each.last, *draw.randint(0, each.last + 1, size=NUM_STEPS_JUDGED).tolist()}
        for step in steps - ({each.last} if each.diverged else set()):
            assert verdicts[step] in fitting(*numbers, step, best, each.spread), f"step {step} of {each}"


@pytest.mark.parametrize(("name", "optimizer"), EVERY)
def test_what_is_called_close_is_close_and_what_is_called_higher_is_not(name: str, optimizer: str) -> None:
    for each, verdicts, best in judged(name, optimizer):
        losses, nothing = each.losses.astype(float), 1e-5 * each.spread**2
        is_near = losses <= 1.05 * best * (1 + 1e-6) + nothing
        for verdict in NEAR:
            assert is_near[verdicts == verdict].all()
        is_clearly_near = losses < 1.05 * best * (1 - 1e-6)
        for verdict in (Verdict.SETTLED, Verdict.RISING, Verdict.WANDERING, Verdict.SLOW):
            assert not is_clearly_near[verdicts == verdict].any()


@pytest.mark.parametrize(("name", "optimizer"), EVERY)
def test_a_verdict_hangs_on_its_window_and_five_steps_more(name: str, optimizer: str) -> None:
    """What comes later may be anything: it changes no word."""
    for each, verdicts, best in judged(name, optimizer)[:4]:
        for step in (0, 3, 17, 60):
            if step < each.last:
                later = slice(step + 6, T)
                params, losses, norms = each.params.copy(), each.losses.copy(), each.norms.copy()
                params[later], losses[later], norms[later] = 1e9, 1e9, 1e9
                # What is before the window may be anything, too, but for the start.
                params[1 : max(1, step - 10)], losses[1 : max(1, step - 10)], norms[1:step] = -1e9, 1e9, 1e9
                found = _verdicts(params, losses, norms, np.full(T, step), np.float32(best), np.float32(each.spread))
                assert found[0] == verdicts[step]


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3, 1e6])
def test_a_verdict_hangs_on_no_unit_of_the_data(unit: float) -> None:
    """Where y and the parameters of a line have another unit, its loss has the square of that, and its gradient the unit."""
    for each, verdicts, best in judged("Line", "momentum"):
        with np.errstate(over="ignore"):  # after the end, where nobody looks
            numbers = [np.float32(each.params * unit), np.float32(each.losses * unit**2), np.float32(each.norms * unit)]
        scaled = np.array(_verdicts(*numbers, np.arange(T), np.float32(best * unit**2), np.float32(each.spread * unit)))
        moving = verdicts[: each.last]
        assert np.mean(moving != scaled[: each.last]) <= 0.01  # a comparison that rounding decides


X, FAR = np.linspace(-1, 3, 40), np.linspace(4, 8, 40)
EXACT = [
    (Problem("Exact", line, X, 0.8 * X - 0.4), (0.8, -0.4)),
    (Problem("Small", line, X, 1e-4 * (0.8 * X - 0.4)), (8e-5, -4e-5)),
    (Problem("Large", line, X, 1e4 * (0.8 * X - 0.4)), (8e3, -4e3)),
    (Problem("Far from 0", line, FAR, 0.5 * FAR + 1), (0.5, 1)),
    (Problem("Decay", lambda p, x: p[0] * jnp.exp(-p[1] * x), 1 + X, 1.5 * np.exp(-0.8 * (1 + X))), (1.5, 0.8)),
]


@pytest.mark.parametrize(("problem", "solution"), EXACT, ids=[problem.name for problem, _ in EXACT])
def test_exact_data_settle_only_where_they_stay(problem: Problem, solution: tuple[float, float]) -> None:
    """From a start beside the minimum, whose loss is so small that 5 % of it is nothing, a descent does not settle above it."""
    draw = np.random.RandomState(7)
    for optimizer in OPTIMIZERS:
        for rate in draw.choice(LEARNING_RATES, size=10):
            w, b = np.array(solution) * (1 + 0.1 * draw.normal(size=2))
            each = run(problem, optimizer, learning_rate=float(rate), w=w, b=b)
            settled = np.flatnonzero(each.verdicts(0.0)[: max(each.last - 30, 0)] == Verdict.SETTLED)
            assert (each.losses[settled + 30] > 0.9 * each.losses[settled]).all()
            assert not settled.size or problem.name in ("Far from 0", "Decay")


def test_a_loss_that_goes_to_zero_exactly_has_converged() -> None:
    losses = np.r_[1.0, 0.5, 0.1, np.zeros(T - 3)].astype(np.float32)
    params = np.stack([losses, losses], axis=1)
    found = np.array(_verdicts(params, losses, losses, np.arange(T), np.float32(0), np.float32(1)))
    assert found[[0, 1, 2]].tolist() == [Verdict.START, Verdict.DESCENDING, Verdict.DESCENDING]
    assert (found[3:] == Verdict.CONVERGED).all()


@pytest.mark.parametrize("name", ["Line", "Network"])
def test_the_page_says_so_and_says_diverged_only_where_it_is(name: str) -> None:
    each_of = [(0.05, 60), (0.05, 8), (10.0, 30), (10.0, 200)]
    for rate, step in each_of:
        each = run(PROBLEMS[name], "momentum", learning_rate=rate, momentum=0.7)
        seen = see(PROBLEMS[name], "momentum", learning_rate=rate, num_steps=200, step=step, best_known=best_of(name))
        assert seen.verdict == each.verdicts(best_of(name))[step]
        assert (seen.verdict == Verdict.DIVERGED) == (each.diverged and step >= each.last)
