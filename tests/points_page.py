"""A page with the editor of points alone: the picture of the data, the choices and the tools, without a descent."""

import random
from typing import Any

from playwright.sync_api import Locator, Page, expect

from gradient import models
from gradient.datasets import DATASETS

MODELS = tuple(model.name for model in models.MODELS)

SOURCE = f"""
import ipywidgets as widgets
import jax.numpy as jnp
from gradient.datasets import DATASETS
from gradient.link import choose, jaxlink, remember
from gradient.views.fit import Fit
from gradient.views.points import Points
from gradient.views.shell import style_sheet

fit, errors = Fit(), widgets.Checkbox(description="Show residuals", indent=False)
points = Points(fit.axes, fit.own, {MODELS!r})
fit.own.visible = points.is_shown = True
fit.data.visible = False
points.condition = [1200, 1.5, 0.025, 0.68]
data = widgets.Dropdown(options=[*(data.name for data in DATASETS), "Your own"], description="Data")
model = widgets.Dropdown(options={MODELS!r}, description="Model")


def view(x, y, loads):
    ends = [(jnp.nanmin(values), jnp.nanmax(values)) for values in (x, y)]
    pads = [0.05 * (high - low) + 1e-3 for low, high in ends]
    return {{"x_low": ends[0][0] - pads[0], "x_high": ends[0][1] + pads[0],
             "y_low": ends[1][0] - pads[1], "y_high": ends[1][1] + pads[1], "mean": jnp.nanmean(x)}}


sides = {{f"{{axis}}_{{end}}": (scale, limit) for axis, scale in (("x", fit.x_scale), ("y", fit.y_scale))
         for end, limit in (("low", "min"), ("high", "max"))}}
links = [
    choose(data, {{(points, "dataset"): list(range(len(data.options)))}}),
    choose((points, "dataset"), {{data: list(data.options)}}),
    choose(model, {{(points, "model"): list(range(len(model.options)))}}),
    choose((points, "model"), {{model: list(model.options)}}),
    jaxlink(view, inputs={{name: (points, name) for name in ("x", "y", "loads")}}, outputs=sides, triggers=["loads"]),
    remember([data, model, *points.state()]),
]
place = widgets.Box([fit, data, model, points, errors])
place.add_class("techni-fit-place")
grid = widgets.Box([place])
grid.add_class("techni-grid")
style = style_sheet() + ".techni-fit-place {{ grid-area: 1 / 1 / 6 / -1; }}"
app = widgets.Box([widgets.HTML(f"<style>{{style}}</style>"), grid])
app.add_class("techni-app")
app
"""

# The model of the editor, and its points as the page has them. A kernel of the project's own server has one more, in the app
# that was built before it was forked.
_READ = """async () => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const model = models.find((model) => model.get("loads") !== undefined && model.get("is_shown"));
  const numbers = (name) => {
    const { value } = model.get(name);
    const { buffer, byteOffset, byteLength } = ArrayBuffer.isView(value) ? value : new DataView(value);
    return [...new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength))].filter((number) => !Number.isNaN(number));
  };
  const [x, y] = ["x", "y"].map(numbers);
  const mark = await manager.get_model(model.get("mark").replace("IPY_MODEL_", ""));
  return { x, y, shown: mark.get("x").length, ...Object.fromEntries(
    ["dataset", "model", "noise", "standardized", "loads"].map((name) => [name, model.get(name)])) };
}"""


class PointsPage:
    """The page as a person knows it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.area = page.get_by_role("application")
        self.words = page.locator(".techni-open .techni-points-words")  # not of an editor that is not shown

    def read(self) -> dict[str, Any]:
        """The points and the settings."""
        return self.page.evaluate(_READ)

    def count(self) -> int:
        return len(self.read()["x"])

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def choose(self, name: str) -> None:
        """Chooses a data set, and waits until the picture shows its points."""
        self.page.get_by_role("combobox", name="Data").select_option(name)
        expect(self.words).to_contain_text(f"{name}")
        self.expect_drawn()

    def expect_drawn(self) -> None:
        """Waits until the picture has as many points as there are."""
        expect(self.page.locator(".techni-fit .dot_grp:visible, .techni-fit .object_grp:visible")).to_have_count(self.count())

    def at(self, across: float, up: float) -> tuple[float, float]:
        """A place of the picture, in shares of its axes."""
        box = self.page.locator(".techni-fit .plotarea_background").bounding_box()
        assert box
        return box["x"] + across * box["width"], box["y"] + (1 - up) * box["height"]

    def place_of(self, index: int) -> tuple[float, float]:
        """Where a point is on the page."""
        across, up = self.page.evaluate(_SHARES, index)
        return self.at(across, up)

    def paste(self, text: str) -> None:
        """Opens the panel and writes a text into it."""
        self.button("Paste…").click()
        # As a paste does it: Playwright's own way to fill a field inserts line by line, each slower than the one before.
        insert = "(field, text) => { field.value = text; field.dispatchEvent(new InputEvent('input', { bubbles: true })); }"
        self.page.get_by_role("textbox", name="Two columns, x and y").evaluate(insert, text)

    def paste_if_readable(self, text: str) -> None:
        """Writes a text into the panel, and uses it if it has two points; else closes the panel."""
        self.paste(text)
        use = self.page.locator(".techni-paste button").first
        (use if use.is_enabled() else self.button("Cancel")).click()


_SHARES = f"""async (index) => {{
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const model = models.find((model) => model.get("loads") !== undefined && model.get("is_shown"));
  const {{ x, y }} = await ({_READ})();
  return Promise.all([["x_scale", x], ["y_scale", y]].map(async ([name, values]) => {{
    const scale = await manager.get_model(model.get(name).replace("IPY_MODEL_", ""));
    return (values[index] - scale.get("min")) / (scale.get("max") - scale.get("min"));
  }}));
}}"""

NUM_SETS = len(DATASETS)

LINES = [
    "1,2",
    "3;4",
    "5 6",
    "7\t8",
    "1,5 2,5",
    "x y",
    "",
    "abc",
    '"1","2"',
    "1e400 1",
    "1e12,1",
    "1e-30 1",
    "-1 -2",
    "9;9;9",
    "3 3",
]
_LETTERS = "0123456789.,;-+eE \t\"'#xé−"


def random_paste(draw: random.Random) -> str:
    """Up to 40 lines, of which many are points and some are nothing that anybody can read."""
    odd = ["".join(draw.choices(_LETTERS, k=draw.randrange(40))) for _ in range(8)]
    return "\n".join(draw.choice(LINES if draw.random() < 0.8 else odd) for _ in range(draw.randrange(40)))
