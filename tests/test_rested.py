"""The field of a visitor's own data, which a page that computes sends at rest: the kernel draws it, without JAX."""

import ast
import io
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from gradient import App
from gradient.problems import OWN
from tests.bowls import W, array, bowl
from tests.conftest import ROOT
from tests.wire import Wire, opened, to


@pytest.fixture(scope="module")
def shared(wire: Wire) -> Iterator[App]:
    app = opened(wire)
    yield app
    app.close()


@pytest.fixture
def app(shared: App, wire: Wire) -> App:
    """The app with the problem of one's own data, which the page computes and whose figure is seen."""
    shared.compute_in("browser")
    shared.problem.value = OWN.name
    wire.receive(shared.overlay, {"visible": True, **bowl(0.9)})
    shown(shared, wire)
    shown(shared, wire)
    wire.messages.clear()
    return shared


def shown(app: App, wire: Wire) -> list:
    """The page has shown an image; returns what is sent then."""
    return images(app, wire.receive(app.overlay, {"shown": app.overlay.shown + 1}))


def images(app: App, messages: list) -> list:
    return to(app.field.figure.canvas, messages, "custom")


def saved(app: App) -> np.ndarray:
    """The figure as an author saves it."""
    file = io.BytesIO()
    app.field.figure.savefig(file, format="rgba")
    return np.frombuffer(file.getvalue(), np.uint8)


def test_the_figure_shows_what_the_page_sends_as_if_the_kernel_had_computed_it(app: App, wire: Wire) -> None:
    app.compute_in("kernel")
    app.data = ([1, 2, 4, 7], [2.0, 4.5, 8.0, 11.0])
    shown(app, wire)
    with_path = saved(app)
    app.compute_in("browser")
    computed, overlay = saved(app), app.overlay
    assert (with_path != computed).any()
    arrays = {name: array(getattr(overlay, name)) for name in ("field_losses", "field_gradients")}
    field = {"domain": list(overlay.domain), **arrays}
    wire.receive(overlay, bowl(0.0))
    shown(app, wire)
    assert (saved(app) != computed).any()
    wire.receive(overlay, field)
    shown(app, wire)
    assert np.array_equal(saved(app), computed)


def test_a_frame_with_another_field_is_one_image(app: App, wire: Wire) -> None:
    """ipympl's page puts a second image into the place of the first before that is decoded, and what it adds to is lost."""
    app.compute_in("kernel")
    shown(app, wire)
    for data in (([1, 2, 4, 7], [2.0, 4.5, 8.0, 12.0]), ([1, 2, 4, 7], [2.0, 4.5, 8.0, 50.0])):
        wire.messages.clear()
        app.data = data
        assert len(images(app, wire.messages)) <= 1
        assert len(shown(app, wire)) <= 1


def test_a_rest_costs_one_drawing_and_no_echo(app: App, wire: Wire) -> None:
    sent = wire.receive(app.overlay, bowl(0.2))
    assert len(images(app, sent)) == 1
    assert to(app.overlay, sent) == []
    shown(app, wire)
    assert wire.receive(app.overlay, bowl(0.2)) == []  # it is drawn already
    assert len(images(app, wire.receive(app.overlay, bowl(0.3)))) == 1


def test_a_drawing_waits_for_the_page_and_the_last_one_counts(app: App, wire: Wire) -> None:
    """Whichever page of the kernel has sent it."""
    assert len(images(app, wire.receive(app.overlay, bowl(0.2)))) == 1
    for at in (0.3, 0.4, 0.5):
        assert images(app, wire.receive(app.overlay, bowl(at))) == []
    assert len(shown(app, wire)) == 1
    last = saved(app)
    assert shown(app, wire) == []
    wire.receive(app.overlay, bowl(0.1))
    shown(app, wire)
    wire.receive(app.overlay, bowl(0.5))
    assert np.array_equal(saved(app), last)


def test_what_is_out_of_sight_is_drawn_later(app: App, wire: Wire) -> None:
    wire.receive(app.overlay, {"visible": False})
    assert images(app, wire.receive(app.overlay, bowl(0.6))) == []
    assert len(images(app, wire.receive(app.overlay, {"visible": True}))) == 1


def test_the_kernel_draws_its_own_field_if_it_computes(app: App, wire: Wire) -> None:
    app.compute_in("kernel")
    shown(app, wire)
    before = saved(app)
    assert images(app, wire.receive(app.overlay, bowl(0.7))) == []
    assert np.array_equal(saved(app), before)


_HUGE = 1e300
ODD: list[dict] = [
    *({"domain": domain} for domain in ([0, 0, 0, 1], [1, 0, 0, 1], [0, float("nan"), 0, 1], [0, 1, 0, _HUGE], ["x"], None)),
    *({"domain": [low, low + 1e-12, 0, 1]} for low in (1.0, -1e30)),
    *({"field_losses": array(np.ones(shape))} for shape in ((1, 9), (400, 400), (3,), (2, 2, 2))),
    *({"field_gradients": array(np.ones(shape))} for shape in ((3, 3, 1), (3, 2, 2), (99, 99, 2), (4, 4))),
    {"field_losses": {"value": b"1", "dtype": "float32", "shape": [41, 41], "type": None}},
    {"field_losses": [1, 2]},
]


@pytest.mark.filterwarnings("ignore")  # of what ipywidgets says where no shell can show it
@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_what_is_no_field_is_refused_as_a_whole(app: App, wire: Wire, odd: dict) -> None:
    before, field = saved(app), app.overlay.field()
    wire.receive(app.overlay, bowl(0.4) | odd)
    for one, other in zip(app.overlay.field(), field, strict=True):
        np.testing.assert_array_equal(one, other)
    assert np.array_equal(saved(app), before)


STRANGE: list[dict] = [
    *({"field_losses": array(np.full((n, n), value))} for n in (1, 2, 41) for value in (0, -1, 3e38, np.inf, np.nan)),
    {"field_losses": array(np.where(W > 0, np.nan, W**2))},
    {"field_losses": array(np.where(W > 0, 3.4e38, -3.4e38))},
    *({"field_gradients": array(np.full((n, n, 2), value))} for n in (0, 1, 17) for value in (0, 1e-45, 3e38, np.inf, np.nan)),
    *({"domain": domain} for domain in ([-3e38, 3e38, 1e-44, 2e-44], [1e12, 1e12 + 1e4, -1e-30, 1e-30])),
]


@pytest.mark.parametrize("strange", STRANGE, ids=range(len(STRANGE)))
def test_any_numbers_are_drawn(app: App, wire: Wire, strange: dict) -> None:
    wire.receive(app.overlay, bowl(0.4) | strange)
    saved(app)
    assert app.readout.error == ""
    shown(app, wire)
    wire.receive(app.overlay, bowl(0.1))
    assert app.readout.error == ""


# A kernel whose page sends a field: what its figure shows, and whether anything of JAX has started.
KERNEL = """
import pytest
from jax._src import xla_bridge
from gradient.problems import OWN
from tests.bowls import bowl
from tests.wire import Wire, opened, to

with pytest.MonkeyPatch.context() as patch:
    wire = Wire(patch)
    app = opened(wire)
    app.problem.value = OWN.name
    canvas = app.field.figure.canvas
    canvas.draw()
    before = bytes(canvas.buffer_rgba())
    sent = wire.receive(app.overlay, bowl(0.4))
    print([len(to(canvas, sent, "custom")), bytes(canvas.buffer_rgba()) != before, sorted(xla_bridge._backends)])
"""


def test_no_jax_is_started_for_it(prepared: None) -> None:
    answer = subprocess.run([sys.executable, "-c", KERNEL], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ast.literal_eval(answer.stdout) == [1, True, []]
