"""What follows from a visitor's own data, before any descent: the traits that the app's links read and write."""

from typing import Any

from traitlets import Float, HasTraits, Int, Tuple

from gradient.views.array import Array
from gradient.views.view import Trait, View

_ANALYSED = ("scaling", "start", "slider_steps", "rate", "condition")
# So that a page that is loaded again shows the same; whoever hears of `renewals` finds the analysis that belongs to it.
ANALYSED_BEFORE = ("domain", "view", "start", "slider_steps", "rate", "settings", "renewals", "taken")
NO_SETTINGS = (-1.0, -1.0, -1.0)  # of any problem but a visitor's own


class OwnState(View, HasTraits):
    """A mixin of the widget that holds the points.

    Attributes:
        fitted_x, fitted_y: [2100], the points as a descent takes them.
        scaling: (offset, scale) of x, and of y.
        domain: (w_low, w_high, b_low, b_high), what the map shows of the visitor's own problem.
        view: (x_low, x_high, y_low, y_high), what the picture of the data shows.
        start, slider_steps, rate: what the controls are set to for new data.
        condition: [4], see `gradient.analysis.Analysis`.
        settings: for which data, model and scaling domain and view were made; a row of `gradient.own_links`.
        renewals, taken: how often they were made, and how often the controls were set to them.
        given: the last of `Points.loads` that an address made, and 1 for each of the rate, w and b that it set, to stay.
    """

    fitted_x = Array(1)
    fitted_y = Array(1)
    scaling = Tuple(Float(), Float(), Float(), Float(), default_value=(0.0, 1.0, 0.0, 1.0)).tag(sync=True)
    domain = Tuple(Float(), Float(), Float(), Float(), default_value=(0.0, 1.0, 0.0, 1.0)).tag(sync=True)
    view = Tuple(Float(), Float(), Float(), Float(), default_value=(0.0, 1.0, 0.0, 1.0)).tag(sync=True)
    start = Tuple(Float(), Float(), default_value=(0.0, 0.0)).tag(sync=True)
    slider_steps = Tuple(Float(), Float(), default_value=(0.1, 0.1)).tag(sync=True)
    rate = Float(0.1).tag(sync=True)
    condition = Tuple(Float(), Float(), Float(), Float(), default_value=(0.0, 0.0, 0.0, 0.0)).tag(sync=True)
    settings = Tuple(Float(), Float(), Float(), default_value=NO_SETTINGS).tag(sync=True)
    renewals = Int(0).tag(sync=True)
    taken = Int(0).tag(sync=True)
    given = Tuple(Float(), Float(), Float(), Float(), default_value=(0.0, 0.0, 0.0, 0.0)).tag(sync=True)

    def analysis_outputs(self) -> dict[str, list[Trait]]:
        """The fields of `gradient.analysis.Analysis` that it holds."""
        fields: dict[str, Any] = {"x": "fitted_x", "y": "fitted_y", "step": "slider_steps", "domain": "domain", "view": "view"}
        fields |= {name: name for name in _ANALYSED if name != "slider_steps"}
        return {field: [(self, name)] for field, name in fields.items()}

    def inputs(self) -> dict[str, Trait]:
        """What a descent on the visitor's own data takes; see `gradient.own.on_own_data`."""
        names = {name: name for name in ("model", "domain", "scaling", "is_shown")}
        return {f"own_{argument}": (self, name) for argument, name in ({"x": "fitted_x", "y": "fitted_y"} | names).items()}
