"""The model under the pointer is the one that the page shows at that point, or at that step."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from gradient.frame import CURVE_POINTS
from gradient.probe import probe, probe_path
from gradient.problems import PROBLEMS
from gradient.run import NEVER
from tests.frames import controls, see
from tests.maps import loss_by_hand
from tests.test_compare import row_of

NETWORK = PROBLEMS["Network"]
SETTINGS = {"learning_rate": 0.1, "num_steps": 40, "key": 3}


@pytest.mark.parametrize("name", ["Line", "Wave"])
def test_a_point_is_a_model(name: str) -> None:
    problem, point = PROBLEMS[name], np.array([0.7, -1.2])
    found = probe(problem, jnp.asarray(point, jnp.float32), (jnp.asarray(problem.x), jnp.asarray(problem.y)))
    np.testing.assert_allclose(found.x, np.linspace(problem.x.min(), problem.x.max(), CURVE_POINTS), atol=1e-6)
    np.testing.assert_allclose(found.y, problem.predict(jnp.asarray(point, jnp.float32), found.x), rtol=1e-4)
    assert float(found.loss) == pytest.approx(loss_by_hand(problem, point), rel=1e-5)


def probed(optimizer: str, point: tuple[float, float], step: int) -> Any:
    run = jax.jit(partial(probe_path, NETWORK))
    row = jnp.asarray(row_of(optimizer, SETTINGS), jnp.float32)
    return jax.tree.map(np.asarray, run(jnp.array(point), jnp.int32(step), row, controls(NETWORK, optimizer, **SETTINGS)))


@pytest.mark.parametrize("step", [0, 17, 40, 90])
def test_a_step_of_a_network_is_that_of_the_page(step: int) -> None:
    found, frame = probed("adam", (0.0, 0.0), step), see(NETWORK, "adam", **SETTINGS, step=step)
    np.testing.assert_allclose(found.y, frame.fit_y, atol=1e-5)
    assert found.loss == pytest.approx(frame.loss, rel=1e-5)


def test_a_point_of_the_plane_is_a_network() -> None:
    """The start is at (0, 0) of the plane, the end at (1, 0)."""
    for point, step in (((0.0, 0.0), 0), ((1.0, 0.0), 40)):
        found, frame = probed("momentum", point, NEVER), see(NETWORK, "momentum", **SETTINGS, step=step)
        np.testing.assert_allclose(found.y, frame.fit_y, atol=1e-4)
    frame = see(NETWORK, "momentum", **SETTINGS, step=40)
    found = probed("momentum", (0.5, 0.5), NEVER)
    assert found.loss == pytest.approx(frame.plane[8, 8], rel=1e-4)


def test_a_model_that_overflows_has_finite_numbers() -> None:
    line = PROBLEMS["Line"]
    found = probe(line, jnp.array([3e38, 3e38]), (jnp.asarray(line.x), jnp.asarray(line.y)))
    assert all(np.isfinite(np.asarray(value)).all() for value in found)
