"""Content encodings: which of them a client wants, and how a page that must not be stored is compressed."""

import gzip
import re
from collections.abc import Callable

import brotli
from tornado.httputil import HTTPHeaders

from gradient.adapters.tornado import GzipTransform

COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda content: brotli.compress(content, quality=9),
    "gzip": lambda content: gzip.compress(content, 6, mtime=0),
}
_MEMBER = re.compile(r"\s*([!#$%&'*+.^`|~\w-]+)\s*(?:;\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*)?", re.ASCII)


def encodings(accepted: str) -> list[str]:
    """The encodings to send, the best first, for a header Accept-Encoding; none stands for the plain content.

    The rules are those of RFC 9110, section 12.5.3. A member that does not follow its grammar is ignored.
    """
    weights = _weights(accepted)
    plain = weights.get("identity", 0.0)  # 0 also if it is not named: it is acceptable then, but never preferred
    wanted = {name: weights.get(name, weights.get("*", 0.0)) for name in COMPRESSORS}
    return sorted((name for name, weight in wanted.items() if weight > 0 and weight >= plain), key=lambda name: -wanted[name])


def _weights(accepted: str) -> dict[str, float]:
    """The weight of each encoding; the lowest one if it is named twice."""
    weights: dict[str, float] = {}
    for found in filter(None, map(_MEMBER.fullmatch, accepted.split(","))):
        name, weight = found[1].lower().removeprefix("x-"), float(found[2] or 1)
        weights[name] = min(weight, weights.get(name, 1.0))
    return weights


class CompressedPages(GzipTransform):
    """Tornado's compression, for what is made for one request and must not be stored: files have compressed copies."""

    def is_accepted(self, accepted: str) -> bool:
        """Whether the client wants gzip."""
        return "gzip" in encodings(accepted)

    def is_due(self, headers: HTTPHeaders) -> bool:
        """Whether an answer is such a page, written piece by piece."""
        return headers.get("Cache-Control") == "no-store" and "Content-Length" not in headers
