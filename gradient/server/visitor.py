"""Who owns a kernel: a signed cookie identifies the visitor, and a kernel's routes answer only to its owner.

Every replica has the secret that signs the cookie. Only the replica with the kernel knows who owns it.
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
COOKIE_DAYS = 7  # how long a cookie is valid
RENEW_AFTER_DAYS = 1  # a new page renews an older cookie, so that it does not expire while the page is open
NOBODY = ""

_ANONYMOUS = User("visitor")
_VISITOR: ContextVar[str] = ContextVar("visitor", default=NOBODY)
_OWNERS: WeakKeyDictionary[Any, str] = WeakKeyDictionary()  # by the kernel's manager


def visitor_of(handler: JupyterHandler) -> str:
    """The visitor's id, from the cookie; `NOBODY` without a validly signed one."""
    return (handler.get_signed_cookie(COOKIE, max_age_days=COOKIE_DAYS) or b"").decode()


def set_visitor_cookie(handler: JupyterHandler, *, is_embedded: bool = False) -> None:
    """Sets the visitor's cookie unless it is recent, and makes them the owner of the kernels that this request starts.

    Args:
        handler: of the request for a page; no part of the response may have been sent yet.
        is_embedded: whether other sites may embed the page; browsers then accept its cookie over HTTPS only.
    """
    visitor = visitor_of(handler) or secrets.token_urlsafe(16)
    if not handler.get_signed_cookie(COOKIE, max_age_days=RENEW_AFTER_DAYS):
        is_secure = handler.request.protocol == "https"  # as a trusted proxy says, if there is one
        site = "None" if is_embedded and is_secure else "Lax"
        handler.set_signed_cookie(COOKIE, visitor, COOKIE_DAYS, httponly=True, secure=is_secure, samesite=site)
    _VISITOR.set(visitor)


def record_owner(kernel: Any) -> None:
    """Makes the visitor of the present request the owner of a kernel, given by its manager."""
    _OWNERS[kernel] = _VISITOR.get()


def refusal(status: int, reason: str) -> HTTPError:
    """Counts a refused request for a kernel; returns the error to raise."""
    metrics.sockets_refused.labels(reason).inc()
    return HTTPError(status)


class AnonymousIdentity(PasswordIdentityProvider):
    """Jupyter's identity of a user: the same for all, without a cookie, unless the operator has set a token."""

    def get_user(self, handler: RequestHandler) -> User | Awaitable[User | None] | None:
        """The user of a request."""
        return super().get_user(handler) if self.auth_enabled else _ANONYMOUS


class OwnerOnlyHandler(JupyterHandler):
    """A route of a kernel, for its owner only; nobody else learns whether the kernel exists."""

    @property
    def kernel_id_in_path(self) -> str:
        """The kernel's id, from the request's path."""
        return [*self.path_kwargs.values(), *self.path_args][0]

    async def prepare(self, *args: Any, **options: Any) -> None:
        """Checks who asks, before anything is done with the kernel.

        Raises:
            HTTPError: 403 for a page of another site, 404 for somebody else's kernel.
        """
        await super().prepare(*args, **options)
        if not self.check_origin():
            raise refusal(403, "origin")
        kernel_id, visitor = self.kernel_id_in_path, visitor_of(self)
        owner = _OWNERS.get(self.kernel_manager.get_kernel(kernel_id)) if kernel_id in self.kernel_manager else None
        if not visitor or visitor != owner:
            raise refusal(404, "owner")

    def check_origin(self, *args: Any) -> bool:
        """Whether the request comes from a page of this server, or from no page; what is no URL is another site's."""
        try:
            return super().check_origin(*args)
        except ValueError:
            return False

    def write_error(self, status_code: int, **options: Any) -> None:
        """Sends the name of the status; Voilà would render a page."""
        self.finish(responses[status_code])


class OwnerKernelHandler(OwnerOnlyHandler, KernelHandler):
    """Shows a kernel's state, and ends it."""


class OwnerShutdownHandler(OwnerOnlyHandler, VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is closed."""


HANDLERS: dict[str, type] = {
    "KernelHandler": OwnerKernelHandler,
    "VoilaShutdownKernelHandler": OwnerShutdownHandler,
}
