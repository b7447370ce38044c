"""The settings: environment variables, each with its range, its default and its purpose."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Self, get_type_hints

PREFIX = "TECHNI_"


class SettingsError(ValueError):
    """An environment variable has an invalid value; the message says which, why, and what to write instead."""


@dataclass(frozen=True)
class Between:
    """Whole numbers from `low` to `high`."""

    low: int
    high: int

    def read(self, text: str) -> int:
        """The number that a text stands for; ValueError if it is out of range."""
        if not self.low <= int(text) <= self.high:
            raise ValueError
        return int(text)

    def __str__(self) -> str:
        return f"a whole number from {self.low} to {self.high}"


@dataclass(frozen=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]

    def read(self, text: str) -> str:
        """The text; ValueError if it is another word."""
        if text not in self.words:
            raise ValueError
        return text

    def __str__(self) -> str:
        return f"{', '.join(self.words[:-1])} or {self.words[-1]}"


@dataclass(frozen=True)
class Line:
    """Text without control characters."""

    def read(self, text: str) -> str:
        """The text; ValueError if it has control characters."""
        if not text.isprintable():
            raise ValueError
        return text

    def __str__(self) -> str:
        return "one line of text"


_MEGABYTES = Between(0, 1 << 20)


@dataclass(frozen=True)
class Settings:
    """Everything that can be configured. A field `name` is the environment variable TECHNI_NAME."""

    root_page: Annotated[str, OneOf(("live", "static")), "the page at /: with a kernel, or static"] = "live"
    site: Annotated[Path, Line(), "the folder that `python -m gradient.publish` wrote"] = Path("site")
    memory_mb: Annotated[int, _MEGABYTES, "the memory that all processes may use, in MB; 0 asks the operating system"] = 0
    server_mb: Annotated[int, _MEGABYTES, "the part of the memory that is not for kernels, in MB"] = 240
    kernel_mb: Annotated[int, Between(1, 1 << 20), "the memory that one kernel is expected to take, in MB"] = 80
    max_kernels: Annotated[int, Between(0, 100_000), "the number of kernels at the same time; 0 derives it from the memory"] = 0
    kernels_per_address: Annotated[
        int, Between(0, 100_000), "the number of kernels of one address; 0 is half of all, rounded up"
    ] = 0
    starts_per_minute: Annotated[
        int, Between(0, 100_000), "how many kernels one address may start within any 60 s; 0 is no limit"
    ] = 30
    trusted_proxies: Annotated[
        int, Between(0, 10), "the number of trusted proxies in front of the server, which append to X-Forwarded-For"
    ] = 0
    idle_seconds: Annotated[int, Between(1, 86_400), "the seconds after which an unused kernel is ended"] = 600
    connect_seconds: Annotated[int, Between(1, 3_600), "the seconds after which a kernel without a connection is ended"] = 60
    cull_seconds: Annotated[int, Between(1, 3_600), "the seconds between two checks for kernels to end"] = 10
    memory_seconds: Annotated[int, Between(1, 3_600), "the seconds between two measurements of the memory"] = 2
    metrics: Annotated[
        str,
        OneOf(("local", "direct", "public")),
        "who may read /metrics: this machine, clients without a proxy, or everybody",
    ] = "local"
    stop_seconds: Annotated[int, Between(0, 600), "the seconds that pages under way get when the server stops"] = 10
    warm: Annotated[str, OneOf(("yes", "no")), "whether kernels are forked from a process that has imported everything"] = "yes"
    kernel_limit_mb: Annotated[int, Between(300, 1 << 20), "the memory that one kernel may map, used or not, in MB"] = 1024
    kernel_cpu_seconds: Annotated[int, Between(1, 1 << 30), "the total processor time of one kernel, in seconds"] = 600
    frame_ancestors: Annotated[str, Line(), "the sites that may embed the page, as in Content-Security-Policy"] = "'self'"
    max_connections: Annotated[int, Between(1, 60_000), "the number of connections at the same time, from all addresses"] = 2000
    connections_per_address: Annotated[int, Between(0, 60_000), "the number of connections of one address; 0 is no limit"] = 200
    request_seconds: Annotated[
        int, Between(1, 3_600), "the seconds within which a request has to arrive, and a response to be read"
    ] = 30
    cookie_secret: Annotated[str, Line(), "the secret that signs visitors' cookies; all replicas need the same one"] = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """The settings of an environment; a variable that is missing or empty has its default.

        Raises:
            SettingsError: if a value is invalid.
        """
        hints = get_type_hints(cls, include_extras=True)
        given = {field.name: environ.get(PREFIX + field.name.upper(), "") for field in fields(cls)}
        return cls(**{name: _read(name, hints[name], text) for name, text in given.items() if text})


def _read(name: str, hint: Any, text: str) -> Any:
    kind, (values, purpose) = hint.__origin__, hint.__metadata__
    try:
        return kind(values.read(text))
    except ValueError as error:
        raise SettingsError(
            f"{PREFIX}{name.upper()} is {text!r}. It sets {purpose}, so it must be {values}. "
            f"Give it such a value, or unset it for the default, {str(getattr(Settings, name))!r}."
        ) from error
