"""What gradient/adapters/voila.py relies on."""

import inspect
import logging
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket
from jupyter_core.utils import run_sync
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import Preprocessor
from tornado.web import RequestHandler
from voila.tornado.handler import TornadoVoilaHandler

from gradient.adapters.voila import VoilaApplication, keep_templates, page_and_other_routes, page_pieces, replaced
from gradient.server.routes import _HANDLERS, _UNUSED
from tests.adapters import keep_until_exit, relying_on
from tests.conftest import ROOT


class Formatter(logging.Formatter):
    """Another one than Voilà's."""


class Unheard(VoilaApplication):
    """Voilà up to the moment when it would listen."""

    log_formatter_class = Formatter
    signals = 0

    def stop_signalled(self) -> None:
        self.signals += 1

    def init_handlers(self) -> list[Any]:
        self.routes = super().init_handlers()
        return self.routes

    def listen(self) -> None:
        pass


@pytest.fixture(scope="module")
def application() -> Iterator[Unheard]:
    changed = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)
    before = {number: signal.getsignal(number) for number in changed}
    application = Unheard()
    application.initialize(["--no-browser", str(ROOT / "techni.ipynb")])
    application.start()
    keep_until_exit(application.kernel_manager)
    yield application
    run_sync(application.kernel_manager.shutdown_all)()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_the_routes_are_those_that_are_replaced(application: Unheard) -> None:
    with relying_on("voila"):
        page, others = page_and_other_routes(application.routes)
        assert page[1] is TornadoVoilaHandler
        assert Path(page[2]["notebook_path"]).name == "techni.ipynb"
        names = {route[1].__name__ for route in application.routes}
        assert {*_HANDLERS, *_UNUSED} <= names
        for _, handler, *_ in replaced(others, _HANDLERS):
            ours = _HANDLERS.get(handler.__name__)
            assert ours is None, "Each that has one was replaced."


def test_replacing_keeps_patterns_and_options() -> None:
    class Ours(RequestHandler):
        """The one to take."""

    found = replaced([("/a", RequestHandler, {"b": 1}), ("/c", Ours)], {"RequestHandler": Ours})
    assert found == [("/a", Ours, {"b": 1}), ("/c", Ours)]
    with pytest.raises(RuntimeError, match="not the page's, but one of Ours"):
        page_and_other_routes([("/c", Ours)])


def test_a_signal_is_told_and_records_have_the_formatter(application: Unheard) -> None:
    with relying_on("voila"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
        application.stop_on_signals()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        application.stop_on_signals()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            handler: Any = signal.getsignal(number)
            handler(number, None)
        assert application.signals == 3
        assert [signal.getsignal(number) for number in (signal.SIGUSR1, signal.SIGUSR2)] == [signal.SIG_IGN] * 2
        assert any(isinstance(output.formatter, Formatter) for output in application.log.handlers)


def test_a_page_comes_in_pieces() -> None:
    with relying_on("voila"):
        assert inspect.isasyncgenfunction(TornadoVoilaHandler.get_generator)
        asked: list[str] = []

        class Handler:
            """As much of Voilà's as is used."""

            def get_generator(self) -> str:
                asked.append("page")
                return "pieces"

        assert page_pieces(Handler()) == "pieces"
        assert asked == ["page"]


class Counting(BytecodeCache):
    """Counts the templates that are asked for."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def load_bytecode(self, bucket: Bucket) -> None:
        self.names.append(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        pass


def test_an_exporters_templates_come_from_the_cache() -> None:
    with relying_on("nbconvert"):
        exporter, cache = HTMLExporter(), Counting()
        keep_templates(Preprocessor(parent=exporter), cache)
        assert exporter.template
        assert cache.names
