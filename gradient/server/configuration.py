"""What is set differently from the defaults of Voilà and of the libraries under it."""

import os
import tempfile
import uuid
from collections.abc import Sequence
from typing import Any

from traitlets.config import Config

from gradient.server import guard, visitor
from gradient.server.frames import MAX_BYTES
from gradient.server.settings import Settings

# What stands after the root in the path of a kernel's socket.
_SOCKET = f"/voila_{8 * 'x'}/kernel-{uuid.UUID(int=0)}-ipc-5"
_MAX_PATH = 100  # bytes; some systems allow 103, others 107


def configuration(settings: Settings) -> Config:
    """The configuration that follows from what an operator has set; flags and files of configuration come after it."""
    root, transport = socket_folder((tempfile.gettempdir(), "/tmp"))
    return Config(**_voila(settings, root), **_kernels(settings, transport))


def socket_folder(roots: Sequence[str]) -> tuple[str, str]:
    """Where kernels have their connections, and of which kind.

    Args:
        roots: folders, the preferred one first.

    Returns:
        The first folder in which a socket's path is not too long, and "ipc": other than ports, sockets in a folder of the
        server's own are not for everybody on the machine. Where there are none, the preferred folder and "tcp".
    """
    fitting = [root for root in roots if len(os.fsencode(root + _SOCKET)) <= _MAX_PATH and os.access(root, os.W_OK)]
    return (fitting[0], "ipc") if fitting and os.name == "posix" else (roots[0], "tcp")


def _voila(settings: Settings, root: str) -> dict[str, Any]:
    return {
        "Voila": {
            "connection_dir_root": root,
            "port_retries": 0,  # another port than the one asked for is found by nobody
            # The page's farewell is a beacon, which can carry no token. What it and the other routes can do needs
            # an id that cannot be guessed, and a websocket's origin is checked all the same.
            "tornado_settings": {"disable_check_xsrf": True, "websocket_max_message_size": MAX_BYTES},
            "cookie_secret": settings.cookie_secret.encode() or os.urandom(32),
            "kernel_websocket_connection_class": guard.GuardedConnection,
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
