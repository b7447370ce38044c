"""The overlay on the field: what it is told, and what it draws on a real page, pixel by pixel."""

import io
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from ipywidgets import FloatSlider
from matplotlib.colors import to_rgb
from matplotlib.image import imread
from playwright.sync_api import expect
from traitlets import TraitError

from gradient import OPTIMIZERS, PROBLEMS
from gradient.frame import Frame
from gradient.landscape import PLANE_DOMAIN, PLANE_SIZE
from gradient.views import plane, style
from gradient.views.overlay import Overlay
from tests.app_page import AppPage
from tests.conftest import opened_in
from tests.frames import see
from tests.processes import eventually


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "wide" in metafunc.fixturenames:
        metafunc.parametrize("wide", ["hardened"], indirect=True, scope="module")


DOMAINS = {"Line": (-2, 3, -3, 3), "Wave": (-2, 2, -5, 5), "Network": (-0.5, 1.5, -0.5, 1.5)}

# The traits.


def make() -> Overlay:
    return Overlay(x=FloatSlider(), y=FloatSlider())


def test_its_outputs_are_fields_of_the_frame_and_traits() -> None:
    assert set(make().outputs()) <= set(Frame._fields) & set(Overlay.class_trait_names(sync=True))


@pytest.mark.parametrize("value", [np.arange(6.0).reshape(3, 2), [[1, 2]], np.zeros((0, 2))])
def test_an_array_goes_to_the_browser_as_bytes_and_comes_back(value: Any) -> None:
    overlay = make()
    overlay.path = value
    state = overlay.get_state("path")["path"]
    assert (state["dtype"], state["shape"]) == ("float32", list(np.shape(value)))
    assert bytes(state["value"]) == np.asarray(value, "<f4").tobytes()
    other = make()
    other.set_state({"path": state | {"value": bytes(state["value"])}})
    np.testing.assert_array_equal(other.path, value)


@pytest.mark.parametrize(("name", "value"), [("path", [1.0, 2.0]), ("point", 3.0), ("plane", "flat"), ("point", None)])
def test_an_array_refuses_what_is_none(name: str, value: Any) -> None:
    with pytest.raises(TraitError, match=f"{name} must be an array of numbers"):
        setattr(make(), name, value)


def test_an_array_changes_only_if_it_differs() -> None:
    overlay, changes = make(), list[dict]()
    overlay.observe(changes.append, "point")
    for value in ([1, 2], np.array([1.0, 2.0]), [1, 3]):
        overlay.point = value
    assert [list(change["new"]) for change in changes] == [[1, 2], [1, 3]]


def test_its_scripts_are_one_module() -> None:
    """Files that are put together share their names, so no two may declare the same."""
    names = re.findall(r"^(?:export )?(?:async )?(?:function|const|let|class) (\w+)", Overlay._esm, re.MULTILINE)
    assert len(names) > 20
    assert len(set(names)) == len(names)
    assert Overlay._esm.count("export default") == 1


# The page.

# What one of the field's canvases shows at points of the page: its own pixels' red, green, blue and alpha.
_PIXELS = """([selector, points]) => {
  const canvas = [...document.querySelectorAll(selector)].find((c) => c.offsetParent && c.width > 50);
  const box = canvas.getBoundingClientRect();
  const ratio = canvas.width / box.width;
  return points.map(([x, y]) => [...canvas.getContext("2d").getImageData((x - box.x) * ratio, (y - box.y) * ratio, 1, 1).data]);
}"""
_MODELS = "await Promise.all(Object.values(window.jupyterapp.widgetManager._models))"
_MODEL = f"""({_MODELS}).find((m) => m.get("theme")?.marks)"""
OFF_THE_PATH = [[1.5, 4.0], [-1.5, 2.0]]  # of the Wave
DRAWING, FIGURE = ".techni-drawing", ".techni-figures canvas"


@pytest.fixture
def app(wide: AppPage) -> AppPage:
    wide.reset()
    return wide


def seen(app: AppPage, points: Any, selector: str = DRAWING) -> np.ndarray:
    return np.array(app.page.evaluate(_PIXELS, [selector, np.asarray(points, float).tolist()]))


def rgb(colour: str) -> np.ndarray:
    return np.array(to_rgb(colour)) * 255


def places(app: AppPage, points: Any, domain: tuple) -> np.ndarray:
    """Where points of the axes are on the page."""
    axes, (x_low, x_high, y_low, y_high) = app.axes(), domain
    x, y = np.atleast_2d(points).T
    return np.stack(
        [
            axes["x"] + axes["width"] * (x - x_low) / (x_high - x_low),
            axes["y"] + axes["height"] * (y_high - y) / (y_high - y_low),
        ],
        axis=1,
    )


def frame_of(name: str, optimizer: str = "momentum", **changes: float) -> Any:
    """The frame of a problem with its own settings, but for these changes."""
    problem = PROBLEMS[name]
    w, b = problem.flat_starts[0][:2]
    own = {"w": w, "b": b, "learning_rate": problem.learning_rate, "num_steps": problem.num_steps, "step": 200}
    return see(problem, optimizer, best_known=0.0, **(own | changes))


def expect_path(app: AppPage, shown: Any, domain: tuple, selector: str = DRAWING) -> None:
    """Every iterate in the axes that no other mark covers is a dot of the path's colour, where it should be."""
    pixels = places(app, shown.path[: shown.last + 1], domain)
    ends = places(app, [shown.path[0], shown.point, shown.path[shown.plane_third]], domain)
    is_free = np.linalg.norm(pixels[:, None] - ends, axis=-1).min(axis=1) > 16
    pixels = pixels[is_free & (shown.path[: shown.last + 1] >= domain[::2]).all(axis=1)]
    assert len(pixels) > 3
    np.testing.assert_allclose(seen(app, pixels, selector)[:, :3], np.tile(rgb(style.PATH), (len(pixels), 1)), atol=40)


@pytest.mark.parametrize("problem", DOMAINS)
@pytest.mark.parametrize("optimizer", ["momentum", pytest.param("adam", marks=pytest.mark.soak)])
def test_the_iterates_are_where_the_frame_has_them(app: AppPage, problem: str, optimizer: str) -> None:
    app.choose("Problem", problem)
    app.choose("Optimizer", OPTIMIZERS[optimizer].label)
    app.settle()
    expect_path(app, frame_of(problem, optimizer), DOMAINS[problem])


def test_what_comes_after_the_step_in_view_is_paler(app: AppPage) -> None:
    """The dots before it are opaque. Those after it are as pale as their line, though their parts lie over one another."""
    app.press("Step", "Home")
    app.press("Step", "ArrowRight", 6)
    app.wait("s.step === '6'")
    app.settle()
    shown = frame_of("Wave", step=6)
    alpha = seen(app, places(app, shown.path[[2, 4, 11, 13]], DOMAINS["Wave"]))[:, 3]
    assert (alpha[:2] == 255).all()
    np.testing.assert_allclose(alpha[2:], 255 * style.LATER, atol=2)


def test_the_figure_shows_its_background_only(app: AppPage) -> None:
    points = places(app, frame_of("Wave").path[:20], DOMAINS["Wave"])
    assert (np.abs(seen(app, points, FIGURE)[:, :3] - rgb(style.PATH)).max(axis=1) > 60).all()


def test_off_the_path_the_overlay_is_transparent(app: AppPage) -> None:
    assert not seen(app, places(app, OFF_THE_PATH, DOMAINS["Wave"])).any()


def test_when_the_server_computes_the_figure_shows_all_and_the_overlay_its_handle(app: AppPage) -> None:
    domain = DOMAINS["Wave"]
    try:
        app.compute_in("server")
        expect(app.page.locator(DRAWING)).to_be_hidden()
        expect(app.page.locator(".techni-handle")).to_be_visible()
        app.press("Steps", "ArrowRight")
        app.settle()
        expect_path(app, frame_of("Wave", num_steps=31), domain, FIGURE)
    finally:
        app.compute_in("browser")
    app.press("Steps", "ArrowLeft")
    app.settle()
    expect_path(app, frame_of("Wave"), domain)
    test_the_figure_shows_its_background_only(app)


# The elements around the field's canvases whose round corners cut them off.
_ROUND_OVERFLOWS = """() => [...document.querySelectorAll(".techni-field, .techni-field :has(canvas)")].filter((around) => {
  const { overflow, borderRadius } = getComputedStyle(around);
  return overflow !== "visible" && borderRadius !== "0px";
}).map(({ className }) => className)"""


def expect_round_corners(app: AppPage) -> None:
    """The frame's line is seen where it turns, which a canvas that is not cut off there would cover."""
    box = app.page.locator(".techni-field").bounding_box()
    assert box
    for x in (box["x"], box["x"] + box["width"] - 6):
        corner = app.page.screenshot(clip={"x": x, "y": box["y"], "width": 6, "height": 6})
        turn = imread(io.BytesIO(corner))[1:5, 1:5, :3]
        assert turn.min() < 0.96
        assert turn.max() == 1


def test_its_corners_are_round_but_no_canvas_is_in_a_round_overflow(app: AppPage) -> None:
    """With one, WebKit without a GPU takes more than twice as long to paint a press."""
    expect_round_corners(app)
    assert app.page.evaluate(_ROUND_OVERFLOWS) == []


def test_it_follows_the_size_of_the_page(app: AppPage) -> None:
    for width, height in ((1000, 700), (1440, 900)):
        app.page.set_viewport_size({"width": width, "height": height})
        app.settle()
        expect_path(app, frame_of("Wave"), DOMAINS["Wave"])


def test_where_the_path_leaves_there_is_a_triangle_and_a_note(app: AppPage) -> None:
    app.choose("Problem", "Line")
    app.press("Learning rate", "End")
    app.wait("s.verdict === 'Diverged'")
    app.settle()
    shown = frame_of("Line", learning_rate=10.0)
    (x, y), axes = places(app, shown.exit_point, DOMAINS["Line"])[0], app.axes()
    np.testing.assert_allclose(seen(app, [[x, y]])[0, :3], rgb(style.INK), atol=30)
    across = seen(app, [[x + dx, y + dy] for dx in (-60, -30) for dy in range(8, 40)])
    assert (across == [255, 255, 255, 255]).all(axis=1).any()  # the note's paper
    beyond = [[axes["x"] + axes["width"] + 11, axes["y"] + 10 * k] for k in range(1, 20)]
    assert not seen(app, beyond).any()  # the rest of the path is cut off


@pytest.mark.parametrize(
    ("optimizer", "keys", "changes", "case"),
    [
        ("Momentum", [], {}, 0),
        ("Momentum", [("Steps", "Home")], {"num_steps": 1}, 1),
        ("Momentum", [("Learning rate", "End")], {"learning_rate": 10.0}, 2),
    ],
)
def test_the_plane_has_the_colours_of_its_losses(app: AppPage, optimizer: str, keys: list, changes: dict, case: int) -> None:
    app.choose("Problem", "Network")
    app.choose("Optimizer", optimizer)
    for slider, key in keys:
        app.press(slider, key)
    app.settle()
    shown = frame_of("Network", **changes)
    assert shown.plane_case == case
    low, high = shown.plane_range
    bands = np.array([rgb(colour) for colour in plane.band_colours()])
    u = np.linspace(*PLANE_DOMAIN[0], PLANE_SIZE)
    nodes = [(i, j) for i in (1, 6, 11) for j in (1, 2, 3, 13, 15)]  # neither under the path nor under the text
    colours = seen(app, places(app, [[u[j], u[i]] for i, j in nodes], DOMAINS["Network"]))[:, :3]
    found = np.abs(colours[:, None] - bands).sum(axis=2).argmin(axis=1)
    expected = [np.log(shown.plane[i, j] / low) / np.log(high / low) * len(bands) for i, j in nodes]
    np.testing.assert_allclose(found + 0.5, np.clip(expected, 0, len(bands)), atol=0.7)
    diamond = seen(app, places(app, shown.path[shown.plane_third], DOMAINS["Network"]))[0, :3]
    assert case != 0 or (diamond == 255).all()


def test_while_dragging_the_path_starts_at_the_handle(app: AppPage) -> None:
    app.page.evaluate(
        f"""async () => {{ const m = {_MODEL}; const layer = document.querySelector('.techni-overlay');
        const handle = document.querySelector('.techni-handle'); window.apart = []; window.watching = true;
        const look = () => {{
          const bytes = m.get('path').value;
          const [w, b] = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 8));
          const [x, y] = [62 + (layer.clientWidth - 146) * (w + 2) / 4, 36 + (layer.clientHeight - 82) * (5 - b) / 10];
          apart.push(Math.hypot(parseFloat(handle.style.left) - x, parseFloat(handle.style.top) - y));
          if (watching) requestAnimationFrame(look);
        }}; requestAnimationFrame(look); }}"""
    )
    app.page.mouse.move(*app.at(0.6, -3.5))
    app.page.mouse.down()
    for b in (-2.0, 0.0, 2.0):
        app.page.mouse.move(*app.at(1.0, b), steps=6)
        app.expect_start(1.0, b)
    apart = app.page.evaluate("() => { window.watching = false; return window.apart; }")
    app.page.mouse.up()
    assert len(apart) > 5
    assert max(apart) < 0.01


# The same numbers in every form in which the browser may have them; what changes in one task is drawn once.
_FORMS = f"""async () => {{
  const m = {_MODEL};
  const canvas = document.querySelector(".techni-drawing");
  const {{ value, shape }} = m.get("path");
  const bytes = value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength);
  const shifted = new Uint8Array(bytes.byteLength + 3);
  shifted.set(new Uint8Array(bytes), 3);
  const forms = [new DataView(bytes), new Float32Array(bytes), bytes, new Uint8Array(bytes), new DataView(shifted.buffer, 3)];
  const before = canvas.toDataURL();
  const clear = CanvasRenderingContext2D.prototype.clearRect;
  const seen = [];
  for (const form of forms) {{
    m.set_state({{ path: {{ value: new Float32Array(402), dtype: "float32", shape }} }});
    await Promise.resolve().then(() => {{}});
    const other = canvas.toDataURL() !== before;
    let drawings = 0;
    CanvasRenderingContext2D.prototype.clearRect = function (...box) {{
      drawings += this.canvas === canvas;
      clear.apply(this, box);
    }};
    m.set_state({{ path: {{ value: form, dtype: "float32", shape }}, last: m.get("last") + 1 }});
    m.set_state({{ last: m.get("last") - 1 }});
    await Promise.resolve().then(() => {{}});
    CanvasRenderingContext2D.prototype.clearRect = clear;
    seen.push([other, canvas.toDataURL() === before, drawings]);
  }}
  return seen;
}}"""


def test_it_draws_once_a_task_whatever_holds_the_numbers(app: AppPage) -> None:
    assert app.page.evaluate(_FORMS) == [[True, True, 1]] * 5


# Adds a view of the overlay that is below the window; then hides the first one for a moment.
_SECOND_VIEW = """async () => {
  const model = MODEL;
  const place = document.body.appendChild(document.createElement("div"));
  place.style.cssText = "position: absolute; top: 300vh; width: 400px; height: 300px";
  const watched = new Promise((done) => {
    window.IntersectionObserver = class extends IntersectionObserver {
      constructor(act) { super((...seen) => { act(...seen); done(); }); }
    };
  });
  const view = await model.widget_manager.create_view(model);
  view.luminoWidget.constructor.attach(view.luminoWidget, place);
  await watched;
  if (!model.get("visible")) return "hidden";
  const first = document.querySelector(".techni-overlay");
  const gone = new Promise((done) => model.once("change:visible", done));
  first.style.display = "none";
  await gone;
  const back = new Promise((done) => model.once("change:visible", done));
  first.style.display = "";
  await back;
  window.IntersectionObserver = Object.getPrototypeOf(IntersectionObserver);
  view.remove();
  place.remove();
  return "seen";
}"""


def test_a_second_view_that_is_out_of_sight_hides_nothing(app: AppPage) -> None:
    app.settle()
    assert app.page.evaluate(_SECOND_VIEW.replace("MODEL", _MODEL)) == "seen"


def test_it_follows_the_pixels_of_the_screen(app: AppPage) -> None:
    client = app.page.context.new_cdp_session(app.page)
    # On a phone the overlay has one size whatever the window's height, without a change of which Chromium tells nobody.
    for height, ratio in ((844, 1), (845, 1.5), (846, 2), (847, 3), (848, 1)):
        metrics: dict[str, Any] = {"width": 390, "height": height, "deviceScaleFactor": ratio, "mobile": False}
        client.send("Emulation.setDeviceMetricsOverride", metrics)
        app.page.wait_for_function("(ratio) => devicePixelRatio === ratio && innerWidth === 390", arg=ratio)
        app.expect_fine_overlay()
        expect_path(app, frame_of("Wave"), DOMAINS["Wave"])
    client.send("Emulation.clearDeviceMetricsOverride")
    app.page.set_viewport_size({"width": 1440, "height": 900})


@pytest.fixture
def own_page(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    """A page of its own, for what cannot be undone."""
    with opened_in("hardened", "wide", request) as app:
        yield app


def test_without_a_kernel_the_background_stays_under_the_path(own_page: AppPage) -> None:
    app = own_page
    eventually(lambda: not seen(app, places(app, OFF_THE_PATH, DOMAINS["Wave"])).any())
    # Nobody answers the figures any more.
    app.page.evaluate(f"async () => {{ for (const model of {_MODELS}) if (model.offscreen_canvas) model.comm.close(); }}")
    width = app.page.evaluate("document.querySelector('.techni-overlay').clientWidth")
    app.page.set_viewport_size({"width": 1000, "height": 700})
    app.page.wait_for_function("(width) => document.querySelector('.techni-overlay').clientWidth < width", arg=width)
    app.expect_fine_overlay()
    assert (seen(app, places(app, OFF_THE_PATH, DOMAINS["Wave"]))[:, 3] == 255).all()
    expect_path(app, frame_of("Wave"), DOMAINS["Wave"])
    right = app.axes()["x"] + app.axes()["width"]
    spine = seen(app, [[right + dx, app.axes()["y"] + 100] for dx in np.arange(-2, 2.5, 0.5)])
    assert np.abs(spine[:, :3] - rgb(style.MUTED)).max(axis=1).min() < 60
    expect_round_corners(app)
