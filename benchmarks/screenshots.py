"""Takes the README's pictures of the running app, on a wide screen and on a phone.

python -m benchmarks.screenshots [FOLDER]
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks.proxy import HOST
from benchmarks.server import CHROMIUM_FLAGS, server

ROOT = Path(__file__).parent.parent
VOILA = [sys.executable, "-m", "voila", "techni.ipynb", "--port={port}", "--no-browser"]
SIZES = {"wide": (1440, 900), "phone": (390, 844)}
LOAD_MS = 90_000

# The curve is drawn, the figure has the size of its place, and its last frame has been shown for a while.
IS_DRAWN = """() => {
  const curve = document.querySelector(".techni-loss g.curve path.line");
  const canvas = [...document.querySelectorAll(".techni-field canvas")].find((c) => c.offsetParent);
  const place = document.querySelector(".techni-overlay");
  if (!(curve?.getAttribute("d").length > 100) || !canvas || Math.abs(canvas.offsetWidth - place.offsetWidth) > 1) return false;
  const picture = canvas.toDataURL();
  if (picture !== window.lastPicture) [window.lastPicture, window.since] = [picture, performance.now()];
  return performance.now() - window.since > 1000;
}"""


def shoot(browser: Browser, url: str, path: Path, size: tuple[int, int]) -> None:
    """One picture of the page at one size, at twice the pixels."""
    viewport = {"width": size[0], "height": size[1]}
    with browser.new_context(viewport=viewport, device_scale_factor=2) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(url, timeout=LOAD_MS)
        page.wait_for_function(IS_DRAWN, timeout=LOAD_MS, polling=100)
        page.screenshot(path=path)


def main() -> None:
    """Takes both pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "benchmarks" / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with server(VOILA, ROOT) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        for name, size in SIZES.items():
            shoot(browser, f"http://{HOST}:{port}/", folder / f"{name}.png", size)


if __name__ == "__main__":
    main()
