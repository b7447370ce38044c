"""The static page, which stands in for a page with a kernel: read once, with a notice and the server's addresses added."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import NamedTuple

from gradient.server.encodings import COMPRESSORS, encodings
from gradient.server.headers import script_hashes
from gradient.server.words import WORDS

_STYLE = (
    "font: 14px/1.4 system-ui, sans-serif; margin: 0 0 8px; padding: 6px 12px; border-radius: 6px; "
    "background: #eef4fa; color: #1f2933"
)


class EncodedPage(NamedTuple):
    """A page as it is sent.

    Attributes:
        body: its bytes, compressed.
        encoding: the name of the compression, or "".
        etag: the header ETag, which changes with the body.
    """

    body: bytes
    encoding: str
    etag: str


class Site:
    """The folder that `python -m gradient.publish` wrote, if there is one.

    Attributes:
        folder: where it is.
        exists: whether there is a page in it. It is read once: a new one is served after a restart.
        scripts: the sources for a Content-Security-Policy that allow the page's inline scripts.
    """

    def __init__(self, folder: Path, home: str, live: str) -> None:
        self.folder = folder
        page = folder / "index.html"
        self.exists = page.exists()
        self._html = page.read_text(encoding="utf-8") if self.exists else ""
        self.scripts = script_hashes(self._html)
        self._home, self._live = home, live
        self._variants: dict[tuple[str, str, bool, str], asyncio.Future[EncodedPage]] = {}
        self._compressor = ThreadPoolExecutor(1, "compressor")

    async def page(self, notice: str = "", language: str = "", leads_to_live: bool = False, accepted: str = "") -> EncodedPage:
        """The page in the best encoding that the browser accepts.

        Args:
            notice: "" or why there is no kernel: a key of `words.WORDS`.
            language: that of the notice; a key of `words.WORDS`, too.
            leads_to_live: whether the page's switch to the server leads to the page with a kernel.
            accepted: the header Accept-Encoding.
        """
        encoding = next(iter(encodings(accepted)), "")
        variant = (notice, notice and language, leads_to_live, encoding)  # there are few, whatever clients ask for
        if variant not in self._variants:
            # Compressing takes too long to block the event loop, which all visitors share.
            made = asyncio.get_running_loop().run_in_executor(self._compressor, self._make_variant, *variant)
            self._variants[variant] = made
        return await asyncio.shield(self._variants[variant])

    def _make_variant(self, notice: str, language: str, leads_to_live: bool, encoding: str) -> EncodedPage:
        live = f' data-live="{escape(self._live)}"' if leads_to_live else ""
        before, tag, after = self._html.partition("<body")
        attributes, end, content = after.partition(">")
        line = _notice(notice, language) if notice else ""
        page = f'{before}{tag}{attributes} data-home="{escape(self._home)}"{live}{end}{line}{content}'.encode()
        body = COMPRESSORS[encoding](page) if encoding else page
        return EncodedPage(body, encoding, f'"{hashlib.sha256(body).hexdigest()[:32]}"')


def _notice(reason: str, language: str) -> str:
    words = WORDS[language]
    line = f'{words[reason]} {words["works"]} <a href="">{words["try_again"]}</a>'
    return f'<p class="techni-notice" lang="{language}" role="status" style="{_STYLE}">{line}</p>'
