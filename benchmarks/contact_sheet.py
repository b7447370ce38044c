"""Takes a picture of each notebook in examples/, for its README.

python -m benchmarks.contact_sheet [FOLDER]
"""

import sys
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.chromium import chromium
from benchmarks.scenarios import any_notebook, serving

ROOT = Path(__file__).parent.parent
SIZE = {"width": 760, "height": 1400}
MARGIN = 16  # below the last widget
TIMEOUT_MS = 90_000

# There is a picture, and the page has not changed for half a second.
IS_STILL = """() => {
  const now = document.querySelector(".bqplot .mark, .bqplot .svg-figure, svg path[d^='M']") && document.body.innerHTML;
  if (now !== window.lastSeen) [window.lastSeen, window.since] = [now, performance.now()];
  return now && performance.now() - window.since > 500;
}"""


def take_picture(browser: Browser, url: str, path: Path) -> None:
    """Takes a picture of a notebook's page, as high as the notebook is."""
    with browser.new_context(viewport=SIZE) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(url, timeout=TIMEOUT_MS)
        page.wait_for_function(IS_STILL, timeout=TIMEOUT_MS, polling=100)
        bottom = page.locator(".jp-OutputArea-output").last.evaluate("(output) => output.getBoundingClientRect().bottom")
        page.screenshot(path=path, clip={"x": 0, "y": 0, "width": SIZE["width"], "height": bottom + MARGIN})


def main() -> None:
    """Takes all pictures."""
    examples = ROOT / "examples"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else examples / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    with chromium() as browser:
        for notebook in sorted(examples.glob("*.ipynb")):
            with serving(any_notebook(notebook)) as url:
                take_picture(browser, url, folder / f"{notebook.stem}.png")


if __name__ == "__main__":
    main()
