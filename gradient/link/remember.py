"""`remember`: controls that keep their values when the page is reloaded and gets a new kernel."""

import pathlib
from collections.abc import Sequence

from traitlets import Dict, HasTraits

from gradient.adapters.anywidget import ViewlessWidget
from gradient.link.address import PageAddress
from gradient.link.choose import Choice
from gradient.link.errors import LinkError
from gradient.link.events import Trait, is_on_page
from gradient.link.modules import esm
from gradient.link.traits import INDEX, is_selected, resolve, short
from gradient.link.values import as_json

_HERE = pathlib.Path(__file__).parent


class RememberedControls(ViewlessWidget):
    """Controls whose values a page stores; see `remember`."""

    _esm = esm(_HERE / "remember.js")

    spec = Dict().tag(sync=True, to_json=as_json)

    def page_sets(self) -> list[Trait]:
        """The traits that a page sets in the kernel when it remembers; see `gradient.allowlist`."""
        return list(self.spec.get("controls", ()))


def remember(controls: Sequence[HasTraits | Trait], after: Sequence[Choice | PageAddress] = ()) -> RememberedControls:
    """Stores the values of controls in the visitor's browser tab, and restores them when the page is reloaded.

    A value that a visitor sets while the connection to the kernel is broken is kept too, and sent when the connection is back.

    Args:
        controls: traits in the order in which they are restored: choices first, then the controls that they set. A widget alone
            means its `value`.
        after: choices that must follow their sources before anything is restored, and the `address` of the page. What the
            address sets is not restored.

    Raises:
        LinkError: if a trait is misspelt, or an item of `after` is neither a choice nor an address.
    """
    for argument, given in (("controls", controls), ("after", after)):
        if not isinstance(given, Sequence):
            raise LinkError(f"{argument} is {short(given)}. Give a list of them.")
    found = [_remembered(control, f"controls[{i}]") for i, control in enumerate(controls)]
    for i, choice in enumerate(after):
        if not isinstance(choice, Choice | PageAddress):
            raise LinkError(f"after[{i}] is {short(choice)}. Give what `choose` or `address` has returned.")
    remembered = RememberedControls()
    # By which the values are stored: what a control is called may change with the language of a page.
    names = [getattr(owner, "description", None) for owner, _ in found]
    remembered.spec = {"self": remembered, "controls": found, "names": names, "after": list(after)}
    return remembered


def _remembered(control: HasTraits | Trait, argument: str) -> Trait:
    """The trait that a page has of a control: the index of a selection for its value."""
    trait = resolve(control, argument)
    owner, name = found = (trait[0], INDEX) if is_selected(trait) else trait
    if not is_on_page(found):
        raise LinkError(
            f"{argument}: a page does not have {type(owner).__name__}.{name}. Name a synchronised trait of a widget."
        )
    return found
