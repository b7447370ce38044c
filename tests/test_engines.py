"""The page in three browser engines: it opens, is moved by a key, a pointer and a choice, and says nothing on its console."""

import pytest
from playwright.sync_api import Browser

from tests.conftest import Server
from tests.engines import Driver, driver_of
from tests.processes import eventually

RARE = [pytest.param(engine, marks=pytest.mark.soak) for engine in ("firefox", "webkit")]  # which `make soak` installs

CURVE = "document.querySelector('.techni-loss g.curve path.line')?.getAttribute('d')"
FIT = "[...document.querySelectorAll('.techni-fit g.curve path.line')].at(-1)?.getAttribute('d')"
LOSS = "document.querySelector('.techni-readout [data-name=loss]')?.textContent"
START = "['w', 'b'].map((name) => document.querySelector(`[aria-label='Initial ${name} as a number']`)?.textContent)"
HANDLE = """(() => { const box = document.querySelector(".techni-handle").getBoundingClientRect();
  return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)]; })()"""
FOCUS = "document.querySelector(\"[role=slider][aria-label='Learning rate']\").focus()"
CHOOSE_LINE = """(() => {
  const choice = [...document.querySelectorAll("select")].find((select) => [...select.options].some((o) => o.text === "Line"));
  choice.selectedIndex = [...choice.options].findIndex((option) => option.text === "Line");
  choice.dispatchEvent(new Event("change", { bubbles: true }));
})()"""


def expect_change(driver: Driver, before: dict[str, object]) -> None:
    """Waits until each expression has another value."""
    for expression, value in before.items():
        eventually(lambda: driver.evaluate(expression) != value)  # noqa: B023


def seen(driver: Driver, *expressions: str) -> dict[str, object]:
    return {expression: driver.evaluate(expression) for expression in expressions}


@pytest.mark.parametrize("server", ["voila", "site"])
@pytest.mark.parametrize("engine", ["chromium", *RARE])
def test_the_page_works_in_every_engine(engine: str, server: str, browser: Browser, request: pytest.FixtureRequest) -> None:
    found: Server = request.getfixturevalue(server)
    with driver_of(engine, browser) as driver:
        driver.open(found.url)
        eventually(lambda: len(driver.evaluate(CURVE) or "") > 100 and driver.evaluate(LOSS) == "0.0386")

        before = seen(driver, CURVE, FIT)
        driver.evaluate(FOCUS)
        driver.press_arrow_right()
        expect_change(driver, before)

        before = seen(driver, CURVE, START)
        x, y = driver.evaluate(HANDLE)
        driver.drag([(x, y), (x + 20, y - 20), (x + 40, y - 60)])
        expect_change(driver, before)

        before = seen(driver, CURVE, FIT)
        driver.evaluate(CHOOSE_LINE)
        expect_change(driver, before)
        assert driver.complaints == []
