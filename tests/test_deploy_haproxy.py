"""Three replicas behind deploy/haproxy.cfg: visitors keep their pages when one is killed, and in a rolling restart."""

import csv
import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Playwright, Route, expect

from tests.app_page import LOAD_MS, AppPage
from tests.conftest import PYTHONPATH, ROOT, SIZES, Server, free_port, serve
from tests.deployment import haproxy_program
from tests.processes import end, eventually
from tests.server import BROWSER, ask
from tests.test_lost import LINE, change_controls, expect_controls

REPLICAS = ("one", "two", "three")
UNIT = (ROOT / "deploy" / "techni@.service").read_text()


class Cluster:
    """The three replicas and their proxy.

    Attributes:
        url: of the proxy.
        servers: the replicas by name.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ports = {name: free_port() for name in REPLICAS}
        self._running = {name: ExitStack() for name in REPLICAS}
        self._proxy = ExitStack()
        self.servers: dict[str, Server] = {}
        self.url = ""

    def start(self, name: str) -> None:
        """Starts a replica with the command and the environment of its unit, and waits until it is ready."""
        port = self._ports[name]
        command = shlex.split(re.findall(r"^ExecStart=(.*)$", UNIT, re.MULTILINE)[0].replace("%i", str(port)))
        variables = dict(re.findall(r"^Environment=(\w+)=(.*)$", UNIT, re.MULTILINE))
        own = {"TECHNI_COOKIE_SECRET": "of the file that the unit names", "PYTHONPATH": PYTHONPATH}
        own |= {"TECHNI_STARTS_PER_MINUTE": "0", "TECHNI_MAX_KERNELS": "10", "TECHNI_KERNELS_PER_ADDRESS": "10"}
        replica = serve([sys.executable, *command[1:]], f"http://127.0.0.1:{port}/", "is running at", ROOT, **variables, **own)
        server = self.servers[name] = self._running[name].enter_context(replica)
        eventually(lambda: ask(f"{server.url}readyz").status == 200)

    def stop(self, name: str, number: int) -> None:
        """Ends a replica with a signal, and waits until it has ended."""
        end(self.servers[name].process.pid, number)
        self._running[name].close()

    def start_proxy(self, haproxy: str) -> None:
        """Starts HAProxy with the file that operators copy."""
        http, https = free_port(), free_port()
        environment = {"HTTP": f"127.0.0.1:{http}", "HTTPS": f"127.0.0.1:{https}", "ADMIN": str(self._folder / "admin.sock")}
        environment["CERTIFICATE"] = str(certificate(self._folder))
        for number, name in enumerate(REPLICAS, start=1):
            environment[f"REPLICA_{number}"] = f"127.0.0.1:{self._ports[name]}"
        self.url = f"https://127.0.0.1:{https}/"
        command = [haproxy, "-W", "-f", "deploy/haproxy.cfg"]
        self._proxy.enter_context(serve(command, self.url, "Loading success", ROOT, **environment))
        eventually(lambda: set(self.states().values()) == {"UP"})

    def command(self, text: str) -> str:
        """What HAProxy answers to a command."""
        with socket.socket(socket.AF_UNIX) as admin:
            admin.connect(str(self._folder / "admin.sock"))
            admin.sendall(f"{text}\n".encode())
            return b"".join(iter(lambda: admin.recv(1 << 16), b"")).decode()

    def states(self) -> dict[str, str]:
        """The state of each replica, as HAProxy reports it."""
        rows = csv.DictReader(self.command("show stat").removeprefix("# ").splitlines())
        return {row["svname"]: row["status"] for row in rows if row["svname"] in REPLICAS}

    def close(self) -> None:
        """Ends everything."""
        self._proxy.close()
        for running in self._running.values():
            running.close()


def certificate(folder: Path) -> Path:
    """A certificate and its key in one file, as HAProxy wants them."""
    key, signed, both = folder / "key.pem", folder / "signed.pem", folder / "both.pem"
    kind = [
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=127.0.0.1",
    ]
    subprocess.run(["openssl", "req", *kind, "-keyout", key, "-out", signed], check=True, capture_output=True)
    both.write_text(signed.read_text() + key.read_text())
    return both


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Three replicas behind HAProxy."""
    program, made = haproxy_program(), Cluster(tmp_path_factory.mktemp("haproxy"))
    try:
        for name in REPLICAS:
            made.start(name)
        made.start_proxy(program)
        yield made
    finally:
        made.close()


@pytest.fixture
def contexts(browser: Browser) -> Iterator[list[BrowserContext]]:
    """Three visitors' browsers, in which nothing fails but connections to a replica that is gone."""
    complaints: list[str] = []
    made = [browser.new_context(**SIZES["wide"], ignore_https_errors=True) for _ in REPLICAS]
    for context in made:
        context.on("console", lambda message: complaints.append(message.text) if _is_complaint(message) else None)
        context.on("weberror", lambda error: complaints.append(f"{error.error.stack}"))
    yield made
    for context in made:
        context.close()
    assert not complaints


def _is_complaint(message: ConsoleMessage) -> bool:
    return message.type == "error" and not re.search("ERR_|WebSocket connection|status of (404|503)", message.text)


def replica_of(app: AppPage) -> str:
    """The replica that a page belongs to."""
    (name,) = [cookie["value"] for cookie in app.page.context.cookies() if cookie["name"] == "techni_replica"]
    return name


def expect_live(app: AppPage) -> None:
    """The page has its kernel, which computes."""
    app.compute_in("server")
    before = app.seen()
    app.press("Initial b", "ArrowRight")
    app.press("Initial b", "ArrowLeft")
    app.press("Learning rate", "ArrowRight", 2)
    app.wait_for_change(before, "curve", "fit")
    expect(app.page.locator(LINE)).to_be_hidden()
    app.compute_in("browser")


def expect_carrying_on(app: AppPage) -> None:
    """The page says that it has lost its server, and its slider moves the curve."""
    expect(app.page.locator(LINE)).to_be_visible(timeout=LOAD_MS)
    before = app.seen()
    app.press("Learning rate", "ArrowRight", 2)
    app.wait_for_change(before, "curve", "fit", "gradient_norm")
    app.press("Learning rate", "ArrowLeft", 2)
    app.wait("s.loss === arg.loss", arg=before)


@pytest.mark.soak
def test_a_killed_replica_takes_no_page_away(cluster: Cluster, contexts: list[BrowserContext]) -> None:
    apps = {replica_of(app): app for app in (AppPage.open(context.new_page(), cluster.url) for context in contexts)}
    assert set(apps) == set(REPLICAS), "Each replica should have got one of the three visitors."
    orphan = apps.pop("two")
    change_controls(orphan)
    before = orphan.settled()
    cluster.stop("two", signal.SIGKILL)
    for app in apps.values():
        expect_live(app)
    expect_carrying_on(orphan)
    orphan.page.reload(timeout=LOAD_MS)
    expect_controls(orphan, before)
    assert replica_of(orphan) in apps
    expect_live(orphan)
    cluster.start("two")
    eventually(lambda: cluster.states()["two"] == "UP")


def expect_admitted(playwright: Playwright, cluster: Cluster, closed: str) -> None:
    """A new visitor gets a page with a kernel, from another replica than the closed one."""
    newcomer = playwright.request.new_context(ignore_https_errors=True, extra_http_headers=BROWSER)
    answer = newcomer.get(cluster.url)
    assert answer.status == 200
    assert '"kernelId"' in answer.text()
    found = re.search("techni_replica=(\\w+)", answer.headers["set-cookie"])
    assert found
    assert found[1] != closed
    newcomer.dispose()


def half_loaded(context: BrowserContext, url: str) -> tuple[AppPage, Callable[[], None]]:
    """A page whose HTML has arrived, but not its script; and a function that lets the script through."""
    held: list[Route] = []
    context.route(re.compile("/bundle[.]"), lambda route: held.append(route), times=1)  # noqa: PLW0108
    page = context.new_page()
    page.goto(url, wait_until="commit")
    eventually(lambda: page.evaluate("1") and held)
    return AppPage(page), held[0].continue_


@pytest.mark.soak
def test_a_rolling_restart_loses_no_page(cluster: Cluster, contexts: list[BrowserContext], playwright: Playwright) -> None:
    """Neither an open page, nor one that is loading, nor one that is requested meanwhile."""
    apps = [AppPage.open(context.new_page(), cluster.url) for context in contexts[1:]]
    loading, go_on = half_loaded(contexts[0], cluster.url)
    first = replica_of(loading)
    cluster.command(f"set server replicas/{first} state maint")
    go_on()
    loading.wait_until_drawn()
    assert replica_of(loading) == first
    expect_live(loading)
    for name in sorted(REPLICAS, key=lambda name: name != first):
        restart(cluster, name, playwright)
    for app in [*apps, loading]:
        expect_carrying_on(app)
        app.press("Steps", "ArrowRight", 20)
        app.wait("s.step === '50'")
        app.page.reload(timeout=LOAD_MS)
        app.wait("s.step === '50'", timeout=LOAD_MS)
        expect_live(app)


def restart(cluster: Cluster, name: str, playwright: Playwright) -> None:
    """What an operator does with one replica after the other."""
    cluster.command(f"set server replicas/{name} state maint")
    expect_admitted(playwright, cluster, name)
    cluster.stop(name, signal.SIGTERM)
    expect_admitted(playwright, cluster, name)
    cluster.start(name)
    cluster.command(f"set server replicas/{name} state ready")
    eventually(lambda: cluster.states()[name] == "UP")
