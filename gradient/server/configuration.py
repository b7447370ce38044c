"""What is set differently from the defaults of Voilà and of the libraries under it."""

import os
from typing import Any

from traitlets.config import Config

from gradient.server import guard, visitor
from gradient.server.frames import MAX_BYTES
from gradient.server.settings import Settings


def configuration(settings: Settings) -> Config:
    """The configuration that follows from what an operator has set; flags and files of configuration come after it."""
    return Config(**_voila(settings), **_kernels(settings))


def _voila(settings: Settings) -> dict[str, Any]:
    return {
        "Voila": {
            "port_retries": 0,  # another port than the one asked for is found by nobody
            # The page's farewell is a beacon, which can carry no token. What it and the other routes can do needs
            # an id that cannot be guessed, and a websocket's origin is checked all the same.
            "tornado_settings": {"disable_check_xsrf": True, "websocket_max_message_size": MAX_BYTES},
            "cookie_secret": settings.cookie_secret.encode() or os.urandom(32),
            "kernel_websocket_connection_class": guard.Connection,
            "identity_provider_class": visitor.Everybody,
        },
        "VoilaConfiguration": {
            "multi_kernel_manager_class": "gradient.server.kernels.Kernels",
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "file_allowlist": [],
            "extension_denylist": ["@voila-dashboards/jupyterlab-preview", "jupyterlab_pygments"],
        },
        "VoilaExporter": {"preprocessors": ["gradient.server.templates.KeepTemplates"]},
    }


def _kernels(settings: Settings) -> dict[str, Any]:
    return {
        "Kernels": {"connect_timeout": settings.connect_seconds},
        "MappingKernelManager": {
            "cull_idle_timeout": settings.idle_seconds,
            "cull_interval": settings.cull_seconds,
            "cull_connected": True,
            "buffer_offline_messages": False,
        },
        # Sockets in a folder of the server's own instead of ports that everybody on the machine can open.
        "KernelManager": {"transport": "ipc" if os.name == "posix" else "tcp"},
    }
