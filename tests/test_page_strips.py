"""The strips under the sliders and the advice: both say what a descent comes to, and a click brings exactly that."""

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import matplotlib.pyplot as plt
import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.app_page import AppPage
from tests.conftest import SIZES, Server, watched
from tests.page_settings import in_settings

# What a click brings; a kernel that computes takes its time for a sweep.
EVERYWHERE = ["test_a_click_on_a_strip_brings_what_it_said"]


# On the static site, `make test` clicks on the strips.
OF_THE_SCRIPTS = [
    "test_the_marks_are_named_while_their_slider_is_pointed_at_or_has_the_focus",
    "test_a_strip_is_as_long_as_the_track_and_lies_under_it",
    "test_what_diverges_is_said_to",
    "test_what_is_advised_ends_lower",
    "test_without_a_better_value_there_is_no_advice",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, EVERYWHERE, of_the_window=EVERYWHERE, of_the_scripts=OF_THE_SCRIPTS)


@pytest.fixture
def app(wide: AppPage) -> AppPage:
    wide.reset()
    return wide


def strip_of(app: AppPage, slider: str) -> Locator:
    """The strip under a slider."""
    return app.page.locator(".techni-swept", has=app.slider(slider)).locator(".techni-strip canvas")


def words_of(app: AppPage, slider: str) -> Locator:
    """What is written under a slider's strip: a word for each mark, and one for the cell under the pointer."""
    return app.page.locator(".techni-swept", has=app.slider(slider)).locator(".techni-strip-words span")


class Said(NamedTuple):
    """What a strip says of the value under the pointer; a loss of None stands for a divergence."""

    value: float
    loss: str | None


def point_at(app: AppPage, slider: str, share: float) -> Said:
    """Points at a place of a strip, given as a share of its length."""
    strip = strip_of(app, slider)
    box = strip.bounding_box()
    assert box
    strip.hover(position={"x": share * box["width"], "y": box["height"] / 2})
    value, _, words = words_of(app, slider).all_inner_texts()[-1].partition(": ")
    return Said(float(value), None if words == "diverges" else words.removeprefix("loss "))


def test_the_marks_are_named_while_their_slider_is_pointed_at_or_has_the_focus(app: AppPage) -> None:
    marks = {"Learning rate": ["▴ best 0.219", "| unstable above 0.517"], "Momentum": ["▴ best 0.67"]}
    for slider, named in marks.items():
        app.page.mouse.move(0, 0)
        app.button("Reset").focus()
        expect(words_of(app, slider).first).to_be_hidden()
        app.slider(slider).hover()
        expect(words_of(app, slider)).to_have_text(named)
        expect(words_of(app, slider).last).to_be_visible()
        app.page.mouse.move(0, 0)
        app.slider(slider).focus()
        expect(words_of(app, slider).last).to_be_visible()
        app.page.keyboard.press("Tab")  # to its number
        expect(words_of(app, slider).last).to_be_visible()


@pytest.mark.parametrize(
    ("slider", "best", "shares"),
    [("Learning rate", "▴ best 0.219", (0.1, 0.65)), ("Momentum", "▴ best 0.67", (0.02, 0.8))],
)
def test_a_click_on_a_strip_brings_what_it_said(app: AppPage, slider: str, best: str, shares: tuple[float, ...]) -> None:
    for share in shares:
        app.button("Reset").click()
        expect(words_of(app, slider).first).to_have_text(best)  # a kernel may still be computing it
        said = point_at(app, slider, share)
        app.page.mouse.down()
        app.page.mouse.up()
        app.wait("s.loss === arg", arg=said.loss)
        assert float(app.value(slider)) == pytest.approx(said.value, rel=5e-3)


def test_a_strip_is_as_long_as_the_track_and_lies_under_it(app: AppPage) -> None:
    app.choose("Optimizer", "Adam")
    app.settle()
    for slider in ("Learning rate", "Beta 1", "Beta 2"):
        strip = strip_of(app, slider).bounding_box()
        track = app.page.locator(".techni-swept", has=app.slider(slider)).locator(".noUi-target").bounding_box()
        assert strip
        assert track
        assert (strip["x"], strip["width"]) == pytest.approx((track["x"], track["width"]), abs=1)
        assert track["y"] < strip["y"] < track["y"] + 30


def test_on_a_phone_there_is_no_paper_below_a_strip_in_the_dark(phone: AppPage) -> None:
    phone.page.emulate_media(color_scheme="dark")
    strip = strip_of(phone, "Learning rate")
    strip.scroll_into_view_if_needed()
    box = strip.bounding_box()
    assert box
    below: Any = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] - 8, "width": 4, "height": 4}
    pixels = plt.imread(io.BytesIO(phone.page.screenshot(clip=below)))
    assert pixels[..., :3].max() < 0.2
    phone.page.emulate_media(color_scheme="light")


def test_what_diverges_is_said_to(app: AppPage) -> None:
    app.choose("Problem", "Line")
    app.settle()
    assert point_at(app, "Learning rate", 0.99).loss is None
    app.page.mouse.down()
    app.page.mouse.up()
    app.wait("s.verdict === 'Diverged'")


@pytest.mark.parametrize(
    ("problem", "optimizer", "key", "advice"),
    [
        ("Wave", "Adagrad", "Home", "Learning rate 0.724 ends lower"),
        ("Line", "Momentum", "End", "Learning rate 0.398 ends lower"),
    ],
)
def test_what_is_advised_ends_lower(app: AppPage, problem: str, optimizer: str, key: str, advice: str) -> None:
    app.choose("Problem", problem)
    app.choose("Optimizer", optimizer)
    app.press("Learning rate", key)
    sentence = app.page.locator(".techni-advice span")
    expect(sentence).to_contain_text(advice)
    before = app.settled()["loss"]
    loss = sentence.inner_text().rpartition(", at ")[2].removesuffix(".")
    assert float(loss) <= 0.99 * float(before)
    app.button("Try it").click()
    app.wait("s.loss === arg", arg=loss)
    assert app.value("Learning rate") in advice


def test_without_a_better_value_there_is_no_advice(app: AppPage) -> None:
    """The wave's own settings come within 1 % of the best."""
    expect(app.page.locator(".techni-advice span")).to_have_text("")
    expect(app.button("Try it")).to_be_hidden()


# Counts the runs of both links. A kernel's page and a static one keep their models in different places.
COUNT = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const compute = models.find((model) => model.get("followers"));
  window.runs = { frame: 0, sweep: 0 };
  const linkOf = (reference) => manager.get_model(reference.replace("IPY_MODEL_", ""));
  const followers = await Promise.all(compute.get("followers").map(linkOf));
  const sweep = followers.find((link) => "learning_rate_losses" in link.get("spec").outputs);
  for (const [name, link] of Object.entries({ frame: await linkOf(compute.get("link")), sweep })) {
    link.on("jaxlink:ran", () => (runs[name] += 1));
  }
}"""

# A second takes as long as ten minutes, so that no run is slow, whatever the machine: a slow program moves to a worker.
SLOW_CLOCK = """
  const now = performance.now.bind(performance);
  const start = now();
  performance.now = () => start + (now() - start) / 600;
"""

# At the end of each frame, what has changed in it: the path, and the strip under the learning rate.
WATCH_FRAMES = """() => {
  const canvases = [".techni-drawing", ".techni-strip canvas"].map((selector) => document.querySelector(selector));
  window.frames = [];
  let before = canvases.map((canvas) => canvas.toDataURL());
  const look = () => {
    const end = new ResizeObserver(() => {
      end.disconnect();
      const now = canvases.map((canvas) => canvas.toDataURL());
      const changed = now.map((picture, i) => picture !== before[i]);
      if (changed.some(Boolean)) frames.push(changed);
      before = now;
    });
    end.observe(document.documentElement);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}"""


@pytest.fixture(scope="module")
def alone(browser: Browser, site: Server) -> Iterator[AppPage]:
    """A page of its own, in which no run is slow."""
    with watched(browser.new_context(**SIZES["wide"])) as context:
        context.add_init_script(SLOW_CLOCK)
        app = AppPage.open(context.new_page(), site.url)
        app.page.evaluate(COUNT)
        yield app


@pytest.fixture
def quick(alone: AppPage) -> AppPage:
    alone.button("Reset").click()
    alone.settle()
    alone.page.evaluate("() => Object.assign(runs, { frame: 0, sweep: 0 })")
    return alone


def runs(app: AppPage) -> dict[str, int]:
    app.settle()
    return app.page.evaluate("runs")


def test_each_change_runs_the_descent_once_and_the_sweep_once(quick: AppPage) -> None:
    quick.press("Learning rate", "ArrowRight")
    assert runs(quick) == {"frame": 1, "sweep": 1}
    quick.choose("Optimizer", "Nesterov")
    assert runs(quick) == {"frame": 2, "sweep": 2}


def test_a_step_runs_no_sweep(quick: AppPage) -> None:
    quick.press("Step", "ArrowLeft")
    assert runs(quick) == {"frame": 1, "sweep": 0}
    quick.choose("Loss axis", "Linear")
    quick.page.get_by_label("Show residuals").check()
    assert runs(quick)["sweep"] == 0
    quick.choose("Loss axis", "Logarithmic")
    quick.page.get_by_label("Show residuals").uncheck()


def test_a_click_on_a_strip_runs_both_once(quick: AppPage) -> None:
    strip_of(quick, "Momentum").click()
    assert runs(quick) == {"frame": 1, "sweep": 1}


def test_a_strip_follows_in_the_same_frame_as_the_path(quick: AppPage) -> None:
    quick.page.evaluate(WATCH_FRAMES)
    quick.page.mouse.move(*quick.at(0.6, -3.5))
    quick.page.mouse.down()
    for b in (-2.0, -1.0, 0.5, 2.0):
        before = quick.seen()
        quick.page.mouse.move(*quick.at(1.2, b))
        quick.wait_for_change(before, "field")
    quick.page.mouse.up()
    for _ in range(4):
        before = quick.seen()
        quick.press("Momentum", "PageDown")
        quick.wait_for_change(before, "field")
    frames = quick.page.evaluate("frames")
    assert len(frames) >= 8
    assert frames == [[True, True]] * len(frames)
