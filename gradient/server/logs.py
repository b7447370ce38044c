"""Logs in JSON that say nothing about visitors."""

import json
import logging
import sys
import traceback
import warnings
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tornado.web import RequestHandler

from gradient.server import metrics

_LOG = logging.getLogger(__name__)
_PACKAGE = Path(__file__).parents[1]
_LIBRARIES = ("tornado", "asyncio")  # which have loggers of their own
MAX_PLACES = 5  # of an error that are logged: the innermost ones
_QUIET = "quiet"  # an attribute of handlers whose successes are not worth a line


class JsonFormatter(logging.Formatter):
    """One line of JSON per record. A library's record is reduced to the part that is the same for every visitor.

    A library's record is one that was not made in this package, whichever logger it went through.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record; `extra={"fields": {...}}` adds fields."""
        is_foreign = not Path(record.pathname).is_relative_to(_PACKAGE)
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": _constant_part(record) if is_foreign else record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line |= _described(record.exc_info[1]) | ({} if is_foreign else _words(record.exc_info[1]))
        return json.dumps(line)


def _constant_part(record: logging.LogRecord) -> str:
    """A message up to its first argument; where it comes from, if nothing else can be told from the arguments."""
    constant = str(record.msg).split("%", maxsplit=1)[0].strip() if record.args else ""
    return constant or f"{Path(record.pathname).name}:{record.lineno}"


def _described(error: BaseException) -> dict[str, Any]:
    """An error's class and where it was raised, without its message, which may quote a visitor."""
    frames = traceback.extract_tb(error.__traceback__)[-MAX_PLACES:]
    return {"error": type(error).__name__, "at": [place(frame.filename, frame.lineno) for frame in frames]}


def place(file: str, line: int | None) -> str:
    """A line of a source file, as records of errors have it."""
    return f"{Path(file).name}:{line}"


def _words(error: BaseException) -> dict[str, str]:
    """What an error says, if this package or the system says it."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, OSError):
        return {"words": error.strerror or ""}
    return {"words": str(error)} if frames and Path(frames[-1].filename).is_relative_to(_PACKAGE) else {}


def logging_config() -> dict[str, Any]:
    """The loggers besides the application's: this package's, and those of libraries, which log errors only."""
    levels = {"gradient": "INFO", **dict.fromkeys(_LIBRARIES, "ERROR")}
    return {"loggers": {name: {"level": level, "handlers": ["console"], "propagate": False} for name, level in levels.items()}}


def log_what_python_prints() -> None:
    """Logs warnings, and errors that nothing can handle, by their class and place, instead of printing them and their words."""

    def warn(message: Warning | str, category: type[Warning], filename: str, lineno: int, *_: Any, **__: Any) -> None:
        _LOG.warning("a warning of Python's", extra={"fields": {"warning": category.__name__, "at": [place(filename, lineno)]}})

    def fail(unraisable: Any) -> None:
        fields = _described(unraisable.exc_value) if unraisable.exc_value else {}
        _LOG.error("an error that nothing could handle", extra={"fields": fields})

    warnings.showwarning = warn
    sys.unraisablehook = fail


def request_logger(log: logging.Logger) -> Callable[[RequestHandler], None]:
    """What Tornado calls after each response: it counts it, and logs the handler's name, but never the address."""

    def write(handler: RequestHandler) -> None:
        status = handler.get_status()
        metrics.responses.labels(f"{status // 100}xx").inc()
        is_quiet = getattr(handler, _QUIET, False) and status < 500
        fields = {
            "handler": type(handler).__name__,
            "method": method if (method := handler.request.method) in handler.SUPPORTED_METHODS else "other",
            "status": status,
            "milliseconds": round(1000 * handler.request.request_time(), 1),
        }
        log.log(logging.DEBUG if is_quiet else logging.INFO, "request", extra={"fields": fields})

    return write
