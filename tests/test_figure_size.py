"""The maps, ipympl's figures and the browser's own, have the size of their place, also in a window whose size changes fast."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.app_page import AppPage
from tests.conftest import PLACES, opened_in
from tests.test_site import expect_axes

WINDOW: Any = {"width": 1440, "height": 900}


@pytest.fixture(scope="module")
def wide(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    """A page of this module's own, since a page shows a figure for the first time only once."""
    setting = request.param
    with opened_in("voila" if setting in PLACES else setting, "wide", request) as app:
        if setting in PLACES:
            app.compute_in(PLACES[setting])
        yield app


@pytest.fixture
def app(wide: AppPage) -> AppPage:
    wide.page.set_viewport_size(WINDOW)
    wide.choose("Problem", "Wave")
    wide.settle()
    return wide


@pytest.mark.parametrize("wide", ["hardened", pytest.param("kernel", marks=pytest.mark.soak)], indirect=True, scope="module")
def test_a_figure_that_is_seen_for_the_first_time_fits(wide: AppPage) -> None:
    """It comes first."""
    for problem in ("Line", "Network", "Wave"):
        wide.choose("Problem", problem)
        wide.settle()
        wide.expect_fitting_figure()


@pytest.mark.parametrize("wide", ["hardened", "site"], indirect=True, scope="module")
def test_a_figure_follows_the_window(app: AppPage) -> None:
    for width, height in ((1200, 800), (1440, 900)):
        app.page.set_viewport_size({"width": width, "height": height})
        app.settle()
        app.expect_fitting_figure()


@pytest.mark.parametrize("wide", ["hardened"], indirect=True, scope="module")
def test_a_window_that_is_back_before_the_figure_is_drawn_finds_it_as_it_was(app: AppPage) -> None:
    """The second size is the one that the figure has, while the first one is still being drawn."""
    app.settle()
    app.page.set_viewport_size({"width": 1200, "height": 800})
    app.page.set_viewport_size({"width": 1440, "height": 900})
    app.settle()
    app.expect_fitting_figure()


# Keeps the models of the figures where a test can look at them.
FIND_FIGURES = """async () => {
  const manager = window.widgetManager ?? window.jupyterapp.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  window.figures = models.filter((model) => model.offscreen_canvas);
}"""


@pytest.mark.parametrize("wide", ["hardened"], indirect=True, scope="module")
def test_a_figure_that_is_not_shown_has_no_view(app: AppPage) -> None:
    app.page.evaluate(FIND_FIGURES)
    for problem in ("Line", "Wave", "Network", "Line"):
        app.choose("Problem", problem)
        app.settle()
        app.expect_fitting_figure()
        app.page.wait_for_function("() => figures.flatMap(({ views }) => Object.keys(views)).length === 1")


@pytest.mark.parametrize("wide", ["hardened", "site"], indirect=True, scope="module")
def test_a_figure_follows_the_pixels_of_the_screen(app: AppPage) -> None:
    """One of ipympl's has at least one pixel for each CSS pixel, also on a page that is zoomed out."""
    app.settle()
    has_figures = app.page.locator(".techni-figures").count() > 0  # the browser's lines are too thin at half a pixel
    client = app.page.context.new_cdp_session(app.page)
    # The figure has one size whatever a phone's height, without a change of which Chromium tells nobody.
    for height, ratio in ((844, 2), (845, 1), *([(846, 0.5)] * has_figures), (847, 3)):
        metrics: dict[str, Any] = {"width": 390, "height": height, "deviceScaleFactor": ratio, "mobile": False}
        client.send("Emulation.setDeviceMetricsOverride", metrics)
        expect_axes(app.page, max(ratio, 1))
    client.send("Emulation.clearDeviceMetricsOverride")
