"""`choose`: a table that gives other traits their values by the index of a choice."""

import logging
import pathlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from traitlets import Dict, HasTraits, TraitError

from gradient.adapters.anywidget import ViewlessWidget
from gradient.adapters.ipywidgets import option_values
from gradient.link.constants import CONTRADICTION, MAX_DEPTH
from gradient.link.errors import LinkError
from gradient.link.events import Trait, assign, by_widget, event, is_from_page, is_on_page, schedule_followers
from gradient.link.modules import esm
from gradient.link.traits import INDEX, check_boolean, check_value, is_selected, resolve, resolve_choice, short
from gradient.link.values import as_json

Source = HasTraits | Trait

_LOG = logging.getLogger(__name__)
_HERE = pathlib.Path(__file__).parent
_CHOICES: dict[Trait, list["Choice"]] = defaultdict(list)  # by what they follow


class Choice(ViewlessWidget):
    """A table that gives other traits their values by the index of a choice; see `choose`."""

    _esm = esm(_HERE / "choose.js", is_shared=True)

    spec = Dict().tag(sync=True, to_json=as_json)

    is_contradicted = False  # by another table, which sets what this one follows
    _is_following = False
    _depth = 0  # of nested applications, which other tables cause
    _applied: Any = None  # the change for which the table was applied last

    def __init__(
        self, sources: Sequence[Trait], table: Mapping[Trait, Sequence[Any]], trigger: Trait | None, *, sync_targets: bool
    ) -> None:
        self._sources, self._triggers, self._sync_targets = sources, [trigger] if trigger else sources, sync_targets
        self._table = {target: list(values) for target, values in table.items()}
        super().__init__()
        self.spec = self._spec()
        for owner, name in self._triggers:
            owner.observe(self._trigger_changed, name)
            _CHOICES[owner, name].append(self)
        self._is_following = True

    def append(self, row: Mapping[Trait, Any]) -> None:
        """Adds a row to the end of the table: a value for every target.

        Raises:
            LinkError: if a value is missing, or a target does not take it.
        """
        if not isinstance(row, Mapping) or row.keys() != self._table.keys():
            raise LinkError(f"row is {short(row)}. Give a value for each target of the table: {_names(self._table)}.")
        for target, value in row.items():
            for each in _leaves(value, len(self._sources) - 1):
                check_value(target, each, "row")
        for target, values in self._table.items():
            values.append(row[target])
        self.spec = self._spec()

    def replace(self, target: Trait, values: Sequence[Any]) -> None:
        """Gives a target of the table other values, one for each index, and applies the table.

        Raises:
            LinkError: if it is no target, or does not take one of the values. The table stays as it was then.
        """
        if target not in self._table:
            raise LinkError(f"target is {short(target)}, which the table does not set. Give one of {_names(self._table)}.")
        before = self._table
        table = {**before, **_columns({target: values}, len(self._sources))}
        _check_shapes(table, len(self._sources))
        try:
            self._set_table({name: list(column) for name, column in table.items()})
        except TraitError as error:
            self._set_table(before)
            raise LinkError(f"table: {error}. Its values do not fit together.") from None

    def _set_table(self, table: dict[Trait, list[Any]]) -> None:
        self._table = table
        self.spec = self._spec()
        self.apply()

    def apply(self) -> None:
        """Sets every target to its value for the present index, as one event. While that is None, nothing changes."""
        indices = [getattr(*source) for source in self._sources]
        if None in indices:
            return
        row = {target: _at(column, indices) for target, column in self._table.items()}
        with event(), self._within() as is_allowed:
            for widget, values in by_widget(row).items() if is_allowed else ():
                assign(widget, values)

    @contextmanager
    def _within(self) -> Iterator[bool]:
        """Counts nested applications, and returns whether there may be one more."""
        self._depth += 1
        is_allowed = self._depth <= MAX_DEPTH
        if not is_allowed:
            self.is_contradicted = True
            _LOG.warning(CONTRADICTION)
        try:
            yield is_allowed
        finally:
            self._depth -= 1

    def page_sets(self) -> list[Trait]:
        """The traits that a page sets in the kernel for this choice; see `gradient.allowlist`."""
        return [target for target, _ in self._page_table()] if self._sync_targets else []

    def why_kernel(self) -> str:
        """Why only Python can apply the table, or nothing."""
        traits = (*self._sources, *self._triggers, *(target for target, _ in self._page_table()))
        missing = [f"{type(owner).__name__}.{name}" for owner, name in traits if not is_on_page((owner, name))]
        return f"A page does not have {', '.join(missing)}." if missing else ""

    def close(self) -> None:
        """Stops following the trigger, here and on every page."""
        if self._is_following:
            self._is_following = False
            for owner, name in self._triggers:
                owner.unobserve(self._trigger_changed, name)
                _CHOICES[owner, name].remove(self)
                if not _CHOICES[owner, name]:
                    del _CHOICES[owner, name]
        super().close()

    def _spec(self) -> dict:
        """Describes the table to a page. Empty if the page lacks one of the traits; then only Python applies it."""
        if self.why_kernel():
            return {}
        return {
            "self": self,
            "sources": self._sources,
            "triggers": self._triggers,
            "table": [[*target, values] for target, values in self._page_table()],
            "sync_targets": self._sync_targets,
        }

    def _page_table(self) -> list[tuple[Trait, list[Any]]]:
        """The table with the traits that a page has: of a selection, the index of an option in the place of its value."""
        return [_for_page(target, values, len(self._sources)) for target, values in self._table.items()]

    def _trigger_changed(self, change: Any) -> None:
        # All choices that follow the trait come before any link, those included that hear of the change later.
        with event():
            for choice in _CHOICES[change.owner, change.name]:
                choice._apply_once(change)

    def _apply_once(self, change: Any) -> None:
        if self._applied is change:
            return
        self._applied = change
        if not (self.spec and is_from_page(change)):
            self.apply()
            schedule_followers((change.owner, change.name))


def choose(
    source: Source | Sequence[Source],
    table: Mapping[Any, Sequence[Any]],
    *,
    trigger: Source | None = None,
    sync_targets: bool = True,
) -> Choice:
    """Sets other traits by a choice: in the browser when a visitor chooses, in Python when Python does.

    Args:
        source: a trait that holds an index, or a boolean. A widget alone means its `index`, or its `value` if it has none.
            Of several choices, a list.
        table: for each target, its value for each index. An index beyond the table takes the nearest row. A widget alone means
            its `value`. With several choices, a list for each index of the first, with a value for each of the next.
        trigger: the trait whose change applies the table; `source` itself unless given.
        sync_targets: True for controls: the page sends their values to the kernel, and they may move away from the table. False
            for what is only displayed: it always follows `source`, even on a page that opens later, and costs no message.

    Raises:
        LinkError: if a trait is misspelt, `source` holds no index, or a target does not take one of its values.
    """
    check_boolean("sync_targets", sync_targets)
    given = _listed(source)
    found, applies = (
        [resolve_choice(each, "source") for each in given],
        None if trigger is None else resolve(trigger, "trigger"),
    )
    columns = _columns(table, len(found))
    _check_shapes(columns, len(found))
    for owner, name in columns:
        if (owner, name) in (*found, applies):
            raise LinkError(f"table sets {type(owner).__name__}.{name}, whose change applies it. Leave that out.")
    choice = Choice(found, columns, applies, sync_targets=sync_targets)
    try:
        choice.apply()
    except TraitError as error:
        choice.close()
        raise LinkError(f"table: {error}. Its values do not fit together.") from None
    if choice.is_contradicted:
        choice.close()
        raise LinkError("table sets, by way of other tables, what source follows, and no values satisfy them all.")
    return choice


def _listed(source: Any) -> list[Any]:
    """The choices that are given: one or several."""
    if isinstance(source, tuple) and source and all(isinstance(each, HasTraits | tuple) for each in source):
        raise LinkError("source is a tuple of several choices. Give a list: [one, other].")
    if source == []:
        raise LinkError("source is []. Give a widget that holds an index, or a list of them.")
    return source if isinstance(source, list) else [source]


def _names(table: Mapping[Trait, Any]) -> str:
    return ", ".join(f"{type(owner).__name__}.{name}" for owner, name in table)


def _check_shapes(table: Mapping[Trait, Sequence[Any]], depth: int) -> None:
    """Checks that all columns have as many values, and so have the lists within them."""
    rows = list(table.values())
    for _ in range(depth):
        lengths = sorted({len(row) for row in rows})
        if len(lengths) > 1:
            counts = " and ".join(map(str, lengths))
            raise LinkError(f"table has lists of {counts} values. Give a value for each index, as many for each target.")
        rows = [value for row in rows for value in row]


def _at(column: Any, indices: Sequence[Any]) -> Any:
    """The value of a column at an index of each choice."""
    for index in indices:
        # A page can send any index, even one that the widget does not offer.
        column = column[min(max(int(index), 0), len(column) - 1)]
    return column


def _leaves(values: Any, depth: int) -> list[Any]:
    """The values of lists that hold lists, so deep."""
    return [leaf for each in values for leaf in _leaves(each, depth - 1)] if depth else [values]


def _for_page(target: Trait, values: Any, depth: int) -> tuple[Trait, list[Any]]:
    if not is_selected(target):
        return target, list(values)
    options = option_values(target[0])

    def indices(value: Any, depth: int) -> Any:
        if depth:
            return [indices(each, depth - 1) for each in value]
        return None if value is None else options.index(value)

    return (target[0], INDEX), indices(values, depth)


def _columns(table: Any, depth: int) -> dict[Trait, Sequence[Any]]:
    """The table as its caller declares it, by the traits that are meant; each column has lists in lists, so deep."""
    if not isinstance(table, Mapping):
        raise LinkError(f'table is {short(table)}. Give a mapping such as {{(slider, "max"): [1.0, 2.0]}}.')
    columns = {}
    for target, values in table.items():
        trait = resolve(target, "a target of table")
        _check_column(trait, values, depth, f"table[{type(trait[0]).__name__}.{trait[1]}]")
        columns[trait] = values
    return columns


def _check_column(trait: Trait, values: Any, depth: int, name: str) -> None:
    if depth == 0:
        check_value(trait, values, name)
        return
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        raise LinkError(f"{name} is {short(values)}. Give a list with a value for each index.")
    for i, value in enumerate(values):
        _check_column(trait, value, depth - 1, f"{name}[{i}]")
