"""The prose under the app: it names only what is there, and its questions have the answers that they hint at."""

import json
import re

import numpy as np
import pytest

from gradient import App
from gradient.optimizers import OPTIMIZERS
from gradient.problems import PROBLEMS
from gradient.verdict import Verdict
from tests.conftest import ROOT
from tests.descents import best_of, run
from tests.test_sweep import swept

CELLS = json.loads((ROOT / "techni.ipynb").read_text())["cells"]
PROSE = "\n".join("".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "markdown")
WAVE, LINE = PROBLEMS["Wave"], PROBLEMS["Line"]


def test_the_prose_names_no_cell() -> None:
    """A published page shows neither code nor the notebook that it was made of."""
    assert not re.search(r"\b(cells?|notebook|above cell|output)\b", PROSE, re.IGNORECASE)


def test_what_the_prose_says_of_the_app_is_there() -> None:
    names = re.findall(r"`app\.(\w+)", PROSE)
    assert len(names) >= 3
    app = App()
    assert [name for name in names if not hasattr(app, name)] == []
    app.close()


def test_every_problem_and_optimizer_is_spoken_of() -> None:
    assert [name for name in (*PROBLEMS, *(record.label for record in OPTIMIZERS.values())) if name not in PROSE] == []


def ends_of_wave(starts: np.ndarray) -> np.ndarray:
    """w, b and the loss at the end of the wave's own descent from each of some starts."""
    ends = [run(WAVE, "momentum", learning_rate=0.1, momentum=0.7, num_steps=30, w=w, b=b) for w, b in starts]
    return np.array([[*end.params[-1], end.losses[-1]] for end in ends])


STARTS = np.random.RandomState(0).uniform((-2, -5), (2, 5), size=(60, 2))


def test_the_path_ends_at_a_mirror_image_and_another_start_at_the_other() -> None:
    (end,) = ends_of_wave(WAVE.start[None])
    others = ends_of_wave(STARTS)
    near = others[others[:, 2] < 1.05 * best_of("Wave")]
    assert end[0] < 0
    assert end[2] < 1.05 * best_of("Wave")
    np.testing.assert_allclose([[abs(w), np.sin(b)] for w, b, _ in near], [[-end[0], np.sin(end[1])]] * len(near), atol=0.1)
    assert (near[:, 0] > 0).any()


@pytest.mark.parametrize("rate", [0.38, 0.398, 0.417])
def test_without_momentum_the_path_hops_between_two_points(rate: float) -> None:
    path = run(WAVE, "momentum", learning_rate=rate, momentum=0.0, num_steps=30)
    assert path.verdicts(best_of("Wave"))[30] == Verdict.BOUNCING


def test_hatching_and_limit_move_right_with_momentum_and_left_with_nesterov() -> None:
    found = [swept(LINE, optimizer, num_steps=30) for optimizer in ("gradient_descent", "momentum", "nesterov")]
    for seen in (lambda f: f.rates[f.diverged].min(), lambda f: f.stability_limit):
        plain, momentum, nesterov = map(seen, found)
        assert nesterov < plain < momentum


def test_from_some_starts_another_momentum_leads_out_and_from_some_nothing_does() -> None:
    """However many steps there are: at their end the loss is above 0.4."""
    led_out = []
    for w, b in STARTS:
        stays = all(
            run(WAVE, "momentum", learning_rate=0.1, momentum=0.7, num_steps=steps, w=w, b=b).losses[-1] > 0.4
            for steps in range(30, 201, 34)
        )
        if stays:
            found = swept(WAVE, "momentum", num_steps=30, w=w, b=b)
            momentum = found.hyperparameters["momentum"]
            led_out.append(tuple(((each.losses < 0.1) & ~each.diverged).any() for each in (momentum, found)))
    by_momentum, by_rate = zip(*led_out, strict=True)
    assert any(by_momentum)
    assert any(by_rate)
    assert not all(either for either in map(any, led_out))
