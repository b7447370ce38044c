"""Sharing on the page: its address, lesson links, the script, and files."""

import contextlib
import csv
import io
import itertools
import json
import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.dom import minidom

import matplotlib.pyplot as plt
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from gradient import PROBLEMS, descend
from gradient.models import MODELS
from gradient.optimizers import OPTIMIZERS
from gradient.problems import NETWORK
from gradient.views import style
from gradient.views.sentences import ADVICE, COMPARISON, SHARE
from gradient.views.share import FEW_POINTS
from tests.addresses import random_address
from tests.app_page import AppPage
from tests.conftest import SIZES, Server, launch_chromium, watched
from tests.page_settings import in_settings

SETTING = "#v=1&problem=line&optimizer=adam&rate=0.2&b1=0.6&b2=0.99&steps=40&w=-1&b=1.5&step=12&scale=linear&residuals=1"
SETTING += "&compare=nesterov,rate=0.05,momentum=0.5"
LESSON = f"{SETTING}&hide=optimizer,b1,map&title=Find+%3Cb%3Ethe%3C/b%3E+rate&play=1&repeat=1&theme=dark"
BARE = "#v=1&problem=wave"
WRONG = "#v=1&problem=line&rate=99&foo=1"

COPIED = """() => { window.copied = []; navigator.clipboard.writeText = async (text) => { window.copied.push(text); }; }"""
REFUSE = """() => { navigator.clipboard.writeText = async () => { throw new Error("no"); }; }"""
# Counts the messages to the kernel and the runs of all links from now on.
COUNT = """async () => {
  window.counted = 0;
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  manager.kernel?.anyMessage.connect((_, { msg, direction }) => {
    if (direction === "send" && msg.header.msg_type === "comm_msg") window.counted += 1;
  });
  for (const model of await Promise.all(Object.values(manager._models))) model.on("jaxlink:ran", () => (window.counted += 1));
}"""


EVERY_ONE_OF_THE_WINDOW = {  # in JupyterLab the address is not the page's; tests/test_notebook.py has that
    "test_the_address_follows_the_page_and_the_page_the_address",
    "test_writing_the_address_costs_no_message_and_no_run",
    "test_share_copies_the_address_and_says_so",
    "test_a_lesson_link_is_made_in_the_menu",
    "test_a_page_is_what_its_link_says",
    "test_a_lesson_gives_nothing_away_of_what_it_hides",
    "test_a_lesson_on_own_data_hides_its_choices",
    "test_a_script_prints_the_numbers_of_the_page",
    "test_a_script_has_the_visitors_data",
    "test_pictures_and_steps_are_saved",
    "test_a_picture_is_saved_in_light_colours_whatever_the_theme",
}
OF_THE_SCRIPTS = {
    "test_a_lesson_link_is_made_in_the_menu",
    "test_a_script_prints_the_numbers_of_the_page",
    "test_a_script_has_the_visitors_data",
}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, of_the_window=EVERY_ONE_OF_THE_WINDOW, of_the_scripts=OF_THE_SCRIPTS)


@pytest.fixture
def app(wide: AppPage) -> Iterator[AppPage]:
    wide.reset()
    go_to(wide, BARE)
    yield wide
    if wide.button(SHARE["menu"]).get_attribute("aria-expanded") == "true":
        wide.button(SHARE["menu"]).click()
    go_to(wide, BARE)
    wide.reset()


def go_to(app: AppPage, fragment: str) -> None:
    """Follows a link to the page that is open."""
    app.page.evaluate("(fragment) => { location.hash = fragment; }", fragment)
    app.settle()


def expect_address(page: Page, part: str) -> None:
    """Waits until the address has a part."""
    page.wait_for_function("(part) => decodeURIComponent(location.hash).includes(part)", arg=part)


def entries(page: Page) -> int:
    return page.evaluate("history.length")


def test_the_address_follows_the_page_and_the_page_the_address(app: AppPage) -> None:
    page, before = app.page, entries(app.page)
    app.choose("Optimizer", "Nesterov")
    expect_address(page, "optimizer=nesterov")
    app.press("Learning rate", "ArrowRight", 4)
    expect_address(page, "rate=0.1202")
    drag_start(app)
    expect_address(page, "&w=1&")
    there = entries(page)
    assert there <= before + 3
    app.button("Previous").click()
    expect_address(page, "step=29")
    kept = app.settled()
    assert entries(page) == there, "a step is no entry of the history"
    page.go_back()
    expect_address(page, "w=0.6&b=-3.5")
    assert app.value("Learning rate") == "0.120"
    page.go_back()
    page.go_back()
    expect(app.combobox("Optimizer")).to_have_value("Momentum")
    for _ in range(3):
        page.go_forward()
    app.wait("['curve', 'fit', 'step', 'loss', 'verdict'].every((name) => s[name] === arg[name])", arg=kept)
    expect(app.combobox("Optimizer")).to_have_value("Nesterov")
    app.expect_start(1, -2)


def drag_start(app: AppPage) -> None:
    """Drags the start slowly, as if it were held for a while."""
    mouse = app.page.mouse
    mouse.move(*app.at(0.6, -3.5))
    mouse.down()
    for share in np.linspace(0, 1, 12):
        mouse.move(*app.at(0.6 + 0.4 * share, -3.5 + 1.5 * share))
    mouse.up()


def test_writing_the_address_costs_no_message_and_no_run(app: AppPage) -> None:
    app.choose("Loss axis", "Linear")
    app.settle()
    app.page.evaluate(COUNT)
    expect_address(app.page, "scale=linear")
    assert app.page.evaluate("counted") == 0


def test_share_copies_the_address_and_says_so(app: AppPage) -> None:
    app.page.evaluate(COPIED)
    app.press("Learning rate", "ArrowRight")
    app.button(SHARE["share"]).click()
    expect(app.page.locator(".techni-said [role=status]")).to_have_text(SHARE["copied"])
    (link,) = app.page.evaluate("copied")
    assert link == app.page.url
    assert "rate=0.1047&" in link
    app.page.evaluate(REFUSE)
    app.button(SHARE["share"]).click()
    field = app.page.get_by_label(SHARE["copy"])
    expect(field).to_have_value(link)
    assert app.page.evaluate("getSelection().toString()") == link
    app.button(SHARE["close"]).click()
    expect(field).to_be_hidden()


def test_a_lesson_link_is_made_in_the_menu(app: AppPage) -> None:
    page = app.page
    page.evaluate(COPIED)
    app.button(SHARE["menu"]).click()
    page.get_by_text(SHARE["lesson"]).click()
    menu = page.locator(".techni-menu")
    page.get_by_label(SHARE["title"]).fill("Which rate & why?")
    for name in ("Momentum", "Speed", SHARE["plays"]):
        menu.get_by_role("checkbox", name=name, exact=True).check()
    app.button(SHARE["copy_lesson"]).click()
    page.wait_for_function("copied.length")
    (link,) = page.evaluate("copied")
    assert link.endswith("&hide=momentum,speed&title=Which+rate+%26+why%3F&play=1")


def test_a_page_is_what_its_link_says(app: AppPage, browser: Browser) -> None:
    """A new tab, whose storage is empty, and then the same tab with another link."""
    url = app.page.url.partition("#")[0]
    with watched(browser.new_context(**SIZES["wide"], service_workers="block")) as context:
        # Voilà refuses to be told that a page is left; its own server does not.
        context.route("**/voila/api/shutdown/*", lambda route: route.fulfill(status=204))
        page = context.new_page()
        other = AppPage.open(page, f"{url}{SETTING}")
        expect(page.locator(".techni-runs tbody tr")).to_have_count(2)
        assert (other.value("Learning rate"), other.value("Beta 1"), other.value("Steps")) == ("0.200", "0.600", "40")
        other.wait("s.step === '12'")
        if not page.evaluate("'jupyterapp' in window"):  # Voilà starts another kernel: test_lost.py loads its pages again
            expect_to_reload(other)
        go_to(other, WRONG)
        expect(page.locator(".techni-lesson [role=alert]")).to_contain_text("rate is 99, but it goes from 0.001 to 10.")
        assert other.value("Learning rate") == "0.100"
        expect(page.locator(".techni-runs")).to_be_hidden()
        other.button(SHARE["dismiss"]).click()
        expect(page.locator(".techni-lesson")).to_be_hidden()
        go_to(other, LESSON)
        expect(page.locator(".techni-lesson h2")).to_have_text("Find <b>the</b> rate")
        for hidden in (other.combobox("Optimizer"), other.slider("Beta 1"), page.locator(".techni-maps fieldset")):
            expect(hidden).to_be_hidden()
        other.button("Pause").click()
        expect(other.button("Play")).to_be_visible()
        other.press("Learning rate", "ArrowRight")
        expect_address(page, "theme=dark")
        go_to(other, f"{BARE}&hide=optimizer,momentum,steps")
        expect(other.slider("Momentum")).to_be_hidden()
        rate, start = (page.locator(f".techni-at-{name}").bounding_box() for name in ("rate", "w"))
        assert rate
        assert start
        assert 0 < start["x"] - rate["x"] - rate["width"] < 30, "what is hidden leaves no hole"


def test_a_lesson_gives_nothing_away_of_what_it_hides(app: AppPage) -> None:
    """Neither an advice nor a map nor what is spoken has the best value of a hidden control."""
    advice, spoken = app.page.locator(".techni-advice"), app.page.locator(".techni-readout [role=status]")
    settings_map = app.page.get_by_role("radio", name="Rate × momentum")
    best = app.button(str(COMPARISON["best"]))
    task = f"{BARE}&momentum=0&rate=0.4&compare=adam"
    go_to(app, task)
    expect(advice).to_contain_text("Momentum 0")
    expect(spoken).to_contain_text("The best learning rate is 0.302")
    for shown in (settings_map, best):
        expect(shown).to_be_visible()
    go_to(app, f"{task}&hide=momentum")
    for hidden in (settings_map, app.button(ADVICE["button"])):
        expect(hidden).to_be_hidden()
    expect(advice).to_have_text(ADVICE["button"])
    go_to(app, f"{task.replace('0.4', '0.38')}&hide=momentum,rate&title=x")
    expect(best).to_be_hidden()
    expect(spoken).to_have_text(re.compile(r"^Step 30, loss [^,]+, [a-z ]+\. At w [^ ]+, b [^ ]+$"))
    for link in (f"{task}&hide=rate&map=settings", "#problem=network&hide=key&map=starts"):
        go_to(app, link)
        expect(app.page.get_by_role("radio", name="Loss", exact=True)).to_be_checked()


def test_a_lesson_on_own_data_hides_its_choices(app: AppPage) -> None:
    data, model = (app.combobox(name) for name in ("Data", "Model"))
    standardize = app.page.get_by_label("Standardize x")
    task = "#v=1&problem=yours&data=cars"
    go_to(app, task)
    for shown in (data, model, standardize):
        expect(shown).to_be_visible()
    go_to(app, f"{task}&hide=data,model,standardize")
    for hidden in (data, model, standardize):
        expect(hidden).to_be_hidden()


def expect_to_reload(app: AppPage) -> None:
    """Loads a page again and waits until it is as it was."""
    seen = app.settled()
    app.page.reload()
    app.wait_until_drawn()
    app.wait("s.step === '12' && s.curve === arg.curve && s.fit === arg.fit && s.loss === arg.loss", arg=seen)


NUMBER = re.compile(r"(?:loss|w|b) (\S+?)(?:,|\s|$)")


def test_a_script_prints_the_numbers_of_the_page(app: AppPage) -> None:
    app.page.evaluate(COPIED)
    for problem, optimizer in zip(itertools.cycle(PROBLEMS), OPTIMIZERS):
        go_to(app, f"#v=1&problem={problem.lower()}&optimizer={optimizer}&rate=0.02&steps=25&step=20")
        expect_script_of_page(app)


def expect_script_of_page(app: AppPage) -> str:
    """Runs the script of the page, which prints what the page shows at step 20, and returns it."""
    app.wait("s.step === '20'")
    app.settle()  # step 20 may be that of the settings before
    app.button(SHARE["menu"]).click()
    app.button(SHARE["python"]).click()
    app.button(SHARE["menu"]).click()
    script = app.page.evaluate("copied.at(-1)")
    assert len(script.splitlines()) <= 25
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(script, {})
    shown = [app.seen()["loss"], *shown_parameters(app)]
    found = [float(text) for text in NUMBER.findall(printed.getvalue())]
    assert found == pytest.approx([float(text) for text in shown], rel=0.006), script
    return script


FEW = "1.5,2;-3,0.25;4,5e-05"
MANY = ";".join(f"{x / 8},{x % 5 - 0.5}" for x in range(FEW_POINTS + 1))


def test_a_script_has_the_visitors_data(app: AppPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data set by its name, a few points as numbers, and many by the file that the menu saves; with each model.

    Each source comes as it is and standardized, which the network's data always are.
    """
    monkeypatch.chdir(tmp_path)
    app.page.evaluate(COPIED)
    sources = itertools.cycle(["cars", "noisy_wave,0.35", FEW, MANY])
    settings = [*((model.name, int(i >= 4)) for i, model in enumerate(MODELS)), *[(NETWORK.name, 0)] * 4]
    for (model, is_standardized), data, optimizer in zip(settings, sources, itertools.cycle(OPTIMIZERS)):
        address = f"#v=1&problem=yours&data={data}&model={model}&standardize={is_standardized}&optimizer={optimizer}"
        go_to(app, f"{address}&rate=0.01&w=0.5&b=0.25&steps=25&step=20")
        if data == MANY:
            app.button(SHARE["menu"]).click()
            assert save(app, "points", "csv", tmp_path).name == "yours-points.csv"
            app.button(SHARE["menu"]).click()
        script = expect_script_of_page(app)
        assert "standardized" in script or not (is_standardized or model == NETWORK.name)
        assert ("loadtxt" in script) == (data == MANY)


def shown_parameters(app: AppPage) -> list[str]:
    """(w, b) of the iterate in view, as the line of the next step has them; nothing for the network."""
    text = app.page.locator(".techni-arithmetic > p").inner_text().replace("−", "-")
    found = re.search(r"\(w, b\) ← \((\S+), (\S+)\)", text)
    return [*found.groups()] if found else []


def save(app: AppPage, what: str, form: str, folder: Path) -> Path:
    """Saves something and returns the file."""
    with app.page.expect_download() as download:
        app.button(SHARE["save_hint"].format(what=SHARE[what], format=SHARE[f"as_{form}"])).click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def test_pictures_and_steps_are_saved(app: AppPage, tmp_path: Path) -> None:
    server = app.page.get_by_role("radio", name="server", exact=True)  # a static site has none
    is_drawn_by_kernel = server.count() > 0 and server.is_checked()
    app.button(SHARE["menu"]).click()
    for what in ("map", "fit", "loss"):
        png, svg = (save(app, what, form, tmp_path) for form in ("png", "svg"))
        assert (png.name, svg.name) == (f"wave-momentum-{what}.png", f"wave-momentum-{what}.svg")
        assert png.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        drawn_as = "image" if what == "map" and is_drawn_by_kernel else "path"
        assert minidom.parse(str(svg)).getElementsByTagName(drawn_as).length > 0
    rows = list(csv.DictReader(save(app, "steps", "csv", tmp_path).read_text().splitlines()))
    steps = json.loads(save(app, "steps", "json", tmp_path).read_text())
    path = descend(PROBLEMS["Wave"].loss, PROBLEMS["Wave"].start, num_steps=30, learning_rate=0.1, momentum=0.7)
    expected: dict[str, Any] = {"w": path.params[:, 0], "b": path.params[:, 1], "loss": path.losses}
    expected |= {"step": range(31), "gradient_norm": np.linalg.norm(path.grads, axis=1)}
    for name, numbers in expected.items():
        np.testing.assert_allclose([float(row[name]) for row in rows], numbers, rtol=1e-3, atol=1e-4)
    assert [each["loss"] for each in steps["steps"]] == [float(row["loss"]) for row in rows]
    assert (steps["optimizer"], steps["settings"]) == ("momentum", {"learning_rate": 0.1, "momentum": 0.7})


def numbers_of(colour: str) -> np.ndarray:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255


def has_colour(pixels: np.ndarray, colour: str) -> bool:
    """Whether some of the pixels [height, width, 3] have a colour."""
    return bool((np.abs(pixels - numbers_of(colour)).max(axis=2) < 0.02).sum() > 5)


def test_a_picture_is_saved_in_light_colours_whatever_the_theme(app: AppPage, tmp_path: Path) -> None:
    app.page.emulate_media(color_scheme="dark")
    app.button(SHARE["menu"]).click()
    for what, line in (("fit", style.PATH), ("loss", style.LOSS)):
        pixels = plt.imread(save(app, what, "png", tmp_path))[..., :3]  # it is made of the SVG
        assert [has_colour(pixels, colour) for colour in (line, style.MUTED, style.INK)] == [True] * 3
        assert np.mean(pixels.min(axis=2) == 1) > 0.8
    assert has_colour(pixels, style.PATH), "the dot of the step in view is saved, too"
    app.page.emulate_media(color_scheme="light")


def test_on_a_phone_a_hidden_switch_of_the_maps_leaves_no_gap(phone: AppPage) -> None:
    top = "(name) => document.querySelector(`.techni-${name}`).getBoundingClientRect().top"

    def distance(upper: str, lower: str) -> float:
        return phone.page.evaluate(top, lower) - phone.page.evaluate(top, upper)

    height = distance("field", "loss-place")
    assert distance("field", "overlay") == pytest.approx(45, abs=1)
    go_to(phone, f"{BARE}&hide=map")
    expect(phone.page.locator(".techni-maps fieldset")).to_be_hidden()
    assert distance("field", "overlay") < 3
    assert distance("field", "loss-place") == pytest.approx(height - 44, abs=1)
    go_to(phone, BARE)
    assert distance("field", "overlay") == pytest.approx(45, abs=1)


# Goes to each address. A page that is never painted would be none.
GO_THROUGH = """async (addresses) => {
  for (const [i, address] of addresses.entries()) {
    location.hash = address;
    await new Promise((done) => (i % 10 ? setTimeout(done) : requestAnimationFrame(done)));
  }
}"""


@pytest.mark.soak
def test_ten_thousand_addresses_leave_a_page_that_works(playwright: Playwright, site: Server) -> None:
    draw = random.Random(1)
    # Chromium would otherwise ignore most of them: it takes 200 in ten seconds.
    own = launch_chromium(playwright, "--disable-ipc-flooding-protection")
    with contextlib.closing(own), watched(own.new_context(**SIZES["wide"], service_workers="block")) as context:
        app = AppPage.open(context.new_page(), site.url)
        title = app.page.title()
        for _ in range(100):
            app.page.evaluate(GO_THROUGH, [random_address(draw) for _ in range(100)])
        go_to(app, f"{BARE}&w=0.6&hide=")
        app.wait("s.loss === '0.0386' && s.step === '30'")
        before = app.seen()
        app.press("Learning rate", "ArrowRight")
        app.wait_for_change(before, "curve", "fit", "field")
        assert app.page.title() == title


def test_a_link_does_not_reach_the_server(voila: Server, wide_in_voila: AppPage) -> None:
    """By now pages have been opened with links, and have gone through many."""
    expect(wide_in_voila.button(SHARE["share"])).to_be_visible()
    assert voila.log
    assert not re.search(r"#v=|optimizer=|%23v", voila.log)
