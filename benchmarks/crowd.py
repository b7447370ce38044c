"""A crowd of visitors: each opens the page, moves a slider for some seconds, and leaves.

Most are programs that send what a page sends, over HTTP and the kernel's websocket. A few are pages in Chromium.
"""

import asyncio
import itertools
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urljoin

from playwright.async_api import Browser, Page
from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from tests.visitor import PATIENCE, Visitor, fetch, update

PARALLEL_DOWNLOADS = 6  # as in a browser
PAUSE_SECONDS = 0.05  # from the answer to a move to the next move
SLIDER = "Learning rate"
DRAWN = "() => document.querySelector('.techni-loss g.curve path.line')?.getAttribute('d')?.length > 100"


@dataclass
class Visit:
    """The result of a visit.

    Attributes:
        kind: of the page: "live" with a kernel, "static" without; "" if none came.
        error: the first error, or "".
        page_seconds: until the page's HTML had arrived.
        moves: seconds from each move of a slider to the kernel's answer, or to the curve on a real page.
        is_real: whether the visitor was a page in a browser.
    """

    kind: str = ""
    error: str = ""
    page_seconds: float = 0.0
    moves: list[float] = field(default_factory=list)
    is_real: bool = False


async def arrivals(
    url: str, assets: list[str], num: int, within: float, seconds: float, browser: Browser, num_real: int
) -> list[Visit]:
    """Sends visitors at equal intervals over `within` seconds.

    Args:
        url: of the page.
        assets: addresses that a page with a kernel loads after its HTML.
        num: of visitors, `num_real` of whom are pages in a browser, evenly spread among the others.
        seconds: for which each moves a slider.
    """
    real = {num * (2 * i + 1) // (2 * num_real) for i in range(num_real)}
    start = time.perf_counter()
    visits = []
    for number in range(num):
        await asyncio.sleep(start + within * number / num - time.perf_counter())
        one = real_visit(url, browser, seconds) if number in real else visit(url, assets, number, seconds)
        visits.append(asyncio.create_task(one))
    return await asyncio.gather(*visits)


async def visit(url: str, assets: list[str], number: int, seconds: float) -> Visit:
    """A visitor without a browser. Every tenth one leaves without ending its kernel, like a phone that loses its network."""
    result = Visit()
    address = {"X-Forwarded-For": f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"}
    try:
        start = time.perf_counter()
        page = await fetch(url, headers=address)
        result.page_seconds = time.perf_counter() - start
        _expect_ok(page)
        html = page.body.decode()
        kernel = re.search(r'"kernelId":\s*"([^"]+)"', html)
        result.kind = page_kind(html)
        await _download(url, assets if kernel else static_assets(html))
        if kernel:
            cookies = [line.partition(";")[0] for line in page.headers.get_list("Set-Cookie")]
            guest = Guest(url, kernel[1], "; ".join(cookies))
            await guest.stay(result, seconds, ends_kernel=number % 10 != 9)
        else:
            await asyncio.sleep(seconds)  # the page asks the server for nothing, whatever is moved
    except Exception as error:  # of any kind, as it is what the visitor got
        result.error = f"{type(error).__name__}: {error}"[:200]
    return result


def page_kind(html: str) -> str:
    """Which of the two pages this is; `RuntimeError` if it is neither, or not complete."""
    for kind, sign in (("live", '"kernelId"'), ("static", 'data-voila="static"')):
        if sign in html and html.rstrip().endswith("</html>"):
            return kind
    raise RuntimeError(f"The server has sent neither page, but {len(html)} characters: {html[:80]!r}")


class Guest(Visitor):
    """A visitor whose page computes in the browser."""

    async def stay(self, result: Visit, seconds: float, ends_kernel: bool) -> None:
        """Connects, moves a slider as fast as the kernel answers, and leaves."""
        self.socket = await self.connect()
        await self._restore()
        slider = self.model(description=SLIDER)
        end = time.perf_counter() + seconds
        for value in itertools.cycle((0.05, 0.1, 0.15, 0.2)):
            if time.perf_counter() > end:
                break
            result.moves.append(await self._echo(slider, value))
            await asyncio.sleep(PAUSE_SECONDS)
        if ends_kernel:
            shutdown = f"{self.url}voila/api/shutdown/{self.kernel_id}"
            await fetch(shutdown, self.cookie, method="POST", body=b"")
        self.socket.close()

    async def _echo(self, slider: str, value: float) -> float:
        """Moves the slider; returns the seconds until the kernel has echoed the value."""
        start = time.perf_counter()
        await self.say(update(slider, value=value))
        while True:
            content = (await self.hear()).content
            if content.get("comm_id") == slider and content["data"]["method"] == "echo_update":
                return time.perf_counter() - start


def static_assets(html: str) -> list[str]:
    """What the static page loads."""
    return sorted(set(re.findall(r'(?:src|href)="([^":]*assets/[^"]+)"', html)))


async def _download(url: str, assets: Iterable[str]) -> None:
    """Downloads files as a browser with an empty cache does."""
    slots = asyncio.Semaphore(PARALLEL_DOWNLOADS)

    async def download(asset: str) -> None:
        async with slots:
            encodings = {"Accept-Encoding": "gzip, br", "Accept": "*/*"}
            _expect_ok(await fetch(urljoin(url, asset), headers=encodings, decompress_response=False))

    await asyncio.gather(*map(download, assets))


def _expect_ok(response: HTTPResponse) -> None:
    if response.code != 200:
        raise RuntimeError(f"{response.code} for {response.effective_url}")


async def real_visit(url: str, browser: Browser, seconds: float) -> Visit:
    """A page in Chromium, whose slider is moved by keys."""
    result = Visit(is_real=True)
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    try:
        page = await context.new_page()
        page.on("pageerror", lambda error: setattr(result, "error", str(error)[:200]))
        start = time.perf_counter()
        await page.goto(url, timeout=PATIENCE * 1000)
        result.page_seconds = time.perf_counter() - start
        result.kind = "live" if await page.locator("#jupyter-config-data").count() else "static"
        await page.wait_for_function(DRAWN, timeout=PATIENCE * 1000)
        result.moves = await _press_keys(page, seconds)
    except Exception as error:
        result.error = f"{type(error).__name__}: {error}"[:200]
    finally:
        await context.close(reason="the visitor leaves")
    return result


async def _press_keys(page: Page, seconds: float) -> list[float]:
    """Moves the slider back and forth; returns the seconds from each key to the new curve, as the page measures them."""
    await page.evaluate(_MEASURE)
    await page.get_by_role("slider", name=SLIDER, exact=True).focus()
    end = time.perf_counter() + seconds
    for count, key in enumerate(itertools.cycle(["ArrowRight"] * 10 + ["ArrowLeft"] * 10), start=1):
        if time.perf_counter() > end:
            break
        await page.keyboard.press(key)
        await page.wait_for_function("(count) => window.techniMoves.length >= count", arg=count, timeout=PATIENCE * 1000)
        await asyncio.sleep(PAUSE_SECONDS)
    return [milliseconds / 1000 for milliseconds in await page.evaluate("window.techniMoves")]


# The milliseconds from each key's event to the change of the curve.
_MEASURE = """() => {
  window.techniMoves = [];
  let pressed = 0;
  addEventListener("keydown", (event) => { pressed = event.timeStamp; }, true);
  const curve = document.querySelector(".techni-loss g.curve path.line");
  new MutationObserver(() => {
    if (pressed) window.techniMoves.push(performance.now() - pressed);
    pressed = 0;
  }).observe(curve, { attributeFilter: ["d"] });
}"""


async def assets_of(url: str, browser: Browser) -> list[str]:
    """The paths of what a page with a kernel loads from its server after its HTML."""
    context = await browser.new_context()
    page = await context.new_page()
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    await page.goto(url, timeout=PATIENCE * 1000)
    await page.wait_for_function(DRAWN, timeout=PATIENCE * 1000)
    await context.close()
    loaded = [address.removeprefix(url) for address in requested if address.startswith(url)]
    return [path for path in loaded if path and "api/" not in path]


def allow_many_connections(num: int) -> None:
    """Allows Tornado's client this many simultaneous requests."""
    AsyncHTTPClient.configure(None, max_clients=num, defaults={"connect_timeout": PATIENCE})
