"""One small driver for each browser engine, so that one test of the page runs in all of them."""

import contextlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import websocket
from playwright.sync_api import Browser, Page
from selenium import webdriver
from selenium.common.exceptions import NoSuchFrameException
from selenium.webdriver.remote.command import Command

from benchmarks.minibrowser import minibrowser
from tests.conftest import SIZES, is_error, serve

PATIENCE_SECONDS = 60
ARROW_RIGHT = "\ue014"  # WebDriver's name of the key
Point = tuple[int, int]
Actions = list[dict[str, Any]]


class Driver(Protocol):
    """A page in a browser."""

    @property
    def complaints(self) -> list[str]:
        """The errors on its console."""

    def open(self, url: str) -> None:
        """Goes to a page, and waits until it has loaded."""

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript, by way of JSON."""

    def press_arrow_right(self) -> None:
        """Presses and releases the key on whatever has the focus."""

    def drag(self, points: Sequence[Point]) -> None:
        """Drags from the first point of the window to the last."""


class Chromium:
    """Chromium, by Playwright."""

    def __init__(self, page: Page) -> None:
        self._page, self.complaints = page, list[str]()
        page.on("console", lambda message: self.complaints.append(message.text) if is_error(message) else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def open(self, url: str) -> None:
        self._page.goto(url, timeout=1000 * PATIENCE_SECONDS)

    def evaluate(self, expression: str) -> Any:
        return self._page.evaluate(expression)

    def press_arrow_right(self) -> None:
        self._page.keyboard.press("ArrowRight")

    def drag(self, points: Sequence[Point]) -> None:
        self._page.mouse.move(*points[0])
        self._page.mouse.down()
        for point in points[1:]:
            self._page.mouse.move(*point)
        self._page.mouse.up()


class Firefox:
    """Firefox, by WebDriver BiDi."""

    def __init__(self, url: str) -> None:
        self._socket = websocket.create_connection(url, timeout=PATIENCE_SECONDS, suppress_origin=True)
        self._num_calls, self.complaints = 0, list[str]()
        self._call("session.new", capabilities={})
        self._call("session.subscribe", events=["log.entryAdded"])
        self._context = self._call("browsingContext.getTree")["contexts"][0]["context"]
        self._call("browsingContext.setViewport", context=self._context, viewport=SIZES["wide"]["viewport"])

    def open(self, url: str) -> None:
        self._call("browsingContext.navigate", context=self._context, url=url, wait="complete")

    def evaluate(self, expression: str) -> Any:
        target = {"context": self._context}
        answer = self._call("script.evaluate", expression=f"JSON.stringify({expression})", target=target, awaitPromise=True)
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    def press_arrow_right(self) -> None:
        self._call("input.performActions", context=self._context, actions=_pressing(ARROW_RIGHT))

    def drag(self, points: Sequence[Point]) -> None:
        self._call("input.performActions", context=self._context, actions=_dragging(points))

    def close(self) -> None:
        self._socket.close()

    def _call(self, method: str, **params: Any) -> Any:
        """Calls a method, and notes the errors on the console that are reported before the answer."""
        self._num_calls += 1
        self._socket.send(json.dumps({"id": self._num_calls, "method": method, "params": params}))
        while (message := json.loads(self._socket.recv())).get("id") != self._num_calls:
            if message.get("method") == "log.entryAdded" and message["params"]["level"] == "error":
                self.complaints.append(message["params"]["text"])
        if message["type"] == "error":
            raise RuntimeError(f"{method}: {message['message']}")
        return message["result"]


class WebKit:
    """WebKitGTK's MiniBrowser, by Selenium.

    It reports nothing of its console, so the page itself notes its errors, from as early as the driver reaches it.
    """

    _LISTEN = """if (!window.complaints) {
      window.complaints = [];
      const { error } = console;
      console.error = (...words) => { complaints.push(words.join(" ")); error(...words); };
      addEventListener("error", (event) => complaints.push(event.message));
      addEventListener("unhandledrejection", (event) => complaints.push(String(event.reason)));
    }
    return document.readyState === "complete" && location.href !== "about:blank";"""

    def __init__(self, driver: webdriver.WebKitGTK) -> None:
        self._driver = driver
        driver.set_window_size(*SIZES["wide"]["viewport"].values())

    @property
    def complaints(self) -> list[str]:
        return self.evaluate("complaints")

    def open(self, url: str) -> None:
        self._driver.get(url)
        while not self._has_loaded():
            pass

    def _has_loaded(self) -> bool:
        """Whether the page has loaded, and notes its errors."""
        with contextlib.suppress(NoSuchFrameException):  # of the page before it, which has just gone
            return self._driver.execute_script(self._LISTEN)
        return False

    def evaluate(self, expression: str) -> Any:
        return json.loads(self._driver.execute_script(f"return JSON.stringify({expression}) ?? 'null'"))

    def press_arrow_right(self) -> None:
        self._driver.execute(Command.W3C_ACTIONS, {"actions": _pressing(ARROW_RIGHT)})

    def drag(self, points: Sequence[Point]) -> None:
        self._driver.execute(Command.W3C_ACTIONS, {"actions": _dragging(points)})


def _pressing(key: str) -> Actions:
    return [{"type": "key", "id": "keyboard", "actions": [{"type": kind, "value": key} for kind in ("keyDown", "keyUp")]}]


def _dragging(points: Sequence[Point]) -> Actions:
    moves: Actions = [{"type": "pointerMove", "x": x, "y": y, "duration": 0} for x, y in points]
    moves[1:1] = [{"type": "pointerDown", "button": 0}]
    return [{"type": "pointer", "id": "mouse", "actions": [*moves, {"type": "pointerUp", "button": 0}]}]


@contextlib.contextmanager
def chromium(browser: Browser) -> Iterator[Driver]:
    """A page of its own in the browser of all tests."""
    with browser.new_context(**SIZES["wide"]) as context:
        yield Chromium(context.new_page())


@contextlib.contextmanager
def firefox() -> Iterator[Driver]:
    """A Firefox with an empty profile."""
    program = next(filter(None, map(shutil.which, ("firefox-esr", "firefox"))), None)
    assert program, "There is no Firefox: run tests/install_browsers.sh."
    listening = "WebDriver BiDi listening on "
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [program, "--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"]
        with serve(command, "", listening, HOME=profile) as process:
            (address,) = re.findall(rf"{listening}(\S+)", process.log)
            with contextlib.closing(Firefox(f"{address}/session")) as driver:
                yield driver


@contextlib.contextmanager
def webkit() -> Iterator[Driver]:
    """A MiniBrowser on a screen that nobody sees."""
    with minibrowser() as driver:
        yield WebKit(driver)


ENGINES: dict[str, Any] = {"firefox": firefox, "webkit": webkit}


def driver_of(engine: str, browser: Browser) -> AbstractContextManager[Driver]:
    """A driver of an engine by its name: chromium, firefox or webkit."""
    return chromium(browser) if engine == "chromium" else ENGINES[engine]()
