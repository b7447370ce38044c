"""A handler that can answer with the static page, or with a page of one message, instead of one with a kernel."""

import secrets
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from gradient.adapters.tornado import abandon
from gradient.server.connections import PIECE_BYTES
from gradient.server.headers import content_security_policy
from gradient.server.page_context import CARD, PageContext
from gradient.server.words import WORDS, language_of


class StaticPageHandler(RequestHandler):
    """Sends pages that need no kernel.

    Attributes:
        context: what the handlers of pages share.
        nonce: allows the inline scripts of this answer.
    """

    context: PageContext
    etag: str | None = None

    def prepare_answer(self, context: PageContext) -> None:
        """Has to be called when a request begins."""
        self.context, self.nonce = context, secrets.token_urlsafe(16)
        if context.is_embeddable:
            self.set_header("Cross-Origin-Resource-Policy", "cross-origin")

    async def send_site(self, caching: str, **variant: Any) -> None:
        """Sends the static page.

        Args:
            caching: the header Cache-Control.
            variant: see `Site.page`.
        """
        accepted = self.request.headers.get("Accept-Encoding", "")
        page = await self.context.site.page(**variant, language=self.language, accepted=accepted)
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", caching)
        self.allow_scripts(*self.context.site.scripts)
        if page.encoding:
            self.set_header("Content-Encoding", page.encoding)
        self.etag = page.etag
        self.set_etag_header()
        if self.check_etag_header():
            self.set_status(304)
        else:
            self.set_header("Content-Length", len(page.body))
            await self._send_in_slices(page.body)

    def send_message(self, name: str) -> None:
        """Sends a page of a few words: "busy", "introduction" or "error"."""
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        if name == "busy":
            self.set_status(503)
            self.set_header("Retry-After", "30")
        self.finish(self.rendered(name))

    def rendered(self, name: str, **changes: str) -> str:
        """A template, with this request's facts, some of which may be replaced."""
        return self.settings["voila_jinja2_env"].get_template(f"{name}.html.j2").render(server=self.facts() | changes)

    @property
    def language(self) -> str:
        """The language that the client prefers of those that the server speaks."""
        return language_of(self.request.headers.get("Accept-Language", ""))

    def facts(self) -> dict[str, Any]:
        """What templates say about the page, and their words."""
        context, language = self.context, self.language
        address = f"{self.request.protocol}://{self.request.host}{context.home}"
        page = {"home": context.home, "address": address, "card": address + CARD, "nonce": self.nonce}
        return {**context.metadata(language), **page, "language": language, "words": WORDS[language]}

    def allow_scripts(self, *sources: str) -> None:
        """Allows inline scripts, by a nonce or by their hashes."""
        policy = content_security_policy(self.context.settings.frame_ancestors, *sources)
        self.set_header("Content-Security-Policy", policy)

    async def flushed(self) -> bool:
        """Whether the client has read what was written, within the time that a page has to connect."""
        try:
            async with self.context.flush_timeout():
                await self.flush()
        except (StreamClosedError, TimeoutError):
            return False
        return True

    async def _send_in_slices(self, body: bytes) -> None:
        """Writes as fast as the client reads: one that reads nothing costs the memory of a slice, and not of the page."""
        slices = range(0, len(body), PIECE_BYTES) if self.request.method == "GET" else ()
        for start in slices:
            self.write(body[start : start + PIECE_BYTES])
            if not await self.flushed():
                abandon(self)
                return

    def compute_etag(self) -> str | None:
        """The tag of the static page; no other page has one, because each is different."""
        return self.etag

    def write_error(self, status_code: int, **options: Any) -> None:
        """Sends a page of a few words, which has no address of its own; Voilà's would show the error."""
        self.finish(self.rendered("error", address=""))
