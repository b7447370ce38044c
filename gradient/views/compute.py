"""Where the page computes: a switch, how long the last change took, and a line when the server is slow or gone."""

import pathlib
from typing import Any

import anywidget
from ipywidgets import Widget, widget_serialization
from traitlets import Dict, Instance, List

from gradient.link.modules import esm
from gradient.views.languages import Language
from gradient.views.sentences import COMPUTE
from gradient.views.view import Trait, Worded

_HERE = pathlib.Path(__file__).parent


class Compute(Worded, anywidget.AnyWidget):
    """Switches links between browser and server, and says how long the last change took in each.

    While an answer of a server that computes is late, it says so, and the page pales what is shown: that is older than the
    controls.

    A page without a kernel has nothing to switch. If its server shows the same page with a kernel under another address, the
    switch leads there. A page that loses its server goes on in the browser, says so in one line and offers to reconnect, which
    loads it again with its controls as they are.

    Attributes:
        link: whose runs it reports.
        followers: further links that are switched with it.
        words: what it shows; see `sentences.COMPUTE`.
    """

    _esm = esm(_HERE / "compute.js")

    link = Instance(Widget).tag(sync=True, **widget_serialization)
    followers = List(Instance(Widget)).tag(sync=True, **widget_serialization)
    words = Dict(COMPUTE).tag(sync=True)

    def __init__(self, **traits: object) -> None:
        super().__init__(**traits)
        self.add_class("techni-compute")  # so that its row has its height before anything is in it

    def worded(self, language: Language) -> dict[Trait, Any]:
        """What it says."""
        return {(self, "words"): language.words.COMPUTE}
