"""The comparison on the page: runs that are kept, in a table and in both pictures, and what its buttons do."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from playwright.sync_api import Locator, expect

from gradient.link.text import format_number
from gradient.problems import PROBLEMS
from gradient.verdict import Verdict
from gradient.views import style
from gradient.views.sentences import COMPARISON, VERDICTS
from tests.app_page import AppPage
from tests.frames import lowest_known, see
from tests.page_settings import in_settings

WAVE = PROBLEMS["Wave"]
START = {"w": 0.6, "b": -3.5, "num_steps": 30}
EVERYWHERE = ["test_a_run_that_is_kept_stays_while_the_controls_go_on"]


# On the static site, `make test` keeps a run, has four of them, and looks at a phone.
OF_THE_SCRIPTS = [
    "test_all_runs_follow_the_start",
    "test_the_axis_holds_the_curves_of_all_runs",
    "test_a_run_that_is_chosen_exchanges_its_settings_with_the_controls",
    "test_runs_are_reordered_and_removed_with_the_keyboard",
    "test_each_run_gets_the_best_of_its_rates",
    "test_the_pictures_keep_their_places_when_a_run_is_kept",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, EVERYWHERE, of_the_window=EVERYWHERE, of_the_scripts=OF_THE_SCRIPTS)


@pytest.fixture
def app(wide: AppPage) -> Iterator[AppPage]:
    wide.reset()
    yield wide
    removable = wide.page.locator("[aria-label^='Remove run']:not(:disabled)")
    while wide.page.locator(".techni-runs").is_visible():
        removable.first.click()
    expect(wide.page.locator(".techni-runs")).to_be_hidden()


def rows(app: AppPage) -> Locator:
    return app.page.locator(".techni-runs tbody tr")


def cells(row: Locator) -> list[str]:
    """The words of a row: optimizer, settings, loss, when it is close, verdict."""
    return row.locator("td").all_inner_texts()[1:-1]


def expected(optimizer: str, label: str, settings: str, **numbers: float) -> list[str]:
    """The words of a row, by the frame of these settings."""
    seen = see(WAVE, optimizer, **{**START, "step": 200, **numbers}, best_known=lowest_known(WAVE))
    close = seen.curve_y[0] <= 1.05 * seen.best_known + 1e-5 * np.std(WAVE.y) ** 2
    first = next((t for t in range(len(close)) if close[t:].all()), None)
    steps = str(COMPARISON["never"]) if first is None else f"from step {first} on"
    word = VERDICTS[Verdict(int(seen.verdict))].word
    return [label, settings, format_number(float(seen.loss)), steps, word]


MOMENTUM = expected("momentum", "Momentum", "Learning rate 0.1, Momentum 0.7", learning_rate=0.1, momentum=0.7)
ADAM = expected("adam", "Adam", "Learning rate 0.1, Beta 1 0.9, Beta 2 0.999", learning_rate=0.1, b1=0.9, b2=0.999)
RMSPROP = expected("rmsprop", "RMSProp", "Learning rate 0.1, Decay 0.9", learning_rate=0.1, decay=0.9)


def expect_rows(app: AppPage, *words: list[str]) -> None:
    """Waits until the table says this."""
    expect(rows(app)).to_have_count(len(words))
    for row, texts in zip(rows(app).all(), words, strict=True):
        expect(row.locator("td").nth(3)).to_have_text(texts[2])
        expect(row.locator("td").nth(5)).to_have_text(texts[4])
        assert cells(row) == texts


def curves(app: AppPage) -> list[str]:
    """The colours of the loss curves that are drawn, but for the paler and the dotted parts of the present one."""
    lines = app.page.locator(".techni-loss g.curve path.line").all()
    seen = [line for line in lines if line.is_visible() and (line.get_attribute("d") or "").count("L") > 10]
    return sorted({line.evaluate("(line) => getComputedStyle(line).stroke") for line in seen})


def rgb(*colours: str) -> list[str]:
    return sorted(f"rgb({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))})" for colour in colours)


def keep(app: AppPage, next_optimizer: str) -> None:
    app.button("+ Compare").click()
    app.choose("Optimizer", next_optimizer)
    app.settle()


def test_a_run_that_is_kept_stays_while_the_controls_go_on(app: AppPage) -> None:
    keep(app, "Adam")
    expect_rows(app, ADAM, MOMENTUM)
    keep(app, "RMSProp")
    expect_rows(app, RMSPROP, MOMENTUM, ADAM)
    assert curves(app) == rgb(style.PATH, style.OTHERS[0].colour, style.OTHERS[1].colour)


def test_all_runs_follow_the_start(app: AppPage) -> None:
    keep(app, "Adam")
    before = app.seen()
    app.press("Initial b", "ArrowRight", 30)
    app.wait_for_change(before, "field", "curve")
    expect_rows(
        app,
        expected("adam", ADAM[0], ADAM[1], learning_rate=0.1, b1=0.9, b2=0.999, b=-3.2),
        expected("momentum", MOMENTUM[0], MOMENTUM[1], learning_rate=0.1, momentum=0.7, b=-3.2),
    )


def test_the_axis_holds_the_curves_of_all_runs(app: AppPage) -> None:
    app.press("Learning rate", "Home")
    keep(app, "Adam")
    app.button("Reset").click()
    app.settle()
    heights = app.page.evaluate("""() => {
      const area = document.querySelector(".techni-loss .plotarea_background").getBoundingClientRect();
      return [...document.querySelectorAll(".techni-loss g.curve path.line")].filter((line) => line.getClientRects().length)
        .map((line) => line.getBoundingClientRect()).flatMap(({ top, bottom }) => [top - area.top, area.bottom - bottom]);
    }""")
    assert min(heights) > -2


def test_a_run_that_is_chosen_exchanges_its_settings_with_the_controls(app: AppPage) -> None:
    keep(app, "Adam")
    second = app.page.get_by_role("radio", name="Set the sliders to run 2")
    second.check()
    app.wait("s.loss === '0.0386'")
    expect_rows(app, ADAM, MOMENTUM)
    expect(app.combobox("Optimizer")).to_have_value("Momentum")
    expect(app.page.get_by_role("radio", name="Set the sliders to run 2")).to_be_focused()
    app.page.keyboard.press("ArrowUp")  # as radio buttons do
    expect(app.combobox("Optimizer")).to_have_value("Adam")
    expect(app.page.get_by_role("radio", name="Set the sliders to run 1")).to_be_checked()
    expect_rows(app, ADAM, MOMENTUM)


def test_runs_are_reordered_and_removed_with_the_keyboard(app: AppPage) -> None:
    keep(app, "Adam")
    keep(app, "RMSProp")
    app.button("Move run 3 up").focus()
    app.page.keyboard.press("Enter")
    expect_rows(app, RMSPROP, ADAM, MOMENTUM)
    expect(app.button("Move run 2 up")).to_be_focused()
    app.page.keyboard.press("Enter")
    expect_rows(app, ADAM, RMSPROP, MOMENTUM)
    expect(app.button("Move run 1 down")).to_be_focused()  # it cannot be moved up any more
    app.button("Remove run 1").focus()
    app.page.keyboard.press("Space")
    expect_rows(app, RMSPROP, MOMENTUM)
    expect(app.button("Remove run 2")).to_be_enabled()
    expect(app.button("Remove run 1")).to_be_disabled()  # the controls' own


def test_there_is_room_for_four_runs(app: AppPage) -> None:
    for _ in range(3):
        expect(app.button("+ Compare")).to_be_enabled()
        app.button("+ Compare").click()
    expect(app.button("+ Compare")).to_be_disabled()
    expect(rows(app)).to_have_count(4)


def test_each_run_gets_the_best_of_its_rates(app: AppPage) -> None:
    keep(app, "Adam")
    app.settle()
    words = app.page.locator(".techni-swept", has=app.slider("Learning rate")).locator(".techni-strip-words span").first
    best = float(str(words.text_content()).split()[-1])
    app.button("Each at its best rate").click()
    expect(rows(app).nth(1).locator("td").nth(2)).to_have_text("Learning rate 0.219, Momentum 0.7")
    app.settle()
    assert float(app.value("Learning rate")) == pytest.approx(best, rel=5e-3)
    rates = [float(re.findall(r"rate ([\d.]+)", cells(row)[1])[0]) for row in rows(app).all()]
    assert rates == [pytest.approx(best, rel=5e-3), 0.219]


def test_the_pictures_keep_their_places_when_a_run_is_kept(app: AppPage) -> None:
    boxes = """() => {
      const place = (name) => document.querySelector(name).getBoundingClientRect();
      const names = [".techni-field", ".techni-fit", ".techni-loss", ".techni-transport", ".techni-compute"];
      return names.map(place).map(({ top, height }) => [top - place(".techni-grid").top, height]);
    }"""
    before = app.page.evaluate(boxes)
    app.button("+ Compare").click()
    expect(rows(app)).to_have_count(2)
    np.testing.assert_allclose(app.page.evaluate(boxes), before, atol=1.5)


def test_the_way_to_a_table_below_the_fold_is_shown(app: AppPage) -> None:
    way, table = app.button(str(COMPARISON["to_table"])), app.page.locator(".techni-runs")
    expect(way).to_be_hidden()
    keep(app, "Adam")
    expect(way).to_be_visible()
    before, loss = way.bounding_box(), app.page.locator(".techni-loss-place").bounding_box()
    assert before
    assert loss
    assert loss["x"] <= before["x"]
    assert before["y"] + before["height"] <= loss["y"] + loss["height"]
    way.click()
    expect(way).to_be_hidden()
    expect(table).to_be_in_viewport(ratio=0.99)
    app.page.locator(".techni-title").scroll_into_view_if_needed()
    expect(way).to_be_visible()
    app.button("Remove run 2").click()
    expect(way).to_be_hidden()
    app.page.locator(".techni-title").scroll_into_view_if_needed()


def test_on_a_phone_a_run_is_a_block_that_fits(phone: AppPage) -> None:
    phone.button("+ Compare").tap()
    expect(rows(phone)).to_have_count(2)
    phone.choose("Optimizer", "Adam")
    expect(rows(phone).first.locator("td").nth(1)).to_have_text("Adam")
    phone.settle()
    assert phone.page.evaluate("document.scrollingElement.scrollWidth") == 390
    cells_of = "(rows) => rows.flatMap((row) => [...row.cells]).map((cell) => cell.scrollWidth - cell.clientWidth)"
    assert max(rows(phone).evaluate_all(cells_of)) <= 1
    heights = phone.page.locator(".techni-comparison button:visible").evaluate_all("(all) => all.map((b) => b.offsetHeight)")
    assert min(heights) >= 44
    phone.button("Remove run 2").tap()
    expect(rows(phone)).to_have_count(1)
    phone.button("Reset").click()
    phone.settle()


# Counts the runs of the links, the compilations that they ask for, and what the page sends to its kernel.
_COUNT = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const compute = models.find((model) => model.get("followers"));
  const names = { frame: compute.get("link"), comparison: compute.get("followers").at(-1) };
  window.numOf = { sent: 0 };
  for (const [name, reference] of Object.entries(names)) {
    numOf[name] = 0;
    const link = await manager.get_model(reference.replace("IPY_MODEL_", ""));
    link.on("jaxlink:ran", () => { numOf[name] += 1; });
  }
  manager.kernel?.anyMessage.connect((_, { msg, direction }) => {
    if (direction === "send" && msg.header.msg_type === "comm_msg") numOf.sent += 1;
  });
}"""


def test_with_four_runs_a_press_is_one_run_of_each_link_and_one_message(app: AppPage) -> None:
    for optimizer in ("Adam", "RMSProp", "Nesterov"):
        keep(app, optimizer)
    app.press("Learning rate", "ArrowRight")  # a slider that a link put between its steps takes them again first
    app.settle()
    has_kernel = app.page.evaluate("Boolean(window.jupyterapp)")
    app.page.evaluate(_COUNT)
    for slider in ("Learning rate", "Initial w", "Momentum", "Steps"):
        app.page.evaluate("for (const name in numOf) numOf[name] = 0")
        app.press(slider, "ArrowRight")
        app.settle()
        assert app.page.evaluate("numOf") == {"sent": int(has_kernel), "frame": 1, "comparison": 1}, slider
