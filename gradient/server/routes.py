"""The server's routes: its own, and Voilà's with handlers of this package for some of them."""

import re
from collections.abc import Callable

from jupyter_server.utils import url_path_join

from gradient.adapters.voila import Route, page_and_other_routes, replaced
from gradient.server import visitor
from gradient.server.assets import FINGERPRINTED, ExtensionAsset, HashedAsset, StaticAsset, TemplateAsset
from gradient.server.operation import HealthHandler, MetricsHandler, ReadyHandler
from gradient.server.page_context import CARD, TEMPLATES, PageContext
from gradient.server.pages import CardHandler, PageHandler
from gradient.server.sockets import KernelSocket

# The handlers of this package, by the names of Voilà's handlers that they replace.
_HANDLERS: dict[str, type] = {
    **visitor.HANDLERS,
    "TornadoVoilaHandler": PageHandler,
    "VoilaKernelWebsocketHandler": KernelSocket,
    "MultiStaticFileHandler": StaticAsset,
    "TemplateStaticFileHandler": TemplateAsset,
    "FileFindHandler": ExtensionAsset,
}
_UNUSED = ("ThemesHandler",)  # the page has one theme, which is part of its template


def all_routes(
    voilas: list[Route], root: str, context: PageContext, why_not_ready: Callable[[], str], *, bundle: str, folder: str
) -> list[Route]:
    """All routes in the order in which they are tried.

    Args:
        voilas: what `Voila.init_handlers` returns.
        root: the path below which all routes are.
        context: for the handlers of pages.
        why_not_ready: see `ReadyHandler`.
        bundle: the file of the page's scripts.
        folder: where it is.
    """
    (_, _, options), others = page_and_other_routes([route for route in voilas if route[1].__name__ not in _UNUSED])
    options = {**options, "context": context}
    own = [*_operation(why_not_ready, context), *_files(bundle, folder, context), ("live", PageHandler, options)]
    root, is_static = url_path_join(root, "/"), context.settings.root_page == "static"
    return [
        *((root + pattern, *target) for pattern, *target in own),
        *((_with_version(pattern), *target) for pattern, *target in replaced(others, _HANDLERS)),
        (f"{root}(.*)", PageHandler, {**options, "is_static": is_static}),
    ]


def _operation(why_not_ready: Callable[[], str], context: PageContext) -> list[Route]:
    """The routes for operators and platforms."""
    return [
        ("healthz", HealthHandler),
        ("readyz", ReadyHandler, {"why_not": why_not_ready}),
        ("metrics", MetricsHandler, {"audience": context.settings.metrics}),
    ]


def _files(bundle: str, folder: str, context: PageContext) -> list[Route]:
    """The routes of files that are not Voilà's."""
    return [
        (f"({CARD})", CardHandler, {"path": str(TEMPLATES)}),
        (f"({re.escape(bundle)})", HashedAsset, {"path": folder}),
        ("(assets/.*|worker[.]js)", HashedAsset, {"path": str(context.settings.site.resolve())}),
    ]


def _with_version(pattern: str) -> str:
    """A pattern of Voilà's that also takes the hash which `page_config_hook` puts into the folder's name."""
    for name in FINGERPRINTED:
        pattern = pattern.replace(f"/voila/{name}/", f"/voila/{name}(?:[.][0-9a-f]+)?/")
    return pattern
