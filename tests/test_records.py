"""To add an optimizer or a problem is one record."""

from collections.abc import Iterator

import numpy as np
import optax
import pytest

from gradient import PROBLEMS, App, Problem
from gradient.optimizers import OPTIMIZERS, Hyperparameter, Optimizer
from gradient.problems import line


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """An app with a problem of 60 points, after the others with 100, and with an optimizer that has a control of its own."""
    x = np.linspace(0, 4, 60)
    domain = [[-2, 2], [-2, 2]]  # lists are as good as tuples
    monkeypatch.setitem(PROBLEMS, "Short", Problem("Short", line, x, np.sin(x), start=(0, 0), domain=domain))  # type: ignore[arg-type]
    nu = {"nu": Hyperparameter("Nu", 0.5)}
    monkeypatch.setitem(OPTIMIZERS, "scaled", Optimizer("Scaled", lambda rate, nu: optax.sgd(rate * nu), nu, "p"))
    app = App()
    yield app
    app.close()


def test_each_program_has_the_shapes_of_its_problem(app: App) -> None:
    for number, problem in enumerate(app.problems):
        for optimizer in range(len(OPTIMIZERS)):
            inputs = app._main.programs[f"[{number},{optimizer}]"]["inputs"]
            assert inputs["x"][2] == inputs["y"][2] == [problem.x.size]


def test_an_optimizers_own_control_is_seen_and_moves_the_descent(app: App) -> None:
    app.compute_in("kernel")
    app.optimizer.value = "Scaled"
    assert [s.description for s in app.hyperparameters.values() if s.layout.display == "flex"] == ["Nu"]
    before = app.frame().loss
    app.nu.value = 0.9
    assert app.frame().loss != before
