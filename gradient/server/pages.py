"""What visitors meet at / and /live: a page with a kernel, or one that needs none."""

import asyncio
import os
import re
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler, StaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from gradient.server import metrics
from gradient.server.admission import AdmissionError, address_of
from gradient.server.assets import Asset
from gradient.server.headers import content_security_policy
from gradient.server.kernels import Kernels
from gradient.server.settings import Settings
from gradient.server.site import Site
from gradient.server.visitor import set_visitor_cookie

TEMPLATES = Path(__file__).parent / "template"
CARD = "card.png"

# Programs that read pages without a person before them. Those that do not say so ask for no HTML, or execute no script.
_ROBOTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|skypeuri|embedly|quora link|pinterest|vkshare"
    r"|w3c_validator|lighthouse|pingdom|uptime|monitor|probe|healthcheck|curl/|wget/|python-|go-http|java/|okhttp|libwww"
    r"|scrapy|archiver|fetcher|feed|googleother|google-inspectiontool|mediapartners-google|cardyb|pleroma|-user/|compatible;"
    r"|\+https?://",
    re.IGNORECASE,
)
_WARM_UP_SECONDS = 20.0  # that the first visitors of a server wait, and no longer, because there is another page
_SLICE = 1 << 16  # bytes
_PAGE_SECONDS = 90.0  # that the making of a page takes at most
_LOOK_SECONDS = 1.0  # after which one that waits looks whether its kernel is still there
_EARLY = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")  # headers of browsers that load what nobody has asked for yet


class PageService:
    """What the handlers of pages have in common.

    Attributes:
        metadata: of the notebook: its `title` and `description`.
        home: the address of the first page, below which all others are.
        making: held while a kernel is started and the beginning of its page is made. Kernels take the other half of the
            processors, and the loop, which all visitors share, has time for them between two pages.
    """

    def __init__(self, settings: Settings, kernels: Kernels, site: Site, metadata: dict[str, str], home: str) -> None:
        self.settings, self.kernels, self.site = settings, kernels, site
        self.metadata, self.home = metadata, home
        self.making = asyncio.Semaphore(max(1, (os.cpu_count() or 1) // 2))

    def refuse(self, reason: str) -> str:
        """Counts a visitor who gets no kernel."""
        metrics.kernels_refused.labels(reason).inc()
        return reason


class _LostError(Exception):
    """The kernel of a page has ended before the page was whole."""


class PageHandler(TornadoVoilaHandler):
    """A page with a kernel for a person's browser while there is room; the static page for all others."""

    def initialize(self, service: PageService, is_static: bool = False, **voila: Any) -> None:
        """Takes what Voilà's handler takes, and whether this address never starts a kernel."""
        super().initialize(**voila)
        self.service, self.is_static = service, is_static
        self.nonce = secrets.token_urlsafe(16)
        self.etag: str | None = None

    async def get(self, path: str | None = None) -> None:
        """The page that suits who asks."""
        if path:  # Voilà would look for a file
            raise HTTPError(404)
        if is_robot(self):
            self._send_message("introduction")  # with the address that was asked for: no such page is compressed or kept
        elif self.is_static or not is_visit(self):
            await self._send_static()
        elif reason := await self._send_live():
            await self._send_static(self.service.refuse(reason))

    async def head(self, path: str | None = None) -> None:
        """The headers of a page that starts no kernel."""
        if path:
            raise HTTPError(404)
        await self._send_static()

    async def _send_live(self) -> str:
        """Starts a kernel and sends its page; returns "" or why there is none."""
        kernels, settings = self.service.kernels, self.service.settings
        set_visitor_cookie(self, is_embedded=settings.frame_ancestors not in ("'self'", "'none'"))
        with kernels.page_under_way(self._address) as started:
            page, reason, is_whole = self.get_generator(), "", False
            try:
                first = await self._begin(page)
            except AdmissionError as refusal:
                reason = refusal.reason
            except Exception:  # whatever it is, the visitor gets a page
                self.log.exception("no kernel")
                reason = "failed"
            else:
                self.set_header("Cache-Control", "no-store")
                self._allow_scripts(f"'nonce-{self.nonce}'")
                is_whole = await self._stream(first, page, started)
            if not is_whole:
                await kernels.discard(started)
        return reason

    @property
    def _address(self) -> str:
        return address_of(self.request, self.service.settings.trusted_proxies)

    async def _begin(self, page: AsyncIterator[str]) -> str:
        """The first piece of a page, before which Voilà starts the kernel.

        Raises:
            AdmissionError: if there is to be none.
            TimeoutError: if it does not come.
        """
        kernels = self.service.kernels
        kernels.check_room()
        if self.service.site.exists:
            await kernels.warm_up(_WARM_UP_SECONDS)
        kernels.admission.count_start(self._address)
        async with asyncio.timeout(_PAGE_SECONDS), self.service.making:
            return await anext(page, "")

    async def _stream(self, first: str, page: AsyncIterator[str], started: list[str]) -> bool:
        """Sends a page as it comes; returns whether the visitor has waited for all of it, and all of it has come."""
        self.write(first)
        is_there = await self._is_sent()
        try:
            async with asyncio.timeout(_PAGE_SECONDS):
                # To the end, whether the visitor is there or not: it holds the kernel's client.
                while (html := await self._next(page, started)) is not None:
                    if is_there:
                        self.write(html)
                        is_there = await self._is_sent()
        except (_LostError, TimeoutError):
            self.write(self._rendered("kernel_lost"))
            return False
        return is_there

    async def _next(self, page: AsyncIterator[str], started: list[str]) -> str | None:
        """The next piece of a page, None at its end; Voilà waits for it for ever, whether its kernel is there or not."""
        piece = asyncio.ensure_future(anext(page, None))
        try:
            while not (await asyncio.wait([piece], timeout=_LOOK_SECONDS))[0]:
                if not any(kernel_id in self.service.kernels for kernel_id in started):
                    raise _LostError
        finally:
            piece.cancel()
        return await piece

    async def _is_sent(self) -> bool:
        try:
            await asyncio.wait_for(self.flush(), self.service.settings.connect_seconds)
        except (StreamClosedError, TimeoutError):
            return False
        return True

    async def _send_static(self, notice: str = "") -> None:
        """The page that needs no kernel; where it has not been built, a few words."""
        if self.service.site.exists:
            leads_to_live = self.is_static and self.service.settings.root_page == "static"
            await self._send_site("no-cache" if self.is_static else "no-store", notice=notice, leads_to_live=leads_to_live)
        else:
            self._send_message("busy" if notice else "introduction")

    async def _send_site(self, caching: str, **variant: Any) -> None:
        site = self.service.site
        page = await site.page(**variant, accepted=self.request.headers.get("Accept-Encoding", ""))
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", caching)
        self._allow_scripts(*site.scripts)
        if page.encoding:
            self.set_header("Content-Encoding", page.encoding)
        self.etag = page.etag
        self.set_etag_header()
        if self.check_etag_header():
            self.set_status(304)
        else:
            self.set_header("Content-Length", len(page.body))
            await self._send_slowly(page.body)

    async def _send_slowly(self, body: bytes) -> None:
        """Sends no more than is taken: a page that nobody reads costs a slice of memory, and not all of the page."""
        slices = range(0, len(body), _SLICE) if self.request.method == "GET" else ()
        for start in slices:
            self.write(body[start : start + _SLICE])
            if not await self._is_sent():
                self.detach().close()
                return

    def compute_etag(self) -> str | None:
        """Of what is sent, where it stays the same."""
        return self.etag

    def _send_message(self, name: str) -> None:
        """A page of a few words, which a busy server and one without a site have."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if name == "busy":
            self.set_status(503)
            self.set_header("Retry-After", "30")
        self.finish(self._rendered(name))

    def write_error(self, status_code: int, **options: Any) -> None:
        """A page of a few words, instead of Voilà's, which shows what has happened."""
        self.finish(self._rendered("error"))

    def _rendered(self, name: str) -> str:
        return self.settings["voila_jinja2_env"].get_template(f"{name}.html.j2").render(server=self.facts())

    def facts(self) -> dict[str, str]:
        """What templates say about the page."""
        service = self.service
        address = f"{self.request.protocol}://{self.request.host}{service.home}"
        return {**service.metadata, "home": service.home, "address": address, "card": address + CARD, "nonce": self.nonce}

    def _allow_scripts(self, *sources: str) -> None:
        policy = content_security_policy(self.service.settings.frame_ancestors, *sources)
        self.set_header("Content-Security-Policy", policy)


class SiteHandler(Asset):
    """The static page's files."""


class CardHandler(StaticFileHandler):
    """The picture that goes with a link."""


def prepare_notebook(handler: PageHandler, notebook: NotebookNode, cwd: str) -> None:
    """Gives the template what it needs to know of a request. Voilà calls it before each page."""
    notebook.metadata["server"] = handler.facts()


def is_robot(handler: RequestHandler) -> bool:
    """Whether a program asks that shows a page to nobody: a search engine, the preview of a link."""
    return _ROBOTS.search(handler.request.headers.get("User-Agent", "")) is not None


def is_visit(handler: RequestHandler) -> bool:
    """Whether a page is asked for to be shown now, and not ahead or to be kept; a service worker takes anything."""
    headers = handler.request.headers
    is_early = any(re.search("prefetch|prerender|preview", headers.get(name, "")) for name in _EARLY)
    return "text/html" in headers.get("Accept", "") and not is_early
