"""Takes screenshots of the running app for the README, on a wide screen and on a phone.

python -m benchmarks.screenshots [FOLDER]
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.chromium import chromium
from benchmarks.scenarios import NOTEBOOK, serving, voila

ROOT = Path(__file__).parent.parent
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
TIMEOUT_MS = 90_000

# The curve is drawn, the figure fills its place, and has not changed for a second.
IS_DRAWN = """() => {
  const curve = document.querySelector(".techni-loss g.curve path.line");
  const canvas = [...document.querySelectorAll(".techni-field canvas")].find((c) => c.offsetParent);
  const place = document.querySelector(".techni-overlay");
  if (!(curve?.getAttribute("d").length > 100) || !canvas || Math.abs(canvas.offsetWidth - place.offsetWidth) > 1) return false;
  const picture = canvas.toDataURL();
  if (picture !== window.lastPicture) [window.lastPicture, window.since] = [picture, performance.now()];
  return performance.now() - window.since > 1000;
}"""


def take_screenshot(browser: Browser, url: str, path: Path, size: tuple[int, int]) -> None:
    """Takes a screenshot of the page in a window of `size` CSS pixels, with two device pixels for each."""
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(viewport=viewport, device_scale_factor=2) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(url, timeout=TIMEOUT_MS)
        page.wait_for_function(IS_DRAWN, timeout=TIMEOUT_MS, polling=100)
        page.screenshot(path=path)


def main() -> None:
    """Takes both screenshots."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "benchmarks" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with serving(voila(str(ROOT / NOTEBOOK))) as url, chromium() as browser:
        for name, size in SIZES.items():
            take_screenshot(browser, url, folder / f"{name}.png", size)


if __name__ == "__main__":
    main()
