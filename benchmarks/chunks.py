"""Lists the scripts that the live page loads, in order, so that the server can send them as one file.

    python -m benchmarks.chunks

Run it after an upgrade of Voilà or of a widget library, which renames their scripts.
"""

import re
from urllib.parse import urlsplit

from benchmarks.chromium import chromium
from benchmarks.scenarios import NOTEBOOK, public_server, serving
from benchmarks.timed_page import timed_page
from gradient.server.bundle import CHUNKS

# Chunks without their loaders: "static" has Voilà's own, "labextensions" those of the widget libraries.
_CHUNK = re.compile(r"/voila/(static|labextensions)[^/]*/((?!voila\.js|.*remoteEntry).*\.js)$")


def main() -> None:
    """Loads the page without such a list, and writes one."""
    CHUNKS.write_text("")
    scenario = public_server(NOTEBOOK)
    with serving(scenario) as url, chromium() as browser, timed_page(browser, scenario, url) as page:
        page.first_response()
        found = [_CHUNK.search(urlsplit(address).path) for address in page.requests]
    names = [f"{chunk[1]}/{chunk[2]}" for chunk in found if chunk]
    CHUNKS.write_text("".join(f"{name}\n" for name in names))
    print(f"{len(names)} scripts of {len(found)} requests.")


if __name__ == "__main__":
    main()
