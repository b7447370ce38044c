"""A server without warm kernels: each is started by its command, and takes seconds to begin."""

import http.client
import os
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.app_page import LOAD_MS
from tests.conftest import SIZES, Server
from tests.processes import eventually
from tests.server import ask, hardened
from tests.test_server_allowlist import check_knob, write_knob


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Its notebook has a control of a kind that the server has never heard of."""
    folder = tmp_path_factory.mktemp("cold")
    with hardened(write_knob(folder), TECHNI_WARM="no", TECHNI_STOP_SECONDS="600", TECHNI_SITE=str(folder)) as server:
        yield server


@contextmanager
def kept_alive(server: Server) -> Iterator[Callable[[str], tuple[int, str]]]:
    """Requests one path after the other on one connection, as proxies do."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)

    def answer(path: str) -> tuple[int, str]:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()

    assert answer("/healthz")[0] == 200
    yield answer
    connection.close()


def test_a_control_that_is_added_to_the_app_is_used_through_the_server(server: Server) -> None:
    check_knob(server)


def test_a_server_that_stops_is_alive_and_not_ready_and_completes_the_page_under_way(server: Server, browser: Browser) -> None:
    """The last test of this server.

    The page shows its loading screen meanwhile, because its beginning is sent at once; a style sheet or a script before it
    would delay it.
    """
    assert ask(f"{server.url}readyz").status == 200, "Without warm kernels there is nothing to wait for."
    context = browser.new_context(**SIZES["phone"])
    context.route(re.compile(r"\.(js|css)"), lambda route: route.abort())
    page, num_before = context.new_page(), server.log.count("Kernel started")
    with kept_alive(server) as connection:
        answer = page.goto(server.url, wait_until="commit", timeout=LOAD_MS)
        eventually(lambda: server.log.count("Kernel started") > num_before)
        os.kill(server.process.pid, signal.SIGTERM)
        eventually(lambda: '"stopping"' in server.log)
        expect(page.get_by_role("status")).to_contain_text("knob")
        assert page.evaluate("getComputedStyle(document.querySelector('#loading'), '::after').animationName") == "techni-wait"
        assert connection("/healthz") == (200, "ok\n")
        status, words = connection("/readyz")
        assert status == 503
        assert "the server stops" in words
    assert answer
    text = answer.text()
    assert text.rstrip().endswith("</html>")
    assert "widget-view+json" in text
    assert server.process.wait(60) == 0
    context.close()
