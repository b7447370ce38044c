"""What a published page has of an `App`, besides its widgets, whose figures its overlay draws."""

from gradient.app import App
from gradient.publish.kernel import Exported
from gradient.views.shell import style_sheet
from gradient.views.style import MAP_SHADES, MARGINS


def export() -> Exported:
    """Frees the figures of the app that is open, if there is one, and returns what a page needs of the app."""
    app = App.opened()
    if app is None:
        return Exported()
    app.field.move_to_browser(app.problems)
    return Exported(f"{style_sheet()}\n{_blank_field()}", app.wording.model_id)


def _blank_field() -> str:
    """What the style sheet needs to show where the axes of the field will be: their margins, and a shade of the map."""
    margins = zip(("left", "top", "right", "bottom"), MARGINS, strict=True)
    values = {**{f"--{side}": f"{margin}px" for side, margin in margins}, "--shade": MAP_SHADES[len(MAP_SHADES) // 2]}
    return f".techni-loading .techni-field {{ {' '.join(f'{name}: {value};' for name, value in values.items())} }}"
