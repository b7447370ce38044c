"""The part of a link that lives on the page."""

import anywidget
from traitlets import Unicode


class PageLink(anywidget.AnyWidget):
    """A model without a view, like `ipywidgets.Link`: it works on every page of its kernel and is seen on none."""

    _view_name = Unicode(None, allow_none=True).tag(sync=True)  # type: ignore[assignment]
