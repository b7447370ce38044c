"""What the handlers of pages share."""

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gradient.server.kernels import Kernels
from gradient.server.settings import Settings
from gradient.server.site import Site

TEMPLATES = Path(__file__).parent / "template"
CARD = "card.png"


class PageContext:
    """The server's settings, kernels and static site, for all handlers of pages.

    Attributes:
        home: the path of the root page.
        starting: held while a kernel starts and its page begins. There is one slot for every two processors: kernels take the
            other half, and the event loop, which all visitors share, gets its turn between two pages.
    """

    def __init__(self, settings: Settings, kernels: Kernels, site: Site, metadata: Mapping[str, Any], home: str) -> None:
        self.settings, self.kernels, self.site = settings, kernels, site
        self._metadata, self.home = metadata, home
        self.starting = asyncio.Semaphore(max(1, (os.cpu_count() or 1) // 2))

    def metadata(self, language: str) -> dict[str, str]:
        """The notebook's `title` and `description`, in a language if its author has translated them."""
        return {name: self._metadata.get(f"{name}_{language}", self._metadata[name]) for name in ("title", "description")}

    @property
    def is_embeddable(self) -> bool:
        """Whether other sites may have the page in a frame."""
        return self.settings.frame_ancestors not in ("'self'", "'none'")

    def flush_timeout(self) -> asyncio.Timeout:
        """How long a client may take to read what was written to it."""
        return asyncio.timeout(self.settings.connect_seconds)
