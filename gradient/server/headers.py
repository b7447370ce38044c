"""Security headers, which every response carries, whichever handler sent it; and what caches may keep if none says so."""

import base64
import hashlib
import re
from typing import Any, ClassVar

from tornado.httputil import HTTPHeaders, HTTPServerRequest
from tornado.web import OutputTransform

_INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)[^>]*>(.*?)</script>", re.DOTALL)

# The page creates at run time: WebAssembly from bytes, modules and workers from blobs, styles by widgets, images from canvases.
# Everything that it downloads comes from this server.
_POLICY = {
    "default-src": "'none'",
    "script-src": "'self' blob: 'wasm-unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' data: blob:",
    "worker-src": "'self' blob:",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
}

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_HTTPS_ONLY = "max-age=31536000"  # a year, for this host; who has come by https need never come by http


def content_security_policy(frame_ancestors: str, *scripts: str) -> str:
    """The header that says what a page may load and who may embed it.

    Args:
        frame_ancestors: sites that may embed it.
        scripts: further sources of scripts, such as a nonce or a hash.
    """
    policy = _POLICY | {"script-src": " ".join([_POLICY["script-src"], *scripts]), "frame-ancestors": frame_ancestors}
    return "; ".join(f"{name} {sources}" for name, sources in policy.items())


def script_hashes(html: str) -> list[str]:
    """The sources that allow the inline scripts of a page."""
    digests = (hashlib.sha256(script.encode()).digest() for script in _INLINE_SCRIPT.findall(html))
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]


def security_headers(frame_ancestors: str) -> type[OutputTransform]:
    """Tornado's transform that adds the security headers which a response does not set itself."""
    policy = {"Content-Security-Policy": content_security_policy(frame_ancestors)}
    return type("Secured", (_SecurityHeaders,), {"headers": _HEADERS | policy})


class _SecurityHeaders(OutputTransform):
    headers: ClassVar[dict[str, str]]

    def __init__(self, request: HTTPServerRequest) -> None:
        """One for each request."""
        self._is_secure = request.protocol == "https"

    def transform_first_chunk(
        self, status_code: int, headers: HTTPHeaders, chunk: bytes, finishing: bool
    ) -> tuple[int, HTTPHeaders, bytes]:
        for name, value in self.headers.items():
            if name not in headers or _is_jupyters(name, headers[name]):
                headers[name] = value
        if status_code >= 400 or "Cache-Control" not in headers:  # or a cache may keep what one visitor has provoked for all
            headers["Cache-Control"] = "no-store"
        if self._is_secure:
            headers["Strict-Transport-Security"] = _HTTPS_ONLY
        headers.pop("Server", None)
        return status_code, headers, chunk

    def transform_chunk(self, chunk: bytes, finishing: bool) -> bytes:
        return chunk


def _is_jupyters(name: str, value: Any) -> bool:
    """Whether a header is the one that jupyter_server sends by default, which allows every script."""
    return name == "Content-Security-Policy" and "script-src" not in value
