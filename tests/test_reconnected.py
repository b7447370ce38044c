"""A connection that breaks and comes back: what the visitor moved meanwhile is kept, on the page and in the kernel."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, WebSocketRoute, expect

from tests.app_page import LOAD_MS, AppPage
from tests.test_lost import ALL, LINE, without


class Cable:
    """The page's connection to its kernel, which can lose messages and be cut."""

    def __init__(self, context: BrowserContext) -> None:
        self.is_whole = self.is_passing = True
        self._sockets: list[WebSocketRoute] = []
        context.route_web_socket(re.compile("/channels"), self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        if not self.is_whole:
            socket.close()
            return
        server = socket.connect_to_server()
        self._sockets += [socket, server]
        socket.on_message(lambda message: self._pass_on(message, server))
        server.on_message(lambda message: self._pass_on(message, socket))

    def _pass_on(self, message: str | bytes, to: WebSocketRoute) -> None:
        if self.is_passing:
            to.send(message)

    def drop(self) -> None:
        """Loses every message from now on, like a network that is gone before either end notices."""
        self.is_passing = False

    def cut(self) -> None:
        self.is_whole = False
        for socket in self._sockets:
            socket.close()
        self._sockets = []

    def repair(self) -> None:
        self.is_whole = self.is_passing = True


@pytest.fixture(scope="module")
def connected(browser: Browser, request: pytest.FixtureRequest) -> Iterator[tuple[AppPage, Cable]]:
    """A server's page and its connection, in which alone anything fails."""
    server, url = request.param, request.getfixturevalue(request.param).url
    # Every message makes a detour through this process, so that a model may come late; `views/shell.js` patches that.
    with without(browser, "ERR_|WebSocket connection|widget model not found") as context:
        cable, page = Cable(context), context.new_page()
        app = AppPage.open_lab(page, f"{url}techni.ipynb") if server == "lab" else AppPage.open(page, url)
        yield app, cable
        app.compute_in("browser")  # otherwise the page switches to the browser, and can no longer tell its kernel
        if server == "lab":
            app.shut_down()


@pytest.fixture
def cable(connected: tuple[AppPage, Cable]) -> Cable:
    return connected[1]


@pytest.fixture
def app(connected: tuple[AppPage, Cable]) -> AppPage:
    app = connected[0]
    app.compute_in("browser")
    app.reset()
    return app


def move_without_connection(app: AppPage, cable: Cable, names: tuple[str, ...]) -> dict[str, Any]:
    """Moves these sliders, before the page notices that its connection is gone, and after. Returns what it shows then."""
    cable.drop()
    for name in names:
        app.press(name, "ArrowRight", 2)
    cable.cut()
    expect(app.page.locator(LINE)).to_be_visible()
    before = app.seen()
    for name in names:
        app.press(name, "ArrowRight", 3)
    app.wait_for_change(before, *ALL)
    return app.seen()


def reconnect(app: AppPage, cable: Cable) -> None:
    cable.repair()
    expect(app.page.locator(LINE)).to_be_hidden(timeout=LOAD_MS)
    app.settle()


# The hardened server drops what a page did not receive. Voilà sends it again.
@pytest.mark.parametrize(
    ("connected", "where"),
    [
        ("hardened_server", "server"),
        *(
            pytest.param(server, where, marks=pytest.mark.soak)
            for server, where in (("hardened_server", "browser"), ("voila", "browser"), ("voila", "server"), ("lab", "browser"))
        ),
    ],
    indirect=["connected"],
    scope="module",
)
def test_what_was_moved_without_a_connection_is_kept(app: AppPage, cable: Cable, where: str) -> None:
    app.compute_in(where)
    names = ("Learning rate", "Initial w", "Steps")
    lost = move_without_connection(app, cable, names)
    values = [app.value(name) for name in names]
    reconnect(app, cable)
    assert [app.value(name) for name in names] == values
    app.wait("s.loss === arg.loss && s.step === arg.step && s.sentence === arg.sentence", arg=lost)
    app.compute_in("server")  # whose kernel has the same values
    app.wait("s.loss === arg.loss && s.step === arg.step && s.sentence === arg.sentence", arg=lost)
    before = app.seen()
    app.press("Learning rate", "ArrowLeft", 2)
    app.wait_for_change(before, *ALL)


@pytest.mark.parametrize("connected", ["hardened_server"], indirect=True, scope="module")
def test_the_path_is_drawn_although_the_kernel_takes_it_for_hidden(app: AppPage, cable: Cable) -> None:
    """As when a phone without a connection is unlocked: the message that the page is visible is lost."""
    show = "(state) => { Object.defineProperty(document, 'hidden', { value: state, configurable: true });"
    show += "document.dispatchEvent(new Event('visibilitychange')); }"
    app.page.evaluate(show, True)
    app.settle()
    cable.drop()
    app.page.evaluate(show, False)
    cable.cut()
    expect(app.page.locator(LINE)).to_be_visible()
    reconnect(app, cable)
    before = app.seen()
    app.press("Learning rate", "ArrowRight", 2)
    app.wait_for_change(before, *ALL)
    app.compute_in("server")
    before = app.seen()
    app.press("Learning rate", "ArrowRight", 2)
    app.wait_for_change(before, *ALL)
