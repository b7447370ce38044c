"""The page in a browser: each control changes what it should, by mouse and keyboard."""

import re

import pytest
from playwright.sync_api import expect

from gradient import OPTIMIZERS, PROBLEMS
from gradient.optimizers import sliders
from tests.app_page import AppPage
from tests.page_settings import in_settings

ALL = ("curve", "fit", "field", "gradient_norm")


# With a kernel that computes, and in JupyterLab, `make test` runs these; `make soak` runs all.
EVERYWHERE = [
    "test_every_slider_moves_the_pictures",
    "test_a_fast_drag_ends_with_the_last_value",
    "test_a_click_sets_the_start",
    "test_the_start_can_be_dragged_and_the_path_is_redrawn_while_dragging",
    "test_the_transport_goes_to_every_step",
    "test_reset_brings_back_the_defaults",
]

# These scripts do not ask whether there is a kernel. On the static site, `make test` has one test each of what they do: words,
# easing, playing, the loss curve, the start and its handle, a choice and what it brings.
OF_THE_SCRIPTS = [
    "test_the_verdict_says_how_it_went",
    "test_a_drag_is_not_eased",
    "test_the_loss_curve_draws_no_more_points_than_there_are_steps",
    "test_repeat_starts_again",
    "test_step_stays_at_the_end_if_it_was_there",
    "test_a_pen_on_the_loss_curve_goes_to_the_step_under_it",
    "test_the_start_stays_in_the_picture",
    "test_the_arrow_keys_move_the_start",
    "test_a_click_beside_the_loss_curve_is_ignored",
    "test_another_problem_stops_the_player",
    "test_the_network_takes_no_clicks",
    "test_a_random_start_chooses_another_network_and_nothing_else",
    "test_an_optimizer_brings_its_own_controls",
    "test_show_residuals_draws_them",
    "test_the_data_stays_where_it_is",
    "test_the_loss_axis_is_logarithmic_or_linear",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, EVERYWHERE, of_the_scripts=OF_THE_SCRIPTS)


@pytest.fixture
def app(wide: AppPage) -> AppPage:
    wide.reset()
    return wide


def test_the_page_opens_with_the_wave_and_momentum(app: AppPage) -> None:
    page = app.page
    assert page.get_by_role("combobox", name="Problem").input_value() == "Wave"
    assert page.get_by_role("combobox", name="Optimizer").input_value() == "Momentum"
    assert [app.value(name) for name in ("Learning rate", "Momentum", "Steps")] == ["0.100", "0.700", "30"]
    assert app.page.get_by_role("heading", name="Gradient descent", exact=True).first.is_visible()


SLIDERS = [
    ("Learning rate", "ArrowRight", ALL),
    ("Learning rate", "ArrowLeft", ALL),
    ("Momentum", "ArrowRight", ALL),
    ("Initial w", "ArrowRight", ALL),
    ("Initial b", "ArrowLeft", ALL),
    ("Steps", "ArrowLeft", ("curve", "fit", "field", "step", "gradient_norm")),
    ("Step", "ArrowLeft", ("mark", "fit", "field", "step", "gradient_norm")),
]


def test_every_slider_moves_the_pictures(app: AppPage) -> None:
    for slider, key, changed in SLIDERS:
        before = app.settled()
        app.press(slider, key)
        app.wait_for_change(before, *changed)


def test_the_data_stays_where_it_is(app: AppPage) -> None:
    before = app.seen()
    app.press("Learning rate", "ArrowRight")
    app.wait_for_change(before, "fit")
    assert app.seen()["data"] == before["data"]


def test_the_field_follows_even_when_the_last_change_comes_while_it_draws(app: AppPage) -> None:
    """After a burst of changes the pictures show the last value: going there and back changes nothing."""
    for key in ("ArrowRight", "ArrowLeft"):
        app.press("Learning rate", key)  # from its second change on the loss curve is drawn without padding
    before = app.settled()
    app.press("Learning rate", "ArrowRight", 8)
    app.wait_for_change(before, "field")
    app.press("Learning rate", "ArrowLeft", 8)
    app.wait("s.curve === arg.curve && s.loss === arg.loss && s.field === arg.field", arg=before)


def test_a_fast_drag_ends_with_the_last_value(app: AppPage) -> None:
    app.slider("Learning rate").scroll_into_view_if_needed()
    handle = app.slider("Learning rate").bounding_box()
    assert handle
    x, y = handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2
    app.page.mouse.move(x, y)
    app.page.mouse.down()
    app.page.mouse.move(x - 40, y, steps=60)
    app.page.mouse.up()
    dragged = app.settled()
    assert float(app.value("Learning rate")) < 0.05
    # The same value by keyboard, from the other side, shows the same page.
    app.press("Learning rate", "ArrowLeft")
    app.wait_for_change(dragged, "curve")
    app.press("Learning rate", "ArrowRight")
    app.wait("s.curve === arg.curve && s.loss === arg.loss && s.field === arg.field", arg=dragged)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_an_optimizer_brings_its_own_controls(app: AppPage, optimizer: str) -> None:
    record = OPTIMIZERS[optimizer]
    if record.label == "Momentum":  # it is chosen already
        app.choose("Optimizer", "Gradient descent")
    before = app.settled()
    app.choose("Optimizer", record.label)
    app.wait_for_change(before, *ALL)
    shown = {hyperparameter.label: hyperparameter for hyperparameter in record.hyperparameters.values()}
    for name, hyperparameter in shown.items():
        expect(app.slider(name)).to_be_visible()
        before = app.seen()
        app.press(name, "ArrowLeft" if hyperparameter.default else "ArrowRight", 5)
        app.wait_for_change(before, "curve", "field")
    for name in {hyperparameter.label for hyperparameter in sliders().values()} - shown.keys():
        app.expect_hidden(name)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_problem_brings_its_data_its_picture_and_its_settings(app: AppPage, problem: str) -> None:
    record = PROBLEMS[problem]
    if problem == "Wave":  # it is chosen already
        app.choose("Problem", "Line")
    app.press("Steps", "ArrowRight", 7)
    before = app.settled()
    app.choose("Problem", problem)
    app.wait_for_change(before, "curve", "fit", "field", "loss", "data")
    assert float(app.value("Learning rate")) == pytest.approx(record.learning_rate, rel=0.03)  # on the slider's nearest step
    assert app.value("Steps") == str(record.num_steps)
    controls = {"Initial w": record.is_planar, "Initial b": record.is_planar, "Random start": record.num_keys > 1}
    for name, is_shown in controls.items():
        expect(app.slider(name)).to_be_visible(visible=is_shown)


def test_a_random_start_chooses_another_network_and_nothing_else(app: AppPage) -> None:
    app.choose("Problem", "Network")
    app.wait("s.step === '200'")
    before = app.seen()
    app.press("Random start", "ArrowRight")
    app.wait_for_change(before, *ALL)
    assert app.seen()["data"] == before["data"]
    assert app.value("Learning rate") == "0.0501"


def test_show_residuals_draws_them(app: AppPage) -> None:
    residuals = app.page.locator(".techni-fit g:has(> g.curve)").first
    expect(residuals).to_have_css("display", "none")
    app.page.get_by_label("Show residuals").check()
    expect(residuals).to_have_css("display", "inline")
    expect(residuals.locator("path.line")).to_have_count(100)
    before = app.seen()
    app.press("Learning rate", "ArrowRight")
    app.wait_for_change(before, "residuals")


def test_the_loss_axis_is_logarithmic_or_linear(app: AppPage) -> None:
    before = app.seen()
    app.choose("Loss axis", "Linear")
    app.wait_for_change(before, "curve")
    linear = app.seen()
    app.press("Initial w", "ArrowRight")
    app.wait_for_change(linear, "curve")
    app.press("Initial w", "ArrowLeft")
    app.choose("Loss axis", "Logarithmic")
    app.wait("s.curve === arg.curve", arg=before)


def test_the_transport_goes_to_every_step(app: AppPage) -> None:
    app.button("First").click()
    app.wait("s.step === '0'")
    app.button("Next").click()
    app.wait("s.step === '1'")
    app.button("Next").click()
    app.wait("s.step === '2'")
    app.button("Previous").click()
    app.wait("s.step === '1'")
    app.button("Last").click()
    app.wait("s.step === '30'")


def test_play_runs_to_the_end_and_pause_stops_it(app: AppPage) -> None:
    app.page.get_by_role("combobox", name="Speed").select_option("Fast")
    app.button("Play").click()
    app.wait("Number(s.step) > 2 && Number(s.step) < 30")
    app.button("Pause").click()
    expect(app.button("Play")).to_be_visible()
    app.page.get_by_role("combobox", name="Speed").select_option("Normal")
    app.button("Play").click()
    expect(app.button("Play")).to_be_visible()  # at the end it stops by itself
    app.wait("s.step === '30'")


def test_repeat_starts_again(app: AppPage) -> None:
    app.page.get_by_role("combobox", name="Speed").select_option("Fast")
    app.button("Repeat").click()
    app.press("Steps", "Home")
    app.press("Steps", "ArrowRight", 3)
    app.wait("s.step === '4'")
    app.page.evaluate(
        """() => { window.steps = []; new MutationObserver(() => steps.push(
        document.querySelector('.techni-readout [data-name=step]').textContent)).observe(
        document.querySelector('.techni-readout'), {subtree: true, childList: true, characterData: true}); }"""
    )
    app.button("Play").click()
    app.page.wait_for_function("steps.filter((s, i) => s === '1' && steps[i - 1] !== '1').length >= 2")
    app.button("Pause").click()
    app.button("Repeat").click()


@pytest.mark.parametrize(("from_end", "expected"), [(0, "33"), (5, "25")])
def test_step_stays_at_the_end_if_it_was_there(app: AppPage, from_end: int, expected: str) -> None:
    app.press("Step", "ArrowLeft", from_end)
    app.wait("s.step === arg", arg=str(30 - from_end))
    app.press("Steps", "ArrowRight", 3)
    expect(app.page.locator(".techni-step output")).to_have_text(f"{expected} / 33")
    app.wait("s.step === arg", arg=expected)


def test_a_click_on_the_loss_curve_goes_to_that_step(app: AppPage) -> None:
    area = app.page.locator(".techni-loss .plotarea_background").bounding_box()
    assert area
    app.page.mouse.click(area["x"] + area["width"] * 12 / 30, area["y"] + area["height"] / 2)
    app.wait("s.step === '12'")


def test_a_pen_on_the_loss_curve_goes_to_the_step_under_it(app: AppPage) -> None:
    area = app.page.locator(".techni-loss .plotarea_background").bounding_box()
    assert area
    client = app.page.context.new_cdp_session(app.page)

    def pen(kind: str, step: int) -> None:
        place = {"x": area["x"] + area["width"] * step / 30, "y": area["y"] + area["height"] / 2}
        button = {"button": "left", "buttons": 1, "clickCount": 1, "pointerType": "pen"}
        client.send("Input.dispatchMouseEvent", {"type": kind, **place, **button})

    pen("mousePressed", 12)
    app.wait("s.step === '12'")
    pen("mouseMoved", 20)
    app.wait("s.step === '20'")
    pen("mouseReleased", 20)


def test_reset_brings_back_the_defaults(app: AppPage) -> None:
    before = app.seen()
    app.press("Learning rate", "ArrowRight", 4)
    app.press("Initial w", "ArrowRight", 4)
    app.choose("Optimizer", "Adam")
    app.button("First").click()
    app.wait("s.step === '0'")
    app.button("Reset").click()
    app.wait("s.curve === arg.curve && s.loss === arg.loss && s.field === arg.field", arg=before)
    assert app.page.get_by_role("combobox", name="Optimizer").input_value() == "Momentum"
    expect(app.slider("Step")).to_have_value("30")


def test_a_click_sets_the_start(app: AppPage) -> None:
    before = app.seen()
    app.page.mouse.click(*app.at(1.0, 2.0))
    app.expect_start(1.0, 2.0)
    app.wait_for_change(before, *ALL)
    # The same place again, after a reset, is again a click.
    app.button("Reset").click()
    app.expect_start(0.6, -3.5)
    app.page.mouse.click(*app.at(1.0, 2.0))
    app.expect_start(1.0, 2.0)


def test_the_start_can_be_dragged_and_the_path_is_redrawn_while_dragging(app: AppPage) -> None:
    app.page.mouse.move(*app.at(0.6, -3.5))
    app.page.mouse.down()
    for b in (-2.0, -1.0, 0.5):
        before = app.seen()
        app.page.mouse.move(*app.at(1.2, b), steps=4)
        app.expect_start(1.2, b)
        app.wait_for_change(before, *ALL)
    app.page.mouse.up()
    app.page.mouse.move(*app.at(-1.0, 3.0))
    app.expect_start(1.2, 0.5)  # after the release the pointer moves nothing


def test_the_start_stays_in_the_picture(app: AppPage) -> None:
    app.page.mouse.move(*app.at(0.6, -3.5))
    app.page.mouse.down()
    app.page.mouse.move(*app.at(2.6, -3.5), steps=5)
    app.page.mouse.up()
    app.expect_start(2.0, -3.5)


def test_the_arrow_keys_move_the_start(app: AppPage) -> None:
    handle = app.page.get_by_role("button", name=re.compile("^Start"))
    handle.focus()
    handle.press("ArrowUp")
    app.expect_start(0.6, -3.4)
    handle.press("ArrowLeft")
    app.expect_start(0.56, -3.4)


def test_the_network_takes_no_clicks(app: AppPage) -> None:
    app.choose("Problem", "Network")
    app.wait("s.step === '200'")
    before = app.settled()
    app.page.mouse.click(*app.at(0.3, 1.0))
    after = app.settled()
    assert (after["loss"], after["gradient_norm"]) == (before["loss"], before["gradient_norm"])
    expect(app.page.locator(".techni-handle")).to_be_hidden()


@pytest.mark.parametrize(
    ("problem", "optimizer", "presses", "verdict", "words"),
    [
        ("Wave", "Momentum", [], "Nearly best", "above the lowest known, 0.0385."),
        ("Wave", "Momentum", [("Step", "Home")], "Start", "Here the descent begins."),
        ("Line", "Momentum", [("Steps", "End")], "Converged", "close to the lowest known, 0.0382."),
        (
            "Line",
            "Momentum",
            [("Learning rate", "End")],
            "Diverged",
            "The loss becomes too large, so the descent ends at step 2.",
        ),
        ("Line", "Gradient descent", [], "Going down", "1.2 times the lowest known."),
        ("Line", "Gradient descent", [("Learning rate", "PageUp")] * 6, "Going up", "has risen"),
        ("Line", "Adam", [], "Wandering", "up and down"),
        (
            "Wave",
            "Gradient descent",
            [("Learning rate", "PageUp"), ("Steps", "End")] * 6,
            "Bouncing",
            "to and fro between two points",
        ),
        ("Wave", "Adagrad", [("Learning rate", "Home")], "Slow", "hardly changed"),
    ],
)
def test_the_verdict_says_how_it_went(
    app: AppPage, problem: str, optimizer: str, presses: list, verdict: str, words: str
) -> None:
    app.choose("Problem", problem)
    app.choose("Optimizer", optimizer)
    for slider, key in presses:
        app.press(slider, key)
    app.wait("s.verdict === arg[0] && s.sentence.includes(arg[1])", arg=[verdict, words])


def test_divergence_keeps_the_last_finite_state_in_view(app: AppPage) -> None:
    app.choose("Problem", "Line")
    app.wait("s.loss !== '0.0386'")
    app.press("Learning rate", "End")
    app.wait("s.verdict === 'Diverged'")
    seen = app.seen()
    assert not re.search("NaN|null|Infinity", f"{seen['curve']}{seen['fit']}{seen['loss']}")
    assert int(seen["step"]) < 30
    app.press("Learning rate", "Home")
    app.wait("s.verdict !== 'Diverged' && s.step === '30'")


# Time passes ten times more slowly, so that a slow machine draws the same places, until `restore` is called.
SLOW_DOWN = """() => {
  const now = performance.now.bind(performance);
  const start = now();
  performance.now = () => start + (now() - start) / 10;
  window.restore = () => { delete performance.now; };
}"""


@pytest.mark.parametrize("change", ["Problem", "Optimizer", "Random start"])
def test_a_choice_eases_the_curve_through_places_in_between(app: AppPage, change: str) -> None:
    app.choose("Problem", "Network")
    app.wait("s.step === '200'")
    app.settle()
    app.page.evaluate(
        """() => { window.places = new Set();
        const line = document.querySelector('.techni-fit g.lines:last-of-type path.line') ??
          [...document.querySelectorAll('.techni-fit path.line')].at(-1);
        new MutationObserver(() => places.add(line.getAttribute('d'))).observe(line, {attributes: true}); }"""
    )
    app.page.evaluate(SLOW_DOWN)
    if change == "Random start":
        app.press("Random start", "ArrowRight")
    else:
        app.choose(change, {"Problem": "Line", "Optimizer": "Nesterov"}[change])
    app.page.wait_for_function("places.size >= 3")  # where it ends, and at least two on the way
    app.page.evaluate("restore()")


def test_the_loss_curve_draws_no_more_points_than_there_are_steps(app: AppPage) -> None:
    app.press("Learning rate", "ArrowRight")
    app.settle()
    counts = app.page.evaluate(
        "[...document.querySelectorAll(`.techni-loss g.curve path.line`)].map((l) => l.getAttribute(`d`).match(/[ML]/g).length)"
    )
    assert counts[:3] == [
        32,
        32,
        2,
    ]  # the start, 30 steps, and the last of what pads the array; of the point in view, both ends


def test_a_drag_is_not_eased(app: AppPage) -> None:
    """Each key press draws the new curve at once: no curve in between is ever shown."""
    before = app.seen()  # perhaps on its way still, since what came before is eased
    curves = set()
    for key in (*4 * ["ArrowRight"], *4 * ["ArrowLeft"]):
        app.press("Learning rate", key)
        app.wait_for_change(before, "fit")
        before = app.settled()
        curves.add(before["fit"])
    app.page.evaluate(
        """() => { window.places = new Set(); const line = [...document.querySelectorAll('.techni-fit path.line')].at(-1);
        new MutationObserver(() => places.add(line.getAttribute('d'))).observe(line, {attributes: true}); }"""
    )
    app.press("Learning rate", "ArrowRight", 4)
    app.press("Learning rate", "ArrowLeft", 4)
    app.wait("s.loss === '0.0386'")
    app.settle()
    places = app.page.evaluate("[...places]")
    assert places
    assert set(places) <= curves


def test_another_problem_stops_the_player(app: AppPage) -> None:
    app.page.get_by_role("combobox", name="Speed").select_option("Slow")
    app.button("Play").click()
    app.wait("Number(s.step) > 0 && Number(s.step) < 30")
    app.choose("Problem", "Network")
    expect(app.button("Play")).to_be_visible()
    app.settle()
    app.button("Last").click()
    app.wait("s.step === '200'")


def test_a_click_beside_the_loss_curve_is_ignored(app: AppPage) -> None:
    area = app.page.locator(".techni-loss .plotarea_background").bounding_box()
    assert area
    app.page.mouse.click(area["x"] - 40, area["y"] + 40)
    assert app.settled()["step"] == "30"
