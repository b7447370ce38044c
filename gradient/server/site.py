"""The static page, as it stands in for a page with a kernel: read once, with what the server has to add to it."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import NamedTuple

from gradient.server.assets import COMPRESSORS, encodings
from gradient.server.headers import script_hashes

_NOTICES = {
    "full": "There is no room for a kernel at the moment.",
    "rate": "Many kernels were started from your address in the last minute.",
    "starting": "The server has just started, and has no kernel yet.",
    "stopping": "The server is about to restart.",
    "failed": "No kernel could be started.",
}
_STYLE = (
    "font: 14px/1.4 system-ui, sans-serif; margin: 0 0 8px; padding: 6px 12px; border-radius: 6px; "
    "background: #eef4fa; color: #1f2933"
)


class Page(NamedTuple):
    """A page as it is sent.

    Attributes:
        body: what is sent.
        encoding: the name of its compression, or "".
        etag: what changes with it, as the header has it.
    """

    body: bytes
    encoding: str
    etag: str


class Site:
    """The folder that `python -m gradient.publish` wrote, or one that is not there.

    Attributes:
        folder: where it is.
        exists: whether there is a page in it; it is read once, so a new one is served after a restart.
        scripts: the sources that allow the page's inline scripts, for its Content-Security-Policy.
    """

    def __init__(self, folder: Path, home: str, live: str) -> None:
        self.folder = folder
        page = folder / "index.html"
        self.exists = page.exists()
        self._html = page.read_text(encoding="utf-8") if self.exists else ""
        self.scripts = script_hashes(self._html)
        self._home, self._live = home, live
        self._variants: dict[tuple[str, bool, str], asyncio.Future[Page]] = {}
        self._compressor = ThreadPoolExecutor(1, "compressor")

    async def page(self, notice: str = "", leads_to_live: bool = False, accepted: str = "") -> Page:
        """The page in the best encoding that a browser accepts.

        Args:
            notice: "" or why there is no kernel: a key of `_NOTICES`.
            leads_to_live: whether the page's switch offers the server, which is another page.
            accepted: the header Accept-Encoding.
        """
        encoding = next(iter(encodings(accepted)), "")
        variant = (notice, leads_to_live, encoding)  # of which there are few, whatever is asked for
        if variant not in self._variants:
            # Compressing takes longer than the loop, which all visitors share, can stand still.
            made = asyncio.get_running_loop().run_in_executor(self._compressor, self._make_variant, *variant)
            self._variants[variant] = made
        return await asyncio.shield(self._variants[variant])

    def _make_variant(self, notice: str, leads_to_live: bool, encoding: str) -> Page:
        live = f' data-live="{escape(self._live)}"' if leads_to_live else ""
        before, tag, after = self._html.partition("<body")
        attributes, end, content = after.partition(">")
        line = _notice(notice) if notice else ""
        page = f'{before}{tag}{attributes} data-home="{escape(self._home)}"{live}{end}{line}{content}'.encode()
        body = COMPRESSORS[encoding](page) if encoding else page
        return Page(body, encoding, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _notice(reason: str) -> str:
    words = f'{_NOTICES[reason]} Everything on this page works in your browser. <a href="">Try again</a>'
    return f'<p class="techni-notice" role="status" style="{_STYLE}">{words}</p>'
