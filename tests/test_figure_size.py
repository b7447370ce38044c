"""The ipympl figures have the size of their place, whenever they are first shown and however fast the window changes."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.app_page import AppPage
from tests.conftest import opened_in
from tests.test_site import expect_axes


@pytest.fixture
def fresh(request: pytest.FixtureRequest) -> Iterator[AppPage]:
    """A page of its own, because a figure is shown for the first time only once."""
    with opened_in(request.param, "wide", request) as app:
        yield app


@pytest.mark.parametrize("fresh", ["browser", pytest.param("kernel", marks=pytest.mark.soak)], indirect=True)
def test_a_figure_that_is_seen_for_the_first_time_fits(fresh: AppPage) -> None:
    for problem in ("Line", "Network", "Wave"):
        fresh.choose("Problem", problem)
        fresh.settled()
        fresh.expect_fitting_figure()


@pytest.mark.parametrize("fresh", ["browser", "site"], indirect=True)
def test_a_figure_follows_the_window(fresh: AppPage) -> None:
    for width, height in ((1200, 800), (1440, 900)):
        fresh.page.set_viewport_size({"width": width, "height": height})
        fresh.settled()
        fresh.expect_fitting_figure()


@pytest.mark.parametrize("fresh", ["browser"], indirect=True)
def test_a_window_that_is_back_before_the_figure_is_drawn_finds_it_as_it_was(fresh: AppPage) -> None:
    """The second size is the one that the figure has, while the first one is still being drawn."""
    fresh.settled()
    fresh.page.set_viewport_size({"width": 1200, "height": 800})
    fresh.page.set_viewport_size({"width": 1440, "height": 900})
    fresh.settled()
    fresh.expect_fitting_figure()


# Keeps the models of the figures where a test can look at them.
FIND_FIGURES = """async () => {
  const manager = window.widgetManager ?? window.jupyterapp.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  window.figures = models.filter((model) => model.offscreen_canvas);
}"""


@pytest.mark.parametrize("fresh", ["browser", "site"], indirect=True)
def test_a_figure_that_is_not_shown_has_no_view(fresh: AppPage) -> None:
    fresh.page.evaluate(FIND_FIGURES)
    for problem in ("Line", "Wave", "Network", "Line"):
        fresh.choose("Problem", problem)
        fresh.settled()
        fresh.expect_fitting_figure()
        fresh.page.wait_for_function("() => figures.flatMap(({ views }) => Object.keys(views)).length === 1")


@pytest.mark.parametrize("fresh", ["browser", "site"], indirect=True)
def test_a_figure_follows_the_pixels_of_the_screen(fresh: AppPage) -> None:
    """It has at least one pixel for each CSS pixel, also on a page that is zoomed out."""
    fresh.settled()
    client = fresh.page.context.new_cdp_session(fresh.page)
    # The figure has one size whatever a phone's height, without a change of which Chromium tells nobody.
    for height, ratio in ((844, 2), (845, 1), (846, 0.5), (847, 3)):
        metrics: dict[str, Any] = {"width": 390, "height": height, "deviceScaleFactor": ratio, "mobile": False}
        client.send("Emulation.setDeviceMetricsOverride", metrics)
        expect_axes(fresh.page, max(ratio, 1))
