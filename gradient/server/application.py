"""Voilà, configured for strangers."""

import asyncio
import gc
import json
import os
import re
import shutil
import signal
from pathlib import Path
from typing import Any, ClassVar

from jupyter_core.utils import run_sync
from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import GZipContentEncoding
from traitlets import Dict, Instance
from voila.app import Voila

from gradient.folders import cache_folder
from gradient.server import guard, metrics
from gradient.server.assets import BundleAsset, CompressedCopies, ExtensionAsset, StaticAsset, TemplateAsset, fingerprint
from gradient.server.bundle import CHUNKS, chunks, write_bundle
from gradient.server.configuration import configuration
from gradient.server.connections import BoundedServer, raise_open_files
from gradient.server.headers import security_headers
from gradient.server.loop_lag import observe_loop_lag
from gradient.server.memory import MemoryWatch
from gradient.server.operation import (
    HealthHandler,
    JsonFormatter,
    MetricsHandler,
    ReadyHandler,
    logging_config,
    request_logger,
)
from gradient.server.pages import CARD, TEMPLATES, CardHandler, PageHandler, PageService, SiteHandler, prepare_notebook
from gradient.server.settings import Settings, SettingsError
from gradient.server.site import Site

_UNUSED = ("ThemesHandler",)  # the page has one theme, which its template brings


class Application(Voila):
    """Voilà's command with its own flags; see `Settings` for what else can be set.

    Attributes:
        settings: of this process, from its environment.
        handlers: handler classes of Voilà's, by name, and the subclasses that take their place.
    """

    settings = Instance(Settings)
    handlers: ClassVar[dict[str, type]] = {
        **guard.HANDLERS,
        "TornadoVoilaHandler": PageHandler,
        "MultiStaticFileHandler": StaticAsset,
        "TemplateStaticFileHandler": TemplateAsset,
        "FileFindHandler": ExtensionAsset,
    }
    logging_config = Dict(logging_config()).tag(config=True)
    _log_formatter_cls = JsonFormatter
    _server: HTTPServer | None = None

    def initialize(self, argv: list[str] | None = None) -> None:
        """Reads settings, flags and configuration files, of which the later ones hold."""
        try:
            self.settings = Settings.from_environment(os.environ)
        except SettingsError as error:
            self.exit(str(error))
        self._bound_connections(self.settings)
        self.update_config(configuration(self.settings))
        super().initialize(argv)
        if not self.notebook_path:
            self.exit("There is no notebook to serve. Name one: python -m gradient.server techni.ipynb")
        self.voila_configuration.prelaunch_hook = prepare_notebook
        self.voila_configuration.page_config_hook = self._version_addresses
        self._fingerprint = fingerprint([*self.static_paths, *self.labextensions_path])

    def _bound_connections(self, settings: Settings) -> None:
        """Half of the open files that the process may have are for connections; kernels take the others."""
        HTTPServer.configure(
            BoundedServer,
            max_connections=min(settings.max_connections, raise_open_files() // 2),
            per_address=settings.connections_per_address,
            trusted_proxies=settings.trusted_proxies,
            request_seconds=settings.request_seconds,
        )

    def setup_template_dirs(self) -> None:
        """Voilà's templates, and before them those of this room."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATES))

    def _version_addresses(self, page_config: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Scripts under addresses that change with them, so that browsers need not ask whether they are still the newest."""
        for name in ("fullStaticUrl", "fullLabextensionsUrl"):
            page_config[name] += f".{self._fingerprint}"
        return page_config | {"bundle": url_path_join(self.base_url, self._bundle)}

    def init_settings(self) -> dict[str, Any]:
        """Voilà's settings of Tornado's application; what is only looked at when that is made has to be set here."""
        settings = super().init_settings()
        metrics.kernels_live.set_function(lambda: len(self.kernel_manager))
        metrics.kernels_capacity.set(self.kernel_manager.admission.capacity)
        copies = Path(self.connection_dir) / "compressed"
        copies.mkdir()
        return settings | {
            "transforms": [security_headers(self.settings.frame_ancestors), GZipContentEncoding],
            "compressed": CompressedCopies(copies),
            "log_function": request_logger(self.log),
        }

    def init_handlers(self) -> list[Any]:
        """Routes of this room, and Voilà's with the handlers of this room in the places of some."""
        settings = self.settings
        live = url_path_join(self.base_url, "live")
        site = Site(settings.site, self.base_url, live)
        self._check_site(site)
        self._check_cache()
        self._service = PageService(settings, self.kernel_manager, site, self._metadata(), self.base_url)
        routes = [self._replaced(*route) for route in super().init_handlers() if route[1].__name__ not in _UNUSED]
        *voilas, (_, page, options) = routes
        return [
            (self._route("healthz"), HealthHandler),
            (self._route("readyz"), ReadyHandler, {"why_not": self._why_not_ready}),
            (self._route("metrics"), MetricsHandler, {"audience": settings.metrics}),
            (self._route(f"({CARD})"), CardHandler, {"path": str(TEMPLATES)}),
            (self._route(f"({re.escape(self._write_bundle())})"), BundleAsset, {"path": self.connection_dir}),
            (self._route("(assets/.*|worker[.]js)"), SiteHandler, {"path": str(settings.site.resolve())}),
            (self._route("live"), page, options),
            *voilas,
            (self._route("(.*)"), page, {**options, "is_static": settings.root_page == "static"}),
        ]

    def _why_not_ready(self) -> str:
        """Why a visitor would have to wait for the first page here, or "". The static one is there from the beginning."""
        reason = self.kernel_manager.why_not_ready
        return "" if self.settings.root_page == "static" and reason == "starting" else reason

    def _write_bundle(self) -> str:
        roots = {"static": self.static_paths, "labextensions": self.labextensions_path}
        self._bundle = write_bundle(Path(self.connection_dir), chunks(roots, CHUNKS.read_text().split()))
        return self._bundle

    def _route(self, pattern: str) -> str:
        return url_path_join(self.server_url, "/") + pattern

    def _replaced(self, route: str, handler: type, options: dict[str, Any] | None = None) -> tuple[str, type, dict[str, Any]]:
        """A route of Voilà's with this room's handler, and with the folder in its address that changes with the files."""
        ours = self.handlers.get(handler.__name__, handler)
        options = dict(options or {}) | ({"service": self._service} if issubclass(ours, PageHandler) else {})
        for name in ("static", "labextensions"):
            route = route.replace(f"/voila/{name}/", f"/voila/{name}(?:[.][0-9a-f]+)?/")
        return route, ours, options

    def _metadata(self) -> dict[str, str]:
        """The notebook's title and description."""
        metadata = json.loads(Path(self.notebook_path).read_text(encoding="utf-8"))["metadata"]
        return {"title": metadata.get("title", Path(self.notebook_path).stem), "description": metadata.get("description", "")}

    def _check_site(self, site: Site) -> None:
        if not site.exists:
            self.log.warning(
                "There is no static page in %s, so visitors for whom there is no kernel get a line of text. "
                "Run `python -m gradient.publish %s`, or name the folder in TECHNI_SITE.",
                site.folder,
                site.folder,
            )
            if self.settings.root_page == "static":
                self.exit("TECHNI_ROOT_PAGE is static, but there is no static page to show. See the line above.")

    def _check_cache(self) -> None:
        folder = cache_folder(os.environ)
        if not any(file.is_file() for file in folder.glob("*")):
            self.log.warning(
                "There are no programs in %s, so the first page with a kernel waits until all are compiled. "
                "Run `python -m gradient.prepare --kernels` before the server starts, or name their folder in TECHNI_CACHE.",
                folder,
            )

    def listen(self) -> None:
        """Serves until the process is told to stop."""
        self.ioloop = IOLoop.current()
        # Like SIGTERM, which Voilà takes: an exception that is raised wherever the process is just now can be lost there.
        signal.signal(signal.SIGINT, self._handle_signal_stop)
        self._server = HTTPServer(self.app, xheaders=self.settings.trusted_proxies > 0)
        try:
            self._server.listen(self.port, self.ip)
        except OSError as error:
            shutil.rmtree(self.connection_dir, ignore_errors=True)
            self.exit(f"The server cannot listen on port {self.port} of {self.ip}: {error.strerror}. Name another with --port.")
        self.log.info("Voilà is running at: %s", self.display_url)
        if self.open_browser:
            self.launch_browser()
        self.ioloop.add_callback(observe_loop_lag)
        self.ioloop.add_callback(MemoryWatch(self.kernel_manager, self.settings.memory_seconds).start)
        gc.collect()
        gc.freeze()  # what is there now stays: to look for garbage among it would hold up the loop for 100 ms, again and again
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def _handle_signal_stop(self, sig: int, frame: Any) -> None:
        """Ends the server when the pages under way are made; a second signal ends it at once."""
        if self._server is None:  # nothing has begun yet
            raise SystemExit(0)
        self.ioloop.add_callback_from_signal(self._drain)

    async def _drain(self) -> None:
        """Takes no more visitors, waits for the pages under way, and ends the loop."""
        kernels = self.kernel_manager
        if not kernels.admission.is_open:
            self.ioloop.stop()
            return
        self.log.info("stopping")
        kernels.admission.is_open = False
        if self._server:
            self._server.stop()
        end = self.ioloop.time() + self.settings.stop_seconds
        while kernels.is_making_pages and self.ioloop.time() < end:
            await asyncio.sleep(0.05)
        self.ioloop.stop()

    def stop(self) -> None:
        """Ends all kernels, and removes what they and the server have left on the disk."""
        run_sync(self.kernel_manager.shutdown_all)(now=True)
        shutil.rmtree(self.connection_dir, ignore_errors=True)
        self.log.info("stopped")
