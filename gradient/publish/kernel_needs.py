"""What of the notebook's kernel a page would miss: links that no browser can compute."""

from ipywidgets import Widget

from gradient.adapters.ipywidgets import live_widgets
from gradient.link import JaxLink
from gradient.link.constants import BROWSER

Need = tuple[str, str]  # the id of a widget, and what does not work without a kernel


def kernel_needs() -> list[Need]:
    """Everything that needs the kernel. Links that run in it by choice run in the browser from now on, if they can."""
    return [need for widget in live_widgets() for need in _needs(widget)]


def _needs(widget: Widget) -> list[Need]:
    return _link_needs(widget) if isinstance(widget, JaxLink) else []


def _link_needs(link: JaxLink) -> list[Need]:
    link.where = BROWSER
    reason = link.why_kernel()
    return [(link.model_id, f"the jaxlink of {link.signature()} needs a kernel. {reason}")] if reason else []
