"""The pages at / and /live: with a kernel while there is room, or else the static one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from nbformat import NotebookNode
from tornado.web import HTTPError
from voila.tornado.handler import TornadoVoilaHandler

from gradient.adapters.voila import page_pieces
from gradient.server import metrics
from gradient.server.addresses import address_of
from gradient.server.admission import AdmissionError
from gradient.server.assets import Asset
from gradient.server.descriptors import note_shortage, shortage
from gradient.server.page_context import PageContext
from gradient.server.robots import is_robot, is_visit
from gradient.server.static_page import StaticPageHandler
from gradient.server.visitor import set_visitor_cookie

_WARM_UP_SECONDS = 20.0  # that the first visitors of a server wait for a kernel where there is a static page for them
_PAGE_SECONDS = 90.0  # within which a page has to be rendered
_POLL_SECONDS = 1.0  # between two checks whether the kernel of a page is still running


class _KernelLostError(Exception):
    """The kernel of a page ended before the page was complete."""


class PageHandler(StaticPageHandler, TornadoVoilaHandler):
    """A page with a kernel for a person's browser while there is room; the static page for everybody else."""

    def initialize(self, context: PageContext, is_static: bool = False, **voila: Any) -> None:
        """Takes Voilà's options, the context, and whether this address never starts a kernel."""
        super().initialize(**voila)
        self.prepare_answer(context)
        self.is_static = is_static

    async def get(self, path: str | None = None) -> None:
        """Sends the page that suits the client."""
        if path:  # Voilà would look for a file
            raise HTTPError(404)
        if not _is_text(self.request.query_arguments):
            raise HTTPError(400)
        if is_robot(self):
            self.send_message("introduction")  # with the requested address in it, so it is neither compressed nor kept
        elif self.is_static or not is_visit(self):
            await self._send_static()
        elif reason := await self._send_live():
            metrics.kernels_refused.labels(reason).inc()
            await self._send_static(reason)

    async def head(self, path: str | None = None) -> None:
        """Sends the headers of the page without a kernel."""
        if path:
            raise HTTPError(404)
        await self._send_static()

    async def _send_static(self, notice: str = "") -> None:
        """Sends the static page, or a few words where it has not been built; `notice` says why there is no kernel."""
        if self.context.site.exists:
            leads_to_live = self.is_static and self.context.settings.root_page == "static"
            await self.send_site("no-cache" if self.is_static else "no-store", notice=notice, leads_to_live=leads_to_live)
        else:
            self.send_message("busy" if notice else "introduction")

    async def _send_live(self) -> str:
        """Starts a kernel and sends its page; returns "" or why there is none."""
        kernels = self.context.kernels
        set_visitor_cookie(self, is_embedded=self.context.is_embeddable)
        with kernels.rendering(self._address) as started:
            page, reason, is_complete = page_pieces(self), "", False
            try:
                first = await self._begin(page)
            except AdmissionError as error:
                reason = error.reason
            except Exception as error:  # whatever it is, the visitor gets a page
                reason = self._why_failed(error)
            else:
                self.set_header("Cache-Control", "no-store")
                self.allow_scripts(f"'nonce-{self.nonce}'")
                is_complete = await self._stream(first, page, started)
            if not is_complete:
                await kernels.discard(started)
        return reason

    def _why_failed(self, error: Exception) -> str:
        """Logs why no kernel could be started; returns the reason for the visitor."""
        if words := shortage(error):
            note_shortage(words)
            return "full"
        self.log.exception("no kernel")
        return "failed"

    @property
    def _address(self) -> str:
        return address_of(self.request, self.context.settings.trusted_proxies)

    async def _begin(self, page: AsyncIterator[str]) -> str:
        """The first piece of a page, before which Voilà starts the kernel.

        Raises:
            AdmissionError: if no kernel may start.
            TimeoutError: if the piece does not come.
        """
        kernels = self.context.kernels
        kernels.check_room()
        if self.context.site.exists:
            await kernels.warm_up(_WARM_UP_SECONDS)
        kernels.admission.count_start(self._address)
        async with asyncio.timeout(_PAGE_SECONDS), self.context.starting:
            return await anext(page, "")

    async def _stream(self, first: str, page: AsyncIterator[str], started: list[str]) -> bool:
        """Sends a page as it is rendered; returns whether all of it was rendered, and read."""
        self.write(first)
        is_connected = await self.flushed()
        try:
            async with asyncio.timeout(_PAGE_SECONDS):
                # To the end even if the visitor has left: the generator holds the kernel's client.
                while (html := await self._next(page, started)) is not None:
                    if is_connected:
                        self.write(html)
                        is_connected = await self.flushed()
        except (_KernelLostError, TimeoutError):
            self.write(self.rendered("kernel_lost"))
            return False
        return is_connected

    async def _next(self, page: AsyncIterator[str], started: list[str]) -> str | None:
        """The next piece of a page, or None at its end. Voilà would wait for ever for a kernel that has ended."""
        piece = asyncio.ensure_future(anext(page, None))
        try:
            while not (await asyncio.wait([piece], timeout=_POLL_SECONDS))[0]:
                if not any(kernel_id in self.context.kernels for kernel_id in started):
                    raise _KernelLostError
        finally:
            piece.cancel()
        return await piece


class CardHandler(Asset):
    """The picture that social networks show with a link."""

    def set_default_headers(self) -> None:
        """Lets other sites embed it."""
        self.set_header("Cross-Origin-Resource-Policy", "cross-origin")


def _is_text(arguments: Mapping[str, list[bytes]]) -> bool:
    """Whether all values are UTF-8; Tornado quotes one that is not in the error that Voilà would meet."""
    try:
        return all(value.decode() is not None for values in arguments.values() for value in values)
    except UnicodeDecodeError:
        return False


def prepare_notebook(handler: PageHandler, notebook: NotebookNode, cwd: str) -> None:
    """Gives the template the facts of a request. Voilà calls it before each page."""
    notebook.metadata["server"] = handler.facts()
