"""`choose`: a table that gives other traits their values by the index of a choice."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from traitlets import Dict, HasTraits, TraitError

from gradient.adapters.anywidget import ViewlessWidget
from gradient.adapters.ipywidgets import option_values
from gradient.link.errors import LinkError
from gradient.link.events import Trait, assign, by_widget, event, is_from_page, is_on_page
from gradient.link.modules import esm
from gradient.link.traits import INDEX, check_value, is_selected, resolve, resolve_choice, short
from gradient.link.values import as_json

Source = HasTraits | Trait

_HERE = pathlib.Path(__file__).parent


class Choice(ViewlessWidget):
    """A table that gives other traits their values by the index of a choice; see `choose`."""

    _esm = esm(_HERE / "choose.js")

    spec = Dict().tag(sync=True, to_json=as_json)

    _is_following = False

    def __init__(
        self, source: Trait, table: Mapping[Trait, Sequence[Any]], trigger: Trait | None, *, sync_targets: bool
    ) -> None:
        self._source, self._trigger, self._sync_targets = source, trigger or source, sync_targets
        self._table = {target: list(values) for target, values in table.items()}
        super().__init__()
        self.spec = self._spec()
        self._trigger[0].observe(self._trigger_changed, self._trigger[1])
        self._is_following = True

    def append(self, row: Mapping[Trait, Any]) -> None:
        """Adds a row to the end of the table: a value for every target.

        Raises:
            LinkError: if a value is missing, or a target does not take it.
        """
        if not isinstance(row, Mapping) or row.keys() != self._table.keys():
            names = ", ".join(f"{type(owner).__name__}.{name}" for owner, name in self._table)
            raise LinkError(f"row is {short(row)}. Give a value for each target of the table: {names}.")
        for target, value in row.items():
            check_value(target, value, "row")
        for target, values in self._table.items():
            values.append(row[target])
        self.spec = self._spec()

    def apply(self) -> None:
        """Sets every target to its value for the present index, as one event. While that is None, nothing changes."""
        if getattr(*self._source) is None:
            return
        row = {target: self._lookup(column) for target, column in self._table.items()}
        with event():
            for widget, values in by_widget(row).items():
                assign(widget, values)

    def page_sets(self) -> list[Trait]:
        """The traits that a page sets in the kernel for this choice; see `gradient.allowlist`."""
        return [target for target, _ in self._page_table()] if self._sync_targets else []

    def why_kernel(self) -> str:
        """Why only Python can apply the table, or nothing."""
        traits = (self._source, self._trigger, *(target for target, _ in self._page_table()))
        missing = [f"{type(owner).__name__}.{name}" for owner, name in traits if not is_on_page((owner, name))]
        return f"A page does not have {', '.join(missing)}." if missing else ""

    def close(self) -> None:
        """Stops following the trigger, here and on every page."""
        if self._is_following:
            self._is_following = False
            self._trigger[0].unobserve(self._trigger_changed, self._trigger[1])
        super().close()

    def _spec(self) -> dict:
        """Describes the table to a page. Empty if the page lacks one of the traits; then only Python applies it."""
        if self.why_kernel():
            return {}
        return {
            "self": self,
            "source": self._source,
            "trigger": self._trigger,
            "table": [[*target, values] for target, values in self._page_table()],
            "sync_targets": self._sync_targets,
        }

    def _page_table(self) -> list[tuple[Trait, list[Any]]]:
        """The table with the traits that a page has: of a selection, the index of an option in the place of its value."""
        return [_for_page(target, values) for target, values in self._table.items()]

    def _lookup(self, column: Sequence[Any]) -> Any:
        # A page can send any index, even one that the widget does not offer.
        return column[min(max(int(getattr(*self._source)), 0), len(column) - 1)]

    def _trigger_changed(self, change: Any) -> None:
        if not (self.spec and is_from_page(change)):
            self.apply()


def choose(
    source: Source,
    table: Mapping[Any, Sequence[Any]],
    *,
    trigger: Source | None = None,
    sync_targets: bool = True,
) -> Choice:
    """Sets other traits by a choice: in the browser when a visitor chooses, in Python when Python does.

    Args:
        source: a trait that holds an index, or a boolean. A widget alone means its `index`, or its `value` if it has none.
        table: for each target, its value for each index. An index beyond the table takes the nearest row. A widget alone means
            its `value`.
        trigger: the trait whose change applies the table; `source` itself unless given.
        sync_targets: True for controls: the page sends their values to the kernel, and they may move away from the table. False
            for what is only displayed: it always follows `source`, even on a page that opens later, and costs no message.

    Raises:
        LinkError: if a trait is misspelt, `source` holds no index, or a target does not take one of its values.
    """
    found, applies = resolve_choice(source, "source"), None if trigger is None else resolve(trigger, "trigger")
    columns = _columns(table)
    for owner, name in columns:
        if (owner, name) in (found, applies):
            raise LinkError(f"table sets {type(owner).__name__}.{name}, whose change applies it. Leave that out.")
    choice = Choice(found, columns, applies, sync_targets=sync_targets)
    try:
        choice.apply()
    except TraitError as error:
        choice.close()
        raise LinkError(f"table: {error}. Its values do not fit together.") from None
    return choice


def _for_page(target: Trait, values: Sequence[Any]) -> tuple[Trait, list[Any]]:
    if not is_selected(target):
        return target, list(values)
    options = option_values(target[0])
    return (target[0], INDEX), [None if value is None else options.index(value) for value in values]


def _columns(table: Any) -> dict[Trait, Sequence[Any]]:
    """The table as its caller declares it, by the traits that are meant."""
    if not isinstance(table, Mapping):
        raise LinkError(f'table is {short(table)}. Give a mapping such as {{(slider, "max"): [1.0, 2.0]}}.')
    columns = {}
    for target, values in table.items():
        trait = resolve(target, "a target of table")
        name = f"table[{type(trait[0]).__name__}.{trait[1]}]"
        if isinstance(values, str) or not isinstance(values, Sequence) or not values:
            raise LinkError(f"{name} is {short(values)}. Give a list with a value for each index.")
        for i, value in enumerate(values):
            check_value(trait, value, f"{name}[{i}]")
        columns[trait] = values
    return columns
