"""What an operator looks at: health, metrics, and logs that say nothing about visitors."""

import json
import logging
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from gradient.server import metrics

_PACKAGE = Path(__file__).parents[1]
_FOREIGN = ("tornado", "asyncio")  # libraries with loggers of their own
_FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via")  # headers that proxies add
_AUDIENCES = {"local": "programs on this machine", "direct": "programs that ask without a proxy"}
_QUIET = "quiet"  # an attribute of handlers whose successes are not worth a line


class HealthHandler(RequestHandler):
    """Says that the process lives and its loop turns, whatever else; a server that does not say so should be started anew."""

    quiet = True

    def get(self) -> None:
        """The word ok."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish("ok\n")

    head = get


class ReadyHandler(RequestHandler):
    """Says whether visitors should be sent here; starts nothing."""

    quiet = True
    _WORDS: ClassVar[dict[str, str]] = {
        "": "ready",
        "starting": "not ready: kernels are being warmed up, and a page that is asked for now waits for that",
        "stopping": "not ready: the server stops when the pages under way are made",
    }

    def initialize(self, why_not: Callable[[], str]) -> None:
        """`why_not` gives a key of the words: "" if they should."""
        self._why_not = why_not

    def get(self) -> None:
        """The word ready, or the status 503 and why not."""
        reason = self._why_not()
        self.set_status(503 if reason else 200)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(f"{self._WORDS[reason]}\n")

    head = get


class MetricsHandler(RequestHandler):
    """The metrics in Prometheus' format."""

    quiet = True

    def initialize(self, audience: str) -> None:
        """Takes who they are for; see `may_read`."""
        self._audience = audience

    def get(self) -> None:
        """All metrics, the memory from the last look at it; for others a line of text, with the status 403."""
        if not may_read(self._audience, self.request):
            self.set_status(403)
            self.finish(f"The metrics are for {_AUDIENCES[self._audience]}. TECHNI_METRICS says for whom.\n")
            return
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.set_header("Cache-Control", "no-store")
        self.finish(generate_latest())


def may_read(audience: str, request: HTTPServerRequest) -> bool:
    """Whether metrics are for whoever asks.

    Args:
        audience: "public" for everybody, "direct" for who asks through no proxy, "local" for those of them on this machine.
        request: what they ask; proxies say in its headers for whom.
    """
    if audience == "public":
        return True
    is_direct = not any(name in request.headers for name in _FORWARDED)
    return is_direct and (audience == "direct" or ip_address(request.remote_ip or "0.0.0.0").is_loopback)


class JsonFormatter(logging.Formatter):
    """A line of JSON for each record. Of what libraries say there is only what is the same for every visitor.

    A library's record is one that was not made in this package, through whichever logger.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record; `extra={"fields": {...}}` adds fields."""
        is_foreign = not Path(record.pathname).is_relative_to(_PACKAGE)
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": _constant(record) if is_foreign else record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line |= _described(record.exc_info[1]) | ({} if is_foreign else {"words": str(record.exc_info[1])})
        return json.dumps(line)


def _constant(record: logging.LogRecord) -> str:
    """A message without what was put into it, or where it comes from, if that cannot be told apart."""
    words = str(record.msg).split("%", maxsplit=1)[0].strip() if record.args else ""
    return words or f"{Path(record.pathname).name}:{record.lineno}"


def _described(error: BaseException) -> dict[str, Any]:
    """The kind of an error and where it came from, without its words, which may be a visitor's."""
    frames = traceback.extract_tb(error.__traceback__)[-5:]
    return {"error": type(error).__name__, "at": [f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames]}


def logging_config() -> dict[str, Any]:
    """Besides the application's log, this package's, and those of libraries from errors on: `request_logger` has requests."""
    levels = {"gradient": "INFO", **dict.fromkeys(_FOREIGN, "ERROR")}
    return {"loggers": {name: {"level": level, "handlers": ["console"], "propagate": False} for name, level in levels.items()}}


def request_logger(log: logging.Logger) -> Callable[[RequestHandler], None]:
    """What Tornado calls after each answer: it is counted, and logged by the handler that gave it, never by its address."""

    def write(handler: RequestHandler) -> None:
        status = handler.get_status()
        metrics.responses.labels(f"{status // 100}xx").inc()
        is_quiet = getattr(handler, _QUIET, False) and status < 500
        fields = {
            "handler": type(handler).__name__,
            "method": handler.request.method,
            "status": status,
            "milliseconds": round(1000 * handler.request.request_time(), 1),
        }
        log.log(logging.DEBUG if is_quiet else logging.INFO, "request", extra={"fields": fields})

    return write
