"""The part of publishing that runs in the notebook's kernel: it exports its widgets' state, and prerenders its figures."""

import base64
import json
from pathlib import Path
from typing import Any

from ipywidgets import Widget
from jupyter_client.jsonutil import json_clean
from matplotlib.figure import Figure

from gradient.adapters.ipympl import EMPTY, Canvas, as_picture, resize
from gradient.adapters.ipywidgets import live_widgets
from gradient.app import App
from gradient.publish.kernel_needs import kernel_needs
from gradient.publish.prerender import PIXEL_RATIO, prerender
from gradient.views.style import MARGINS

# The field's size in CSS pixels in windows of 390 x 844, 820 x 1180 and 1440 x 900: there no image is stretched.
SIZES = [(368, 338), (387, 826), (700, 684)]


def export(folder: str) -> None:
    """Writes `state.json` into a folder and, if the notebook has opened an app, images of the field of every problem.

    Besides ipywidgets' own format for the state of all widgets, the file holds `figures`: by the model id of every ipympl
    canvas of the app its prerendered images, each with `file`, `margins` and what `gradient.publish.prerender` returns. The
    canvas that is shown first comes first. `missing` is what `kernel_needs` returns.
    `pictures` are the canvases of other figures, which show them as they are.
    """
    app = App.opened()
    missing = kernel_needs()
    figures = _prerender_all(app, Path(folder)) if app else {}
    others = [widget for widget in live_widgets() if isinstance(widget, Canvas) and widget.model_id not in figures]
    pictures = {canvas.model_id: as_picture(canvas, PIXEL_RATIO) for canvas in others}
    everything = _state(dict.fromkeys(figures, EMPTY) | pictures)
    everything |= {"figures": figures, "missing": missing, "pictures": list(pictures)}
    # A number that JSON does not have, like NaN, becomes what a kernel sends in its place.
    (Path(folder) / "state.json").write_text(json.dumps(json_clean(everything), allow_nan=False))


def _prerender_all(app: App, folder: Path) -> dict[str, list]:
    # Not by choosing each problem, which would set its defaults in the controls: they stay as the notebook has left them.
    app.field.clear()
    figures = {}
    for index, picture in enumerate(app.field.pictures):
        files = {size: folder / f"figure-{index}-{size[0]}.webp" for size in SIZES}
        figures[picture.canvas.model_id] = [_prerender(picture.figure, file, size) for size, file in files.items()]
    shown = app.field.pictures[app.problem.index].canvas.model_id
    return {shown: figures.pop(shown)} | figures


def _state(changes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The state of all widgets in ipywidgets' own format, with other values for traits of some, by their ids."""
    state = Widget.get_manager_state()
    for id_, model in state["state"].items():
        model["state"] |= changes.get(id_, {})
        for buffer in model.get("buffers", []):  # in hexadecimal, which brotli compresses to half of what base64 takes then
            buffer |= {"encoding": "hex", "data": base64.b64decode(buffer["data"]).hex()}
    return state


def _prerender(figure: Figure, file: Path, size: tuple[int, int]) -> dict[str, Any]:
    """Writes an image of a figure at a size in CSS pixels, and returns what the page needs to draw it."""
    resize(figure, size, PIXEL_RATIO)
    image, layout = prerender(figure)
    file.write_bytes(image)
    return {"file": file.name, "margins": MARGINS, **layout}
