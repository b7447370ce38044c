"""The part of publishing that runs in the notebook's kernel: its widgets' state, and pictures of its figures."""

import base64
import json
from pathlib import Path
from typing import Any

from ipywidgets import Widget
from matplotlib.figure import Figure

from gradient.app import App
from gradient.publish.pictures import draw, resize
from gradient.views.style import MARGINS

# The field's place, in CSS pixels, in windows of 390 x 844, 820 x 1180 and 1440 x 900: there nothing is stretched.
PLACES = [(368, 338), (387, 826), (700, 684)]


def write(folder: str) -> None:
    """Writes `state.json` and, of a notebook with an open app, pictures of the field of every problem into a folder.

    Besides ipywidgets' own format for the state of all widgets, the file holds `figures`: for the model id of every ipympl
    canvas of the app its pictures, each with `file` and what `gradient.publish.pictures.draw` says of it. Those of the canvas
    that is shown first come first.
    """
    app = App.opened()
    figures = _draw_all(app, Path(folder)) if app else {}
    everything = _state() | {"figures": figures}
    (Path(folder) / "state.json").write_text(json.dumps(everything, allow_nan=False))


def _draw_all(app: App, folder: Path) -> dict[str, list]:
    # The choice of a problem stays as the notebook has left it: each would set its defaults in the controls.
    app.field.clear()
    figures = {}
    for index, picture in enumerate(app.field.pictures):
        files = {place: folder / f"figure-{index}-{place[0]}.webp" for place in PLACES}
        figures[picture.canvas.model_id] = [_draw(picture.figure, file, place) for place, file in files.items()]
    shown = app.field.pictures[app.problem.index].canvas.model_id
    return {shown: figures.pop(shown)} | figures


def _state() -> dict[str, Any]:
    """The state of all widgets in ipywidgets' own format."""
    state = Widget.get_manager_state()
    for model in state["state"].values():
        for buffer in model.get("buffers", []):  # in digits that brotli finds the bytes in: half of what base64 takes then
            buffer |= {"encoding": "hex", "data": base64.b64decode(buffer["data"]).hex()}
        if model["model_name"] == "MPLCanvasModel":
            model["state"] |= {"_data_url": None, "_size": [1, 1]}  # the page sets the size when it knows it
    return state


def _draw(figure: Figure, file: Path, place: tuple[int, int]) -> dict[str, Any]:
    """Draws a figure as it is in a place of a size."""
    resize(figure, place)
    image, facts = draw(figure)
    file.write_bytes(image)
    return {"file": file.name, "margins": MARGINS, **facts}
