"""Where the page computes: a switch, what the last change took, and a line when the server is gone."""

import pathlib

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Instance

_HERE = pathlib.Path(__file__).parent


class Compute(anywidget.AnyWidget):
    """Switches a link between browser and server, and says how long the last change took in either.

    On a page without a server there is nothing to switch; if its server shows the same page with a kernel elsewhere, the switch
    leads there. A page that loses its server goes on in the browser, says so in one
    line and offers to reconnect, which is to load it again with its controls as they are.

    Attributes:
        link: the link to switch, with a trait `where`.
    """

    _esm = _HERE / "compute.js"

    link = Instance(Widget).tag(sync=True, **widget_serialization)

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self.add_class("techni-compute")  # so that its row has its height before anything is in it
