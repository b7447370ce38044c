"""Whether a verdict is true: against a table of labelled runs, and against a second opinion over random settings."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from gradient.problems import PROBLEMS
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
            assert verdicts[step] in fitting(*numbers, step, best), f"step {step} of {each}"


@pytest.mark.parametrize(("name", "optimizer"), EVERY)
def test_what_is_called_close_is_close_and_what_is_called_higher_is_not(name: str, optimizer: str) -> None:
    for each, verdicts, best in judged(name, optimizer):
        losses, nothing = each.losses.astype(float), 1e-6 * each.losses[0]
        is_near = losses <= 1.05 * best * (1 + 1e-6) + nothing
        for verdict in NEAR:
            assert is_near[verdicts == verdict].all()
        assert not (is_near & (losses < 1.05 * best * (1 - 1e-6))).astype(bool)[verdicts == Verdict.SETTLED].any()


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
                found = _verdicts(params, losses, norms, np.full(T, step), np.float32(best))
                assert found[0] == verdicts[step]


@pytest.mark.parametrize("scale", [1e-12, 1e-6, 1e6, 1e12])
def test_a_verdict_of_a_moving_descent_hangs_on_no_unit_of_the_loss(scale: float) -> None:
    """A gradient is small by itself, below a thousandth; all else is a share of a loss."""
    for each, verdicts, best in judged("Wave", "momentum"):
        norms = np.full(T, 1.0, np.float32)
        plain, scaled = (
            np.array(_verdicts(each.params, each.losses * np.float32(by), norms, np.arange(T), np.float32(best * by)))
            for by in (1, scale)
        )
        assert np.mean(plain != scaled) <= 0.01  # a comparison that rounding decides
        assert verdicts.shape == plain.shape


def test_a_loss_that_goes_to_zero_exactly_has_converged() -> None:
    losses = np.r_[1.0, 0.5, 0.1, np.zeros(T - 3)].astype(np.float32)
    params = np.stack([losses, losses], axis=1)
    found = np.array(_verdicts(params, losses, losses, np.arange(T), np.float32(0)))
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
