"""Takes screenshots of the running app, on a wide screen and on a phone, and writes `docs/gallery.md`, which shows them all.

python -m benchmarks.screenshots [FOLDER]
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Browser, Page
from pypdfium2 import PdfDocument

from benchmarks.chromium import chromium
from benchmarks.scenarios import NOTEBOOK, serving, voila

ROOT = Path(__file__).parent.parent
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
WINDOWS = {"wide": "on a wide screen", "phone": "on a phone"}
TIMEOUT_MS = 90_000
MARGIN = 8  # around a part, in CSS pixels
PRINT_SCALE = 1.25  # pixels in a point

# The curve is drawn, the figure is, fills its place, and has not changed for a second.
IS_DRAWN = """() => {
  const curve = document.querySelector(".techni-loss g.curve path.line");
  const canvases = [...document.querySelectorAll(".techni-field canvas")].filter((c) => c.offsetParent && c.width);
  const [canvas] = canvases;
  const place = document.querySelector(".techni-overlay");
  if (!(curve?.getAttribute("d").length > 100) || !canvas || Math.abs(canvas.offsetWidth - place.offsetWidth) > 1) return false;
  const picture = canvases.map((each) => each.toDataURL()).join();
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


def show_own(page: Page) -> None:
    """A measured data set with the model that suits it."""
    for name, option in (("Problem", "Yours"), ("Data", "Puromycin")):
        page.get_by_role("combobox", name=name, exact=True).select_option(option)
    page.wait_for_function("document.querySelector('.techni-condition')?.textContent", timeout=TIMEOUT_MS)


def show_network(page: Page) -> None:
    """The network, fitted to measured data."""
    for name, option in (("Problem", "Yours"), ("Data", "Old Faithful"), ("Model", "Network")):
        page.get_by_role("combobox", name=name, exact=True).select_option(option)
    page.wait_for_function("document.querySelector('.techni-points label input')?.disabled", timeout=TIMEOUT_MS)


def show_menu(page: Page) -> None:
    """The menu of sharing, with the lesson's fold."""
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_text("Make a lesson link").click()


def show_dark(page: Page) -> None:
    """The dark theme."""
    page.get_by_role("button", name="Theme: ").click(click_count=2)


def show_class(page: Page) -> None:
    """Two pictures for a class, at the eighth step."""
    press(page, "Step", "Home", *["ArrowRight"] * 8)
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("p")


def save_print(page: Page, path: Path) -> None:
    """Saves what is printed on a sheet of A4."""
    with PdfDocument(page.pdf(format="A4")) as sheets:
        sheets[0].render(scale=PRINT_SCALE).to_pil().save(path)


class Part(NamedTuple):
    """A part of the page, or the page in one of its forms.

    Attributes:
        caption: what the gallery says of it.
        prepare: what is done before it is shown.
        places: the CSS selectors of what the picture holds; none for what is printed.
        sizes: of the windows.
    """

    caption: str
    prepare: Callable[[Page], None]
    places: tuple[str, ...]
    sizes: tuple[str, ...] = tuple(SIZES)


def show_step(page: Page) -> None:
    """The eighth step."""
    press(page, "Step", "Home", *["ArrowRight"] * 8)


PARTS = {
    "dark": Part("The dark theme", show_dark, (".techni-title", ".techni-loss-place")),
    "play": Part("The eighth step: what comes after it is paler", show_step, (".techni-field", ".techni-loss-place")),
    "strips": Part("The strips of Adam's settings", show_strips, (".techni-choices", ".techni-sliders")),
    "advice": Part("A verdict, and an advice", show_advice, (".techni-readout", ".techni-verdict", ".techni-advice")),
    "numbers": Part("The next step in numbers", show_numbers, (".techni-readout", ".techni-arithmetic")),
    "runs": Part("Three optimizers, each at its best rate", show_runs, (".techni-field", ".techni-loss-place", ".techni-runs")),
    "starts": Part("Where starts end", show_starts, (".techni-field",)),
    "settings": Part("Rate and momentum", show_settings, (".techni-field",)),
    "pointed": Part("The model under the pointer", show_pointed, (".techni-fit-place", ".techni-field")),
    "own": Part("Your own data", show_own, (".techni-field", ".techni-fit-place")),
    "network": Part("A network on your own data", show_network, (".techni-field", ".techni-fit-place")),
    "share": Part("The menu of sharing", show_menu, (".techni-title", ".techni-menu")),
    "class": Part("Two pictures for a class", show_class, (".techni-app",), ("wide",)),
    "print": Part("On paper", lambda page: None, (), ("wide",)),
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
            if part.places:
                page.screenshot(path=path, clip=frame_of(page, part))
            else:
                save_print(page, path)
        else:
            page.screenshot(path=path)


def gallery(folder: str) -> str:
    """The text of `docs/gallery.md`, with the pictures of a folder that is named from docs/."""
    lines = ["# Gallery", "", "`make screenshots` takes these pictures and writes this file."]
    whole = Part("The page", lambda page: None, ())
    for name, part in {"": whole, **PARTS}.items():
        files = {size: f"{folder}/{'-'.join(filter(None, (name, size)))}.png" for size in part.sizes}
        lines += [
            "",
            f"## {part.caption}",
            "",
            *(f"![{part.caption}, {WINDOWS[size]}]({file})" for size, file in files.items()),
        ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Takes all screenshots, and writes the gallery."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "benchmarks" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with serving(voila(str(ROOT / NOTEBOOK))) as url, chromium() as browser:
        for name, size in SIZES.items():
            take_screenshot(browser, url, folder / f"{name}.png", size)
            for part_name, part in ((each, part) for each, part in PARTS.items() if name in part.sizes):
                take_screenshot(browser, url, folder / f"{part_name}-{name}.png", size, part)
    if len(sys.argv) == 1:
        (ROOT / "docs" / "gallery.md").write_text(gallery("../benchmarks/pictures"), encoding="utf-8")


if __name__ == "__main__":
    main()
