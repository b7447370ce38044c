"""Writes down which scripts the live page loads, in their order, for the server to send them as one.

    python -m benchmarks.chunks

To be run after an upgrade of Voilà or of a widget library: their scripts then have other names.
"""

import re
import shutil
from urllib.parse import urlsplit

from playwright.sync_api import sync_playwright

from benchmarks.latency import visiting
from benchmarks.scenarios import NOTEBOOK, hardened, serving
from benchmarks.server import CHROMIUM_FLAGS
from gradient.server.bundle import CHUNKS

# Chunks, and not what loads them: "static" are Voilà's own, "labextensions" those of the widget libraries.
_CHUNK = re.compile(r"/voila/(static|labextensions)[^/]*/((?!voila\.js|.*remoteEntry).*\.js)$")


def main() -> None:
    """Loads the page without any such list, and writes one."""
    CHUNKS.write_text("")
    with sync_playwright() as playwright, serving(hardened(NOTEBOOK)) as url:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS)
        with visiting(browser, hardened(NOTEBOOK), url) as visit:
            visit.first_response()
            found = [_CHUNK.search(urlsplit(address).path) for address in visit.requests]
    names = [f"{chunk[1]}/{chunk[2]}" for chunk in found if chunk]
    CHUNKS.write_text("".join(f"{name}\n" for name in names))
    print(f"{len(names)} scripts of {len(found)} requests.")


if __name__ == "__main__":
    main()
