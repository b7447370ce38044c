"""Numbers on the page: they are taken as they are typed, agree with one another, and are those of the frame."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from gradient import OPTIMIZERS, PROBLEMS
from gradient.views.sentences import ARITHMETIC
from tests.app_page import AppPage
from tests.frames import see
from tests.page_settings import in_settings

# On the static site, `make test` types a number, and compares the arithmetic and the title of the data with the frame.
OF_THE_SCRIPTS = [
    "test_a_number_is_taken_as_it_is_typed",
    "test_a_number_that_nobody_types_stays_to_its_last_digit",
    "test_controls_stay_where_they_are",
    "test_every_minus_is_one",
    "test_where_a_descent_diverges_every_number_says_the_same_step",
    "test_play_stops_where_a_descent_diverges",
    "test_a_curve_that_is_outside_its_picture_is_said_to_be",
]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, of_the_scripts=OF_THE_SCRIPTS)


@pytest.fixture
def app(wide: AppPage) -> AppPage:
    wide.reset()
    return wide


def type_number(app: AppPage, slider: str, text: str, key: str) -> None:
    """Writes a number over a slider's, and leaves it with a key."""
    number = app.page.get_by_role("textbox", name=f"{slider} as a number", exact=True)
    number.fill(text)
    number.press(key)


def test_a_number_is_taken_as_it_is_typed(app: AppPage) -> None:
    """Also between the slider's stops, at which it stands again when it is moved."""
    for slider, typed, key, shown, next_stop in (
        ("Learning rate", "0,5", "Enter", "0.500", "0.525"),
        ("Learning rate", "0.123", "Tab", "0.123", "0.126"),
        ("Momentum", "0,553", "Enter", "0.553", "0.560"),
        ("Initial w", "−1,25", "Tab", "-1.25", "-1.24"),
    ):
        before = app.settled()
        type_number(app, slider, typed, key)
        app.wait_for_change(before, "curve", "gradient_norm")
        app.settle()
        assert app.value(slider) == shown
        app.press(slider, "ArrowRight")
        app.settle()
        assert app.value(slider) == next_stop


def test_a_number_that_nobody_types_stays_to_its_last_digit(app: AppPage) -> None:
    """The page shows three digits of it."""
    app.press("Learning rate", "ArrowRight")
    before = app.settled()
    number = app.page.get_by_role("textbox", name="Learning rate as a number", exact=True)
    number.focus()
    number.press("Tab")
    assert app.settled() == before


def test_a_number_beyond_the_slider_becomes_its_end(app: AppPage) -> None:
    type_number(app, "Learning rate", "20", "Enter")
    app.settle()
    assert app.value("Learning rate") == "10.0"


def places(app: AppPage, names: Sequence[str]) -> dict[str, Any]:
    """Where the visible ones of some controls are."""
    sliders = {name: app.slider(name).locator("xpath=ancestor::*[contains(@class, 'widget-slider')]") for name in names}
    choices = {name: app.combobox(name) for name in ("Problem", "Optimizer", "Loss axis")}
    found = {**sliders, **choices, "Reset": app.button("Reset")}
    return {name: place.bounding_box() for name, place in found.items() if place.is_visible()}


def test_controls_stay_where_they_are(app: AppPage) -> None:
    """Whichever optimizer and problem are chosen."""
    names = ("Learning rate", "Steps", "Initial w", "Initial b", "Random start")
    before = places(app, names)
    for choice, options in (
        ("Optimizer", [record.label for record in OPTIMIZERS.values()]),
        ("Problem", ["Line", "Network", "Wave"]),
    ):
        for option in options:
            app.choose(choice, option)
            app.settle()
            now = places(app, names)
            assert {name: now[name] for name in before if name in now} == {n: before[n] for n in before if n in now}, option


def test_where_a_descent_diverges_every_number_says_the_same_step(app: AppPage) -> None:
    app.choose("Problem", "Line")
    app.press("Learning rate", "End")
    app.wait("s.verdict === 'Diverged' && s.step === '2'")
    slider, shown = app.slider("Step"), app.page.locator(".techni-step output")
    expect(slider).to_have_value("2")
    expect(shown).to_have_text("2 / 30")
    line = app.page.locator(".techni-arithmetic > p")
    expect(line).to_contain_text(ARITHMETIC["ends"])
    app.button("Previous").click()
    app.wait("s.step === '1' && s.verdict !== 'Diverged'")
    expect(line).to_contain_text(f"{ARITHMETIC['next']}g = ")
    expect(slider).to_have_value("1")
    app.button("Next").click()
    app.wait("s.step === '2' && s.verdict === 'Diverged'")
    # The end stays the end, wherever it moves.
    app.press("Learning rate", "Home")
    app.wait("s.step === '30'")
    expect(shown).to_have_text("30 / 30")


def test_play_stops_where_a_descent_diverges(app: AppPage) -> None:
    app.choose("Problem", "Line")
    app.press("Learning rate", "End")
    app.wait("s.verdict === 'Diverged'")
    app.button("Play").click()
    expect(app.button("Pause")).to_be_visible()
    expect(app.button("Play")).to_be_visible()
    expect(app.slider("Step")).to_have_value("2")


# What the page says or shows with a hyphen for a minus.
HYPHENS = r"""() => [...document.querySelectorAll(".techni-app *")].flatMap((element) => {
  const own = [...element.childNodes].filter(({ nodeType }) => nodeType === Node.TEXT_NODE).map(({ data }) => data);
  return element.tagName === "STYLE" ? [] : [...own, element.ariaLabel ?? "", element.title ?? ""];
}).filter((text) => /(?:^|[^\w])-\d|\de-\d/.test(text))"""


def test_every_minus_is_one(app: AppPage) -> None:
    """Also of axes, of what is spoken, and of exponents."""
    app.choose("Problem", "Line")
    app.press("Steps", "End")
    app.wait("s.verdict === 'Converged' && s.gradient_norm.includes('e-')")
    assert app.page.evaluate(HYPHENS) == []


NUMBER = re.compile(r"[-−]?\d+(?:\.\d+)?(?:e[-−+]?\d+)?")


def numbers_in(text: str) -> list[float]:
    return [float(number.replace("−", "-")) for number in NUMBER.findall(text)]


def rows(app: AppPage) -> list[list[str]]:
    return app.page.evaluate(
        "[...document.querySelectorAll('.techni-arithmetic tr')].map(({ cells }) => [...cells].map((c) => c.textContent))"
    )


def test_the_arithmetic_is_that_of_the_frame(app: AppPage) -> None:
    """Of step 3 of the wave; the table holds a data point's and the mean of all."""
    app.press("Step", "Home")
    app.press("Step", "ArrowRight", 3)
    app.wait("s.step === '3'")
    problem = PROBLEMS["Wave"]
    w, b = problem.flat_starts[0]
    frame = see(problem, "momentum", w=w, b=b, learning_rate=0.1, momentum=0.7, num_steps=30, step=3, best_known=1.0)
    gradient, memory, parameters = app.page.locator(".techni-arithmetic > p span").all_inner_texts()
    np.testing.assert_allclose(numbers_in(gradient), frame.gradient, rtol=6e-3)
    assert memory.startswith("z ← g + 0.7 z = (")
    np.testing.assert_allclose(numbers_in(memory)[-2:], frame.memory[0], rtol=6e-3)
    assert parameters.startswith("(w, b) ← (")
    np.testing.assert_allclose(numbers_in(parameters)[:2], frame.parameters, rtol=6e-3)
    np.testing.assert_allclose(numbers_in(parameters)[-2:], frame.next_parameters, rtol=6e-3)

    app.page.locator(".techni-arithmetic summary").click()
    expect(app.page.locator(".techni-arithmetic tr")).to_have_count(3)
    names, point, mean = rows(app)
    assert names == ["", "x", "y", "model f", "error f − y", "(f − y)²", "derivative by w", "derivative by b"]
    np.testing.assert_allclose([numbers_in(cell)[0] for cell in point[1:]], frame.example, rtol=6e-3)
    means = [frame.loss, *frame.gradient]
    np.testing.assert_allclose([numbers_in(cell)[0] for cell in mean[-3:]], means, rtol=6e-3)
    before = rows(app)
    app.button("Next").click()
    app.wait("s.step === '4'")
    app.settle()
    assert rows(app) != before
    app.page.locator(".techni-arithmetic summary").click()
    expect(app.page.locator(".techni-arithmetic table")).to_be_hidden()


def test_the_title_of_the_data_is_the_model_with_its_numbers(app: AppPage) -> None:
    title = app.page.locator(".techni-fit-place .techni-heading span")
    expect(title).to_have_text("y = sin(−0.86 x − 2.73)")
    app.choose("Problem", "Network")
    expect(title).to_contain_text("tanh")
    app.choose("Problem", "Line")
    expect(title).to_have_text(re.compile(r"^y = [−\d.]+ x [+−] [\d.]+$"))


def test_a_curve_that_is_outside_its_picture_is_said_to_be(app: AppPage) -> None:
    remark = app.page.locator(".techni-fit-place .techni-heading em")
    expect(remark).to_be_hidden()
    app.choose("Problem", "Network")
    app.choose("Optimizer", "Gradient descent")
    app.press("Learning rate", "End")
    app.wait("s.verdict === 'Diverged'")
    expect(remark).to_be_visible()
    app.choose("Problem", "Line")
    app.press("Learning rate", "End")
    app.wait("s.verdict === 'Diverged'")
    expect(remark).to_be_hidden()  # it is steep, and crosses the picture
