"""What a hostile page can set in a kernel: no value breaks a link, takes unbounded memory or compiles another program."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from gradient import App
from tests.wire import Wire, opened, to

VALUES: list[Any] = [
    1e9,
    -1e9,
    1e300,
    10**30,
    -(10**30),
    float("nan"),
    float("inf"),
    "nan",
    "1e9",
    "x",
    None,
    [1],
    {"a": 1},
    True,
]
TRAITS = [
    *(("learning_rate", name) for name in ("value", "min", "max", "step")),
    *((slider, "value") for slider in ("momentum", "decay", "initial_w", "initial_b", "random_key", "steps")),
    *((slider, name) for slider in ("initial_w", "steps") for name in ("min", "max", "step")),
    *((choice, "index") for choice in ("problem", "optimizer", "loss_scale")),
    *(("transport", name) for name in ("step", "speed", "resets", "repeat")),
    *(("overlay", name) for name in ("picked", "shown", "visible", "index")),
]


@pytest.fixture(scope="module", params=["browser", "kernel"])
def app(wire: Wire, request: pytest.FixtureRequest) -> Iterator[App]:
    app = opened(wire)
    app.compute_in(request.param)
    yield app
    app.close()


@pytest.fixture(autouse=True)
def is_as_it_was(app: App, wire: Wire) -> Iterator[None]:
    """Whatever a page has set, at the next ordinary change the app shows finite numbers, and no error."""
    before = {(name, trait): getattr(getattr(app, name), trait) for name, trait in TRAITS}
    yield
    for (name, trait), value in before.items():
        if getattr(getattr(app, name), trait) != value:
            getattr(app, name).set_trait(trait, value)
    wire.request(app._main)
    assert app.readout.error == ""
    assert all(np.all(np.isfinite(value)) for value in app.frame())


def ask(app: App, wire: Wire) -> None:
    wire.request(app._main)


@pytest.mark.filterwarnings("ignore")  # of traits that were cast, and of what ipywidgets says where no shell can show it
@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize(("name", "trait"), TRAITS)
def test_any_value_leaves_finite_numbers(app: App, wire: Wire, name: str, trait: str, value: Any) -> None:
    wire.receive(getattr(app, name), {trait: [value, value, 1] if trait == "picked" else value})
    ask(app, wire)
    if app.problem.index is not None and app.optimizer.index is not None:
        assert all(np.all(np.isfinite(shown)) for shown in app.frame())


def points(count: int, dtype: str = "float32") -> dict:
    array = np.ones(count, dtype)
    return {"dtype": dtype, "shape": [count], "type": None, "value": array.tobytes()}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "arrays",
    [
        *({"x": points(count), "y": points(count)} for count in (0, 1, 99, 5000)),
        {"x": points(99)},
        {"x": points(100, "int32")},
        {"x": points(100) | {"shape": [10, 10]}},
        {"x": points(100) | {"dtype": "object"}},
        {"x": [1, "a", None]},
        {"x": None},
    ],
    ids=repr,
)
def test_data_of_another_shape_are_refused_and_compile_nothing(app: App, wire: Wire, arrays: dict) -> None:
    ask(app, wire)
    x, compiled, programs = app.fit.data.x, app._main._kernel.fun._cache_size(), app._main.programs
    wire.receive(app.fit.data, arrays)
    ask(app, wire)
    np.testing.assert_array_equal(app.fit.data.x, x)
    assert app._main._kernel.fun._cache_size() == compiled
    assert app._main.programs is programs


def test_data_of_a_problems_length_are_accepted(app: App, wire: Wire) -> None:
    x, y = app.fit.data.x, app.fit.data.y
    wire.receive(app.fit.data, {"x": points(len(x)), "y": points(len(x))})
    np.testing.assert_array_equal(app.fit.data.x, np.ones(len(x)))
    app.fit.data.x, app.fit.data.y = x, y


@pytest.mark.parametrize("ratio", [1, 3, 1e9, float("nan"), "2"])
@pytest.mark.parametrize(("width", "height"), [(1e9, 1e9), (1e9, 1), (2400, 2400), (0, -5), (float("nan"), 300), ("1", None)])
def test_a_canvas_has_a_sensible_size(app: App, wire: Wire, width: Any, height: Any, ratio: Any) -> None:
    canvas = app.field.pictures[0].canvas
    wire.receive_custom(canvas, {"type": "set_device_pixel_ratio", "device_pixel_ratio": ratio})
    sent = wire.receive_custom(canvas, {"type": "resize", "width": width, "height": height})
    pixels = canvas.figure.bbox.size
    assert pixels.min() >= 50
    assert pixels.prod() <= 1.01 * (1 << 23)
    assert to(canvas, sent)
    wire.receive_custom(canvas, {"type": "set_device_pixel_ratio", "device_pixel_ratio": 1})
    wire.receive_custom(canvas, {"type": "resize", "width": 640, "height": 560})
    assert list(canvas.figure.bbox.size) == [640, 560]
