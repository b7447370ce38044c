"""The part of publishing that runs in the notebook's kernel: it exports the state of its widgets.

Any notebook is published without the libraries that only the app needs: what is about them is imported if the notebook has
imported them.
"""

import base64
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ipywidgets import Widget
from jupyter_client.jsonutil import json_clean

from gradient.adapters.ipywidgets import live_widgets
from gradient.publish.kernel_needs import kernel_needs

PIXEL_RATIO = 2  # pixels of an image in a CSS pixel


class Exported(NamedTuple):
    """What a page has of an app.

    Attributes:
        figures: by the model id of every ipympl canvas of the app its prerendered images, each with `file`, `margins` and what
            `prerender` returns. The canvas that is shown first comes first.
        style: a style sheet for the time until the widgets are there.
        states: traits of the canvases, by their model ids.
    """

    figures: dict[str, list] = {}  # noqa: RUF012 (of a tuple, which is never changed)
    style: str = ""
    states: dict[str, dict[str, Any]] = {}  # noqa: RUF012


def export(folder: str) -> None:
    """Writes `state.json` into a folder and, if the notebook has opened an app, its images.

    Besides ipywidgets' own format for the state of all widgets, the file holds `figures` and `style` of the app; `missing`,
    which is what `kernel_needs` returns; and `pictures`, the canvases of other figures, which show them as they are.
    """
    missing = kernel_needs()
    app = _app(Path(folder)) if "gradient.app" in sys.modules else Exported()
    pictures = _pictures(app) if "ipympl" in sys.modules else {}
    everything = _state(app.states | pictures)
    everything |= {"figures": app.figures, "style": app.style, "missing": missing, "pictures": list(pictures)}
    # A number that JSON does not have, like NaN, becomes what a kernel sends in its place.
    (Path(folder) / "state.json").write_text(json.dumps(json_clean(everything), allow_nan=False))


def _app(folder: Path) -> Exported:
    return import_module("gradient.publish.app_export").export(folder)


def _pictures(app: Exported) -> dict[str, dict[str, Any]]:
    """Traits of the canvases that are not the app's: each shows its figure as it is."""
    ipympl = import_module("gradient.adapters.ipympl")
    others = [widget for widget in live_widgets() if isinstance(widget, ipympl.Canvas) and widget.model_id not in app.figures]
    return {canvas.model_id: ipympl.as_picture(canvas, PIXEL_RATIO) for canvas in others}


def _state(changes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The state of all widgets in ipywidgets' own format, with other values for traits of some, by their ids."""
    state = Widget.get_manager_state()
    for id_, model in state["state"].items():
        model["state"] |= changes.get(id_, {})
        for buffer in model.get("buffers", []):  # in hexadecimal, which brotli compresses to half of what base64 takes then
            buffer |= {"encoding": "hex", "data": base64.b64decode(buffer["data"]).hex()}
    return state
