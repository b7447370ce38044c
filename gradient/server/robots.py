"""Which requests come from a person's browser: robots and prefetching browsers get no kernel."""

import re

from tornado.web import RequestHandler

# Programs that fetch pages for no person. Those with an unknown name ask for no HTML, or execute no scripts.
_ROBOTS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|preview|facebookexternalhit|whatsapp|skypeuri|embedly|quora link|pinterest|vkshare"
    r"|w3c_validator|lighthouse|pingdom|uptime|monitor|probe|healthcheck|curl/|wget/|python-|go-http|java/|okhttp|libwww"
    r"|scrapy|archiver|fetcher|feed|googleother|google-inspectiontool|mediapartners-google|cardyb|pleroma|-user/|compatible;"
    r"|\+https?://",
    re.IGNORECASE,
)
_PURPOSE = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")  # headers of browsers that load a page before anybody asks for it


def is_robot(handler: RequestHandler) -> bool:
    """Whether the client is a program, such as a search engine or the preview of a link, rather than a person's browser."""
    return _ROBOTS.search(handler.request.headers.get("User-Agent", "")) is not None


def is_visit(handler: RequestHandler) -> bool:
    """Whether the page is to be shown now: not prefetched, and not fetched by a service worker, which accepts anything."""
    headers = handler.request.headers
    is_prefetch = any(re.search("prefetch|prerender|preview", headers.get(name, "")) for name in _PURPOSE)
    return "text/html" in headers.get("Accept", "") and not is_prefetch
