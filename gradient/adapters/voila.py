"""The private parts of Voilà, and of nbconvert under it, that this package uses."""

import signal
from collections.abc import AsyncIterator, Mapping
from typing import Any

from jinja2 import BytecodeCache
from nbconvert.preprocessors import Preprocessor
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

Route = tuple[Any, ...]


class VoilaApplication(Voila):
    """Voilà's command, with names for what a subclass replaces."""

    log_formatter_class: type | None = None

    def __init_subclass__(cls, **options: Any) -> None:
        """Sets the formatter of all records, for which traitlets has a private attribute only."""
        super().__init_subclass__(**options)
        if cls.log_formatter_class:
            cls._log_formatter_cls = cls.log_formatter_class

    def stop_signalled(self) -> None:
        """Called when SIGTERM tells the process to stop, or another signal after `stop_on_signals`."""
        raise NotImplementedError

    def stop_on_signals(self) -> None:
        """Makes Ctrl-C and a terminal that closes stop the server as SIGTERM does; signals without a meaning here do nothing.

        A KeyboardInterrupt could be raised, and lost, anywhere. Under `nohup` a terminal that closes stops nothing.
        """
        for name in ("SIGINT", "SIGHUP"):
            number = getattr(signal, name, None)  # not on every operating system
            if number and not (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                signal.signal(number, self._handle_signal_stop)
        for name in ("SIGUSR1", "SIGUSR2"):
            if number := getattr(signal, name, None):
                signal.signal(number, signal.SIG_IGN)

    def _handle_signal_stop(self, sig: int, frame: Any) -> None:
        """Voilà's handler of SIGTERM, which would end the loop at once."""
        self.stop_signalled()


def page_and_other_routes(routes: list[Route]) -> tuple[Route, list[Route]]:
    """The route of the notebook's page and all others. Voilà has no names for routes, and puts the page's last."""
    *others, page = routes
    if not issubclass(page[1], TornadoVoilaHandler):
        raise RuntimeError(f"Voilà's last route is not the page's, but one of {page[1].__name__}.")
    return page, others


def replaced(routes: list[Route], handlers: Mapping[str, type]) -> list[Route]:
    """Routes with other handlers for those that have one, by the name of Voilà's class: it has no setting for them."""
    return [(route, handlers.get(handler.__name__, handler), *options) for route, handler, *options in routes]


def page_pieces(handler: TornadoVoilaHandler) -> AsyncIterator[str]:
    """The HTML of a page, piece by piece as its cells run; before the first one the kernel is started."""
    return handler.get_generator()


def keep_templates(preprocessor: Preprocessor, cache: BytecodeCache) -> None:
    """Gives the exporter that a preprocessor belongs to a cache of compiled templates, before its first template is loaded.

    Voilà makes an exporter for each page, with an environment of its own, and lets nobody configure that.
    """
    exporter: Any = preprocessor.parent
    exporter.environment.bytecode_cache = cache
