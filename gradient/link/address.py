"""`address`: the settings of a page in the fragment of its address, for links, for back and forward, and for a reload."""

import pathlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from ipywidgets import Widget
from traitlets import Bool, Dict, Enum, HasTraits, Int, Unicode

from gradient.adapters.anywidget import ViewlessWidget
from gradient.link.choose import Choice
from gradient.link.constants import VERSION_NAME
from gradient.link.errors import LinkError
from gradient.link.events import Trait, is_on_page
from gradient.link.modules import esm
from gradient.link.traits import INDEX, is_selected, resolve, short
from gradient.link.values import as_json

_HERE = pathlib.Path(__file__).parent
_NAME = re.compile(r"[a-z][a-z0-9_]*")
KINDS = ("number", "whole", "option", "words", "flag", "text")  # those of `CODECS` in `codecs.js`

# What a page says of a part of an address that it cannot use. {name} and {text} are what stands there.
REFUSED = {
    "beginning": "Not all of the link could be used.",
    "name": "There is no setting {name}.",
    "number": "{name} is “{text}”, which is no number.",
    "whole": "{name} is {text}, but it has to be a whole number.",
    "range": "{name} is {text}, but it goes from {low} to {high}.",
    "words": "{name} is “{text}”, but it can be {words}.",
    "long": "{name} is longer than {length} letters.",
    "version": "The link is of another version of this page, {text}.",
    "more": "And {count} more.",
}


class AddressPart(NamedTuple):
    """What stands in an address under one name.

    Attributes:
        trait: what it sets. A widget alone means its `value`, or the `index` of a selection.
        words: the words that stand in the address for its values; of a selection, by default, its options in lower case.
        place: the widget that shows it, if that is not its own. What is not displayed is left out while it has its default.
        is_brief: whether it is left out while it has its default, even if it is displayed.
        is_quiet: whether a change of it alone makes no entry in the browser's history.
        kind: which of the page's codecs reads and writes it; found by its trait unless given.
        others: further traits of the same widget that this codec sets.
    """

    trait: HasTraits | Trait
    words: Mapping[str, Any] | None = None
    place: Widget | None = None
    is_brief: bool = False
    is_quiet: bool = False
    kind: str = ""
    others: Sequence[str] = ()


class PageAddress(ViewlessWidget):
    """What stands in the address of a page; see `address`.

    Attributes:
        fragment: all parts as a fragment, "#v=1&rate=0.1". Each page has its own, as of the last time that it was asked for.
        refused: what a page's address held that could not be used, as a sentence, or nothing. Each page has its own.
        words: see `REFUSED`.
    """

    _esm = esm(_HERE / "address.js")
    _open: ClassVar["PageAddress | None"] = None

    spec = Dict().tag(sync=True, to_json=as_json)
    fragment = Unicode("").tag(sync=True)
    refused = Unicode("").tag(sync=True)
    words = Dict(REFUSED).tag(sync=True)

    def page_sets(self) -> list[Trait]:
        """The traits that a page sets in the kernel for its address; see `gradient.allowlist`."""
        return [(part["model"], name) for part in self.spec.get("parts", ()) for name in part["traits"]]

    def close(self) -> None:
        """Lets the address go, here and on every page."""
        if PageAddress._open is self:
            PageAddress._open = None
        super().close()


def address(
    parts: Mapping[str, HasTraits | Trait | AddressPart],
    *,
    version: int = 1,
    after: Sequence[Choice] = (),
    keep: Iterable[str] | Mapping[str, Sequence[str] | None] = (),
    widget: type[PageAddress] = PageAddress,
) -> PageAddress:
    """Keeps traits in the fragment of the page's address, and sets them when a page is opened with such an address.

    The browser does all of it: no message goes to the kernel for what is written, and no server gets a fragment. In JupyterLab,
    whose address is not the notebook's, nothing is written or read; `fragment` can be asked for. A page has one address: the
    newest call takes the place of the one before.

    Args:
        parts: by the names that stand in the address, in the order in which they are set: choices first, then what they set. A
            widget alone, or a trait, is a part with nothing special.
        version: of these names and their meanings.
        after: choices that must follow their sources before anything is set. What such a choice sets is the default then.
        keep: names that others read and write; they stay in the address as they are. A mapping says which words each can be, in
            small letters and without hyphens, or None for anything: the page names what is none of them.
        widget: a class with codecs of its own.

    Raises:
        LinkError: if a name or a trait cannot stand in an address, or an item of `after` is not a choice.
    """
    if not isinstance(parts, Mapping) or not parts:
        raise LinkError(f'parts is {short(parts)}. Give a mapping such as {{"rate": slider}}.')
    kept = _kept(keep)
    if isinstance(version, bool) or not isinstance(version, int):
        raise LinkError(f"version is {short(version)}. Give a whole number.")
    described = [_described(name, given, kept) for name, given in parts.items()]
    _check_once(described)
    _check_kinds(described, widget)
    for i, choice in enumerate(after):
        if not isinstance(choice, Choice):
            raise LinkError(f"after[{i}] is {short(choice)}. Give what `choose` has returned.")
    if PageAddress._open is not None:
        PageAddress._open.close()
    made = PageAddress._open = widget()
    made.spec = {"self": made, "version": version, "parts": described, "after": list(after), "keep": kept}
    return made


def _kept(keep: Any) -> dict[str, list[str] | None]:
    if isinstance(keep, str) or not isinstance(keep, Iterable):
        raise LinkError(f"keep is {short(keep)}. Give a list of names.")
    kept = dict(keep) if isinstance(keep, Mapping) else dict.fromkeys(keep)
    if not all(isinstance(name, str) for name in kept):
        raise LinkError(f"keep is {short(list(kept))}. Give a list of names.")
    return {name: None if words is None else list(words) for name, words in kept.items()}


def _check_once(described: Sequence[Mapping[str, Any]]) -> None:
    names: dict[Trait, str] = {}
    for part in described:
        owner, trait = found = part["model"], part["trait"]
        if found in names:
            both = f"{names[found]!r} and {part['name']!r}"
            raise LinkError(f"parts: {both} are both {type(owner).__name__}.{trait}. Leave one of them out.")
        names[found] = part["name"]


def _check_kinds(described: Sequence[Mapping[str, Any]], widget: type[PageAddress]) -> None:
    for part in described:
        if widget is PageAddress and part["kind"] not in KINDS:  # another class has codecs of its own
            known = ", ".join(KINDS)
            raise LinkError(f"parts[{part['name']!r}] has the kind {part['kind']!r}, which has no codec. There are: {known}.")


def _described(name: Any, given: Any, kept: Iterable[str]) -> dict[str, Any]:
    """A part as a page is told of it."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise LinkError(f"{name!r} cannot stand in an address. Use small letters, digits and _, with a letter first.")
    if name in (VERSION_NAME, *kept):
        raise LinkError(f"The name {name!r} is taken. Use another one.")
    part = given if isinstance(given, AddressPart) else AddressPart(given)
    trait = _page_trait(resolve(part.trait, f"parts[{name!r}]"))
    owner, attribute = trait
    if not is_on_page(trait):
        raise LinkError(f"parts[{name!r}]: a page does not have {type(owner).__name__}.{attribute}. Name a synchronised trait.")
    return {
        "name": name,
        "model": owner,
        "trait": attribute,
        "traits": [attribute, *part.others],
        "place": part.place or owner,
        "brief": part.is_brief,
        "quiet": part.is_quiet,
        **_kind_of(name, trait, part),
    }


def _page_trait(trait: Trait) -> Trait:
    return (trait[0], INDEX) if is_selected(trait) else trait


def _kind_of(name: str, trait: Trait, part: AddressPart) -> dict[str, Any]:
    """Which codec reads and writes a part, and the facts that it needs. A slider's limits are in its state."""
    declared = type(trait[0]).class_traits()[trait[1]]
    bounds = declared.metadata.get("page_sets")
    facts = {"words": dict(part.words) if part.words else None, **(bounds if isinstance(bounds, Mapping) else {})}
    value = getattr(*trait)
    if part.kind:
        return {**facts, "kind": part.kind}
    if part.words:
        return {**facts, "kind": "words"}
    if trait[1] == INDEX:
        return {**facts, "kind": "option"}
    kinds = ((Bool, "flag"), (Int, "whole"), (Unicode, "text"))
    found = next((kind for base, kind in kinds if isinstance(declared, base)), None)
    if found is None and (isinstance(declared, Enum) or isinstance(value, bool) or not isinstance(value, int | float)):
        raise LinkError(f"parts[{name!r}] holds {short(value)}, for which an address has no form. Give words for its values.")
    return {**facts, "kind": found or "number"}
