"""Where a path leaves the picture: on its frame and on the segment that crosses it, and by hand on a bowl."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradient.problems import PROBLEMS
from gradient.run import NEVER
from tests.frames import BOWL, check_exit, domain_of, factor, see


@settings(deadline=None, max_examples=150)
@given(
    w=st.floats(-2.5, 3.5, width=32),
    b=st.floats(-3.5, 3.5, width=32),
    learning_rate=st.one_of(st.floats(0.01, 3), st.floats(3, 1e4)),
)
def test_exit_point_lies_on_the_frame_and_on_the_segment(w: float, b: float, learning_rate: float) -> None:
    problem = PROBLEMS["Line"]
    seen = see(problem, "gradient_descent", w=w, b=b, learning_rate=learning_rate, num_steps=50)
    check_exit(seen, domain_of(problem))


EXITS = [
    ("through the left side", 1.0, 0.0, factor(-4.0), 1, (-3, 0), (-5, 0)),
    ("through the right side", -1.0, 0.0, factor(-4.0), 1, (3, 0), (5, 0)),
    ("through the bottom", 0.5, 1.0, factor(-4.0), 1, (-1.5, -3), (-2.5, -5)),
    ("through a corner", 1.0, 1.0, factor(-4.0), 1, (-3, -3), (-5, -5)),
    ("from the edge inwards and out", 3.0, 0.0, factor(-4.0), 1, (-3, 0), (-15, 0)),
    ("from the edge outwards", 3.0, 1.0, factor(2.0), 1, (3, 1), (3, 1)),
    ("at the second step", 1.0, 0.0, factor(-2.0), 2, (3, 0), (6, 0)),
    ("to the edge and no farther", 1.0, 0.0, factor(-3.0), 2, (3, 0), (12, 0)),
    ("never", 3.0, 3.0, factor(0.5), NEVER, None, None),
    ("to and fro between edges", 3.0, 3.0, factor(-1.0), NEVER, None, None),
]


@pytest.mark.parametrize(("label", "w", "b", "learning_rate", "step", "point", "direction"), EXITS, ids=[r[0] for r in EXITS])
def test_exit_by_hand(label: str, w: float, b: float, learning_rate: float, step: int, point: Any, direction: Any) -> None:
    seen = see(BOWL, "gradient_descent", w=w, b=b, learning_rate=learning_rate, num_steps=20)
    assert seen.exit_step == step
    if point is not None:
        np.testing.assert_allclose(seen.exit_point, point, atol=1e-5)
        np.testing.assert_allclose(seen.exit_direction, direction, atol=1e-5)
