"""The field: levels, colours and numbers for any data, alike in the browser and in the kernel, and what both draw."""

import json
import math
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from playwright.sync_api import Browser, Page, expect

from gradient import PROBLEMS
from gradient.cache import DiskCache
from gradient.landscape import gradient_field, loss_field
from gradient.link.modules import esm
from gradient.shipped import CachedGrids
from gradient.views import style
from gradient.views.levels import LOW_PLACE, LOW_SHARE, NUM_LEVELS, RULES, UNKNOWN, NormScale, is_known, levels, norm_scale
from gradient.views.map_ticks import GAP, LETTER, LONGEST, bar_ticks, map_ticks
from gradient.views.map_ticks import RULES as TICK_RULES
from gradient.views.parameter_picture import ParameterPicture, _middles
from gradient.views.sentences import PARAMETER_MAP
from gradient.views.stored_field import stored
from tests.app_page import AppPage
from tests.conftest import ROOT, watched
from tests.test_overlay import places, seen

DRAW = np.random.RandomState(0)
W, B = np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41))
GRIDS = {
    "bowl": W**2 + B**2,
    "line": np.asarray(loss_field(PROBLEMS["Line"].loss, PROBLEMS["Line"].domain, (41, 41)).values),
    "wave": np.asarray(loss_field(PROBLEMS["Wave"].loss, PROBLEMS["Wave"].domain, (41, 41)).values),
    "decades": 10.0 ** (6 * W),
    "corner": np.where(W + B > 1.9, 1e30, W**2 + B**2 + 0.04),
    "plateau": np.where(W > 0, 0.3, W**2) + 0.04,
    "unknown": np.where(W < -0.5, UNKNOWN, np.where(B > 0.9, np.nan, W**2 + B**2)),
    "noise": DRAW.lognormal(sigma=4, size=(41, 41)),
    "zero": np.maximum(W, 0),
}
FLAT = [np.full((5, 5), 0.04), 0.04 + 1e-9 * W, np.full((3, 3), np.nan), np.full((2, 2), UNKNOWN), np.zeros((0, 0))]


# The rules.


def test_evenly_spaced_rings_around_the_minimum_of_a_bowl() -> None:
    np.testing.assert_allclose(levels(GRIDS["bowl"]), 2 * np.linspace(0, 1, NUM_LEVELS) ** 2)


def test_where_losses_span_decades_so_do_the_levels() -> None:
    decades = np.log10(levels(GRIDS["decades"])[3:])
    assert decades[0] < -2
    assert decades[-1] > 3
    assert np.diff(decades).max() < 1


@pytest.mark.parametrize("name", GRIDS)
def test_no_map_is_white_but_for_a_corner(name: str) -> None:
    edges, losses = levels(GRIDS[name].astype(np.float32)), GRIDS[name].astype(np.float32).astype(float)
    known = losses[np.isfinite(losses) & (losses < UNKNOWN)]
    assert len(edges) == NUM_LEVELS
    assert (np.diff(edges) > 0).all()
    assert edges[0] == known.min()
    assert edges[-1] <= known.max() * (1 + 1e-12)
    lowest_bands = edges[math.floor(LOW_PLACE * (NUM_LEVELS - 1))]
    assert name == "zero" or (known < lowest_bands).mean() <= LOW_SHARE + 0.01


@pytest.mark.parametrize("losses", FLAT)
def test_where_the_loss_is_the_same_everywhere_or_unknown_there_are_no_levels(losses: np.ndarray) -> None:
    assert levels(losses).size == 0


def test_colours_of_arrows_follow_their_norms() -> None:
    assert norm_scale(np.linspace(0, 3, 50)) == (3, 1)
    wide = norm_scale(10.0 ** np.linspace(-6, 6, 99))
    shares = wide.shares(10.0 ** np.linspace(-6, 6, 99))
    assert (np.diff(shares) >= 0).all()
    assert 0.2 < np.median(shares) < 0.3
    assert norm_scale(np.array([0, np.nan, np.inf])) == (1, 1)


# Numbers along the axes.

TICKS = [
    ((-2, 3), "bottom", 222, "−2 −1 0 1 2 3", "w"),
    ((1870, 1890), "left", 256, "1870 1875 1880 1885 1890", "w"),
    ((1874.2, 1874.9), "left", 256, "0.2 0.4 0.6 0.8", "w − 1874"),
    ((1e9, 1e9 + 10), "bottom", 222, "0 2 4 6 8 10", "w − 10⁹"),
    ((-1e9, 3e9), "left", 256, "−10 0 10 20 30", "w (× 10⁸)"),
    ((-6e-7, 2.5e-7), "left", 256, "−60 −40 −20 0 20", "w (× 10⁻⁸)"),
    ((-1000003, -1000001), "left", 256, "7.0 7.5 8.0 8.5 9.0", "w + 1000010"),
    ((1.2345e9, 1.2355e9), "left", 256, "6 8 10 12 14", "w − 1.234 × 10⁹ (× 10⁵)"),
    ((0, 2.5e-7), "right", 602, "0 5 10 15 20 25", "w (× 10⁻⁸)"),
]


@pytest.mark.parametrize(("interval", "side", "room", "labels", "title"), TICKS)
def test_numbers_of_an_axis(interval: tuple[float, float], side: str, room: float, labels: str, title: str) -> None:
    found = map_ticks(*interval, side, room, "w")
    assert (found.labels, found.title) == (labels.split(), title)


def random_intervals(count: int) -> list[tuple[float, float]]:
    middles = DRAW.choice([-1, 0, 1], count) * 10.0 ** DRAW.uniform(-12, 12, count)
    lengths = np.where(middles == 0, 10.0 ** DRAW.uniform(-12, 12, count), np.abs(middles) * 10.0 ** DRAW.uniform(-6, 3, count))
    lows = middles - lengths * DRAW.uniform(size=count)
    return list(zip(lows.tolist(), (lows + lengths).tolist(), strict=True))


ROOMS = [("bottom", 222.0), ("bottom", 554.0), ("left", 256.0), ("left", 602.0), ("right", 256.0), ("right", 602.0)]


def test_no_two_numbers_of_an_axis_meet_and_none_is_cut() -> None:
    for low, high in random_intervals(1000):
        for side, room in ROOMS:
            values, labels, _ = map_ticks(low, high, side, room, "w")
            assert len(labels) == len(set(labels)) >= 2, (low, high)
            assert max(map(len, labels)) <= LONGEST[side]
            pixels = (np.array(values) - low) / (high - low) * room
            widths = np.array([len(label) * LETTER for label in labels])
            assert side != "bottom" or (np.diff(pixels) >= (widths[1:] + widths[:-1]) / 2 + GAP - 1e-6).all()
            assert np.diff(pixels).min() >= 39.9
            assert pixels[0] >= -0.1
            assert pixels[-1] <= room + 0.1


# Both engines.


@pytest.fixture(scope="module")
def blank(browser: Browser) -> Iterator[Page]:
    """A page with the functions of the browser's side."""
    names = ("lossLevels", "normScale", "shareOf", "mapTicks", "barTicks")
    with watched(browser.new_context()) as context:
        page = context.new_page()
        page.evaluate(f"{esm(ROOT / 'gradient/views/landscape.js')}\nObject.assign(globalThis, {{ {', '.join(names)} }});")
        yield page


def as_sent(losses: np.ndarray) -> list[float]:
    """Losses as the browser has them."""
    return np.nan_to_num(losses.astype(np.float32), nan=UNKNOWN).ravel().tolist()


def test_the_browser_draws_contours_at_the_same_losses(blank: Page) -> None:
    grids = [*GRIDS.values(), *FLAT]
    call = "([grids, rules]) => grids.map((losses) => lossLevels(new Float32Array(losses), rules))"
    found = blank.evaluate(call, [[as_sent(grid) for grid in grids], RULES])
    for grid, edges in zip(grids, found, strict=True):
        np.testing.assert_allclose(edges, levels(grid.astype(np.float32)), rtol=1e-12)


def test_the_browser_gives_arrows_the_same_colours(blank: Page) -> None:
    norms = [np.linspace(0, 3, 50), 10.0 ** np.linspace(-6, 6, 99), DRAW.lognormal(sigma=9, size=289), np.zeros(4)]
    call = "([norms, rules]) => norms.map((each) => normScale(new Float64Array(each), rules))"
    found = blank.evaluate(call, [[each.tolist() for each in norms], RULES])
    for scale, each in zip(found, norms, strict=True):
        np.testing.assert_allclose((scale["top"], scale["power"]), norm_scale(each), rtol=1e-12)


def expect_ticks(found: list[dict], expected: list) -> None:
    for ticks, (values, labels, title) in zip(found, expected, strict=True):
        assert ([tick["label"] for tick in ticks["ticks"]], ticks["title"]) == (labels, title)
        np.testing.assert_allclose([tick["place"] for tick in ticks["ticks"]], values, rtol=1e-12)


def test_the_browser_writes_the_same_numbers(blank: Page) -> None:
    axes: list[Any] = [(interval, side, room, "w") for interval in random_intervals(100) for side, room in ROOMS]
    axes += [(interval, side, room, "w") for interval, side, room, *_ in TICKS]
    found = blank.evaluate("([axes, rules]) => axes.map((axis) => mapTicks(...axis, rules))", [axes, TICK_RULES])
    expect_ticks(found, [map_ticks(low, high, side, room, title) for (low, high), side, room, title in axes])
    scales = [NormScale(top, power) for top in (2.87, 3e9, 4e-7) for power in (1.0, 0.9, 0.15)]
    call = "([scales, rules]) => scales.map(([top, power]) => barTicks({ top, power }, 256, 'norm', rules))"
    expect_ticks(blank.evaluate(call, [scales, TICK_RULES]), [bar_ticks(scale, 256, "norm") for scale in scales])


# The kernel's picture.


@pytest.fixture(scope="module")
def picture() -> Iterator[ParameterPicture]:
    picture = ParameterPicture(PROBLEMS["Line"], CachedGrids(DiskCache()))
    yield picture
    picture.canvas.close()


def arrows_to(w: float, b: float, count: int = 17) -> np.ndarray:
    """The gradients of a bowl over -1..1 with its minimum at a point."""
    return 2 * (_middles((-1, 1, -1, 1), count) - (w, b))


def pixels_of(picture: ParameterPicture) -> np.ndarray:
    picture.canvas.draw()
    return np.asarray(picture.canvas.buffer_rgba())[..., :3]


def expect_bands(colours: np.ndarray, losses: np.ndarray, edges: np.ndarray) -> None:
    """Colours are the shades of the bands in which losses are, but for those of arrows and contours."""
    shades = np.array([to_rgb(shade) for shade in style.MAP_SHADES]) * 255
    apart = np.abs(colours.astype(float)[:, None] - shades).max(axis=-1)
    is_shade = apart.min(axis=1) <= 1
    expected = np.interp(losses.ravel(), edges, np.arange(NUM_LEVELS)) - 0.5
    assert is_shade.mean() > 0.4
    is_right = np.abs(apart.argmin(axis=1) - expected) < 0.7
    assert is_right[is_shade].mean() > 0.95  # the edge of a contour may have the shade of a lower band


@pytest.mark.parametrize("name", ["bowl", "decades", "wave"])
def test_the_kernel_draws_any_losses_anew(picture: ParameterPicture, name: str) -> None:
    losses = GRIDS[name].astype(np.float32)
    picture.canvas.handle_resize({"width": 700, "height": 684})
    picture.take_field(losses, arrows_to(0.5, 0), (1870, 1890, -1e9, 1e9), ("year", "b"))
    assert (picture.axes.get_xlabel(), picture.axes.get_ylabel()) == ("year", "b (× 10⁸)")
    left, top, right, bottom = style.MARGINS
    columns = np.round(left + (700 - left - right) * np.linspace(0, 1, 41)[1:-1]).astype(int)
    rows = np.round(684 - bottom - (684 - top - bottom) * np.linspace(0, 1, 41)[1:-1]).astype(int)
    image = pixels_of(picture)
    colours = image[np.ix_(rows, columns)].reshape(-1, 3)
    expect_bands(colours, losses[1:-1, 1:-1], levels(losses))


def test_the_kernel_leaves_what_is_unknown_white_and_says_so(picture: ParameterPicture) -> None:
    hostile = arrows_to(0, 0)
    hostile[0, :4] = [[np.nan, 0], [np.inf, 1], [0, 0], [1e38, 1e38]]
    picture.take_field(GRIDS["unknown"], hostile, (-1, 1, -1, 1), ("w", "b"))
    image = pixels_of(picture)
    assert picture.colour_axes.get_ylabel() == PARAMETER_MAP["unknown"]
    x, y = int(style.MARGINS[0]) + 30, int(style.MARGINS[1]) + 300
    assert (image[y : y + 9, x] == 255).all(axis=-1).any()
    for losses in FLAT[:4]:
        picture.take_field(losses, np.zeros((3, 3, 2)), (-1, 1, -1, 1), ("w", "b"))
        pixels_of(picture)
    picture.take_field(GRIDS["bowl"], arrows_to(0, 0), (-1, 1, -1, 1), ("w", "b"))
    assert picture.colour_axes.get_ylabel() == PARAMETER_MAP["colours"]


def test_no_number_in_the_kernels_picture_is_cut_or_meets_another(picture: ParameterPicture) -> None:
    domains = [(*w, *b) for w, b in zip(random_intervals(6), random_intervals(6), strict=True)]
    domains += [(-500, 500, -500, 500), (1874.2, 1874.9, -5000, 4000), (1e9, 1e9 + 10, -6e-7, 2.5e-7)]
    for domain, power in zip(domains, range(-12, 15, 3), strict=True):
        picture.take_field(GRIDS["bowl"], arrows_to(0, 0) * 10.0**power, domain, ("w (weight)", "b (bias)"))
        for size in ((368, 338), (700, 684)):
            picture.canvas.handle_resize({"width": size[0], "height": size[1]})
            pixels_of(picture)
            expect_readable(picture, size[0])


def expect_readable(picture: ParameterPicture, width: int) -> None:
    axes = (picture.axes.xaxis, picture.axes.yaxis, picture.colour_axes.yaxis)
    below, left, right = ([text.get_window_extent() for text in axis.get_ticklabels()] for axis in axes)
    assert min(map(len, (below, left, right))) >= 2
    assert all(a.x1 + 4 <= b.x0 for a, b in pairwise(below))
    assert all(a.y1 + 4 <= b.y0 for boxes in (left, right) for a, b in pairwise(boxes))
    assert min(box.x0 for box in left) > axes[1].label.get_window_extent().x1 - 1
    assert axes[1].label.get_window_extent().x0 >= 0
    assert max(box.x1 for box in right) <= axes[2].label.get_window_extent().x0
    assert axes[2].label.get_window_extent().x1 <= width


# What a page without a kernel has.


@pytest.mark.parametrize("name", GRIDS)
def test_what_is_stored_of_a_field_has_the_same_bands_and_arrows(name: str) -> None:
    losses, gradients = GRIDS[name] + 1e3 * (name == "bowl"), arrows_to(0.5, 0)
    gradients[0, :2] = [[np.nan, 0], [np.inf, 1]]
    found = stored(losses, gradients)
    few = losses[::2, ::2].ravel()
    edges, known = levels(few), is_known(few)
    np.testing.assert_array_equal(is_known(np.array(found["losses"])), known)
    bands, stored_bands = (
        np.interp(values[known], edges, np.arange(NUM_LEVELS)) for values in (few, np.array(found["losses"]))
    )
    np.testing.assert_allclose(stored_bands, bands, atol=0.05)
    np.testing.assert_allclose(found["gradients"][4:], gradients.ravel()[4:], rtol=0.005)
    assert found["gradients"][:4] == [0, 0, 0, 1]
    json.dumps(found, allow_nan=False)


# The page.

_SET = """async (state) => {
  const models = await Promise.all(Object.values((window.widgetManager ?? window.jupyterapp.widgetManager)._models));
  const overlay = models.find((model) => model.get("canvases"));
  for (const [name, value] of Object.entries(state)) {
    overlay.set(name, value.shape ? { ...value, dtype: "float32", value: new Float32Array(value.value) } : value);
  }
  await new Promise(requestAnimationFrame);
}"""
LANDSCAPE = ".techni-landscape"


def put(app: AppPage, **state: Any) -> None:
    arrays = {name: value for name, value in state.items() if isinstance(value, np.ndarray)}
    sent = {name: {"value": as_sent(value), "shape": value.shape} for name, value in arrays.items()}
    app.page.evaluate(_SET, state | sent)


@pytest.fixture
def drawn(wide_on_site: AppPage) -> Iterator[AppPage]:
    """The Wave's page without a kernel, whose overlay draws the field; its own is there again afterwards."""
    app = wide_on_site
    app.reset()
    yield app
    put(app, domain=[-2, 2, -5, 5], draws_field=False, has_map=False, draws_path=True)
    expect(app.page.locator(LANDSCAPE)).to_be_visible()


def wave_gradients() -> np.ndarray:
    w, b = np.moveaxis(_middles((-2, 2, -5, 5), 17), -1, 0)
    inner = (float(w.min()), float(w.max())), (float(b.min()), float(b.max()))
    return np.asarray(gradient_field(PROBLEMS["Wave"].loss, inner, (17, 17)).values)


def wave_field(app: AppPage) -> tuple[np.ndarray, np.ndarray]:
    """Gives the overlay another field of the Wave than the page's own."""
    losses, gradients = GRIDS["wave"], wave_gradients()
    put(app, field_losses=losses, field_gradients=gradients, axis_labels=["w", "b"], draws_field=True)
    expect(app.page.locator(LANDSCAPE)).to_be_visible()
    return losses, gradients


def test_the_browser_draws_what_the_figure_shows(drawn: AppPage) -> None:
    """Shades of the bands, arrows down the gradient, and the colour bar."""
    for name in ("Line", "Wave"):
        drawn.choose("Problem", name)
        expect_figure(drawn, name)
    expect_arrows(drawn, wave_gradients(), (-2, 2, -5, 5))
    axes = drawn.axes()
    bar = [[axes["x"] + axes["width"] + style.BAR_GAP + 4, axes["y"] + y] for y in (axes["height"] - 3, 3)]
    ends = np.array([style.ARROW_COLOURS(0)[:3], style.ARROW_COLOURS(style.ARROW_COLOURS.N - 1)[:3]]) * 255
    np.testing.assert_allclose(seen(drawn, bar, LANDSCAPE)[:, :3], ends, atol=8)


def expect_figure(app: AppPage, name: str) -> None:
    """The bands are those of the figure, which has four times as many losses."""
    (w_low, w_high), (b_low, b_high) = domain = PROBLEMS[name].domain
    losses = np.asarray(loss_field(PROBLEMS[name].loss, domain, (101, 101)).values)
    some = slice(5, -5, 5)
    w, b = np.meshgrid(np.linspace(w_low, w_high, 101)[some], np.linspace(b_low, b_high, 101)[some])
    points = places(app, np.stack([w.ravel(), b.ravel()], axis=1), (w_low, w_high, b_low, b_high))
    expect_bands(seen(app, points, LANDSCAPE)[:, :3], losses[some, some], levels(losses))


def expect_arrows(app: AppPage, gradients: np.ndarray, domain: tuple) -> None:
    """Each arrow has its colour at its middle, is wide before its tip, and narrow where it begins."""
    middles = places(app, _middles((*domain[:2], *domain[2:]), 17).reshape(-1, 2), domain)
    axes, norms = app.axes(), np.linalg.norm(gradients.reshape(-1, 2), axis=1)
    down = -gradients.reshape(-1, 2) * (axes["width"] / 4, -axes["height"] / 10)
    down /= np.linalg.norm(down, axis=1)[:, None]
    across = down[:, ::-1] * (-1, 1)
    scale = norm_scale(norms)
    lengths = axes["width"] / style.ARROW_GAP / 17 * np.maximum(scale.shares(norms) ** 0.25, 0.25)
    long = lengths > 15
    head = (middles + down * (lengths / 2 - 7)[:, None])[long]
    tail = (middles - down * (lengths / 2 - 3)[:, None])[long]
    expected = style.ARROW_COLOURS(np.minimum(scale.shares(norms[long]) * 64, 63).astype(int))[:, :3] * 255

    def agreeing(points: np.ndarray) -> float:
        return float((np.abs(seen(app, points, LANDSCAPE)[:, :3] - expected).max(axis=1) < 55).mean())

    assert long.sum() > 100
    assert agreeing(middles[long]) == 1
    assert agreeing(head + 1.8 * across[long]) > 0.9
    assert agreeing(head - 1.8 * across[long]) > 0.9
    assert agreeing(tail + 2.2 * across[long]) < 0.1
    assert agreeing(tail - 2.2 * across[long]) < 0.1


_COUNT = """() => {
  const { clearRect } = CanvasRenderingContext2D.prototype;
  window.cleared = 0;
  window.stopCounting = () => Object.assign(CanvasRenderingContext2D.prototype, { clearRect });
  CanvasRenderingContext2D.prototype.clearRect = function (...box) {
    window.cleared += this.canvas.matches(".techni-landscape");
    return clearRect.apply(this, box);
  };
}"""


def test_the_browser_draws_it_anew_only_when_it_is_another(drawn: AppPage) -> None:
    drawn.page.evaluate(_COUNT)
    try:
        for slider in ("Learning rate", "Steps"):
            drawn.press(slider, "ArrowRight", 3)
            drawn.press(slider, "ArrowLeft", 3)
        assert drawn.page.evaluate("window.cleared") == 0
        losses, gradients = wave_field(drawn)
        put(drawn, field_losses=2 * losses, field_gradients=2 * gradients)
        put(drawn, domain=[1870, 1890, -1e9, 1e9])
        assert drawn.page.evaluate("window.cleared") == 3
    finally:
        drawn.page.evaluate("stopCounting()")
    put(drawn, domain=[-2, 2, -5, 5])
    expect_arrows(drawn, gradients, (-2, 2, -5, 5))


def test_a_map_has_its_place_in_the_browsers_field(drawn: AppPage) -> None:
    wave_field(drawn)
    put(drawn, has_map=True)
    inside, outside = places(drawn, [[0, 0], [1, -1]], (-2, 2, -5, 5)), [[drawn.axes()["x"] - 2, drawn.axes()["y"] + 200]]
    assert not seen(drawn, inside, LANDSCAPE).any()
    assert (seen(drawn, outside, LANDSCAPE)[:, 3] == 255).all()
    put(drawn, draws_path=False)
    expect(drawn.page.locator(LANDSCAPE)).to_be_hidden()


def test_the_browser_leaves_what_is_unknown_white(drawn: AppPage) -> None:
    wave_field(drawn)
    losses = np.where(W < 0, UNKNOWN, W**2 + B**2)
    put(drawn, field_losses=losses, field_gradients=np.full((3, 3, 2), np.nan))
    white, shaded = (places(drawn, [[w, b] for b in (-4.0, 0.5, 3.0)], (-2, 2, -5, 5)) for w in (-1.0, 1.8))
    assert (seen(drawn, white, LANDSCAPE) == 255).all()
    assert (seen(drawn, shaded, LANDSCAPE)[:, 0] < 252).all()
    put(drawn, field_losses=np.full((2, 2), 0.04, np.float32))
    assert (seen(drawn, white, LANDSCAPE) == 255).all()
