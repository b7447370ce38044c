"""What a published page has of an `App`, besides its widgets: its style, and prerendered images of its fields."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from gradient.adapters.ipympl import EMPTY, resize
from gradient.app import App
from gradient.publish.kernel import PIXEL_RATIO, Exported
from gradient.publish.prerender import prerender
from gradient.views.shell import style_sheet
from gradient.views.style import MARGINS

# The field's size in CSS pixels in windows of 390 x 844, 820 x 1180 and 1440 x 900: there no image is stretched.
SIZES = [(368, 338), (387, 826), (700, 684)]


def export(folder: Path) -> Exported:
    """Writes the images of the fields of the app that is open, if there is one, into a folder."""
    app = App.opened()
    if app is None:
        return Exported()
    figures = _prerender_all(app, folder)
    return Exported(figures, style_sheet(), dict.fromkeys(figures, EMPTY))


def _prerender_all(app: App, folder: Path) -> dict[str, list]:
    # Not by choosing each problem, which would set its defaults in the controls: they stay as the notebook has left them.
    app.field.clear()
    figures = {}
    for index, picture in enumerate(app.field.pictures):
        files = {size: folder / f"figure-{index}-{size[0]}.webp" for size in SIZES}
        figures[picture.canvas.model_id] = [_prerender(picture.figure, file, size) for size, file in files.items()]
    shown = app.field.pictures[app.problem.index].canvas.model_id
    return {shown: figures.pop(shown)} | figures


def _prerender(figure: Figure, file: Path, size: tuple[int, int]) -> dict[str, Any]:
    """Writes an image of a figure at a size in CSS pixels, and returns what the page needs to draw it."""
    resize(figure, size, PIXEL_RATIO)
    image, layout = prerender(figure)
    file.write_bytes(image)
    return {"file": file.name, "margins": MARGINS, **layout}
