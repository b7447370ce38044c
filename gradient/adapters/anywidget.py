"""The private parts of anywidget that this package uses."""

import anywidget
from traitlets import Unicode


class ViewlessWidget(anywidget.AnyWidget):
    """A widget with a model on every page of its kernel and no view, like `ipywidgets.Link`.

    A widget whose `_view_name` is None is not displayed. anywidget has no public way to leave the view out.
    """

    _view_name = Unicode(None, allow_none=True).tag(sync=True)  # type: ignore[assignment]


# The traits that hold a widget's JavaScript and its style sheet.
CODE_TRAITS = {"_esm", "_css"}
