"""`choose`: a table from the index of a choice to values of other traits, applied where the choice is made."""

import pathlib
from collections.abc import Mapping, Sequence
from typing import Any

from traitlets import Dict

from gradient.adapters.anywidget import ViewlessWidget
from gradient.link.events import Trait, as_json, assign, by_widget, event, is_from_page, is_on_page
from gradient.link.modules import esm

_HERE = pathlib.Path(__file__).parent


class Choice(ViewlessWidget):
    """A table from the index of a choice to values of other traits; see `choose`."""

    _esm = esm(_HERE / "choose.js")

    spec = Dict().tag(sync=True, to_json=as_json)

    _is_following = False

    def __init__(
        self, source: Trait, table: Mapping[Trait, Sequence[Any]], trigger: Trait | None, *, sync_targets: bool
    ) -> None:
        self._source, self._trigger, self._sync_targets = source, trigger or source, sync_targets
        self._table = {target: list(values) for target, values in table.items()}
        super().__init__()
        self.spec = self._described()
        self._trigger[0].observe(self._changed, self._trigger[1])
        self._is_following = True
        self.apply()

    def append(self, row: Mapping[Trait, Any]) -> None:
        """Adds one choice: a value for every target of the table."""
        for target, values in self._table.items():
            values.append(row[target])
        self.spec = self._described()

    def apply(self) -> None:
        """Sets every target to the value of the current choice, as one event."""
        with event():
            for widget, values in by_widget({target: self._lookup(column) for target, column in self._table.items()}).items():
                assign(widget, values)

    def page_sets(self) -> list[Trait]:
        """The traits that a page sets in the kernel for this choice; see `gradient.allowlist`."""
        return list(self._table) if self._sync_targets else []

    def close(self) -> None:
        """Stops following the source, here and on every page."""
        if self._is_following:
            self._is_following = False
            self._trigger[0].unobserve(self._changed, self._trigger[1])
        super().close()

    def _described(self) -> dict:
        """What the page needs to do the same; nothing if there is a trait that it does not know."""
        if not all(map(is_on_page, (self._source, self._trigger, *self._table))):
            return {}
        table = [[*target, list(values)] for target, values in self._table.items()]
        return {
            "self": self,
            "source": self._source,
            "trigger": self._trigger,
            "table": table,
            "sync_targets": self._sync_targets,
        }

    def _lookup(self, column: Sequence[Any]) -> Any:
        # A client can set any index, also one that the widget would not offer.
        return column[min(max(int(getattr(*self._source)), 0), len(column) - 1)]

    def _changed(self, change: Any) -> None:
        if not (self.spec and is_from_page(change)):
            self.apply()


def choose(
    source: Trait, table: Mapping[Trait, Sequence[Any]], *, trigger: Trait | None = None, sync_targets: bool = True
) -> Choice:
    """Makes a choice set other traits, in the browser when a visitor chooses, in Python when Python does.

    Args:
        source: a trait that holds an index, or a boolean.
        table: for each target, its value for each index.
        trigger: the trait whose change applies the table; `source` itself unless given.
        sync_targets: True for controls: the page sends their values to the kernel, and they may move away from the table. False
            for what is only displayed: it always follows `source`, even on a page that opens later, and costs no message.
    """
    return Choice(source, table, trigger, sync_targets=sync_targets)
