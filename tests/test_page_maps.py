"""The maps on the page: their cells, the switch, the ring that sets two sliders, and what a moved control drops."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from gradient.maps import MapKind, layout, second_axes
from gradient.optimizers import LEARNING_RATES, OPTIMIZERS
from gradient.problems import PROBLEMS, Problem
from gradient.run import NEVER
from gradient.views import plane, style
from gradient.views.sentences import MAPS
from tests.app_page import AppPage
from tests.frames import lowest_known, see
from tests.maps import loss_by_hand, slice_of, valleys_of
from tests.page_settings import in_settings
from tests.processes import eventually
from tests.test_overlay import rgb, seen

WAVE, NETWORK = PROBLEMS["Wave"], PROBLEMS["Network"]
KEYS = list(OPTIMIZERS)
MAP = ".techni-map canvas"
EVERYWHERE = ["test_a_map_shows_where_starts_end"]
START = {"learning_rate": 0.1, "momentum": 0.7}
SHADES, LIGHTEST = 16, 0.2
# On the static site, `make test` shows both maps, counts their slices, and goes from one to the other.
OF_THE_SCRIPTS = [
    "test_the_ring_stands_at_the_present_settings_and_sets_them",
    "test_the_start_cannot_be_reached_while_a_map_covers_it",
    "test_the_map_varies_what_the_optimizer_has",
    "test_what_a_moved_control_makes_stale_is_dropped",
    "test_a_network_has_maps_of_its_random_starts",
    "test_the_kinds_are_a_group_of_radio_buttons",
    "test_pointing_at_a_map_names_what_a_cell_comes_to",
    "test_the_words_beside_the_switch_lie_over_no_map",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, EVERYWHERE, of_the_window=EVERYWHERE, of_the_scripts=OF_THE_SCRIPTS)


@pytest.fixture
def app(wide: AppPage) -> Iterator[AppPage]:
    wide.reset()
    yield wide
    show(wide, MapKind.LOSS)
    wide.settle()


def switch(app: AppPage, kind: MapKind) -> Locator:
    return app.page.locator(".techni-maps input").nth(kind)


def title(app: AppPage) -> Locator:
    return app.page.locator(".techni-map-head h2")


def show(app: AppPage, kind: MapKind) -> None:
    switch(app, kind).check(force=True)


def tinted(colour: str, share: float) -> np.ndarray:
    return np.round(255 + (rgb(colour) - 255) * share)


def colour_of_start(problem: Problem, valley: float, arrival: float, num_steps: int) -> np.ndarray:
    """The colour of a cell in a map of starts."""
    if valley == NEVER:
        return rgb(style.ON_ITS_WAY)
    num_best = valleys_of(problem).num_best
    table, i = (style.BEST_VALLEYS, valley) if valley < num_best else (style.OTHER_VALLEYS, valley - num_best)
    shade = min(int(arrival / num_steps * (SHADES - 1) + 0.5), SHADES - 1)
    return tinted(table[int(i) % len(table)], LIGHTEST + (1 - LIGHTEST) * shade / (SHADES - 1))


def colour_of_loss(loss: float, low: float, high: float) -> np.ndarray:
    """The colour of a cell in a map of settings."""
    bands = plane.band_colours()
    share = np.log(loss / low) / np.log(high / low)
    return rgb(bands[int(np.clip(share * len(bands), 0, len(bands) - 1))])


def places_of(app: AppPage, problem: Problem, kind: MapKind, index: int) -> np.ndarray:
    """Where the cells of a slice are on the page."""
    axes, whole = app.axes(), layout(problem, kind)
    columns, rows = map(np.asarray, whole.cells(index))
    x = axes["x"] + axes["width"] * (columns + 0.5) / whole.columns
    return np.stack([x, axes["y"] + axes["height"] * (1 - (rows + 0.5) / whole.rows)], axis=1)


def expect_starts(app: AppPage, optimizer: str, num_steps: int, **settings: float) -> None:
    """Waits until the map of starts has the colours of the descents of one slice, away from the path and the words on it."""
    last = len(layout(WAVE, MapKind.STARTS).offsets) - 1
    cells = slice_of(WAVE, MapKind.STARTS, last, optimizer, num_steps, **settings)
    places, some = places_of(app, WAVE, MapKind.STARTS, last), range(5, 1024, 61)
    colours = np.array([colour_of_start(WAVE, cells.valleys[i], cells.arrivals[i], num_steps) for i in some])
    minima = valleys_of(WAVE).params
    axes = app.axes()
    low, high = np.array(WAVE.domain).T
    crosses = (minima - low) / (high - low) * [1, -1] * [axes["width"], axes["height"]] + [
        axes["x"],
        axes["y"] + axes["height"],
    ]
    free = [np.abs(places[i] - crosses).max(axis=1).min() > 60 for i in some]
    assert sum(free) > 5

    def are_right() -> bool:
        pixels = seen(app, places[list(some)], MAP)[:, :3]
        near = np.abs(pixels - colours).max(axis=1) <= 1
        # Float32 and WebAssembly may part by a step at the border of a shade.
        return bool(np.mean(near[free]) > 0.85)

    eventually(are_right)


def expect_path_over_map(app: AppPage) -> None:
    """Waits until the path's last point is drawn over the map, whoever computes."""
    w, b = see(WAVE, "momentum", num_steps=30, step=30, **START).point
    eventually(lambda: np.abs(seen(app, np.array([app.at(w, b)]), ".techni-drawing")[0, :3] - rgb(style.PATH)).max() <= 2)


def test_a_map_shows_where_starts_end(app: AppPage) -> None:
    show(app, MapKind.STARTS)
    expect(title(app)).to_have_text("52 % of all starts reach the lowest loss")
    expect_starts(app, "momentum", 30, **START)
    expect_path_over_map(app)
    app.press("Momentum", "ArrowLeft", 20)
    expect_starts(app, "momentum", 30, **{**START, "momentum": 0.5})
    expect(app.page.locator(".techni-overlay")).to_have_accessible_description(
        re.compile("w 0.6, b −3.5 to w −0.0673, b −3.26;")
    )


def test_the_colour_bar_has_the_colour_of_each_valley(app: AppPage) -> None:
    show(app, MapKind.STARTS)
    axes, across = app.axes(), np.arange(16) + 0.5
    bar = np.stack([axes["x"] + axes["width"] + style.BAR_GAP + across, np.full(16, axes["y"] + 6)], axis=1)

    def has_all_hues() -> bool:
        pixels = seen(app, bar, MAP)[:, :3].astype(float)
        hues = [rgb(colour) - 255 for colour in (*style.BEST_VALLEYS[:2], *style.OTHER_VALLEYS[:2])]
        towards = [
            [np.dot(hue, pixel - 255) / (np.linalg.norm(hue) * np.linalg.norm(pixel - 255)) for pixel in pixels] for hue in hues
        ]
        return all(max(cosines) > 0.97 for cosines in towards)

    eventually(has_all_hues)


def test_a_map_shows_what_pairs_of_settings_come_to(app: AppPage) -> None:
    show(app, MapKind.SETTINGS)
    expect(title(app)).to_have_text(MAPS["settings"])
    cells = slice_of(WAVE, MapKind.SETTINGS, 2, "momentum", 30, **START)
    places, some = places_of(app, WAVE, MapKind.SETTINGS, 2), [i for i in range(7, 1024, 61) if i % 64 < 30]
    low, high = lowest_known(WAVE), loss_by_hand(WAVE, WAVE.flat_starts[0])
    colours = np.array([colour_of_loss(cells.losses[i], low, high) for i in some])
    eventually(lambda: np.mean(np.abs(seen(app, places[some], MAP)[:, :3] - colours).max(axis=1) <= 1) > 0.85)


def ring(app: AppPage) -> Locator:
    return app.page.locator(".techni-setting")


def middle(locator: Locator) -> tuple[float, float]:
    box = locator.bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def place_of(app: AppPage, rate: float, share: float) -> tuple[float, float]:
    """Where a learning rate and a share of the vertical axis are on the page, in a map of 64 by 48 cells."""
    axes, (x, y) = app.axes(), ((np.log10(rate) + 3) / 4, share)
    return (
        axes["x"] + axes["width"] * (x * 63 + 0.5) / 64,
        axes["y"] + axes["height"] * (1 - (y * 47 + 0.5) / 48),
    )


def test_the_ring_stands_at_the_present_settings_and_sets_them(app: AppPage) -> None:
    show(app, MapKind.SETTINGS)
    expect(ring(app)).to_be_visible()
    assert middle(ring(app)) == pytest.approx(place_of(app, 0.1, 0.7 / 0.99), abs=1.5)
    app.page.mouse.move(*middle(ring(app)))
    app.page.mouse.down()
    target = place_of(app, LEARNING_RATES[120], 0.3 / 0.99)
    app.page.mouse.move(*target, steps=5)
    app.page.mouse.up()
    expect(app.page.get_by_role("textbox", name="Momentum as a number")).to_have_text("0.300")
    assert float(app.value("Learning rate")) == pytest.approx(LEARNING_RATES[120], rel=0.05)
    eventually(lambda: middle(ring(app)) == pytest.approx(target, abs=3))
    before = app.value("Learning rate")
    ring(app).press("ArrowRight")
    ring(app).press("ArrowUp")
    expect(app.page.get_by_role("textbox", name="Momentum as a number")).to_have_text("0.310")
    assert float(app.value("Learning rate")) == pytest.approx(float(before) * 10**0.02, rel=0.01)
    expect(ring(app)).to_have_attribute(
        "aria-label", f"Learning rate {app.value('Learning rate')}, momentum 0.31. Drag it, or use the arrow keys."
    )
    for key, end in (("Home", "0.00100"), ("End", "10.0")):
        ring(app).press(key)
        expect(app.page.get_by_role("textbox", name="Learning rate as a number")).to_have_text(end)
    expect(app.page.get_by_role("textbox", name="Momentum as a number")).to_have_text("0.310")


def test_home_and_end_take_the_start_to_the_ends_of_its_axis(app: AppPage) -> None:
    handle = app.page.locator(".techni-handle")
    for key, end in (("Home", -2.0), ("End", 2.0)):
        handle.press(key)
        app.expect_start(end, -3.5, tolerance=0.001)


def test_the_start_cannot_be_reached_while_a_map_covers_it(app: AppPage) -> None:
    expect(app.page.locator(".techni-handle")).to_be_visible()
    show(app, MapKind.SETTINGS)
    expect(app.page.locator(".techni-handle")).to_be_hidden()
    show(app, MapKind.STARTS)
    expect(app.page.locator(".techni-handle")).to_be_visible()
    expect(ring(app)).to_be_hidden()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_the_map_varies_what_the_optimizer_has(app: AppPage, optimizer: str) -> None:
    axis = second_axes()[KEYS.index(optimizer)]
    app.choose("Optimizer", OPTIMIZERS[optimizer].label)
    words = {name: h.label for record in OPTIMIZERS.values() for name, h in record.hyperparameters.items()}
    name = words.get(axis.slider, "Steps").lower()
    expect(app.page.locator(".techni-maps label").nth(MapKind.SETTINGS)).to_have_text(f"Rate × {name}")


_FIND_MAPS = """
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const maps = models.find((model) => model.get("layouts"));
"""

# A map that has a slice asks for the next one at once, until it has them all: waits for that. Playwright waits for no promise.
_WHOLE = f"""async () => {{
  {_FIND_MAPS}
  const patience = performance.now() + 60_000;
  while (maps.get("done_kind") !== maps.get("kind") || maps.get("index") !== maps.get("done")) {{
    if (performance.now() > patience) throw new Error("the map is not whole");
    await new Promise(requestAnimationFrame);
  }}
}}"""

# Counts what maps compute, and what the page sends to its kernel.
_COUNT = f"""async () => {{
  {_FIND_MAPS}
  const isCounting = "mapCount" in window;
  window.mapCount = {{ settings: 0, slices: 0, sent: 0 }};
  if (isCounting) return;
  maps.on("change:settings", () => {{ mapCount.settings += 1; }});
  maps.on("change:done", () => {{ mapCount.slices += 1; }});
  manager.kernel?.anyMessage.connect((_, {{ msg, direction }}) => {{
    if (direction === "send" && msg.header.msg_type === "comm_msg") mapCount.sent += 1;
  }});
}}"""


def count_from_here(app: AppPage) -> None:
    """Counts anew, from when the map has all of its slices."""
    app.settle()
    app.page.evaluate(_WHOLE)
    app.page.evaluate(_COUNT)


def counted(app: AppPage) -> dict[str, int]:
    return app.page.evaluate("({ ...mapCount })")


def wait_for_slices(app: AppPage, more_than: int) -> None:
    app.page.wait_for_function("(most) => mapCount.slices >= most", arg=more_than)


def test_a_move_of_the_start_leaves_the_map_of_starts_as_it_is(app: AppPage) -> None:
    show(app, MapKind.STARTS)
    expect_starts(app, "momentum", 30, **START)
    count_from_here(app)
    app.press("Initial w", "ArrowRight", 3)
    app.press("Initial b", "ArrowRight", 3)
    app.settle()
    assert {name: counted(app)[name] for name in ("settings", "slices")} == {"settings": 0, "slices": 0}


def test_the_kernel_is_told_of_the_control_and_not_of_slices(app: AppPage) -> None:
    show(app, MapKind.STARTS)
    expect_starts(app, "momentum", 30, **START)
    count_from_here(app)
    app.press("Momentum", "ArrowLeft")
    wait_for_slices(app, len(layout(WAVE, MapKind.STARTS).offsets) - 1)
    app.settle()
    found = counted(app)
    assert found["settings"] == 1
    assert found["slices"] <= len(layout(WAVE, MapKind.STARTS).offsets)
    # The momentum, and the lowest loss that is known if the sweep has found a lower one.
    assert found["sent"] <= 2


def test_what_a_moved_control_makes_stale_is_dropped(app: AppPage) -> None:
    show(app, MapKind.STARTS)
    expect(title(app)).to_have_text("52 % of all starts reach the lowest loss")
    count_from_here(app)
    app.press("Momentum", "ArrowLeft", 10)
    expect_starts(app, "momentum", 30, **{**START, "momentum": 0.6})
    # Eleven maps have 176 slices; of those that are not shown to the end only some are computed.
    assert counted(app)["slices"] < 11 * len(layout(WAVE, MapKind.STARTS).offsets)


def test_a_network_has_maps_of_its_random_starts(app: AppPage) -> None:
    app.choose("Problem", "Network")
    show(app, MapKind.SETTINGS)
    expect(app.page.locator(".techni-maps label").nth(MapKind.SETTINGS)).to_have_text("Rate × start")
    expect(ring(app)).to_have_attribute("aria-label", "Learning rate 0.0501, random start 1. Drag it, or use the arrow keys.")
    ring(app).press("ArrowUp")
    expect(app.page.get_by_role("textbox", name="Random start as a number")).to_have_text("2")
    show(app, MapKind.STARTS)
    expect(title(app)).to_have_text("0 % of these runs end near the lowest loss")
    expect(app.page.locator(MAP)).to_have_attribute("aria-label", "0 % of these runs end near the lowest loss")
    app.choose("Problem", "Wave")


def test_each_problem_and_each_map_has_its_own_cells(app: AppPage) -> None:
    """From one map to another nothing of the last one stays."""
    for _ in range(2):
        show(app, MapKind.STARTS)
        expect_starts(app, "momentum", 30, **START)
        app.choose("Problem", "Line")
        expect(title(app)).to_have_text("100 % of all starts reach the lowest loss")
        show(app, MapKind.SETTINGS)
        app.choose("Problem", "Wave")


def test_the_kinds_are_a_group_of_radio_buttons(app: AppPage) -> None:
    group = app.page.get_by_role("group", name=str(MAPS["label"]))
    names = ["Loss", "Where starts end", "Rate × momentum"]
    for name in names:
        expect(group.get_by_role("radio", name=name, exact=True)).to_be_attached()
    group.get_by_role("radio", name="Loss", exact=True).focus()
    app.page.keyboard.press("ArrowRight")
    expect(group.get_by_role("radio", name="Where starts end")).to_be_checked()
    expect(title(app)).to_contain_text("of all starts")


def test_pointing_at_a_map_names_what_a_cell_comes_to(app: AppPage) -> None:
    show(app, MapKind.STARTS)
    expect(title(app)).to_have_text("52 % of all starts reach the lowest loss")
    app.page.mouse.move(*app.at(-0.85, 3.5))
    expect(title(app)).to_have_text("From here the loss ends at 0.0385")
    app.page.mouse.move(5, 5)
    expect(title(app)).to_have_text("52 % of all starts reach the lowest loss")
    show(app, MapKind.SETTINGS)
    expect(title(app)).to_have_text(str(MAPS["settings"]))
    app.page.mouse.move(*place_of(app, 0.001, 28 / 47))
    expect(title(app)).to_contain_text(" at rate 0.001, momentum 0.59")
    app.page.mouse.move(*place_of(app, 0.00431, 28 / 47))  # with as many digits as there can be
    expect(title(app)).to_contain_text(" at rate 0.00431, momentum 0.59")
    assert title(app).evaluate("(words) => words.scrollWidth <= words.clientWidth")
    app.page.mouse.move(5, 5)
    expect(title(app)).to_have_text(str(MAPS["settings"]))


@pytest.mark.parametrize("width", [1366, 1400, 1424, 1440])
def test_the_words_beside_the_switch_lie_over_no_map(app: AppPage, width: int) -> None:
    app.page.set_viewport_size({"width": width, "height": 900})
    show(app, MapKind.SETTINGS)
    expect(title(app)).to_have_text(str(MAPS["settings"]))
    box, overlay = title(app).bounding_box(), app.page.locator(".techni-overlay").bounding_box()
    assert box
    assert overlay
    assert box["y"] + box["height"] <= overlay["y"] + style.MARGINS[1]
    assert title(app).evaluate("(words) => words.scrollWidth <= words.clientWidth")
    app.page.set_viewport_size({"width": 1440, "height": 900})
