"""What an operator and a platform ask: whether the server is alive, whether it is ready, and for its metrics."""

from collections.abc import Callable
from ipaddress import ip_address
from typing import ClassVar

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

# What the headers begin with that proxies, load balancers and content delivery networks add.
_FORWARDED = (
    *("x-forwarded", "forwarded", "via", "x-real-ip", "x-client-ip", "client-ip", "true-client-ip", "x-cluster-client-ip"),
    *("x-original-", "x-envoy-", "x-amzn-", "x-amz-cf-", "x-appengine-", "x-azure-", "x-arr-", "x-request-start", "x-scheme"),
    *("cf-", "cdn-", "fastly-", "fly-", "front-end-https", "proxy-", "max-forwards", "x-proxy", "x-remote-", "x-request-id"),
    *("akamai-", "ali-cdn-", "cloudfront-", "incap-", "surrogate-", "tailscale-", "wl-proxy-", "x-appgw-", "x-cloud-trace-"),
    *("x-goog-", "x-nf-", "x-ssl", "x-sucuri-", "x-url-scheme", "x-varnish", "x-vercel-", "x_forwarded"),
)
_AUDIENCES = {"local": "programs on this machine", "direct": "programs that connect without a proxy"}


class HealthHandler(RequestHandler):
    """Answers as long as the process lives and its event loop runs; a platform restarts a server that does not answer."""

    quiet = True

    def get(self) -> None:
        """Sends "ok"."""
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish("ok\n")

    head = get


class ReadyHandler(RequestHandler):
    """Says whether a proxy should send visitors here; starts nothing."""

    quiet = True
    _MESSAGES: ClassVar[dict[str, str]] = {
        "": "ready",
        "starting": "not ready: kernels are being warmed up, and a page requested now would wait for that",
        "stopping": "not ready: the server stops when the pages under way are complete",
    }

    def initialize(self, why_not: Callable[[], str]) -> None:
        """Takes a function that returns "", "starting" or "stopping"."""
        self._why_not = why_not

    def get(self) -> None:
        """Sends "ready", or status 503 and why not."""
        reason = self._why_not()
        self.set_status(503 if reason else 200)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.set_header("Cache-Control", "no-store")
        self.finish(f"{self._MESSAGES[reason]}\n")

    head = get


class MetricsHandler(RequestHandler):
    """The metrics in Prometheus' format."""

    quiet = True

    def initialize(self, audience: str) -> None:
        """Takes the audience; see `may_read`."""
        self._audience = audience

    def get(self) -> None:
        """Sends all metrics, with the memory as last measured; other clients get status 403, and who may read them."""
        if not may_read(self._audience, self.request):
            self.set_status(403)
            self.finish(f"The metrics are for {_AUDIENCES[self._audience]}. Set TECHNI_METRICS to change that.\n")
            return
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.set_header("Cache-Control", "no-store")
        self.finish(generate_latest())


def may_read(audience: str, request: HTTPServerRequest) -> bool:
    """Whether the client may read the metrics.

    Args:
        audience: "public" for everybody, "direct" for clients that use no proxy, "local" for those of them on this machine.
        request: of the client; proxies add headers to it.
    """
    if audience == "public":
        return True
    is_direct = not any(name.lower().startswith(_FORWARDED) for name in request.headers)
    return is_direct and (audience == "direct" or ip_address(request.remote_ip or "0.0.0.0").is_loopback)
