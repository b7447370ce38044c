"""Settings and the messages for invalid ones; who gets a kernel."""

import asyncio
import dataclasses
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tornado.httputil import HTTPHeaders

from gradient.server import cgroups
from gradient.server.addresses import UNKNOWN, address_of, client_network
from gradient.server.admission import Admission, AdmissionError, capacity
from gradient.server.cgroups import memory_limit
from gradient.server.configuration import socket_folder
from gradient.server.rate_limit import RateLimit
from gradient.server.robots import is_robot, is_visit
from gradient.server.settings import Settings, SettingsError
from gradient.server.site import EncodedPage, Site
from tests.conftest import ROOT
from tests.processes import little_processor_time

MB = 1 << 20


def test_an_empty_environment_gives_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()
    assert Settings.from_environment({"TECHNI_ROOT_PAGE": "", "OTHER": "1"}) == Settings()


def test_every_field_can_be_set() -> None:
    given = {
        "root_page": "static",
        "site": "/srv/site",
        "warm": "no",
        "metrics": "direct",
        "frame_ancestors": "https://x.org",
        "cookie_secret": "s",
    }
    hints = get_type_hints(Settings, include_extras=True)
    given |= {name: str(hint.__metadata__[0].low) for name, hint in hints.items() if name not in given}
    read = Settings.from_environment({f"TECHNI_{name.upper()}": value for name, value in given.items()})
    assert {name: str(value) for name, value in dataclasses.asdict(read).items()} == given


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("TECHNI_ROOT_PAGE", "dead", "live or static"),
        ("TECHNI_MAX_KERNELS", "-1", "a whole number from 0"),
        ("TECHNI_IDLE_SECONDS", "ten", "a whole number from 1"),
        ("TECHNI_IDLE_SECONDS", "1e9", "a whole number from 1"),
        ("TECHNI_TRUSTED_PROXIES", "11", "from 0 to 10"),
        ("TECHNI_FRAME_ANCESTORS", "'self'\r\nX: y", "one line of text"),
    ],
)
def test_an_invalid_value_is_explained(name: str, value: str, expected: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Settings.from_environment({name: value})
    assert name in str(caught.value)
    assert repr(value) in str(caught.value)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "arguments", "words"),
    [
        ({"TECHNI_ROOT_PAGE": "dead"}, ["techni.ipynb"], "live or static"),
        ({"TECHNI_ROOT_PAGE": "static", "TECHNI_SITE": "nowhere"}, ["techni.ipynb"], "python -m gradient.publish nowhere"),
        ({}, [], "There is no notebook to serve"),
    ],
)
def test_a_server_that_cannot_start_says_why(environment: dict, arguments: list[str], words: str) -> None:
    command = [sys.executable, "-m", "gradient.server", "--port=0", "--no-browser", *arguments]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 1
    assert words in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize(
    ("settings", "memory", "kernels"),
    [
        (Settings(server_mb=200, kernel_mb=80), 512 * MB, 3),
        (Settings(server_mb=200, kernel_mb=80), 1000 * MB, 10),
        (Settings(server_mb=600, kernel_mb=80), 512 * MB, 1),
    ],
)
def test_capacity_follows_from_the_memory(settings: Settings, memory: int, kernels: int) -> None:
    assert capacity(settings, memory) == kernels
    settings = dataclasses.replace(settings, memory_mb=memory // MB)
    assert Admission(settings).capacity == kernels
    assert Admission(dataclasses.replace(settings, max_kernels=7)).capacity == 7


@pytest.mark.parametrize(
    ("membership", "files", "limit"),
    [
        ("0::/a/b\n", {"a/b/memory.max": "max", "a/memory.max": str(300 * MB)}, 300 * MB),
        ("0::/a/b\n", {"a/b/memory.max": str(200 * MB), "a/memory.max": str(300 * MB)}, 200 * MB),
        ("0::/\n", {"memory.max": str(100 * MB)}, 100 * MB),
        ("5:cpu:/x\n4:memory,hugetlb:/x\n", {"memory/x/memory.limit_in_bytes": str(150 * MB)}, 150 * MB),
        ("4:memory:/x\n", {"memory/memory.limit_in_bytes": str(1 << 62)}, None),
        ("0::/a\n", {}, None),
    ],
)
def test_the_limit_is_the_lowest_of_all_cgroups(
    membership: str, files: dict, limit: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own").write_text(membership)
    for name, content in files.items():
        (tmp_path / "cgroup" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cgroup" / name).write_text(content)
    monkeypatch.setattr(cgroups, "_OWN_CGROUPS", tmp_path / "missing")
    physical = memory_limit()
    monkeypatch.setattr(cgroups, "_OWN_CGROUPS", tmp_path / "own")
    monkeypatch.setattr(cgroups, "_CGROUPS", tmp_path / "cgroup")
    assert memory_limit() == (limit or physical)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        *((address, "1.2.3.4") for address in ("1.2.3.4", "1.2.3.4:443", "::ffff:1.2.3.4", "[::ffff:102:304]:80", " 1.2.3.4 ")),
        *((address, "2001:db8::/64") for address in ("2001:db8::1", "[2001:db8::2]", "[2001:db8::3]:443", "2001:db8::4%eth0")),
        *((address, UNKNOWN) for address in ("", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "[::1", "1.2.3.4, 5.6.7.8")),
    ],
)
def test_whatever_a_proxy_writes_is_one_client_network(address: str, network: str) -> None:
    assert client_network(address) == network


@given(st.text())
def test_any_text_is_one_client_network(text: str) -> None:
    assert client_network(text)


@pytest.mark.parametrize("text", [":" * 1_000_000 + "[", "[" + "1" * 1_000_000, "." * 1_000_000 + ":x", "%" * 1_000_000])
def test_no_address_takes_long(text: str) -> None:
    with little_processor_time():
        assert client_network(text) == UNKNOWN


def test_clients_of_unknown_addresses_have_what_one_may_have() -> None:
    limit = RateLimit(2, 60, lambda: 0.0)
    assert [limit.try_count(client_network(text)) for text in ("unknown", "_hidden", "")] == [True, True, False]


@pytest.mark.parametrize(
    ("forwarded", "trusted", "address"),
    [
        ("", 0, "10.0.0.1"),
        ("", 1, "10.0.0.1"),
        ("1.1.1.1", 0, "10.0.0.1"),
        ("1.1.1.1", 1, "1.1.1.1"),
        ("9.9.9.9, 1.1.1.1", 1, "1.1.1.1"),
        ("9.9.9.9, 1.1.1.1, 2.2.2.2", 2, "1.1.1.1"),
    ],
)
def test_only_trusted_proxies_are_believed_about_an_address(forwarded: str, trusted: int, address: str) -> None:
    headers = HTTPHeaders({"X-Forwarded-For": forwarded} if forwarded else {})
    connection = SimpleNamespace(context=SimpleNamespace(address=("10.0.0.1", 1234)))
    assert address_of(SimpleNamespace(headers=headers, connection=connection), trusted) == address  # type: ignore[arg-type]


def test_an_address_starts_no_more_kernels_in_a_minute_than_it_may() -> None:
    clock = [0.0]
    admission = Admission(Settings(starts_per_minute=2, max_kernels=1), now=lambda: clock[0])
    admission.count_start("1.1.1.1")
    clock[0] = 30.0
    admission.count_start("1.1.1.1")
    for clock[0] in (30.0, 59.0):
        with pytest.raises(AdmissionError, match="rate"):
            admission.count_start("1.1.1.1")
    admission.count_start("2.2.2.2")
    clock[0] = 60.0
    admission.count_start("1.1.1.1")
    with pytest.raises(AdmissionError, match="rate"):
        admission.count_start("1.1.1.1")


@given(st.lists(st.tuples(st.floats(0, 40), st.sampled_from("ab")), max_size=40), st.integers(1, 5))
def test_no_period_has_more_events_than_the_limit(attempts: list[tuple[float, str]], most: int) -> None:
    clock, counted = [0.0], list[tuple[float, str]]()
    limit = RateLimit(most, 60.0, now=lambda: clock[0])
    for pause, key in attempts:
        clock[0] += pause
        in_period = sum(clock[0] - time < 60.0 for time, other in counted if other == key)
        assert limit.try_count(key) == (in_period < most)
        if in_period < most:
            counted.append((clock[0], key))


@pytest.mark.parametrize(
    ("settings", "share"),
    [
        (Settings(max_kernels=1), 1),
        (Settings(max_kernels=5), 3),
        (Settings(max_kernels=8), 4),
        (Settings(max_kernels=8, kernels_per_address=7), 7),
    ],
)
def test_an_address_has_its_share_of_the_kernels(settings: Settings, share: int) -> None:
    admission = Admission(settings)
    admission.check_room(0, share - 1)
    with pytest.raises(AdmissionError, match="share" if share < admission.capacity else "full"):
        admission.check_room(share, share)


def test_an_ipv6_network_counts_as_one_address() -> None:
    admission = Admission(Settings(starts_per_minute=1, max_kernels=1))
    admission.count_start("2001:db8::1")
    with pytest.raises(AdmissionError, match="rate"):
        admission.count_start("2001:db8::2")
    admission.count_start("2001:db8:0:1::1")


def test_there_is_room_up_to_the_capacity_and_none_in_a_stopping_server() -> None:
    admission = Admission(Settings(max_kernels=2))
    admission.check_room(1)
    with pytest.raises(AdmissionError, match="full"):
        admission.check_room(2)
    admission.is_open = False
    with pytest.raises(AdmissionError, match="stopping"):
        admission.check_room(0)


CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"User-Agent": CHROME}, False),
        ({"User-Agent": IPHONE}, False),
        ({"User-Agent": CHROME.replace("Chrome", "HeadlessChrome")}, False),  # this project's own tests
        ({"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}, False),
        ({"User-Agent": "Mozilla/5.0 (Linux; Android 15; CUBOT X30) Chrome/140.0 Mobile Safari/537.36"}, False),
        *(
            ({"User-Agent": agent}, True)
            for agent in (
                "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
                "Mozilla/5.0 (compatible; bingbot/2.0)",
                "Twitterbot/1.0",
                "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
                "facebookexternalhit/1.1",
                "WhatsApp/2.23",
                "TelegramBot (like TwitterBot)",
                "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
                "LinkedInBot/1.0",
                "Mastodon/4.3 (http.rb/5.2; +https://mastodon.social/) Bot",
                "curl/8.10.1",
                "python-requests/2.32",
                "UptimeRobot/2.0",
                "kube-probe/1.31",
                "ELB-HealthChecker/2.0",
                "Mozilla/5.0 (Linux; Android 6.0.1) Chrome/140.0 Mobile Safari/537.36 (compatible; GoogleOther)",
                "GoogleOther",
                "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Google-InspectionTool/1.0",
                "Mediapartners-Google",
                "Mozilla/5.0 (compatible; Yahoo Ad monitoring)",
                "Some Reader (+https://reader.example)",
                "Mozilla/5.0 (+http://reader.example/about)",
                "cardyb/1.1",
                "Pleroma 2.6; https://social.example <a@social.example>",
                "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); ChatGPT-User/1.0",
                "Claude-User/1.0",
            )
        ),
    ],
)
def test_robots_are_known(headers: dict[str, str], expected: bool) -> None:
    assert is_robot(asking(headers)) is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Accept": "text/html,*/*;q=0.8"}, True),
        ({"Accept": "*/*"}, False),
        ({"Accept": "text/html", "Sec-Purpose": "prefetch;prerender"}, False),
        ({"Accept": "text/html", "Purpose": "prefetch"}, False),
        ({"Accept": "text/html", "X-Purpose": "preview"}, False),
    ],
)
def test_a_prefetch_is_not_a_visit(headers: dict[str, str], expected: bool) -> None:
    assert is_visit(asking(headers)) is expected


def asking(headers: dict[str, str]) -> Any:
    return SimpleNamespace(request=SimpleNamespace(headers=HTTPHeaders(headers)))


def test_simultaneous_requests_compress_a_page_once(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("<html><head></head><body></body></html>")

    async def ask() -> list[EncodedPage]:
        site = Site(tmp_path, "/", "/live")
        return await asyncio.gather(*(site.page("full", "en", accepted="br") for _ in range(3)))

    with ThreadPoolExecutor(1) as thread:  # the browser of other tests has a loop in this one
        pages = thread.submit(asyncio.run, ask()).result()
    assert len({id(page.body) for page in pages}) == 1
    assert pages[0].encoding == "br"


def test_socket_paths_are_short_enough_for_the_system(tmp_path: Path) -> None:
    short, long = "/tmp", tmp_path / ("x" * 60)
    long.mkdir()
    assert socket_folder((short, str(long))) == (short, "ipc")
    assert socket_folder((str(long), short)) == (short, "ipc")
    assert socket_folder((str(long), "/nowhere")) == (str(long), "tcp")
