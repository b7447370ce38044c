"""Whose kernel it is: a signed cookie names the visitor, and a kernel's routes answer to the visitor that it was started for.

Every replica has the secret that signs the cookie. Who owns which kernel is known only where the kernel lives.
"""

import secrets
from collections.abc import Awaitable
from contextvars import ContextVar
from typing import Any
from weakref import WeakKeyDictionary

from jupyter_server.auth.identity import PasswordIdentityProvider, User
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.httputil import responses
from tornado.web import HTTPError, RequestHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

from gradient.server import metrics

COOKIE = "techni_visitor"
COOKIE_DAYS = 7  # how long a cookie is taken
RENEW_AFTER_DAYS = 1  # how old the cookie of a page may be: a kernel's page may be open for as long as the cookie lasts
NOBODY = ""

_ANONYMOUS = User("visitor")
_VISITOR: ContextVar[str] = ContextVar("visitor", default=NOBODY)
_OWNERS: WeakKeyDictionary[Any, str] = WeakKeyDictionary()  # by the kernel's manager


def visitor_of(handler: JupyterHandler) -> str:
    """Who asks, by the cookie; `NOBODY` without one that this service has signed."""
    return (handler.get_signed_cookie(COOKIE, max_age_days=COOKIE_DAYS) or b"").decode()


def set_visitor_cookie(handler: JupyterHandler, *, is_embedded: bool = False) -> None:
    """Gives whoever asks a cookie, unless they have a fresh one, and lets the kernels that this request starts be theirs.

    Args:
        handler: of the request for a page; nothing of its answer may have been sent yet.
        is_embedded: whether pages of other sites may show this one; browsers then keep a cookie only from HTTPS.
    """
    visitor = visitor_of(handler) or secrets.token_urlsafe(16)
    if not handler.get_signed_cookie(COOKIE, max_age_days=RENEW_AFTER_DAYS):
        is_secure = handler.request.protocol == "https"  # also by the word of a proxy that is trusted
        site = "None" if is_embedded and is_secure else "Lax"
        handler.set_signed_cookie(COOKIE, visitor, COOKIE_DAYS, httponly=True, secure=is_secure, samesite=site)
    _VISITOR.set(visitor)


def record_owner(kernel: Any) -> None:
    """Makes the visitor whose request this is the owner of a kernel, which its manager stands for."""
    _OWNERS[kernel] = _VISITOR.get()


def refusal(status: int, reason: str) -> HTTPError:
    """The error with which a request for a kernel is answered; it is counted."""
    metrics.sockets_refused.labels(reason).inc()
    return HTTPError(status)


class AnonymousIdentity(PasswordIdentityProvider):
    """Jupyter's notion of who asks: here it is the same for all, and no cookie is spent on it, unless a token is asked for."""

    def get_user(self, handler: RequestHandler) -> User | Awaitable[User | None] | None:
        """The user of a request."""
        return super().get_user(handler) if self.auth_enabled else _ANONYMOUS


class OwnerOnlyHandler(JupyterHandler):
    """A route of a kernel that is there for its visitor only; nobody else learns whether there is such a kernel."""

    @property
    def asked_kernel(self) -> str:
        """The id in the route."""
        return [*self.path_kwargs.values(), *self.path_args][0]

    async def prepare(self, *args: Any, **options: Any) -> None:
        """Looks at who asks, before anything is done with the kernel.

        Raises:
            HTTPError: 403 for another site's page, 404 for somebody else's kernel.
        """
        await super().prepare(*args, **options)
        if not self.check_origin():
            raise refusal(403, "origin")
        kernel_id, visitor = self.asked_kernel, visitor_of(self)
        owner = _OWNERS.get(self.kernel_manager.get_kernel(kernel_id)) if kernel_id in self.kernel_manager else None
        if not visitor or visitor != owner:
            raise refusal(404, "owner")

    def write_error(self, status_code: int, **options: Any) -> None:
        """Answers in two words what Voilà would draw a page for."""
        self.finish(responses[status_code])


class OwnerKernelHandler(OwnerOnlyHandler, KernelHandler):
    """A kernel's state, and its end."""


class OwnerShutdownHandler(OwnerOnlyHandler, VoilaShutdownKernelHandler):
    """The farewell of a page that is closed."""


HANDLERS: dict[str, type] = {
    "KernelHandler": OwnerKernelHandler,
    "VoilaShutdownKernelHandler": OwnerShutdownHandler,
}
