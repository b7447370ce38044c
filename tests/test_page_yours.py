"""The problem `Yours` on the page: everything follows a moved point, as Python computes it, and nothing of it is lost."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from matplotlib.image import imread
from playwright.sync_api import Browser, expect

from gradient.analysis import Analysis, analyse_larger
from gradient.frame import frame
from gradient.link.text import format_number
from gradient.points import padded
from gradient.problems import NETWORK, OWN
from gradient.views.levels import levels
from gradient.views.sentences import COMPARISON, POINTS, SHARE
from gradient.views.style import figure_options
from tests.app_page import AppPage
from tests.conftest import SIZES, Server, watched
from tests.page_settings import in_settings
from tests.points_page import MODELS, PointsPage, random_paste
from tests.test_field import LANDSCAPE, expect_bands
from tests.test_overlay import DRAWING, FIGURE, expect_path, places, seen
from tests.test_own import ANALYSED
from tests.test_page_numbers import numbers_in
from tests.test_page_share import save

EVERY_ONE_OF_THE_WINDOW = {  # in JupyterLab the address, which brings the page back, is not the page's
    "test_everything_follows_a_point_that_is_dragged",
    "test_a_moved_point_costs_one_run_of_each_link_and_two_messages_at_rest",
    "test_hard_data_are_met_with_words_and_standardizing_helps",
    "test_the_network_follows_the_points",
}
# A kernel that computes hears of each change.
OF_THE_BROWSER = {"test_a_moved_point_costs_one_run_of_each_link_and_two_messages_at_rest"}
BARE = "#v=1&problem=wave"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, of_the_window=EVERY_ONE_OF_THE_WINDOW, of_the_browser=OF_THE_BROWSER)


def chosen(app: AppPage) -> Iterator[PointsPage]:
    """The page with the problem of one's own data; afterwards it has those that it had at first."""
    app.reset()
    app.choose("Problem", OWN.name)
    yield PointsPage(app.page)
    app.page.evaluate("(fragment) => { location.hash = fragment; }", BARE)
    app.settle()
    app.reset()


@pytest.fixture
def editor(wide: AppPage) -> Iterator[PointsPage]:
    yield from chosen(wide)


@pytest.fixture
def editor_on_site(wide_on_site: AppPage) -> Iterator[PointsPage]:
    yield from chosen(wide_on_site)


_STATE = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const of = (name) => models.find((model) => model.get("description") === name && model.get("readout_format")).get("value");
  const points = models.find((model) => model.get("loads") !== undefined && model.get("is_shown"));
  return { w: of("Initial w"), b: of("Initial b"), learning_rate: of("Learning rate"), momentum: of("Momentum"),
    num_steps: of("Steps"), domain: [...points.get("domain")], view: [...points.get("view")] };
}"""


@jax.jit
def framed(analysis: Analysis, model: Any, controls: dict[str, Any]) -> Any:
    """The frame of a visitor's data with the momentum optimizer, whatever the model."""
    bound = OWN.bound(model, analysis.domain, analysis.scaling)
    return frame(
        bound,
        "momentum",
        x=analysis.x,
        y=analysis.y,
        key=jnp.int32(1),
        step=jnp.int32(200),
        best_known=analysis.known,
        **controls,
    )


def expected(editor: PointsPage) -> tuple[Analysis, Any]:
    """What Python makes of the points and the controls of the page."""
    found, state = editor.read(), editor.page.evaluate(_STATE)
    kept = tuple(np.array(state.pop(name), np.float32) for name in ("domain", "view"))
    points, model = (padded(found["x"]), padded(found["y"])), np.int32(found["model"])
    analysis = ANALYSED(OWN, points, model, np.bool_(found["standardized"]), kept)
    controls = {name: (np.int32 if name == "num_steps" else np.float32)(value) for name, value in state.items()}
    return jax.tree.map(np.asarray, (analysis, framed(analysis, model, controls)))


_RANDOM_START = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const sliders = models.filter((model) => model.get("description") === "Random start" && model.get("max") > 1);
  return sliders.map((model) => model.get("value"))[0];
}"""
ANALYSED_NETWORK = jax.jit(analyse_larger, static_argnames="problem")


@jax.jit
def framed_network(analysis: Analysis, key: Any, controls: dict[str, Any]) -> Any:
    """The frame of the network on a visitor's data, with the momentum optimizer."""
    problem, data = NETWORK.scaled(analysis.scaling), {"x": analysis.x, "y": analysis.y, "best_known": analysis.known}
    return frame(problem, "momentum", **data, key=key, step=jnp.int32(200), **controls)


def expect_network(app: AppPage, editor: PointsPage) -> Any:
    """The page shows the network as Python fits it to the points."""
    app.settle()
    found, state, key = editor.read(), editor.page.evaluate(_STATE), editor.page.evaluate(_RANDOM_START)
    kept = tuple(np.array(state.pop(name), np.float32) for name in ("domain", "view"))
    analysis = ANALYSED_NETWORK(NETWORK, (padded(found["x"]), padded(found["y"])), kept)
    controls = {name: (np.int32 if name == "num_steps" else np.float32)(value) for name, value in state.items()}
    shown = framed_network(analysis, np.int32(key), controls)
    np.testing.assert_allclose(float(app.seen()["loss"]), shown.loss, rtol=0.02)
    return shown


def expect_page(app: AppPage, editor: PointsPage) -> tuple[Analysis, Any]:
    """The page shows what Python computes: the loss, and the numbers of the model."""
    app.settle()
    analysis, shown = expected(editor)
    np.testing.assert_allclose(float(app.seen()["loss"]), shown.loss, rtol=6e-3)
    parameters = app.page.locator(".techni-arithmetic > p span").all_inner_texts()[-1]
    np.testing.assert_allclose(numbers_in(parameters)[:2], shown.parameters, rtol=6e-3, atol=1e-3)
    return analysis, shown


_PAGE_DRAWS = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  return models.find((model) => model.get("draws_field"))?.get("draws_path") ?? true;
}"""


def expect_field_and_path(app: AppPage, analysis: Analysis, shown: Any) -> None:
    """The canvases show what Python computes: the page's own, or the figure that the kernel draws."""
    drawing, field = (DRAWING, LANDSCAPE) if app.page.evaluate(_PAGE_DRAWS) else (FIGURE, FIGURE)
    expect_path(app, shown, tuple(analysis.domain.tolist()), drawing)
    expect_field(app, analysis, field)


def expect_field(app: AppPage, analysis: Analysis, canvas: str) -> None:
    low, high = analysis.domain.reshape(2, 2).T
    w, b = np.meshgrid(*(np.linspace(*ends, 41)[2:-2:2] for ends in zip(low, high, strict=True)))
    points = places(app, np.stack([w.ravel(), b.ravel()], axis=1), tuple(analysis.domain.tolist()))
    losses = np.asarray(analysis.losses)
    expect_bands(seen(app, points, canvas)[:, :3], losses[2:-2:2, 2:-2:2], levels(losses))


_LOOKS = """() => ({
  strip: document.querySelector(".techni-strip canvas").toDataURL(),
  formula: document.querySelector(".techni-fit-place .techni-heading span").textContent,
  table: [...document.querySelectorAll(".techni-runs tbody tr")].map((row) => row.textContent).join(),
})"""


_LOOKS_AS = f"(looks) => Object.entries(({_LOOKS})()).every(([name, look]) => looks[name] === look)"


def drag(editor: PointsPage, index: int, *to: tuple[float, float]) -> None:
    mouse = editor.page.mouse
    mouse.move(*editor.place_of(index))
    mouse.down()
    for place in to:
        mouse.move(*editor.at(*place))
    mouse.up()


@pytest.mark.parametrize("data", ["Anscombe I", "Puromycin"])
def test_everything_follows_a_point_that_is_dragged(wide: AppPage, editor: PointsPage, data: str) -> None:
    app, page = wide, editor.page
    editor.choose(data)
    expect_page(app, editor)
    app.button(str(COMPARISON["add"])).click()
    before, looks, start = app.settled(), page.evaluate(_LOOKS), page.evaluate(_STATE)
    drag(editor, 0, (0.5, 0.5), (0.6, 0.2), (0.9, 0.1))
    app.wait_for_change(before, "curve", "fit", "field", "loss")
    expect(app.combobox("Data")).to_have_value(str(POINTS["name"]))
    analysis, shown = expect_page(app, editor)
    expect_field_and_path(app, analysis, shown)
    if expect_told(editor):
        app.settle()
        expect_field(app, analysis, FIGURE)
    after = page.evaluate(_LOOKS)
    assert [name for name in looks if after[name] == looks[name]] == []
    assert after["table"].count(app.seen()["loss"]) == 2  # the run that is compared has the same settings
    assert page.evaluate(_STATE) == start, "a point under the hand moves neither map nor controls"
    page.keyboard.press("Control+z")
    app.wait("s.loss === arg.loss && s.field === arg.field", arg=before)
    page.wait_for_function(_LOOKS_AS, arg=looks)  # what the kernel computes is there later


# Counts, from now on, the runs of each link, messages to the kernel, and new programs.
_COUNT = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const counts = "countedOfPoints" in window;
  window.countedOfPoints = { runs: {}, sent: [], programs: 0 };
  if (counts) return;
  for (const model of await Promise.all(Object.values(manager._models))) {
    model.on("jaxlink:ran", () => (countedOfPoints.runs[model.model_id] = (countedOfPoints.runs[model.model_id] ?? 0) + 1));
    model.on("change:programs", () => (countedOfPoints.programs += 1)); // another shape of the inputs would need others
  }
  manager.kernel?.anyMessage.connect((_, { msg, direction }) => {
    const { state, ...others } = msg.content.data ?? {};
    const isImage = state?.shown; // word of one that was seen
    if (direction === "send" && msg.header.msg_type === "comm_msg" && !isImage) {
      const known = ["x", "field_losses"].find((trait) => state && trait in state);
      countedOfPoints.sent.push(known ?? JSON.stringify([state, others]));
    }
  });
}"""


@pytest.mark.parametrize(
    ("data", "model", "sent", "num_links"),
    [("Hubble 1929", "Line", ["x", "field_losses"], 7), ("Anscombe I", NETWORK.name, ["x"], 8)],
)
def test_a_moved_point_costs_one_run_of_each_link_and_two_messages_at_rest(
    wide: AppPage, editor: PointsPage, data: str, model: str, sent: list[str], num_links: int
) -> None:
    """The points, and the field of the loss, which a network has none of."""
    app, page = wide, editor.page
    editor.choose(data)
    app.choose("Model", model)
    app.settle()
    editor.area.focus()
    page.keyboard.press("ArrowRight")
    page.evaluate(_COUNT)
    page.keyboard.press("Alt+ArrowUp")
    all_ran = "(count) => Object.keys(countedOfPoints.runs).length >= count"
    page.wait_for_function(all_ran, arg=num_links)  # once, in a worker, too
    before = app.settled()
    told = sent if expect_told(editor) else []
    page.evaluate(_COUNT)
    page.keyboard.press("Alt+ArrowUp")
    app.wait_for_change(before, "curve", "fit", "field")
    page.wait_for_function(all_ran, arg=num_links)
    expect_told(editor)
    app.settle()
    counted = page.evaluate("countedOfPoints")
    assert len(counted["runs"]) >= num_links
    assert set(counted["runs"].values()) == {1}
    assert (counted["sent"], counted["programs"]) == (told, 0)
    mouse = page.mouse
    mouse.move(*editor.place_of(3))
    mouse.down()
    for up in (0.3, 0.5, 0.7):
        before = app.seen()
        mouse.move(*editor.at(0.4, up))
        app.wait_for_change(before, "curve", "fit", "field")
    counted = page.evaluate("countedOfPoints")
    mouse.up()
    assert (counted["sent"], counted["programs"]) == (told, 0), "the kernel hears nothing of a drag"
    expect_told(editor)
    assert page.evaluate("countedOfPoints.sent") == 2 * told


# Waits until the kernel knows the points and their field; whether there is a kernel.
_TOLD = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const points = models.find((model) => model.get("loads") !== undefined && model.get("is_shown"));
  const overlay = models.find((model) => model.get("draws_field"));
  const isUnsent = (model, trait) => model?.[Symbol.for("jaxlink.unsent")]?.has(trait);
  const patience = performance.now() + 60_000;
  const isUntold = () => isUnsent(points, "x") || (overlay?.get("draws_path") && isUnsent(overlay, "field_losses"));
  while (manager.kernel && isUntold()) {
    if (performance.now() > patience) throw new Error("the kernel is not told");
    await new Promise(requestAnimationFrame);
  }
  return Boolean(manager.kernel);
}"""


def expect_told(editor: PointsPage) -> bool:
    return editor.page.evaluate(_TOLD)


# The numbers: the picture moves where its tools take another line, and what was known of a start is forgotten with the data.
SAME = "['loss', 'gradient_norm', 'step'].every((name) => s[name] === arg[name])"


def test_the_network_follows_the_points(wide: AppPage, editor: PointsPage) -> None:
    """Its descent, the plane and the controls; and it is in the address, while another model brings back what it had."""
    app, page = wide, editor.page
    editor.choose("Hubble 1929")
    line = app.settled()
    app.choose("Model", NETWORK.name)
    app.wait("s.loss !== arg.loss", arg=line)
    switch = page.get_by_label(str(POINTS["standardize_both"]))
    expect(switch).to_be_checked()
    expect(switch).to_be_disabled()
    expect(page.locator(".techni-condition")).to_have_text(str(POINTS["larger"]))
    expect(app.slider("Random start")).to_be_visible()
    app.expect_hidden("Initial w")
    expect_network(app, editor)
    before = app.settled()
    app.press("Random start", "ArrowRight", 2)
    app.wait_for_change(before, "curve", "fit", "field")
    expect_network(app, editor)
    before = app.settled()
    drag(editor, 0, (0.5, 0.5), (0.6, 0.2), (0.9, 0.1))
    app.wait_for_change(before, "curve", "fit", "field", "loss")
    expect_network(app, editor)
    page.keyboard.press("Control+z")
    app.wait(SAME, arg=before)
    page.wait_for_function("['data=hubble_1929', 'model=network', 'key=3'].every((part) => location.hash.includes(part))")
    address = page.evaluate("location.hash")
    app.choose("Model", "Line")
    app.wait(SAME, arg=line)
    expect(app.slider("Initial w")).to_be_visible()
    app.expect_hidden("Random start")
    page.wait_for_function("location.hash.includes('model=line')")
    page.evaluate("(fragment) => { location.hash = fragment; }", address)
    app.wait(SAME, arg=before)
    app.choose("Problem", NETWORK.name)
    app.wait("s.loss !== arg.loss", arg=before)
    expect(page.locator(".techni-points-tools")).to_be_hidden()


HARD = {
    "1990 1\n2000 2\n2010 3\n2020 5": "x is far from 0",
    "1 4\n2 4\n3 4": "All y are 4",
    "3 1\n3 2\n3 5": "All x are 3",
    "1e9 1\n-1e9 2\n2e9 3": "x goes up to 2.00e+9",
}


# Whether a sweep has come to a scale by which x should be divided, of which one sentence is enough.
IS_RESCALING_ADVISED = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  return models.some((model) => model.get("advised_slider") !== undefined && model.get("scale") > 0);
}"""


def test_hard_data_are_met_with_words_and_standardizing_helps(wide: AppPage, editor: PointsPage) -> None:
    app, page = wide, editor.page
    standardize = page.get_by_label("Standardize x")
    for text, words in HARD.items():
        editor.paste(text)
        page.locator(".techni-paste button").first.click()
        expect(editor.words).to_contain_text(words)
        assert app.settled()["curve"]
    page.wait_for_function(IS_RESCALING_ADVISED)
    expect(editor.words).to_contain_text("only tiny learning rates work, if any. Standardize x.")
    expect(page.locator(".techni-advice span")).to_be_empty()
    editor.paste("1 2")
    expect(page.locator(".techni-paste p")).to_have_text(str(POINTS["few_points"]))
    page.keyboard.press("Escape")
    editor.choose("Mauna Loa CO₂")
    app.wait("s.verdict === 'Diverged'")
    standardize.check()
    app.wait("s.verdict !== 'Diverged'")
    analysis, shown = expect_page(app, editor)
    numbers = dict(zip(("before", "after", "limitBefore", "limitAfter"), map(format_number, analysis.condition), strict=True))
    expect(page.locator(".techni-condition")).to_have_text(
        "" if not analysis.condition.all() else str(POINTS["condition"]).format(**numbers)
    )
    assert shown.loss < shown.curve_y[0][0] / 100
    standardize.uncheck()
    app.wait("s.verdict === 'Diverged'")


@pytest.mark.parametrize("count", [5, pytest.param(500, marks=pytest.mark.soak)])
def test_random_pastes_leave_a_page_that_works(wide_on_site: AppPage, editor_on_site: PointsPage, count: int) -> None:
    """With every model, standardized or not."""
    app, editor, draw = wide_on_site, editor_on_site, random.Random(count)
    for _ in range(count):
        app.choose("Model", draw.choice(MODELS))
        app.page.get_by_label("Standardize x").set_checked(draw.random() < 0.5)
        text = random_paste(draw)
        editor.paste_if_readable(text)
        app.settle()
        found = expected(editor)
        assert all(np.isfinite(value).all() for value in found[1]), text
        np.testing.assert_allclose(float(app.seen()["loss"]), found[1].loss, rtol=0.02, atol=1e-12, err_msg=text)
    editor.choose("Planets")
    app.page.get_by_label("Standardize x").uncheck()
    expect_page(app, editor)


# Whether bqplot has followed the size of the place of its picture, which changes with the words over it.
_FITS_ITS_PLACE = """(margins) => {
  const [place, area] = [".bqplot", ".plotarea_background"].map((part) => document.querySelector(`.techni-fit-place ${part}`));
  return Math.abs(place.clientHeight - area.getBoundingClientRect().height - margins) < 1;
}"""


def test_a_reload_keeps_everything(wide_on_site: AppPage, editor_on_site: PointsPage) -> None:
    app, editor = wide_on_site, editor_on_site
    editor.choose("Hubble 1929")
    editor.choose("Puromycin")
    app.choose("Model", "Decay")
    app.page.get_by_label("Standardize x").check()
    editor.page.mouse.click(*editor.at(0.2, 0.9))
    app.press("Learning rate", "ArrowRight", 2)
    app.press("Step", "ArrowLeft", 3)
    margins = figure_options()["fig_margin"]
    app.page.wait_for_function(_FITS_ITS_PLACE, arg=margins["top"] + margins["bottom"])
    before = app.settled()
    kept = (editor.read(), app.page.evaluate(_STATE))
    app.page.reload()
    app.wait_until_drawn()
    app.wait("['loss', 'gradient_norm', 'step', 'verdict', 'fit'].every((name) => s[name] === arg[name])", arg=before)
    found = {**editor.read(), "loads": kept[0]["loads"]}  # the same data are loaded again
    assert (found, app.page.evaluate(_STATE)) == kept
    expect(app.combobox("Model")).to_have_value("Decay")
    assert MODELS.index("Decay") == found["model"]
    expect(app.button(str(POINTS["undo"]))).to_be_disabled()  # there is nothing before it that would look different


def test_other_data_bring_their_start_whatever_the_steps_of_the_sliders_were(
    wide_on_site: AppPage, editor_on_site: PointsPage
) -> None:
    """Through the address alone, as back and forward do; the first ones have steps of 10 for w. The axes have their names."""
    go = "(fragment) => { location.hash = fragment; }"
    for data, w, labels in (
        ("hubble_1929&model=decay", 200, ["distance in megaparsecs", "velocity in km/s"]),
        ("puromycin&model=logistic&standardize=1", 0.44, ["substrate in ppm", "rate in 100 counts/min²"]),
        ("1,2;3,4;5,7", 0.08, ["x", "y"]),
    ):
        editor_on_site.page.evaluate(go, f"v=1&problem=yours&data={data}")
        expect(editor_on_site.page.locator(".techni-fit .axislabel")).to_have_text(labels)
        wide_on_site.settle()
        assert editor_on_site.page.evaluate(_STATE)["w"] == pytest.approx(w)


def test_a_number_between_steps_stays_when_the_steps_change_and_come_back(
    wide_on_site: AppPage, editor_on_site: PointsPage
) -> None:
    """A page that kept setting a slider that did not take it hung, and filled the memory."""
    page, between = editor_on_site.page, "v=1&problem=wave&b=2.07886016"
    for address in (between, "v=1&problem=yours&data=cars&w=-3.12345", between):
        page.evaluate("(fragment) => { location.hash = fragment; }", address)
        wide_on_site.settle()
        assert address.rpartition("&")[2] in page.evaluate("location.hash")
    wide_on_site.expect_start(0.6, 2.07886)


# Of the programs that a page loads together the smallest are ready first, and run before the next is ready: that of the sliders
# before that of the points, which it follows.
SMALLEST_FIRST = """
  const { compile } = WebAssembly;
  const held = [];
  let timer;
  const letGo = async () => {
    for (const { ready } of held.splice(0).sort((one, other) => one.size - other.size)) await ready();
  };
  WebAssembly.compile = (bytes, ...others) => new Promise((resolve, reject) => {
    const painted = () => new Promise(requestAnimationFrame);
    held.push({
      size: bytes.byteLength,
      ready: () => compile.call(WebAssembly, bytes, ...others).then(resolve, reject).then(painted),
    });
    clearTimeout(timer);
    timer = setTimeout(letGo, 100);
  });
"""
LINKS = {
    "problem=yours&data=cars&model=line&rate=0.1&w=-3&b=30": {"learning_rate": 0.1, "w": -3, "b": 30},
    "problem=yours&data=anscombe_i&rate=0.0105": {"learning_rate": 0.0105, "w": -0.052, "b": 5.3},
    "problem=yours&rate=0.02&w=1": {"learning_rate": 0.02, "w": 1, "b": 0.35},
    "problem=yours&data=anscombe_i&w=1": {"learning_rate": 10**-2.26, "w": 1, "b": 5.3},
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_with_data_sets_what_it_gives_and_the_data_set_the_rest(browser: Browser, site: Server, link: str) -> None:
    with watched(browser.new_context(**SIZES["wide"], service_workers="block")) as context:
        context.add_init_script(SMALLEST_FIRST)
        app = AppPage.open(context.new_page(), f"{site.url}#v=1&{link}")
        app.page.wait_for_function(f"async () => (await ({_STATE})()).domain[0] < 0")
        app.settle()
        found = app.page.evaluate(_STATE)
        assert {name: found[name] for name in LINKS[link]} == pytest.approx(LINKS[link], rel=1e-4)
        expect(app.button(str(POINTS["undo"]))).to_be_disabled()  # nobody has chosen the data that a page has at first


def test_a_link_says_which_start_lies_off_the_map(browser: Browser, site: Server) -> None:
    with watched(browser.new_context(**SIZES["wide"], service_workers="block")) as context:
        app = AppPage.open(context.new_page(), f"{site.url}#v=1&problem=yours&data=cars&model=line&rate=0.01&w=-200&b=20")
        said = app.page.locator(".techni-lesson [role=alert]")
        expect(said).to_contain_text("w is -200, but it goes from -14.6 to 3.9.")
        expect(said).not_to_contain_text("b is")
        app.page.wait_for_function("location.hash.includes('&w=-14.6&b=20')")


def test_the_saved_map_has_the_field(wide_on_site: AppPage, editor_on_site: PointsPage, tmp_path: Path) -> None:
    """The browser draws it on a canvas of its own."""
    app = wide_on_site
    editor_on_site.choose("Cars")
    app.settle()
    analysis, _ = expected(editor_on_site)
    low, high = analysis.domain.reshape(2, 2).T
    somewhere = places(
        app, low + np.array([[0.1, 0.2], [0.42, 0.31], [0.9, 0.8]]) * (high - low), tuple(analysis.domain.tolist())
    )
    app.button(SHARE["menu"]).click()
    saved = imread(save(app, "map", "png", tmp_path))[..., :3] * 255
    app.button(SHARE["menu"]).click()
    box = app.page.locator(".techni-field").bounding_box()
    assert box
    columns, rows = (2 * (somewhere - [box["x"], box["y"]])).astype(int).T
    np.testing.assert_allclose(saved[rows, columns], seen(app, somewhere, LANDSCAPE)[:, :3], atol=12)


# Texts with huge and tiny numbers, and what the start's sliders then show of w and b.
FAR = {
    "1e9 2e9\n2e9 3e9\n3e9 5e9": ("0.12", "1.32e+9"),
    "1e-9 2\n2e-9 3\n3e-9 5": ("1.20e+8", "1.33"),
    "1 2e-9\n2 3e-9\n3 5e-9": ("1.20e-10", "1.32e-9"),
    "1 2e11\n2 -3e11\n3 5e11": ("-2.2e+11", "8.00e+10"),
}


def test_the_starts_numbers_are_not_cut_however_large_the_data_are(editor_on_site: PointsPage) -> None:
    app = AppPage(editor_on_site.page)
    for text, (w, b) in FAR.items():
        editor_on_site.paste(text)
        app.page.locator(".techni-paste button").first.click()
        for name, number in (("Initial w", w), ("Initial b", b)):
            readout = app.page.get_by_role("textbox", name=f"{name} as a number", exact=True)
            expect(readout).to_have_text(number.replace("-", "−"))
            assert readout.evaluate("(number) => number.scrollWidth <= number.clientWidth"), text
