"""The address of the app's page: what `gradient.link.address` has, and parts that only this app has."""

import pathlib

from traitlets import Dict

from gradient.link.address import PageAddress
from gradient.link.modules import esm
from gradient.views.sentences import ADDRESS

_HERE = pathlib.Path(__file__).parent

# The kinds of parts: the runs of a comparison, names of other parts, a visitor's points, and a model and a start for these.
# Each needs a codec in `app_address.js`.
RUNS, NAMES, POINTS, MODEL, START = "runs", "names", "points", "model", "start"


class AppAddress(PageAddress):
    """Reads and writes runs, names, points, models and starts, too; `words` are the app's own."""

    _esm = esm(_HERE / "app_address.js")

    words = Dict(ADDRESS).tag(sync=True)
