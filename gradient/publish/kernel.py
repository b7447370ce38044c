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
from gradient.publish.kernel_needs import Need, described, kernel_needs, links_from_nothing

_PIXEL_RATIO = 2  # pixels of an image in a CSS pixel


class Exported(NamedTuple):
    """What a page has of an app.

    Attributes:
        style: a style sheet for the time until the widgets are there.
        words: the model id of the `choose` that sets all words when a language is chosen, or nothing.
    """

    style: str = ""
    words: str = ""


def export(folder: str) -> None:
    """Writes `state.json` into a folder.

    Besides ipywidgets' own format for the state of all widgets, the file holds `style` and `words` of the app, if the notebook
    has opened one; `missing`, which is what `kernel_needs` returns; and `pictures`, the canvases of Matplotlib's figures, which
    show them as they are.
    """
    missing, dead = kernel_needs(), {link.model_id for link in links_from_nothing()}
    app = _app() if "gradient.app" in sys.modules else Exported()
    pictures = _pictures() if "ipympl" in sys.modules else {}
    everything, unreadable = _state(pictures, dead)
    everything |= app._asdict() | {"missing": missing + unreadable, "pictures": list(pictures)}
    # A number that JSON does not have, like NaN, becomes what a kernel sends in its place.
    (Path(folder) / "state.json").write_text(json.dumps(json_clean(everything), allow_nan=False))


def _app() -> Exported:
    return import_module("gradient.publish.app_export").export()


def _pictures() -> dict[str, dict[str, Any]]:
    """Traits of all canvases of Matplotlib's figures: each shows its figure as it is."""
    ipympl = import_module("gradient.adapters.ipympl")
    canvases = [widget for widget in live_widgets() if isinstance(widget, ipympl.Canvas)]
    return {canvas.model_id: ipympl.as_picture(canvas, _PIXEL_RATIO) for canvas in canvases}


def _state(changes: dict[str, dict[str, Any]], without: set[str]) -> tuple[dict[str, Any], list[Need]]:
    """The state of all widgets in ipywidgets' own format, and those that have none.

    Args:
        changes: other values for traits of some, by their ids.
        without: the ids of those that are left out.
    """
    state, unreadable = Widget.get_manager_state(widgets=[]), []
    for widget in [widget for widget in live_widgets() if widget.model_id not in without]:
        try:
            state["state"] |= Widget.get_manager_state(widgets=[widget])["state"]
        except Exception as error:  # each library has serializers of its own
            reason = f"holds a widget that is closed, or something else that cannot be sent ({type(error).__name__}: {error})."
            unreadable.append((widget.model_id, f"{described(widget)} {reason}"))
    for id_, model in state["state"].items():
        model["state"] |= changes.get(id_, {})
        for buffer in model.get("buffers", []):  # in hexadecimal, which brotli compresses to half of what base64 takes then
            buffer |= {"encoding": "hex", "data": base64.b64decode(buffer["data"]).hex()}
    return state, unreadable
