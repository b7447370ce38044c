"""The configuration of Voilà and of the libraries under it, where it differs from their defaults."""

import os
import tempfile
import uuid
from collections.abc import Sequence
from typing import Any

from traitlets.config import Config

from gradient.server import visitor
from gradient.server.frames import MAX_BYTES
from gradient.server.guard import GuardedConnection
from gradient.server.settings import Settings

# The end of the path of a kernel's socket, of its full length.
_SOCKET = f"/voila_{8 * 'x'}/kernel-{uuid.UUID(int=0)}-ipc-5"
_MAX_PATH = 100  # bytes; some systems allow 103, others 107


def configuration(settings: Settings) -> Config:
    """The configuration that follows from the settings; flags and configuration files override it."""
    root, transport = socket_folder((tempfile.gettempdir(), "/tmp"))
    return Config(**_voila(settings, root), **_kernels(settings, transport))


def socket_folder(roots: Sequence[str]) -> tuple[str, str]:
    """The folder for the kernels' sockets, and their transport.

    Args:
        roots: folders, the preferred one first.

    Returns:
        The first folder in which a socket's path is not too long, and "ipc": nobody else on the machine can connect to a socket
        in a folder of the server's own, other than to a port. Without such a folder, the preferred one and "tcp".
    """
    fitting = [root for root in roots if len(os.fsencode(root + _SOCKET)) <= _MAX_PATH and os.access(root, os.W_OK)]
    return (fitting[0], "ipc") if fitting and os.name == "posix" else (roots[0], "tcp")


def _voila(settings: Settings, root: str) -> dict[str, Any]:
    return {
        "Voila": {
            "connection_dir_root": root,
            "port_retries": 0,  # proxies and visitors know only this port
            # A page that is closed sends a beacon, which cannot carry a token. All routes that change anything check the
            # visitor's cookie and the origin.
            "tornado_settings": {"disable_check_xsrf": True, "websocket_max_message_size": MAX_BYTES},
            "cookie_secret": settings.cookie_secret.encode() or os.urandom(32),
            "kernel_websocket_connection_class": GuardedConnection,
            "identity_provider_class": visitor.AnonymousIdentity,
        },
        "VoilaConfiguration": {
            "multi_kernel_manager_class": "gradient.server.kernels.Kernels",
            "allow_template_override": "NO",
            "allow_theme_override": "NO",
            "file_allowlist": [],
            "extension_denylist": ["@voila-dashboards/jupyterlab-preview", "jupyterlab_pygments"],
        },
        "VoilaExporter": {"preprocessors": ["gradient.server.templates.CacheTemplates"]},
    }


def _kernels(settings: Settings, transport: str) -> dict[str, Any]:
    return {
        "Kernels": {"connect_timeout": settings.connect_seconds},
        "MappingKernelManager": {
            "cull_idle_timeout": settings.idle_seconds,
            "cull_interval": settings.cull_seconds,
            "cull_connected": True,
            "buffer_offline_messages": False,
        },
        "KernelManager": {"transport": transport},
    }
