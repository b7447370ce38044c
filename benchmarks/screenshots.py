"""Takes screenshots of the running app, on a wide screen and on a phone: all of it for the README, and its parts for docs/.

python -m benchmarks.screenshots [FOLDER]
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page

from benchmarks.chromium import chromium
from benchmarks.scenarios import NOTEBOOK, serving, voila

ROOT = Path(__file__).parent.parent
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
TIMEOUT_MS = 90_000
MARGIN = 8  # around a part, in CSS pixels

# The curve is drawn, the figure is, fills its place, and has not changed for a second.
IS_DRAWN = """() => {
  const curve = document.querySelector(".techni-loss g.curve path.line");
  const canvas = [...document.querySelectorAll(".techni-field canvas")].find((c) => c.offsetParent);
  const place = document.querySelector(".techni-overlay");
  if (!(curve?.getAttribute("d").length > 100) || !canvas || Math.abs(canvas.offsetWidth - place.offsetWidth) > 1) return false;
  const picture = canvas.toDataURL();
  if (picture.length < 20000) return false; // it is blank
  if (picture !== window.lastPicture) [window.lastPicture, window.since] = [picture, performance.now()];
  return performance.now() - window.since > 1000;
}"""


def choose(page: Page, problem: str, optimizer: str) -> None:
    """Chooses a problem and an optimizer."""
    page.get_by_role("combobox", name="Problem", exact=True).select_option(problem)
    page.get_by_role("combobox", name="Optimizer", exact=True).select_option(optimizer)


def press(page: Page, slider: str, *keys: str) -> None:
    """Presses keys on a slider."""
    for key in keys:
        page.get_by_role("slider", name=slider, exact=True).press(key)


def show_strips(page: Page) -> None:
    """The strips of Adam, with the names of the marks under the learning rate, which has the focus."""
    choose(page, "Line", "Adam")
    press(page, "Learning rate", "ArrowRight")


def show_advice(page: Page) -> None:
    """A descent that diverges, and the advice for it."""
    choose(page, "Line", "Momentum")
    press(page, "Learning rate", "End")


def show_numbers(page: Page) -> None:
    """The arithmetic of the third step."""
    press(page, "Step", "Home", *["ArrowRight"] * 3)
    page.locator(".techni-arithmetic summary").click()


def show_runs(page: Page) -> None:
    """Momentum, Adam and gradient descent, each at its best learning rate."""
    for optimizer in ("Adam", "Gradient descent"):
        page.get_by_role("button", name="+ Compare").click()
        choose(page, "Wave", optimizer)
    page.get_by_role("button", name="Each at its best rate").click()


def show_starts(page: Page) -> None:
    """Where all starts end."""
    page.locator(".techni-maps label").nth(1).click()
    page.wait_for_function("document.querySelector('.techni-map-head h2').textContent.includes('52 %')", timeout=TIMEOUT_MS)
    page.evaluate("window.lastPicture = ''")  # the map becomes finer for a while


def show_settings(page: Page) -> None:
    """What pairs of settings come to."""
    page.locator(".techni-maps label").nth(2).click()
    page.wait_for_function("document.querySelector('.techni-map canvas').width > 300", timeout=TIMEOUT_MS)
    page.evaluate("window.lastPicture = ''")


def show_pointed(page: Page) -> None:
    """The model under the pointer, which stays there."""
    box = page.locator(".techni-overlay").bounding_box()
    assert box
    page.mouse.move(box["x"] + 0.45 * box["width"], box["y"] + 0.3 * box["height"])


class Part(NamedTuple):
    """A part of the page.

    Attributes:
        prepare: what is done before it is shown.
        places: the CSS selectors of what the picture holds.
    """

    prepare: Callable[[Page], None]
    places: tuple[str, ...]


PARTS = {
    "strips": Part(show_strips, (".techni-choices", ".techni-sliders")),
    "advice": Part(show_advice, (".techni-readout", ".techni-verdict", ".techni-advice")),
    "runs": Part(show_runs, (".techni-field", ".techni-loss-place", ".techni-runs")),
    "starts": Part(show_starts, (".techni-field",)),
    "settings": Part(show_settings, (".techni-field",)),
    "pointed": Part(show_pointed, (".techni-fit-place", ".techni-field")),
    "numbers": Part(show_numbers, (".techni-readout", ".techni-arithmetic")),
    "play": Part(lambda page: press(page, "Step", "Home", *["ArrowRight"] * 8), (".techni-field", ".techni-loss-place")),
}


def frame_of(page: Page, part: Part) -> Any:
    """The smallest rectangle around the elements of a part, and a few pixels more, within the window, which shows the last."""
    places = [page.locator(place).first for place in part.places]
    places[-1].evaluate("(place) => place.scrollIntoView({ block: 'end' })")
    boxes = [box for place in places if (box := place.bounding_box())]
    window = page.viewport_size or {"width": 0, "height": 0}
    left, top = (max(0, min(box[side] for box in boxes) - MARGIN) for side in ("x", "y"))
    right = min(window["width"], max(box["x"] + box["width"] for box in boxes) + MARGIN)
    bottom = min(window["height"], max(box["y"] + box["height"] for box in boxes) + MARGIN)
    return {"x": left, "y": top, "width": right - left, "height": bottom - top}


def take_screenshot(browser: Browser, url: str, path: Path, size: tuple[int, int], part: Part | None = None) -> None:
    """Takes a screenshot of the page, or of a part of it, in a window of `size` CSS pixels.

    The whole page has two device pixels for each of them.
    """
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(viewport=viewport, device_scale_factor=1 if part else 2) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(url, timeout=TIMEOUT_MS)
        page.wait_for_function(IS_DRAWN, timeout=TIMEOUT_MS, polling=100)
        if part:
            part.prepare(page)
            page.wait_for_function(IS_DRAWN, timeout=TIMEOUT_MS, polling=100)
            page.screenshot(path=path, clip=frame_of(page, part))
        else:
            page.screenshot(path=path)


def main() -> None:
    """Takes all screenshots."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "benchmarks" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with serving(voila(str(ROOT / NOTEBOOK))) as url, chromium() as browser:
        for name, size in SIZES.items():
            take_screenshot(browser, url, folder / f"{name}.png", size)
            for part_name, part in PARTS.items():
                take_screenshot(browser, url, folder / f"{part_name}-{name}.png", size, part)


if __name__ == "__main__":
    main()
