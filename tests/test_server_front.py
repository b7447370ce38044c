"""The hardened server over HTTP: who gets a kernel and who another page, headers, files, metrics, logs."""

import asyncio
import gzip
import json
import os
import re
import resource
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import brotli
import pytest
from tornado.httpclient import HTTPClientError

from gradient.server.assets import Asset
from gradient.server.connections import PIECE_BYTES
from tests.conftest import PYTHONPATH, Server
from tests.processes import eventually
from tests.server import (
    BROWSER,
    Answer,
    ask,
    check_metrics_are_not_for_proxies,
    hardened,
    leave,
    let_time_pass,
    metrics,
    stopped_by,
    visit,
    wait_until_ready,
)
from tests.visitor import Visitor

SITE = {
    "index.html": "<html><head><title>T</title></head><body class='x'><p>static</p><script>let a = 1;</script></body></html>",
    "worker.js": "// worker",
    "assets/app.0123456789ab.js": f"// {'x' * 5000}",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site as small as one can be."""
    folder = tmp_path_factory.mktemp("site")
    for name, content in SITE.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(content)
    (folder / "assets/app.0123456789ab.js.br").write_bytes(brotli.compress(SITE["assets/app.0123456789ab.js"].encode()))
    return folder


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """A server with room for one kernel, whose page another site may embed."""
    options = {"TECHNI_MAX_KERNELS": "1", "TECHNI_FRAME_ANCESTORS": "'self' https://course.example"}
    with hardened(TECHNI_SITE=str(folder), **options) as server:
        wait_until_ready(server)
        yield server


@pytest.fixture(autouse=True)
def _has_room(request: pytest.FixtureRequest) -> None:
    """Every test begins without a kernel: those of earlier tests are culled first."""
    if "server" in request.fixturenames:
        wait_until_unconnected_kernels_end(request.getfixturevalue("server"))


def wait_until_unconnected_kernels_end(server: Server) -> None:
    def have_ended() -> bool:
        let_time_pass(server.process.pid)
        return metrics(server)["techni_kernels_live"] == 0

    eventually(have_ended)


ROBOTS: dict[str, tuple[str, dict[str, str]]] = {
    "a search engine": ("GET", {**BROWSER, "User-Agent": "Mozilla/5.0 (compatible; Googlebot/2.1)"}),
    "a preview of a link": ("GET", {"User-Agent": "Twitterbot/1.0", "Accept": "*/*"}),
    "a browser that fetches ahead": ("GET", {**BROWSER, "Sec-Purpose": "prefetch;prerender"}),
    "a service worker": ("GET", {"User-Agent": BROWSER["User-Agent"], "Accept": "*/*"}),
    "a program": ("GET", {}),
    "who wants only the headers": ("HEAD", BROWSER),
}


# A browser may show its page later; a known robot gets a short page, which is too small to be compressed.
SHOWN_STATIC = {"a browser that fetches ahead", "a service worker", "a program"}


@pytest.mark.parametrize("path", ["", "live"])
@pytest.mark.parametrize("who", ROBOTS)
def test_only_a_persons_browser_starts_a_kernel(who: str, path: str, server: Server) -> None:
    before = metrics(server)["techni_kernels_started_total"]
    method, headers = ROBOTS[who]
    answer = ask(server.url + path, method, **headers)
    assert answer.status == 200
    assert method == "HEAD" or ("static" if who in SHOWN_STATIC else "Open the page") in answer.text
    assert metrics(server)["techni_kernels_started_total"] == before


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_health_check_starts_no_kernel(method: str, server: Server) -> None:
    before = metrics(server)["techni_kernels_started_total"]
    answer = ask(f"{server.url}healthz", method, **BROWSER)
    assert (answer.status, answer.text) == (200, "ok\n" if method == "GET" else "")
    assert metrics(server)["techni_kernels_started_total"] == before


def test_a_preview_has_title_description_and_picture(server: Server) -> None:
    text = ask(server.url, User_Agent="Twitterbot/1.0").text
    found = dict(re.findall(r'<meta property="og:(\w+)" content="([^"]*)">', text))
    assert found["title"] == "Gradient descent"
    assert found["description"].startswith("Move a slider")
    assert found["url"] == server.url
    picture = ask(found["image"])
    assert (picture.status, picture.headers["Content-Type"]) == (200, "image/png")


def test_a_full_server_sends_the_static_page_and_says_why(server: Server) -> None:
    before = metrics(server).get('techni_kernels_refused_total{reason="full"}', 0)
    first, second, third = visit(server.url), visit(server.url), visit(server.url, "fr-CA, en;q=0.5")
    assert first.kernel
    assert not second.kernel
    assert second.status == 200
    assert re.search(r'<body[^>]*data-home="/".*All kernels are in use at the moment', second.text)
    assert re.search(r'<p class="techni-notice" lang="fr"[^>]*>Tous les noyaux .* <a href="">Réessayer</a></p>', third.text)
    assert metrics(server)['techni_kernels_refused_total{reason="full"}'] == before + 2


def test_a_kernel_whose_page_never_connects_is_ended(server: Server) -> None:
    before = metrics(server).get('techni_kernels_culled_total{reason="left"}', 0)
    assert visit(server.url).kernel
    wait_until_unconnected_kernels_end(server)
    assert metrics(server)['techni_kernels_culled_total{reason="left"}'] == before + 1
    assert visit(server.url).kernel


def test_the_beacon_of_a_closed_page_ends_its_kernel(server: Server) -> None:
    assert leave(server, visit(server.url)).status == 204
    assert metrics(server)["techni_kernels_live"] == 0


def policy_of(answer: Answer) -> dict[str, list[str]]:
    parts = (part.split() for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


def test_the_live_page_runs_its_own_scripts_only(server: Server) -> None:
    pages = [visit(server.url)]
    wait_until_unconnected_kernels_end(server)
    pages.append(visit(server.url))
    nonces = []
    for page in pages:
        assert page.kernel
        scripts = policy_of(page)["script-src"]
        (nonce,) = [source for source in scripts if source.startswith("'nonce-")]
        assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:"} & set(scripts)
        inline = re.findall(r"<script(?![^>]*(?:src=|application/))([^>]*)>", page.text)
        assert inline
        assert all(f'nonce="{nonce[7:-1]}"' in attributes for attributes in inline)
        nonces.append(nonce)
    assert nonces[0] != nonces[1]
    assert not re.findall(r'(?:src|href)="(?:https?:)?//(?!127\.0\.0\.1)', pages[0].text)


@pytest.mark.parametrize(
    "path", ["", "healthz", "metrics", "nowhere", "worker.js", "card.png", "voila/static/voila.js", "api/kernels/a-b-c-d-e"]
)
def test_every_response_has_the_security_headers(path: str, server: Server) -> None:
    answer = ask(server.url + path)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert "camera=()" in answer.headers["Permissions-Policy"]
    assert policy_of(answer)["frame-ancestors"] == ["'self'", "https://course.example"]
    assert policy_of(answer)["default-src"] == ["'none'"]
    assert answer.headers["Server"] is None


@pytest.fixture(scope="module")
def script(server: Server) -> str:
    """The address of the largest of Voilà's scripts, as the page gives it."""
    wait_until_unconnected_kernels_end(server)  # it is made before `_has_room`
    wait_until_ready(server)
    page = visit(server.url)
    (address,) = re.findall(r'<script defer src="/([^"]*/voila.js)"', page.text)
    return server.url + address


@pytest.mark.parametrize(("accepted", "encoding"), [("br, gzip", "br"), ("gzip", "gzip"), ("br;q=0, gzip", "gzip"), ("", None)])
def test_scripts_are_compressed_and_cached_forever(accepted: str, encoding: str | None, script: str) -> None:
    plain, sent = ask(script), ask(script, Accept_Encoding=accepted)
    assert sent.headers["Content-Encoding"] == encoding
    unpack = {"br": brotli.decompress, "gzip": gzip.decompress, None: bytes}[encoding]
    assert unpack(sent.body) == plain.body
    assert encoding is None or len(sent.body) < len(plain.body) / 2
    assert sent.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert sent.headers["Vary"] == "Accept-Encoding"
    assert sent.headers["Content-Type"].startswith("text/javascript")
    again = ask(script, Accept_Encoding=accepted, If_None_Match=sent.headers["ETag"])
    assert (again.status, again.body) == (304, b"")


# Headers Accept-Encoding of clients that do not want gzip, or anything, and of one that may have what it likes.
@pytest.mark.parametrize("refusing", ["gzip;q=0", "gzip; q=0.000, *;q=0", "GZIP;Q=0", "identity, gzip;q=0.5", "gzip;q=x"])
def test_nothing_is_compressed_for_a_client_that_does_not_want_it(server: Server, script: str, refusing: str) -> None:
    answers = [ask(address, Accept_Encoding=refusing) for address in (script, server.url)]
    assert [answer.headers["Content-Encoding"] for answer in answers] == [None, None]
    assert answers[0].headers["Vary"] == "Accept-Encoding"
    assert "Content-Length" in answers[0].headers  # of a file that is sent as it is


def test_each_encoding_of_a_file_has_a_tag_and_ranges_of_its_own(script: str) -> None:
    answers = [ask(script, Accept_Encoding=accepted) for accepted in ("br", "gzip", "")]
    assert len({answer.headers["ETag"] for answer in answers}) == 3
    for answer, accepted in zip(answers, ("br", "gzip", ""), strict=True):
        part = ask(script, Accept_Encoding=accepted, Range="bytes=10-2019", If_Range=answer.headers["ETag"])
        assert (part.status, part.body) == (206, answer.body[10:2020])


def test_who_has_a_part_of_something_else_gets_all_of_a_file(script: str) -> None:
    other, whole = ask(script, Accept_Encoding="gzip"), ask(script, Accept_Encoding="br")
    for condition in (other.headers["ETag"], whole.headers["Last-Modified"], "W/" + whole.headers["ETag"]):
        answer = ask(script, Accept_Encoding="br", Range="bytes=10-", If_Range=condition)
        assert (answer.status, answer.body) == (200, whole.body)


@pytest.mark.parametrize(
    ("start", "end"), [(None, None), (5, None), (0, 1), (PIECE_BYTES, 2 * PIECE_BYTES), (7, 2 * PIECE_BYTES)]
)
def test_a_file_is_sent_in_pieces(tmp_path: Path, start: int | None, end: int | None) -> None:
    content = os.urandom(2 * PIECE_BYTES + 100)
    (tmp_path / "file").write_bytes(content)
    pieces = list(Asset.get_content(str(tmp_path / "file"), start, end))
    assert b"".join(pieces) == content[start:end]
    assert max(map(len, pieces)) <= PIECE_BYTES


def test_a_compressed_copy_that_is_asked_for_by_its_name_is_sent_as_it_is(server: Server, folder: Path) -> None:
    sent = ask(f"{server.url}assets/app.0123456789ab.js.br", Accept_Encoding="gzip, br")
    assert sent.body == (folder / "assets/app.0123456789ab.js.br").read_bytes()
    assert (sent.headers["Content-Encoding"], sent.headers["Content-Type"]) == (None, "application/octet-stream")


def test_only_addresses_that_this_server_made_are_kept_for_ever(server: Server, script: str) -> None:
    """Another server's, whose files may differ while servers are updated one by one, are asked for again."""
    others = ["card.png?v=1", "worker.js?v=1", "worker.js?v=0123456789ab", "assets/.0123456789abcdef/../../worker.js"]
    others += [re.sub(r"static[.]\w+", f"static.{other}", script.removeprefix(server.url)) for other in ("0" * 12, "1")]
    answers = [ask(server.url + address) for address in others]
    assert [(answer.status, answer.headers["Cache-Control"]) for answer in answers] == [(200, "no-cache")] * len(others)
    assert not [answer for answer in answers if "Expires" in answer.headers]


def answer_to(server: Server, *lines: str) -> bytes:
    """All that comes back for a request of these lines."""
    with socket.create_connection((urlsplit(server.url).hostname, urlsplit(server.url).port)) as connection:
        connection.sendall("".join(f"{line}\r\n" for line in (*lines, "Connection: close", "")).encode())
        return connection.makefile("rb").read()


@pytest.mark.parametrize("target", ["http://elsewhere.example/healthz", "HTTP://[::1]:8080/healthz?x", "https://x/healthz"])
def test_the_target_of_a_request_may_be_a_whole_url(server: Server, target: str) -> None:
    answer = answer_to(server, f"GET {target} HTTP/1.1", "Host: x")
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"ok\n")


@pytest.mark.parametrize(
    "lines",
    [
        ["GET http://x/healthz HTTP/1.1"],
        ["GET http://x/healthz HTTP/1.1", "Host: x", "Host: y"],
        ["GET /healthz HTTP/1.0", "Transfer-Encoding: chunked"],
    ],
)
def test_a_request_that_a_proxy_may_understand_in_another_way_is_refused(server: Server, lines: list[str]) -> None:
    assert answer_to(server, *lines).startswith(b"HTTP/1.1 400 ")


def test_no_cache_keeps_an_error_or_what_says_nothing_of_caches(server: Server, script: str) -> None:
    answers = [
        ask(f"{server.url}nowhere"),
        ask(server.url, "PUT"),
        ask(f"{server.url}metrics", "HEAD"),
        ask(f"{server.url}assets/"),
    ]
    answers += [ask(f"{server.url}?template=%ff", **BROWSER), ask(script, Range="bytes=99999999-")]
    assert [answer.status for answer in answers] == [404, 405, 405, 403, 400, 416]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    moved = answer_to(server, "GET /voila/static/. HTTP/1.1", "Host: x")
    assert moved.startswith(b"HTTP/1.1 301 ")
    assert b"Cache-Control: no-store\r\n" in moved


def test_an_error_page_says_nothing_of_the_address_that_was_asked_for(server: Server) -> None:
    for language, words in (("", "Open the page"), ("fr", "Ouvrir la page")):
        answer = ask(f"{server.url}nowhere", Host="elsewhere.example", Accept_Language=language)
        assert words in answer.text
        assert f'<html lang="{language or "en"}">' in answer.text
        assert "elsewhere" not in answer.text


def test_the_log_quotes_neither_an_unknown_method_nor_an_argument_that_is_no_text(server: Server) -> None:
    unknown = ask(server.url, "X" * 4000)
    broken = ask(f"{server.url}?template=%ffsecret", **BROWSER)
    assert (unknown.status, broken.status) == (405, 400)
    eventually(lambda: '"method": "other", "status": 405' in server.log)
    assert "XXXX" not in server.log
    assert "secret" not in server.log


def test_other_sites_may_embed_only_what_is_meant_for_them(server: Server) -> None:
    addresses = (f"{server.url}worker.js", f"{server.url}card.png", server.url)
    policies = [ask(address, **BROWSER).headers["Cross-Origin-Resource-Policy"] for address in addresses]
    assert policies == ["same-origin", "cross-origin", "cross-origin"]  # TECHNI_FRAME_ANCESTORS names another site


def test_scripts_are_sent_even_while_the_disk_is_full(server: Server, folder: Path) -> None:
    """No compressed copy can be stored meanwhile, and none is made for each response."""
    (folder / "assets" / "script.js").write_text("x" * 5000)
    unlimited = resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (0, unlimited[1]))  # the server cannot write a byte to any file
    try:
        full = ask(f"{server.url}assets/script.js", Accept_Encoding="br, gzip")
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, unlimited)
    after = ask(f"{server.url}assets/script.js", Accept_Encoding="br, gzip")
    assert (full.status, full.headers["Content-Encoding"], full.body) == (200, None, b"x" * 5000)
    assert (after.status, after.headers["Content-Encoding"], brotli.decompress(after.body)) == (200, "br", b"x" * 5000)


def test_only_a_page_that_may_have_a_kernel_sets_a_cookie_and_only_one(server: Server, script: str) -> None:
    page = visit(server.url)
    answers = [ask(script), ask(f"{server.url}worker.js"), ask(server.url, "HEAD", **BROWSER)]
    answers += [ask(server.url, User_Agent="Twitterbot/1.0"), ask(f"{server.url}card.png"), ask(f"{server.url}nowhere")]
    assert [answer.headers.get_all("Set-Cookie") for answer in answers] == [None] * 6
    (cookie,) = page.headers.get_all("Set-Cookie", [])
    assert cookie.startswith("techni_visitor=")


def test_without_a_trusted_proxy_a_cookie_is_not_for_https_only(server: Server) -> None:
    """Whatever a request says; and only a cookie that is may be sent from pages of other sites."""
    page = ask(server.url, **BROWSER, X_Forwarded_Proto="https", X_Forwarded_For="1.1.1.1")
    (cookie,) = page.headers.get_all("Set-Cookie", [])
    assert "samesite=lax" in cookie.lower()
    assert "secure" not in cookie.lower()


def test_without_a_trusted_proxy_a_request_through_one_may_not_read_the_metrics(server: Server) -> None:
    check_metrics_are_not_for_proxies(server)


def test_only_who_came_by_https_is_told_to_come_by_https_again(server: Server) -> None:
    """Without a trusted proxy nobody has, whatever a request says."""
    assert "Strict-Transport-Security" not in ask(f"{server.url}healthz", X_Forwarded_Proto="https").headers


def test_the_pages_own_text_is_compressed(server: Server) -> None:
    page = ask(server.url, Accept_Encoding="gzip", **BROWSER)
    assert '"kernelId"' in gzip.decompress(page.body).decode()
    assert page.headers["Cache-Control"] == "no-store"


def test_the_sites_files_are_sent_as_they_were_compressed(server: Server, folder: Path) -> None:
    address = f"{server.url}assets/app.0123456789ab.js"
    sent = ask(address, Accept_Encoding="gzip, br")
    assert sent.body == (folder / "assets/app.0123456789ab.js.br").read_bytes()
    assert sent.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert ask(f"{server.url}worker.js").headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        *("nowhere", "techni.ipynb", "voila/files/README.md", "voila/files/benchmarks/pictures/wide.png", "assets/none.js"),
        *(
            "assets/../../../etc/passwd",
            "assets/%2e%2e/%2e%2e/index.html",
            "voila/static/..%2f..%2fapp.py",
            "voila/templates/x",
        ),
        *("voila/templates/lab/other/x", "voila/labextensions/../../../../etc/passwd", "voila/labextensions/%00"),
    ],
)
def test_other_files_are_not_served(path: str, server: Server) -> None:
    answer = ask(server.url + path, **BROWSER)
    assert answer.status in {403, 404}
    assert "Traceback" not in answer.text
    assert not answer.kernel


def test_metrics_have_prometheus_format(server: Server) -> None:
    visit(server.url)
    answer = ask(f"{server.url}metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    found = metrics(server)
    assert found["techni_kernels_live"] == found["techni_kernels_capacity"] == 1
    assert 50e6 < found["techni_memory_bytes"] < 5e9
    for name in ("kernels_started_total", "kernels_died_total", "frames_delayed_total"):
        assert f"techni_{name}" in found
    assert "# TYPE techni_frames_refused_total counter" in answer.text


async def connect_twice(server: Server, session: str) -> None:
    """Two sockets with the same name of a session, and one for another site's page."""
    guest = await Visitor.arrive(server.url)
    for _ in range(2):
        await guest.connect(session=session)
    with pytest.raises(HTTPClientError, match="403"):
        await guest.connect(origin=f"https://{session}")
    await guest.leave()


def test_logs_are_lines_of_json_that_say_nothing_about_visitors(server: Server) -> None:
    secret = "hunter2"
    with ThreadPoolExecutor(1) as thread:  # the browser of other tests has a loop in this one
        thread.submit(asyncio.run, connect_twice(server, secret)).result()
    headers = {**BROWSER, "User-Agent": f"Mozilla/5.0 {secret}", "Cookie": f"a={secret}", "X-Forwarded-For": secret}
    for path in (f"?q={secret}", f"nowhere/{secret}?q={secret}", f"voila/templates/{secret}", f"api/kernels/a-b-c-d-{secret}"):
        ask(server.url + path, **headers)
    ask(f"{server.url}api/kernels/a-b-c-d-e", **headers, Origin=f"https://{secret}", Host=f"{secret}:x")
    ask(server.url, "PUT", **headers)
    eventually(lambda: '"handler": "PageHandler", "method": "PUT", "status": 405' in server.log)
    lines = [json.loads(line) for line in server.log.splitlines()]
    assert all({"time", "level", "message"} <= line.keys() for line in lines)
    # The only address that may appear in the log is the one where the server listens.
    said = "\n".join(json.dumps(line) for line in lines if "is running at" not in line["message"])
    assert secret not in said
    assert "127.0.0.1" not in said


# No kernel lives, and nobody finds out what one would allow.
STILLBORN = """
import os, sys
if {"ipykernel_launcher", "gradient.allowlist"} & set(sys.orig_argv):
    os._exit(1)
"""


def test_a_page_whose_kernel_ends_during_rendering_ends_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(STILLBORN)
    path = os.pathsep.join([str(tmp_path), PYTHONPATH])
    with hardened(PYTHONPATH=path, TECHNI_WARM="no", TECHNI_SITE=str(tmp_path), TECHNI_MAX_KERNELS="1") as server:
        pages = [visit(server.url) for _ in range(2)]
        assert metrics(server)["techni_kernels_live"] == 0
    assert all("Load it again" in page.text and page.text.rstrip().endswith("</html>") for page in pages)


def test_without_a_site_the_server_says_so_has_kernels_and_asks_visitors_to_retry(tmp_path: Path) -> None:
    place = tmp_path / ("x" * 60)  # so long a name that the kernels' sockets cannot lie there
    place.mkdir()
    with hardened(TECHNI_SITE=str(tmp_path / "missing"), TECHNI_MAX_KERNELS="1", TMPDIR=str(place)) as server:
        assert f"python -m gradient.publish {tmp_path / 'missing'}" in server.log
        preview = ask(server.url, User_Agent="Twitterbot/1.0")
        assert preview.status == 200
        assert policy_of(preview)["frame-ancestors"] == ["'self'"]
        assert visit(server.url).kernel
        refused = visit(server.url)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "30")
    assert "Everything is in use" in refused.text


def test_an_address_that_has_or_starts_many_kernels_leaves_some_to_others(folder: Path) -> None:
    """An address may have half of the two kernels, and start two a minute."""
    options = {"TECHNI_MAX_KERNELS": "2", "TECHNI_KERNELS_PER_ADDRESS": "0", "TECHNI_STARTS_PER_MINUTE": "2"}
    with stopped_by(signal.SIGHUP, TECHNI_SITE=str(folder), TECHNI_TRUSTED_PROXIES="1", **options) as server:

        def page_for(address: str) -> Answer:
            return ask(server.url, **BROWSER, X_Forwarded_For=address)

        first, share, other = (page_for(address) for address in ("6.6.6.6, 1.1.1.1", "1.1.1.1", "2.2.2.2"))
        assert [bool(page.kernel) for page in (first, share, other)] == [True, False, True]
        assert "Your address already has as many kernels" in share.text
        assert leave(server, first).status == 204
        assert leave(server, page_for("1.1.1.1")).status == 204
        rate = page_for("7.7.7.7, 1.1.1.1")
        assert not rate.kernel
        assert "Your address has started many kernels" in rate.text
        assert page_for("3.3.3.3").kernel
