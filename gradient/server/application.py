"""The server's command: Voilà with settings for the public internet."""

import asyncio
import gc
import json
import os
import shutil
from pathlib import Path
from typing import Any

from jupyter_core.utils import run_sync
from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from traitlets import Dict, Instance

from gradient.adapters.voila import Route, VoilaApplication
from gradient.cache_paths import cache_folder
from gradient.server import metrics, routes
from gradient.server.admission import wanted_kernels
from gradient.server.assets import FINGERPRINTED, CompressedCopies, fingerprint
from gradient.server.bundle import CHUNKS, chunks, write_bundle
from gradient.server.configuration import configuration
from gradient.server.connections import BoundedServer, Bounds
from gradient.server.descriptors import Shares, share_open_files
from gradient.server.encodings import CompressedPages
from gradient.server.headers import security_headers
from gradient.server.logs import JsonFormatter, log_what_python_prints, logging_config, request_logger
from gradient.server.loop_lag import observe_loop_lag
from gradient.server.memory import MemoryWatch
from gradient.server.page_context import TEMPLATES, PageContext
from gradient.server.pages import prepare_notebook
from gradient.server.settings import Settings, SettingsError
from gradient.server.site import Site


class Application(VoilaApplication):
    """Voilà's command with its own flags; see `Settings` for everything else that can be set.

    Attributes:
        settings: of this process, from its environment.
        shares: what its file descriptors are enough for.
    """

    settings = Instance(Settings)
    shares = Instance(Shares)
    logging_config = Dict(logging_config()).tag(config=True)
    log_formatter_class = JsonFormatter
    _server: HTTPServer | None = None

    def initialize(self, argv: list[str] | None = None) -> None:
        """Reads settings, then flags and configuration files, which override them."""
        try:
            self.settings = Settings.from_environment(os.environ)
        except SettingsError as error:
            self.exit(str(error))
        self.update_config(configuration(self.settings))
        super().initialize(argv)
        log_what_python_prints()
        self._share_descriptors(self.settings)
        self.stop_on_signals()
        if not self.notebook_path:
            self.exit("There is no notebook to serve. Name one: python -m gradient.server techni.ipynb")
        self.voila_configuration.prelaunch_hook = prepare_notebook
        self.voila_configuration.page_config_hook = self._version_addresses
        self._fingerprint = fingerprint([*self.static_paths, *self.labextensions_path])

    def _share_descriptors(self, settings: Settings) -> None:
        """Bounds kernels and connections by what there are file descriptors for, and all that connections may take."""
        self.shares = share_open_files(wanted_kernels(settings), settings.max_connections)
        bounds = Bounds(
            max_connections=self.shares.connections,
            burst=self.shares.burst,
            per_address=settings.connections_per_address,
            trusted_proxies=settings.trusted_proxies,
            request_seconds=settings.request_seconds,
        )
        HTTPServer.configure(BoundedServer, bounds=bounds)

    def setup_template_dirs(self) -> None:
        """Puts this package's templates before Voilà's."""
        super().setup_template_dirs()
        self.template_paths.insert(0, str(TEMPLATES))

    def _version_addresses(self, page_config: dict[str, Any], **_: Any) -> dict[str, Any]:
        """Puts a hash of all scripts into their addresses, so that browsers can keep them without asking."""
        for name in ("fullStaticUrl", "fullLabextensionsUrl"):
            page_config[name] += f".{self._fingerprint}"
        return page_config | {"bundle": url_path_join(self.base_url, self._bundle)}

    def init_settings(self) -> dict[str, Any]:
        """Tornado's settings, with those that Tornado reads only when its application is made."""
        settings = super().init_settings()
        metrics.kernels_live.set_function(lambda: len(self.kernel_manager))
        metrics.kernels_capacity.set(self.kernel_manager.admission.capacity)
        copies = Path(self.connection_dir) / "compressed"
        copies.mkdir()
        return settings | {
            "transforms": [security_headers(self.settings.frame_ancestors), CompressedPages],
            "compressed": CompressedCopies(copies),
            "fingerprinted": tuple(f"{self.server_url}voila/{name}.{self._fingerprint}/" for name in FINGERPRINTED),
            "log_function": request_logger(self.log),
        }

    def init_handlers(self) -> list[Route]:
        """All routes; see `routes.py`."""
        settings = self.settings
        site = Site(settings.site, self.base_url, url_path_join(self.base_url, "live"))
        self._check_site(site)
        self._check_cache()
        self._bundle = self._write_bundle()
        context = PageContext(settings, self.kernel_manager, site, self._metadata(), self.base_url)
        files = {"bundle": self._bundle, "folder": self.connection_dir}
        return routes.all_routes(super().init_handlers(), self.server_url, context, self._why_not_ready, **files)

    def _why_not_ready(self) -> str:
        """Why a visitor would have to wait for the root page, or "". A static one is there from the start."""
        reason = self.kernel_manager.why_not_ready
        return "" if self.settings.root_page == "static" and reason == "starting" else reason

    def _write_bundle(self) -> str:
        roots = {"static": self.static_paths, "labextensions": self.labextensions_path}
        return write_bundle(Path(self.connection_dir), chunks(roots, CHUNKS.read_text().split()))

    def _metadata(self) -> dict[str, Any]:
        """The notebook's metadata, with a title and a description."""
        metadata = json.loads(Path(self.notebook_path).read_text(encoding="utf-8"))["metadata"]
        return {"title": Path(self.notebook_path).stem, "description": "", **metadata}

    def _check_site(self, site: Site) -> None:
        if not site.exists:
            self.log.warning(
                "There is no static page in %s, so visitors who can have no kernel get one line of text. "
                "Run `python -m gradient.publish %s`, or name the folder in TECHNI_SITE.",
                site.folder,
                site.folder,
            )
            if self.settings.root_page == "static":
                self.exit("TECHNI_ROOT_PAGE is static, but there is no static page. See the line above.")

    def _check_cache(self) -> None:
        folder = cache_folder(os.environ)
        if not any(file.is_file() for file in folder.glob("*")):
            self.log.warning(
                "There are no compiled programs in %s, so the first page with a kernel waits for all of them to be compiled. "
                "Run `python -m gradient.prepare --kernels` before the server starts, or name their folder in TECHNI_CACHE.",
                folder,
            )

    def listen(self) -> None:
        """Serves until the process is told to stop."""
        self.ioloop = IOLoop.current()
        self._server = HTTPServer(self.app, xheaders=self.settings.trusted_proxies > 0)
        try:
            self._server.listen(self.port, self.ip)
        except OSError as error:
            shutil.rmtree(self.connection_dir, ignore_errors=True)
            self.exit(f"The server cannot listen on port {self.port} of {self.ip}: {error.strerror}. Choose another: --port.")
        self.log.info("Voilà is running at: %s", self.display_url)
        if self.open_browser:
            self.launch_browser()
        self.ioloop.add_callback(observe_loop_lag)
        self.ioloop.add_callback(MemoryWatch(self.kernel_manager, self.settings.memory_seconds).start)
        gc.collect()
        gc.freeze()  # what exists now stays, and each search of it for garbage would block the loop for 100 ms
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def stop_signalled(self) -> None:
        """Stops the server when the pages under way are complete; a second signal stops it at once."""
        if self._server is None:  # nothing has begun yet
            raise SystemExit(0)
        self.ioloop.add_callback_from_signal(self._drain)

    async def _drain(self) -> None:
        """Accepts no more visitors, waits for the pages under way, and stops the loop."""
        kernels = self.kernel_manager
        if not kernels.admission.is_open:
            self.ioloop.stop()
            return
        self.log.info("stopping")
        kernels.admission.is_open = False
        if self._server:
            self._server.stop()
        end = self.ioloop.time() + self.settings.stop_seconds
        while kernels.is_rendering and self.ioloop.time() < end:
            await asyncio.sleep(0.05)
        self.ioloop.stop()

    def stop(self) -> None:
        """Ends all kernels, and removes the files that they and the server have left."""
        run_sync(self.kernel_manager.shutdown_all)(now=True)
        shutil.rmtree(self.connection_dir, ignore_errors=True)
        self.log.info("stopped")
