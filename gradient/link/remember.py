"""`remember`: controls that keep their values when the page is loaded again, though its kernel is then a new one."""

import pathlib
from collections.abc import Sequence

from traitlets import Dict

from gradient.adapters.anywidget import ViewlessWidget
from gradient.link.choose import Choice
from gradient.link.events import Trait, as_json
from gradient.link.modules import esm

_HERE = pathlib.Path(__file__).parent


class Memory(ViewlessWidget):
    """The page's memory of its controls; see `remember`."""

    _esm = esm(_HERE / "remember.js")

    spec = Dict().tag(sync=True, to_json=as_json)

    def page_sets(self) -> list[Trait]:
        """The traits that a page sets in the kernel when it remembers; see `gradient.allowlist`."""
        return list(self.spec.get("controls", ()))


def remember(controls: Sequence[Trait], after: Sequence[Choice] = ()) -> Memory:
    """Keeps the values of controls in the tab of a visitor, and sets them again when the page comes back with a new kernel.

    It also keeps what a visitor sets while the connection to the kernel is broken, and tells the kernel when it is back.

    Args:
        controls: traits in the order in which they are set again: choices first, then what they choose.
        after: the choices that must follow their sources before anything is set.
    """
    memory = Memory()
    memory.spec = {"self": memory, "controls": list(controls), "after": list(after)}
    return memory
