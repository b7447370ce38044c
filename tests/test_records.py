"""To add an optimizer or a problem is one record."""

import itertools
from collections.abc import Iterator
from typing import Any

import ipywidgets as widgets
import numpy as np
import optax
import pytest

from gradient import PROBLEMS, App, Problem
from gradient.optimizers import OPTIMIZERS, Hyperparameter, Optimizer, Scalar
from gradient.problems import line
from tests.record_properties import check_optimizer, check_problem


def _own_scaled(learning_rate: Scalar, own: Scalar) -> optax.GradientTransformation:
    return optax.sgd(learning_rate * own)


def _own_rmsprop(learning_rate: Scalar, b1: Scalar, decay: Scalar) -> optax.GradientTransformation:
    return optax.rmsprop(learning_rate, decay, momentum=b1)


@pytest.fixture(scope="module")
def app() -> Iterator[App]:
    """An app with a problem of 60 points and with two optimizers more, whose names the package will hardly need.

    One has a hyperparameter of its own; the other shares RMSProp's decay and has a `b1` that is not Adam's.
    """
    x = np.linspace(0, 4, 60)
    domain: Any = [[-2, 2], [-2, 2]]  # lists are as good as tuples
    own = {"own": Hyperparameter("Own", 0.5)}
    both = {"b1": Hyperparameter("Beta 1", 0.35, maximum=0.95, step=0.05), **OPTIMIZERS["rmsprop"].hyperparameters}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("Line", "Network"):  # the other one is enough beside the new
            patch.delitem(PROBLEMS, name)
        for name in ("gradient_descent", "adagrad"):  # which no test here uses: each has programs to compile
            patch.delitem(OPTIMIZERS, name)
        patch.setitem(PROBLEMS, "Sixty points", Problem("Sixty points", line, x, np.sin(x), start=(0, 0), domain=domain))
        patch.setitem(OPTIMIZERS, "own_scaled", Optimizer("Own scaled", _own_scaled, own, "p"))
        patch.setitem(OPTIMIZERS, "own_rmsprop", Optimizer("Own RMSProp", _own_rmsprop, both, "p"))
        app = App()
        yield app
        app.close()


def shown_of(app: App) -> list[widgets.Widget]:
    """The sliders of hyperparameters that are on the page, each with its strip."""
    return [slider for name, slider in app.hyperparameters.items() if app.swept[name].layout.display == "flex"]


def test_each_program_has_the_shapes_of_its_problem(app: App) -> None:
    for link, (number, problem) in itertools.product((app._main, app._sweep), enumerate(app.problems)):
        for optimizer in range(len(OPTIMIZERS)):
            inputs = link.programs[f"[{number},{optimizer}]"]["inputs"]
            assert inputs["x"][2] == inputs["y"][2] == [problem.x.size]


def test_an_optimizers_own_control_is_seen_and_moves_the_descent(app: App) -> None:
    app.optimizer.value = "Own scaled"
    assert shown_of(app) == [app.own]
    before = app.frame().loss
    app.own.value = 0.9
    assert app.frame().loss != before


def test_new_records_have_the_properties_of_all(app: App) -> None:
    check_problem(PROBLEMS["Sixty points"])
    for key in ("own_scaled", "own_rmsprop"):
        check_optimizer(key)


def test_a_default_belongs_to_its_optimizer(app: App) -> None:
    ours, adams = app.hyperparameters["own_rmsprop_b1"], app.b1
    assert (ours.value, ours.max, ours.step) == (0.35, 0.95, 0.05)
    assert (adams.value, adams.max, adams.step) == (0.9, 0.99, 0.01)
    app.optimizer.value = "own_rmsprop"
    assert shown_of(app) == [app.decay, ours]  # RMSProp's own record, so they share its slider
    adams.value, ours.value = 0.5, 0.4
    app.optimizer.value = "adam"
    assert (adams.value, ours.value) == (0.5, 0.4)
    app.transport.resets += 1
    assert (adams.value, ours.value) == (0.9, 0.35)


def test_an_optimizer_runs_with_its_own_value(app: App) -> None:
    app.optimizer.value = "own_rmsprop"
    before = app.frame().loss
    app.b1.value = 0.1
    assert app.frame().loss == before
    app.own_rmsprop_b1.value = 0.1
    assert app.frame().loss != before


def test_optimizers_with_one_record_share_its_value(app: App) -> None:
    app.optimizer.value = "Momentum"
    app.momentum.value = 0.42
    app.optimizer.value = "Nesterov"
    assert app.momentum.value == 0.42
    assert shown_of(app) == [app.momentum]
