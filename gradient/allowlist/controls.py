"""What the views of ipywidgets' controls send: read from the sources of `@jupyter-widgets/controls` 5.0."""

from collections.abc import Mapping

import traitlets

_SLIDERS = ("FloatSlider", "FloatLogSlider", "IntSlider", "FloatRangeSlider", "IntRangeSlider")
_NUMBERS = ("BoundedFloatText", "BoundedIntText", "FloatText", "IntText")
_TEXTS = ("Text", "Textarea", "Password", "Combobox", "ColorPicker")
_DATES = ("DatePicker", "DatetimePicker", "NaiveDatetimePicker", "TimePicker")
_TAGS = ("TagsInput", "ColorsInput", "FloatsInput", "IntsInput")
_CHOICES = ("Dropdown", "RadioButtons", "Select", "SelectMultiple", "SelectionSlider", "SelectionRangeSlider", "ToggleButtons")

# For each control, the traits that its view sets, or its model by itself.
CONTROLS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys((*_SLIDERS, *_NUMBERS, *_TEXTS, *_DATES, *_TAGS, "Checkbox", "ToggleButton"), ("value",)),
    **dict.fromkeys(_CHOICES, ("index",)),
    **dict.fromkeys(("Accordion", "Tab"), ("selected_index",)),
    "Play": ("value", "playing", "repeat"),
}
# Traits whose declaration in ipywidgets leaves out what their items are.
TRAITS: Mapping[tuple[str, str], traitlets.TraitType] = {
    ("SelectionRangeSlider", "index"): traitlets.Tuple(traitlets.Int(), traitlets.Int()),
}
# For each control, the events that it sends in messages; they have no other field.
MESSAGES: Mapping[str, str] = {
    **dict.fromkeys(("Button", "ToggleButtons"), "click"),
    **dict.fromkeys(("Text", "Password", "Combobox"), "submit"),
}
# Controls that send what no rule here allows: files, and the state of a game controller in models that a page makes.
UNSUPPORTED = ("FileUpload", "Controller")
