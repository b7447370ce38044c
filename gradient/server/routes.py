"""The server's routes: its own, and Voilà's with handlers of this package for some of them."""

import re
from collections.abc import Callable

from jupyter_server.utils import url_path_join

from gradient.adapters.voila import Route, page_and_other_routes, replaced
from gradient.server import visitor
from gradient.server.assets import BundleAsset, ExtensionAsset, StaticAsset, TemplateAsset
from gradient.server.operation import HealthHandler, MetricsHandler, ReadyHandler
from gradient.server.page_context import CARD, TEMPLATES, PageContext
from gradient.server.pages import CardHandler, PageHandler, SiteHandler
from gradient.server.sockets import KernelSocket

# By the name of Voilà's handler, the one that takes its place.
_HANDLERS: dict[str, type] = {
    **visitor.HANDLERS,
    "TornadoVoilaHandler": PageHandler,
    "VoilaKernelWebsocketHandler": KernelSocket,
    "MultiStaticFileHandler": StaticAsset,
    "TemplateStaticFileHandler": TemplateAsset,
    "FileFindHandler": ExtensionAsset,
}
_UNUSED = ("ThemesHandler",)  # the page has one theme, which its template brings


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
    settings = context.settings
    (_, _, options), others = page_and_other_routes([route for route in voilas if route[1].__name__ not in _UNUSED])
    options = {**options, "context": context}
    own: list[Route] = [
        ("healthz", HealthHandler),
        ("readyz", ReadyHandler, {"why_not": why_not_ready}),
        ("metrics", MetricsHandler, {"audience": settings.metrics}),
        (f"({CARD})", CardHandler, {"path": str(TEMPLATES)}),
        (f"({re.escape(bundle)})", BundleAsset, {"path": folder}),
        ("(assets/.*|worker[.]js)", SiteHandler, {"path": str(settings.site.resolve())}),
        ("live", PageHandler, options),
    ]
    root = url_path_join(root, "/")
    return [
        *((root + pattern, *rest) for pattern, *rest in own),
        *((_with_version(pattern), *rest) for pattern, *rest in replaced(others, _HANDLERS)),
        (f"{root}(.*)", PageHandler, {**options, "is_static": settings.root_page == "static"}),
    ]


def _with_version(pattern: str) -> str:
    """A pattern of Voilà's that also takes the hash which `page_config_hook` puts into the folder's name."""
    for name in ("static", "labextensions"):
        pattern = pattern.replace(f"/voila/{name}/", f"/voila/{name}(?:[.][0-9a-f]+)?/")
    return pattern
