"""The visitor's cookie: behind a proxy with HTTPS, at replicas with the same secret, and with another one."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from tornado.httpclient import HTTPClientError
from tornado.web import create_signed_value, decode_signed_value

from gradient.server.visitor import COOKIE
from tests.app_page import LOAD_MS, AppPage
from tests.conftest import ROOT, SIZES, Server, free_port
from tests.processes import eventually
from tests.server import BROWSER, Answer, Gate, ask, hardened, metrics, visit
from tests.test_lost import LINE
from tests.visitor import Visitor

OWNER = 'techni_sockets_refused_total{reason="owner"}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A static page as small as one can be."""
    (tmp_path / "index.html").write_text("<html><head></head><body></body></html>")
    return tmp_path


def cookie_of(page: Answer) -> Morsel | None:
    """The visitor's cookie that a page is sent with."""
    found: SimpleCookie = SimpleCookie()
    for line in page.headers.get_all("Set-Cookie", []):
        found.load(line)
    return found.get(COOKIE)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server behind a proxy, whose page another site embeds, and which has no room for a kernel."""
    folder, gate = tmp_path_factory.mktemp("site"), Gate.in_folder(tmp_path_factory.mktemp("gate"))
    (folder / "index.html").write_text("<html><head></head><body></body></html>")
    options = {"TECHNI_TRUSTED_PROXIES": "1", "TECHNI_FRAME_ANCESTORS": "https://course.example", "TECHNI_COOKIE_SECRET": "a"}
    with hardened(TECHNI_SITE=str(folder), TECHNI_MEMORY_MB="1", **gate.environment, **options) as server:
        yield server


def test_a_cookie_is_for_https_only_if_a_trusted_proxy_says_so(server: Server) -> None:
    """Only such a cookie may be sent from pages of other sites."""
    cookie = cookie_of(ask(server.url, **BROWSER, X_Forwarded_Proto="https", X_Forwarded_For="1.1.1.1"))
    plain = cookie_of(ask(server.url, **BROWSER, X_Forwarded_Proto="http", X_Forwarded_For="1.1.1.1"))
    assert cookie
    assert (bool(cookie["secure"]), cookie["samesite"]) == (True, "None")
    assert plain
    assert (plain["secure"], plain["samesite"]) == ("", "Lax")
    assert cookie["httponly"] == plain["httponly"] is True


def test_who_came_by_https_is_told_never_to_come_by_http(server: Server) -> None:
    """As a trusted proxy says; a browser must not hear it by http."""
    answers = {scheme: ask(f"{server.url}healthz", X_Forwarded_Proto=scheme) for scheme in ("https", "http")}
    assert answers["https"].headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in answers["http"].headers


@pytest.mark.parametrize(("age", "is_renewed", "is_known"), [(0.5, False, True), (2, True, True), (8, True, False)])
def test_a_page_has_a_cookie_that_lasts_for_days(age: float, is_renewed: bool, is_known: bool, server: Server) -> None:
    """A kernel answers only to the cookie, so one that is nearly seven days old would expire while its page is open."""
    old = create_signed_value("a", COOKIE, "somebody", clock=lambda: time.time() - age * 86_400).decode()
    cookie = cookie_of(ask(server.url, **BROWSER, Cookie=f"{COOKIE}={old}"))
    assert bool(cookie) == is_renewed
    value = decode_signed_value("a", COOKIE, cookie.value) if cookie else b"somebody"
    assert (value == b"somebody") == is_known


@pytest.mark.soak
def test_replicas_with_one_secret_recognise_each_others_visitors(folder: Path) -> None:
    """Those with another secret do not, and the kernels of a replica are nobody's at another one."""
    with ExitStack() as stack:
        first, second, stranger = (
            stack.enter_context(hardened(TECHNI_SITE=str(folder), TECHNI_COOKIE_SECRET=secret)) for secret in ("a", "a", "b")
        )
        page = visit(first.url)
        cookie = cookie_of(page)
        assert cookie
        header = f"{COOKIE}={cookie.coded_value}"
        assert not cookie_of(ask(first.url, **BROWSER, Cookie=header))
        assert not cookie_of(ask(second.url, **BROWSER, Cookie=header))
        assert cookie_of(ask(stranger.url, **BROWSER, Cookie=header))
        for number, server in enumerate((second, stranger)):
            answer = ask(f"{server.url}api/kernels/{page.kernel}", Cookie=header)
            assert (answer.status, answer.text) == (404, "Not Found")
            with pytest.raises(HTTPClientError, match="404"):
                in_a_loop(Visitor(server.url, page.kernel, header).connect)
            assert metrics(server)[OWNER] == 2, number
        assert ask(f"{first.url}api/kernels/{page.kernel}", Cookie=header).status == 200


def in_a_loop(act: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Runs a coroutine in a thread of its own: the browser of other tests has a loop in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(act())).result()


@pytest.mark.soak
def test_a_page_whose_requests_reach_another_replica_carries_on(browser: Browser, folder: Path) -> None:
    """It says so, and a reload has a kernel there, for the same visitor."""
    context = browser.new_context(**SIZES["wide"])
    port = free_port()
    options = {"TECHNI_SITE": str(folder), "TECHNI_COOKIE_SECRET": "a"}
    with hardened(ROOT / "techni.ipynb", port, **options) as server:
        app = AppPage.open(context.new_page(), server.url)
        known = context.cookies()
    with hardened(ROOT / "techni.ipynb", port, **options) as server:
        eventually(lambda: metrics(server).get(OWNER, 0) > 0)
        expect(app.page.locator(LINE)).to_be_visible(timeout=LOAD_MS)
        before = app.seen()
        app.press("Learning rate", "ArrowRight", 2)
        app.wait_for_change(before, "curve", "fit", "gradient_norm")
        app.page.reload(timeout=LOAD_MS)
        app.wait_until_drawn()
        expect(app.page.locator(LINE)).to_be_hidden()
        assert context.cookies() == known
        assert metrics(server)["techni_kernels_live"] == 1
        app.page.close()
    context.close()
