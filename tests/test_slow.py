"""A much slower device: whatever libraries stop waiting for still appears."""

from playwright.sync_api import Browser

from tests.app_page import AppPage
from tests.conftest import NEVER_IDLE, SIZES, Server, watched

ALL = ("curve", "fit", "field", "gradient_norm")


def late(milliseconds: int) -> str:
    """ipywidgets waits a tenth of a second between two attempts to find a model; here longer, and then it gives up."""
    return f"""
      const {{ setTimeout }} = window;
      window.setTimeout = (act, ms, ...rest) => setTimeout(act, ms === 100 ? {milliseconds} : ms, ...rest);
    """


# No module is loaded within anywidget's two seconds.
IMPATIENT = """
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (ms) => timeout(ms <= 3000 ? 0 : ms);
"""


def test_an_app_whose_models_come_late_is_shown(browser: Browser, voila: Server) -> None:
    context = browser.new_context(**SIZES["wide"])
    context.add_init_script(NEVER_IDLE)
    context.add_init_script(late(8000))  # until all models have come
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    app = AppPage.open(context.new_page(), voila.url)
    before = app.seen()
    app.press("Learning rate", "ArrowRight", 3)
    app.wait_for_change(before, *ALL)
    app.choose("Problem", "Line")
    app.expect_fitting_figure()
    assert any("widget model not found" in text for text in said)  # ipywidgets has given up
    context.close()


def test_the_server_answers_a_device_that_takes_seconds_to_load(browser: Browser, hardened_server: Server) -> None:
    said: list[str] = []
    with watched(browser.new_context(**SIZES["phone"])) as context:
        context.add_init_script(IMPATIENT)
        context.add_init_script(late(2500))
        context.on("console", lambda message: said.append(message.text))
        app = AppPage.open(context.new_page(), hardened_server.url)
        app.compute_in("server")
        before = app.seen()
        app.press("Learning rate", "ArrowRight", 3)
        app.wait_for_change(before, *ALL)
    assert not any("widget model not found" in text for text in said)
