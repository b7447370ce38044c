"""The editor of points on a page: by mouse, by finger and by keys, with texts and files, and what the kernel hears of it."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from playwright.sync_api import Browser, expect

from gradient.datasets import DATASETS
from gradient.views.sentences import POINTS
from tests.conftest import SIZES, Server, notebook_of, publish, static_server, watched
from tests.points_page import NUM_SETS, SOURCE, PointsPage, random_paste
from tests.server import hardened

_NAMED = {data.name: data for data in DATASETS}
# A kernel that says how many points it has, and how often it was told.
_HEARD = """
heard = widgets.Label("0 0")
heard.add_class("heard")
points.observe(lambda change: setattr(heard, "value", f"{points.points()[0].size} {int(heard.value.split()[1]) + 1}"), "x")
heard
"""


@pytest.fixture(scope="module")
def editor_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The editor as a static page."""
    folder = publish(notebook_of(SOURCE), tmp_path_factory.mktemp("editor"))
    with static_server(folder) as server:
        yield server


@pytest.fixture(scope="module")
def opened_editor(editor_site: Server, browser: Browser) -> Iterator[PointsPage]:
    """The editor in a wide window, shared by the tests of this module."""
    with watched(browser.new_context(**SIZES["wide"], service_workers="block")) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.goto(editor_site.url)
        yield PointsPage(page)


@pytest.fixture
def editor(opened_editor: PointsPage) -> PointsPage:
    opened_editor.choose("Hubble 1929")
    return opened_editor


def test_a_mouse_adds_moves_and_removes_points_and_all_is_undone(editor: PointsPage) -> None:
    page, before = editor.page, editor.read()
    page.mouse.click(*editor.at(0.2, 0.9))
    added = editor.read()
    assert added["x"][:-1] == before["x"]
    assert (added["dataset"], added["loads"]) == (NUM_SETS, before["loads"])  # its axes stay
    expect(page.get_by_role("combobox", name="Data")).to_have_value("Your own")
    editor.expect_drawn()
    place = editor.place_of(24)
    page.mouse.move(*place)
    page.mouse.down()
    for across in (0.3, 0.4, 0.5):
        page.mouse.move(*editor.at(across, 0.5))
    page.mouse.up()
    moved = editor.read()
    assert moved["x"][-1] > added["x"][-1]
    np.testing.assert_allclose(editor.place_of(24), editor.at(0.5, 0.5), atol=1.5)
    page.keyboard.press("Delete")
    assert editor.read()["x"] == before["x"]
    for expected in (moved, added):
        page.keyboard.press("Control+z")
        assert editor.read()["x"] == expected["x"]
    editor.button("Undo").click()
    assert {**editor.read(), "shown": 24} == {**before, "shown": 24}
    editor.button("Redo").click()
    editor.area.focus()
    page.keyboard.press("Control+y")
    assert editor.read()["x"] == moved["x"]


# Notes what changes in bqplot's drawing.
_NOTE_CHANGES = """() => {
  const note = ({ type, target, attributeName }) => changes.add(`${target.getAttribute("class")} ${attributeName ?? type}`);
  window.changes = new Set();
  new MutationObserver((records) => records.forEach(note)).observe(
    document.querySelector("svg.svg-figure"), { subtree: true, childList: true, attributes: true },
  );
}"""


def test_a_point_that_moves_changes_nothing_but_places(editor: PointsPage) -> None:
    """bqplot would set the shapes and colours of all points, and draw a legend, for each frame of a drag."""
    page = editor.page
    editor.area.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Alt+ArrowDown")  # a view that came late is changed by its first move
    editor.expect_drawn()
    page.evaluate(_NOTE_CHANGES)
    before = editor.place_of(0)
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowRight")
    editor.expect_drawn()
    assert editor.place_of(0) != before
    assert page.evaluate("[...changes]") == ["object_grp transform"]


def test_keys_choose_move_add_and_remove_points(editor: PointsPage) -> None:
    page, before = editor.page, editor.read()
    editor.area.focus()
    page.keyboard.press("ArrowRight")
    spoken = page.locator(".techni-points .techni-spoken")
    expect(spoken).to_have_text("Point 1 of 24: x 0.032, y 170")
    page.keyboard.press("Enter")
    expect(editor.words).to_have_text(str(POINTS["grabbed"]))
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Shift+ArrowRight")
    raised = editor.read()
    assert raised["y"][0] > 170
    assert raised["x"][0] > 0.2
    page.keyboard.press("Escape")
    assert editor.read()["x"] == before["x"]
    page.keyboard.press("Alt+ArrowDown")
    assert editor.read()["y"][0] < 170
    page.keyboard.press("+")
    page.keyboard.press("ArrowUp")
    assert editor.count() == 25
    page.keyboard.press("Enter")
    page.keyboard.press("Delete")
    page.keyboard.press("Delete")
    assert editor.count() == 23
    expect(spoken).to_contain_text("of 23")
    editor.paste("1 2\n3 4")
    editor.button("Use 2 points").click()
    expect(editor.area).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Delete")
    expect(editor.words).to_have_text("Keep at least 2 points.")
    assert editor.count() == 2


def test_a_text_is_read_and_nothing_of_it_is_lost(editor: PointsPage) -> None:
    page, before = editor.page, editor.read()
    editor.paste("x;y\n1,5;2\nabc;3\n4\n5;6")
    said = page.locator(".techni-paste p")
    expect(said).to_have_text("Line 3: “abc” is no number, so this line is left out. Left out besides: 1.")
    assert editor.read() == before  # until it is used
    page.keyboard.press("Escape")
    editor.button("Paste…").click()
    expect(page.get_by_role("textbox", name="Two columns, x and y")).to_have_value("x;y\n1,5;2\nabc;3\n4\n5;6")
    editor.button("Use 2 points").click()
    found = editor.read()
    assert (found["x"], found["y"], found["loads"]) == ([1.5, 5], [2, 6], before["loads"] + 1)
    editor.paste("\n".join(f"{i} {i % 7}" for i in range(2500)))
    expect(said).to_contain_text("Of 2500 points the page keeps 2000, spread evenly over x.")
    editor.button("Use 2000 points").click()
    assert editor.count() == 2000
    page.mouse.click(*editor.at(0.5, 0.02))
    expect(editor.words).to_have_text("There is room for 2000 points. Remove one first.")
    editor.paste("7")
    expect(editor.button("Use")).to_be_disabled()
    expect(said).to_contain_text("At least two points are needed")
    editor.button("Cancel").click()


def test_points_come_and_go_by_the_clipboard_and_by_files(editor: PointsPage, tmp_path: Path) -> None:
    page, before = editor.page, editor.read()
    editor.button("Copy points").click()
    expect(editor.words).to_have_text(str(POINTS["copied"]))
    editor.choose("Planets")
    editor.area.focus()
    page.keyboard.press("Control+v")
    expect(page.get_by_role("combobox", name="Data")).to_have_value("Your own")
    assert (editor.read()["x"], editor.read()["y"]) == (before["x"], before["y"])
    file = tmp_path / "points.csv"
    file.write_text('"time","height"\n"0,5","1"\n"1,5","3"\n')
    page.locator(".techni-paste input[type=file]").set_input_files(file)
    page.wait_for_function("document.querySelector('.techni-points-words').textContent.startsWith('2 points')")
    assert editor.read()["x"] == [0.5, 1.5]
    dropped = page.evaluate_handle("new DataTransfer()")
    dropped.evaluate("(data) => data.items.add(new File(['1 2\\n3 four'], 'a.txt'))")
    editor.area.dispatch_event("drop", {"dataTransfer": dropped})
    expect(page.locator(".techni-paste p")).to_have_text(
        "Line 2: “four” is no number, so this line is left out. At least two points are needed: two lines with x and y."
    )
    assert editor.read()["x"] == [0.5, 1.5]
    editor.button("Cancel").click()


WARNED = {
    "3 1\n3 2\n3 5": "All x are 3, so no slope can be told.",
    "1 4\n2 4": "All y are 4, so there is nothing to fit but a level.",
    "1990 1\n2000 2\n2010 3": "x is far from 0",
    "1e9 1\n-1e9 2": "x goes up to 1.00e+9",
    "5e-7 1\n-6e-7 2": "x stays within 6.00e−7",
    "1 2e6\n2 3e6": "Divide y by 1.00e+6",
    "1 2e-9\n2 3e-9": "Multiply y by 1.00e+9",
}


def test_bad_scales_are_met_with_words(editor: PointsPage) -> None:
    for text, words in WARNED.items():
        editor.paste(text)
        editor.page.locator(".techni-paste button").first.click()
        expect(editor.words).to_contain_text(words)
    editor.choose("Mauna Loa CO₂")
    expect(editor.words).to_contain_text("Standardize x. Mauna Loa CO₂: year, CO₂ in the air in ppm.")
    editor.page.get_by_label("Standardize x").check()
    expect(editor.words).not_to_contain_text("far from 0")
    assert editor.read()["standardized"] is True
    editor.page.get_by_label("Standardize x").uncheck()
    expect(editor.page.locator(".techni-condition")).to_have_text("κ 1200 → 1.5, rate up to 0.025 → 0.68")


def test_noise_is_chosen_and_each_set_brings_its_model(editor: PointsPage) -> None:
    editor.choose("Noisy wave")
    expect(editor.page.get_by_role("combobox", name="Model")).to_have_value("Wave")
    before = editor.read()
    editor.page.get_by_role("slider", name="Noise").fill("1")
    after = editor.read()
    np.testing.assert_allclose(after["y"], _NAMED["Noisy wave"].noisy(1), atol=1e-5)
    assert after["dataset"] == before["dataset"]
    editor.choose("Noisy line")
    editor.button("Undo").click()
    expect(editor.page.get_by_role("slider", name="Noise")).to_have_value("1")  # of the wave's points
    assert (editor.read()["noise"], editor.read()["y"]) == (1, after["y"])
    editor.page.get_by_role("slider", name="Noise").fill("0.2")


@pytest.mark.parametrize("count", [30, pytest.param(500, marks=pytest.mark.soak)])
def test_random_pastes_leave_a_page_that_works(editor: PointsPage, count: int) -> None:
    choice = random.Random(count)
    for _ in range(count):
        text = random_paste(choice)
        editor.paste_if_readable(text)
        found = editor.read()
        assert 2 <= len(found["x"]) == len(found["y"]) == found["shown"], json.dumps(text)
    editor.choose("Planets")
    editor.page.mouse.click(*editor.at(0.5, 0.8))
    assert editor.count() == 9


def test_on_a_phone_a_tap_adds_a_drag_moves_and_a_long_press_removes(editor_site: Server, browser: Browser) -> None:
    with watched(browser.new_context(**SIZES["phone"], service_workers="block")) as context:
        page = context.new_page()
        page.goto(editor_site.url)
        phone = PointsPage(page)
        phone.choose("Planets")
        assert page.evaluate("document.scrollingElement.scrollWidth") == 390
        targets = page.locator(".techni-points-tools button").evaluate_all("(all) => all.map((b) => b.offsetHeight)")
        assert min(targets) >= 44
        phone.area.scroll_into_view_if_needed()
        page.touchscreen.tap(*phone.at(0.3, 0.6))
        expect(phone.words).to_contain_text("9 points of your own.")
        touch = context.new_cdp_session(page)

        def send(kind: str, *places: tuple[float, float]) -> None:
            points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

        start = phone.place_of(8)
        send("touchStart", start)
        send("touchMove", phone.at(0.6, 0.6))
        send("touchStart", phone.at(0.6, 0.6), phone.at(0.1, 0.9))  # a second finger
        send("touchMove", phone.at(0.6, 0.6), phone.at(0.15, 0.95))
        send("touchEnd")
        np.testing.assert_allclose(phone.place_of(8), phone.at(0.6, 0.6), atol=2)
        assert phone.count() == 9
        send("touchStart", phone.place_of(8))
        expect(phone.words).to_contain_text("8 points of your own.")  # after it was held for a while
        send("touchEnd")
        top, bottom = phone.at(0.5, 0.9), phone.at(0.5, 0.2)
        send("touchStart", top)
        for share in (0.2, 0.5, 0.8, 1):
            send("touchMove", (top[0], top[1] + share * (bottom[1] - top[1])))
        send("touchEnd")
        phone.choose("Planets")  # a swipe has added nothing
        assert len(phone.read()["x"]) == 8


def test_a_reload_keeps_the_points(editor: PointsPage) -> None:
    page = editor.page
    page.mouse.click(*editor.at(0.2, 0.9))
    before = editor.read()
    page.reload()
    expect(page.get_by_role("combobox", name="Data")).to_have_value("Your own")
    expect(editor.words).to_contain_text("25 points of your own.")
    assert (editor.read()["x"], editor.read()["y"]) == (before["x"], before["y"])
    editor.expect_drawn()


def test_the_public_servers_kernel_hears_of_a_drag_once(browser: Browser, tmp_path: Path) -> None:
    nbformat.write(notebook_of(SOURCE, _HEARD), tmp_path / "editor.ipynb")
    with hardened(tmp_path / "editor.ipynb") as server, watched(browser.new_context(**SIZES["wide"])) as context:
        context.route(lambda url: not url.startswith(server.url), lambda route: route.abort())
        page = context.new_page()
        page.goto(server.url)
        editor = PointsPage(page)
        heard = page.locator(".heard")
        editor.choose("Puromycin")
        expect(heard).to_have_text("12 1")
        page.mouse.move(*editor.at(0.5, 0.3))
        page.mouse.down()
        for step in range(10):
            page.mouse.move(*editor.at(0.5, 0.3 + 0.05 * step))
        page.mouse.up()
        expect(heard).to_have_text("13 2")  # so its guard lets full arrays pass
        editor.button("Undo").click()
        expect(heard).to_have_text("12 3")
        editor.button("Redo").click()  # there would be nothing to redo if the kernel had sent the points back
        expect(heard).to_have_text("13 4")
