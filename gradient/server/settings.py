"""What an operator can set: environment variables, each with its range, its default and what it is for."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Self, get_type_hints

PREFIX = "TECHNI_"


class SettingsError(ValueError):
    """An environment variable has a value that means nothing; the message says which, why, and what to write instead."""


@dataclass(frozen=True)
class Between:
    """Whole numbers from `low` to `high`."""

    low: int
    high: int

    def read(self, text: str) -> int:
        """The number that a text is; ValueError if it is none of these."""
        if not self.low <= int(text) <= self.high:
            raise ValueError
        return int(text)

    def __str__(self) -> str:
        return f"a whole number from {self.low} to {self.high}"


@dataclass(frozen=True)
class OneOf:
    """Some words."""

    words: tuple[str, ...]

    def read(self, text: str) -> str:
        """The text; ValueError if it is none of these."""
        if text not in self.words:
            raise ValueError
        return text

    def __str__(self) -> str:
        return f"{', '.join(self.words[:-1])} or {self.words[-1]}"


@dataclass(frozen=True)
class Line:
    """Any text without control characters."""

    def read(self, text: str) -> str:
        """The text; ValueError if it is none of these."""
        if not text.isprintable():
            raise ValueError
        return text

    def __str__(self) -> str:
        return "one line of text"


_MEGABYTES = Between(0, 1 << 20)


@dataclass(frozen=True)
class Settings:
    """Everything that can be configured. A field `name` is the environment variable TECHNI_NAME."""

    root_page: Annotated[str, OneOf(("live", "static")), "what / is: a page with a kernel, or the static page"] = "live"
    site: Annotated[Path, Line(), "the folder that `python -m gradient.publish` wrote"] = Path("site")
    memory_mb: Annotated[int, _MEGABYTES, "memory that all processes may use, in MB; 0 asks the operating system"] = 0
    server_mb: Annotated[int, _MEGABYTES, "the part of it that is not for kernels, in MB"] = 240
    kernel_mb: Annotated[int, Between(1, 1 << 20), "what one kernel takes of the rest, in MB"] = 80
    max_kernels: Annotated[int, Between(0, 100_000), "kernels at the same time; 0 computes it from the memory"] = 0
    kernels_per_address: Annotated[int, Between(0, 100_000), "kernels for one address; 0 is half of all, rounded up"] = 0
    starts_per_minute: Annotated[int, Between(0, 100_000), "kernels for one address in a minute; 0 is no limit"] = 30
    trusted_proxies: Annotated[int, Between(0, 10), "proxies in front, whose X-Forwarded-For is then believed"] = 0
    idle_seconds: Annotated[int, Between(1, 86_400), "after how long a kernel that is not used is ended"] = 600
    connect_seconds: Annotated[int, Between(1, 3_600), "after how long a kernel without a connection is ended"] = 60
    cull_seconds: Annotated[int, Between(1, 3_600), "how often kernels are looked at for that"] = 10
    memory_seconds: Annotated[int, Between(1, 3_600), "how often the memory is looked at; if it runs out, a kernel ends"] = 2
    metrics: Annotated[
        str,
        OneOf(("local", "direct", "public")),
        "for whom /metrics is: this machine, who asks through no proxy, or all",
    ] = "local"
    stop_seconds: Annotated[int, Between(0, 600), "how long pages under way may take when the server stops"] = 10
    warm: Annotated[str, OneOf(("yes", "no")), "whether kernels are forked from a process that has imported all"] = "yes"
    kernel_limit_mb: Annotated[int, Between(300, 1 << 20), "what one kernel may map, touched or not, in MB"] = 1024
    kernel_cpu_seconds: Annotated[int, Between(1, 1 << 30), "processor time of one kernel's whole life"] = 600
    frame_ancestors: Annotated[str, Line(), "sites that may embed the page, as in Content-Security-Policy"] = "'self'"
    max_connections: Annotated[int, Between(1, 60_000), "connections at the same time, from all addresses"] = 2000
    connections_per_address: Annotated[int, Between(0, 60_000), "of these, for one address; 0 is no limit"] = 200
    request_seconds: Annotated[int, Between(1, 3_600), "how long a request may take to come, or an answer to be taken"] = 30
    cookie_secret: Annotated[str, Line(), "signs visitors' cookies; replicas at one address need the same"] = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """The settings that an environment describes; what is not in it, or empty, has its default.

        Raises:
            SettingsError: if a value is not in its range.
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
            f"Give it such a value, or leave it out for {getattr(Settings, name)!r}."
        ) from error
