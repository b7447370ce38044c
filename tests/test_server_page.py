"""The hardened server's pages in a real browser: live, static, and when the server is full; and how their kernels end."""

import re
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Route, expect

from tests.app_page import LOAD_MS, AppPage
from tests.conftest import BIN, LATE, NEVER_IDLE, ROOT, SIZES, Server, free_port, serve, watched
from tests.processes import children, command_of, eventually
from tests.server import BROWSER, WITH_HOOKS, ask, leave, let_time_pass, metrics, stopped_by, visit, wait_until_ready

NUM_TEXTS = sum(cell.cell_type == "markdown" for cell in nbformat.read(ROOT / "techni.ipynb", as_version=4).cells)
ALL = ("curve", "fit", "field", "gradient_norm")

# What libraries print: webpack about versions, JupyterLab about its socket, ipympl about messages it does not know, and
# ipywidgets on a busy machine.
REMARKS = rf"Unsatisfied version|No satisfying version|Starting WebSocket|No handler for the '\w+' message type|.*{LATE}"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that must contact no other host, and whose console may show only what libraries print."""
    said: list[str] = []
    foreign: list[str] = []
    with watched(browser.new_context(**SIZES["wide"])) as context:
        context.on("console", lambda message: None if re.match(REMARKS, message.text) else said.append(message.text))
        context.on("request", lambda request: None if is_own(request.url) else foreign.append(request.url))
        yield context
        assert (said, foreign) == ([], [])


def is_own(url: str) -> bool:
    return re.match(r"(blob:)?(http|ws)://127\.0\.0\.1:|data:", url) is not None


def live_kernels(server: Server) -> float:
    return metrics(server)["techni_kernels_live"]


@pytest.fixture(scope="module")
def procfile(site_folder: Path) -> Iterator[Server]:
    """A server with room for one kernel, started the way Heroku does, by honcho."""
    port = free_port()
    command = [str(BIN / "honcho"), "start", "--port", str(port), "web"]
    environment = {"TECHNI_SITE": str(site_folder), "TECHNI_MAX_KERNELS": "1", "TECHNI_IDLE_SECONDS": "90"}
    environment |= {"TECHNI_STARTS_PER_MINUTE": "0", "PYTHONPATH": WITH_HOOKS}
    with serve(command, f"http://127.0.0.1:{port}/", "is running at", ROOT, **environment) as server:
        wait_until_ready(server)
        yield server
        assert not server.has_traceback, server.log


@pytest.fixture
def roomy(procfile: Server) -> Server:
    """The same server, without a kernel: those of earlier tests have ended."""
    end_kernels(procfile)
    return procfile


def process_of(pid: int) -> int:
    """The server's own process, given one that has started it."""
    return pid if command_of(pid).split()[1:3] == ["-m", "gradient.server"] else process_of(*children(pid))


def end_kernels(server: Server) -> None:
    """The kernel that nobody uses ends, after some time that passes at once."""

    def has_ended() -> bool:
        let_time_pass(process_of(server.process.pid))
        return live_kernels(server) == 0

    eventually(has_ended)


@pytest.fixture(scope="module")
def static_root(site_folder: Path) -> Iterator[Server]:
    with stopped_by(signal.SIGINT, TECHNI_SITE=str(site_folder), TECHNI_ROOT_PAGE="static") as server:
        yield server
        assert visit(f"{server.url}live").kernel  # which the server ends when it is stopped


def culled(server: Server) -> dict[str, float]:
    """How many kernels the server itself has ended, by the reason."""
    return {name: number for name, number in metrics(server).items() if name.startswith("techni_kernels_culled_total")}


def test_the_procfile_serves_the_live_page(context: BrowserContext, roomy: Server) -> None:
    app = AppPage.open(context.new_page(), roomy.url)
    expect(app.page).to_have_title("Gradient descent")
    before = app.seen()
    app.press("Learning rate", "ArrowRight", 3)
    app.wait_for_change(before, *ALL)
    app.compute_in("server")
    before = app.seen()
    app.press("Learning rate", "ArrowLeft", 2)
    app.wait_for_change(before, *ALL)
    assert live_kernels(roomy) == 1
    app.page.close()


def test_a_page_whose_kernel_ended_before_its_scripts_loaded_says_so_and_closing_it_ends_the_next_one(
    browser: Browser, roomy: Server
) -> None:
    held: list[Route] = []
    has_ended = threading.Event()

    def hold(route: Route) -> None:
        if has_ended.is_set():  # the request has come late
            route.continue_()
        else:
            held.append(route)

    # Unwatched: the browser prints an error for each request that fails, and so do ipywidgets' models that Voilà closes while
    # the page goes.
    page_context = browser.new_context(**SIZES["wide"])
    page_context.add_init_script(NEVER_IDLE)
    page = page_context.new_page()
    page.route(re.compile("/bundle"), hold)
    page.goto(roomy.url, wait_until="commit")
    # All of it is there: time that passes while a page is sent ends its connection.
    expect(page.locator(".jp-MarkdownCell")).to_have_count(NUM_TEXTS, timeout=LOAD_MS)
    end_kernels(roomy)
    has_ended.set()
    for route in held:
        route.continue_()
    expect(page.get_by_role("alert")).to_have_text(re.compile("could not be completed"))
    with page.expect_navigation(wait_until="commit"):
        page.unroute(re.compile("/bundle"))
        page.get_by_role("link", name="Load it again").click()
    app, before = AppPage(page), culled(roomy)
    app.wait_until_drawn()
    app.compute_in("server")
    assert live_kernels(roomy) == 1
    with page.expect_event("close"):
        page.close(run_before_unload=True)
    eventually(lambda: live_kernels(roomy) == 0)
    assert culled(roomy) == before, "The page's farewell has not ended the kernel."
    page_context.close()


def test_a_visitor_of_a_full_server_has_a_working_page_and_gets_a_kernel_later(context: BrowserContext, roomy: Server) -> None:
    first = visit(roomy.url)
    assert first.kernel
    app = AppPage.open(context.new_page(), roomy.url)
    notice = app.page.locator(".techni-notice")
    expect(notice).to_contain_text("All kernels are in use at the moment. Everything on this page works in your browser.")
    app.choose("Problem", "Line")
    before = app.seen()
    app.press("Learning rate", "ArrowRight", 2)
    app.wait_for_change(before, "curve", "fit", "gradient_norm")
    expect(app.page.get_by_role("radio", name="server")).to_have_count(0)
    assert leave(roomy, first).status == 204
    notice.get_by_role("link", name="Try again").click()
    expect(app.page.locator("body[data-voila=voila]")).to_be_attached(timeout=LOAD_MS)
    app.wait_until_drawn()
    expect(app.page.get_by_role("combobox", name="Problem", exact=True)).to_have_value("Line")
    app.settle()
    assert live_kernels(roomy) == 1
    app.page.close()


def test_a_static_root_page_starts_a_kernel_only_at_live(static_root: Server) -> None:
    page = visit(static_root.url)
    assert not page.kernel
    assert 'data-live="/live"' in page.text
    assert page.headers["Cache-Control"] == "no-cache"
    assert ask(static_root.url, **BROWSER, If_None_Match=page.headers["ETag"]).status == 304
    live = visit(f"{static_root.url}live")
    assert live.kernel
    assert leave(static_root, live).status == 204


def test_the_static_root_pages_switch_leads_to_the_server_with_all_controls(
    context: BrowserContext, static_root: Server
) -> None:
    app = AppPage.open(context.new_page(), static_root.url)
    assert live_kernels(static_root) == 0
    app.choose("Problem", "Line")
    app.choose("Optimizer", "Adam")
    app.press("Learning rate", "PageDown")
    app.press("Initial w", "ArrowRight", 5)
    app.press("Step", "ArrowLeft", 7)
    app.wait("s.step === '23'")
    before = app.seen()
    app.page.get_by_role("radio", name="server", exact=True).check(force=True)
    app.page.wait_for_url(re.compile(rf"{re.escape(static_root.url)}live(#|$)"), timeout=LOAD_MS)
    app.wait_until_drawn()
    app.page.wait_for_function("location.hash.startsWith('#v=1&problem=line&optimizer=adam&')")
    app.wait("['loss', 'gradient_norm', 'step', 'sentence'].every((name) => s[name] === arg[name])", arg=before)
    expect(app.page.get_by_role("radio", name="server", exact=True)).to_be_checked()
    expect(app.page.get_by_role("combobox", name="Optimizer", exact=True)).to_have_value("Adam")
    app.settle()
    assert live_kernels(static_root) == 1
    app.page.close()


def test_a_visitor_who_goes_back_from_the_live_page_can_return_to_it(browser: Browser, static_root: Server) -> None:
    """A browser may restore the page as the visitor left it, with the switch on "server" although the page computes itself."""
    options = {**SIZES["wide"], "service_workers": "block"}  # a service worker would make the page's requests
    with watched(browser.new_context(**options)) as context:
        app = AppPage.open(context.new_page(), static_root.url)
        app.page.route("**/live", lambda route: route.fulfill(status=204))
        for _ in range(2):
            with app.page.expect_request("**/live"):
                app.page.get_by_role("radio", name="server", exact=True).check(force=True)
            app.page.evaluate("dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
            expect(app.page.get_by_role("radio", name="browser", exact=True)).to_be_checked()


def test_an_idle_kernel_is_ended_and_its_page_carries_on(browser: Browser, roomy: Server) -> None:
    idle = 'techni_kernels_culled_total{reason="idle"}'
    num_idle = culled(roomy).get(idle, 0)
    page_context = browser.new_context(**SIZES["wide"])
    page_context.add_init_script(NEVER_IDLE)
    app = AppPage.open(page_context.new_page(), roomy.url)
    app.settle()
    end_kernels(roomy)
    assert culled(roomy)[idle] == num_idle + 1
    before = app.seen()
    app.press("Learning rate", "ArrowRight", 2)
    app.wait_for_change(before, "curve", "fit", "gradient_norm")
    expect(app.page.locator(".techni-offline")).to_be_visible(timeout=LOAD_MS)
    page_context.close()
