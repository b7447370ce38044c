"""A cell that works alike in Voilà, in JupyterLab and published: links that begin in their order, sliders with other limits."""

from playwright.sync_api import Page, expect

from tests.app_page import LOAD_MS, AppPage

# Of two links that set one number the second is the last, and of two in a circle the first decides which end stays.
# The steps of `coarse` go by five, so that a slider which takes its value before its step moves it.
CELL = """
import ipywidgets as widgets
from gradient.link import choose, jaxlink

def called(name, widget):
    widget.add_class(name)
    return widget

moved, last = called("anywhere-moved", widgets.FloatSlider(max=2)), called("anywhere-last", widgets.FloatText())
for added in (1, 2):
    jaxlink(lambda x, added=added: x + added, inputs={"x": moved}, outputs={"sum": last})
celsius = widgets.FloatSlider(min=-50, max=100, value=20)
fahrenheit = called("anywhere-fahrenheit", widgets.FloatSlider(min=-58, max=212))
jaxlink(lambda c: c * 9 / 5 + 32, inputs={"c": celsius}, outputs={"f": fahrenheit})
jaxlink(lambda f: (f - 32) * 5 / 9, inputs={"f": fahrenheit}, outputs={"c": celsius})

grid = called("anywhere-grid", widgets.Dropdown(options=["first", "coarse", "fine"]))
start = [called(f"anywhere-start-{name}", widgets.FloatSlider()) for name in "wb"]
rows = [{"min": [-2, -200, 0], "max": [2, 800, 2], "step": [0.02, 5, 0.01], "value": [0.6, 0, 0.5]},
        {"min": [-4, -300, 0.01], "max": [4, 300, 1], "step": [0.05, 3, 0.005], "value": [-3.5, 0, 0.5]}]
choose(grid, {(slider, name): row[name] for slider, row in zip(start, rows) for name in row})
widgets.VBox([moved, last, celsius, fahrenheit, grid, *start])
"""
# The programs of a page that opens are ready in the order opposite to that in which they are loaded.
REVERSED = """
  const { compile } = WebAssembly;
  const held = [];
  let timer;
  const letGo = async () => {
    WebAssembly.compile = compile;
    while (held.length) await held.pop()();
  };
  WebAssembly.compile = (...given) => new Promise((resolve, reject) => {
    held.push(() => compile.apply(WebAssembly, given).then(resolve, reject));
    clearTimeout(timer);
    timer = setTimeout(letGo, 100);
  });
"""


def expect_order_and_limits(page: Page) -> None:
    """Checks the links of the cell from their start on."""

    def readout(name: str):
        return page.locator(f".anywhere-{name} .widget-readout")

    number = page.locator(".anywhere-last input")
    expect(number).to_have_value("2", timeout=LOAD_MS)
    expect(readout("fahrenheit")).to_have_text("68.00")
    page.locator(".anywhere-moved").get_by_role("slider").press("ArrowRight")
    expect(number).to_have_value("2.1")
    for choice, *places in (
        ("coarse", "0.00", "0.00"),
        ("first", "0.60", "−3.50"),
        ("coarse", "0.00", "0.00"),
        ("fine", "0.50", "0.50"),
    ):
        page.locator(".anywhere-grid select").select_option(choice)
        for name, value in zip("wb", places, strict=True):
            expect(readout(f"start-{name}")).to_have_text(value)
        AppPage(page).settle()
        assert [readout(f"start-{name}").inner_text() for name in "wb"] == places
