"""Which traits a `jaxlink` reads and writes, and how a page is told."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from ipywidgets import Widget
from traitlets import HasTraits

from gradient.link.constants import ROUNDING
from gradient.link.events import Trait, is_on_page
from gradient.link.template import Template
from gradient.link.traits import is_selected, kind_of, numeric_options, page_trait, present
from gradient.link.values import LIMITS, as_input, as_kind, is_close, nearest_option


class Output(NamedTuple):
    """A trait that a field of the result is written to: as the trait takes it, or as text if there is a template."""

    target: Trait
    template: Template | None = None

    def value(self, fields: Mapping[str, Any], name: str, limits: Mapping[Trait, Any] | None = None) -> Any:
        """What to write to the trait, from the field of a result; None leaves the trait as it is.

        `limits` has the limits that the same result sets, by their traits; they already hold for this value.
        """
        if self.template:
            return self.template.fill(lambda field: fields[field])
        if is_selected(self.target):
            return nearest_option(fields[name], numeric_options(self.target) or [])
        return as_kind(fields[name], kind_of(self.target), self._limited(limits or {}))

    def _limited(self, limits: Mapping[Trait, Any]) -> Any:
        """What has the limits of the target; only a widget's `value` has any."""
        owner, trait = self.target
        if trait != "value":
            return None
        new = {name: limits[owner, name] for name in LIMITS if limits.get((owner, name)) is not None}
        return SimpleNamespace(**{name: getattr(owner, name, None) for name in LIMITS} | new) if new else owner

    def is_rounded(self, fields: Mapping[str, Any], name: str, value: Any) -> bool:
        """Whether the target takes this value, and not the number as it is."""
        rounds = not self.template and kind_of(self.target) in ROUNDING
        return rounds and not is_close(value, fields[name])

    def as_json(self, key: str) -> list:
        """What a page takes; see `wiring.js`. `key` is that of its table, if it is the value of a selection."""
        parts = self.template and self.template.as_json()
        return [*page_trait(self.target), parts, kind_of(self.target), key if is_selected(self.target) else None]


@dataclass(frozen=True)
class KernelRenderer:
    """Draws a picture in the kernel, as fast as the page can show it. A page that computes draws the picture itself.

    Attributes:
        render: `render(result, **static)`, called with the newest result only.
        shown: a trait that the page changes when it has shown a frame and is ready for the next one.
        visible: a boolean trait; nothing is rendered while it is false.
        clear: removes the picture when the page starts to compute.
        browser_renders: a boolean trait that is set to whether the page draws.
        outputs: for fields of the result, the traits from which the page draws.
        rested: traits that a computing page sends when its visitor rests.
        render_rested: draws what these hold, without computing; returns False if that is drawn already.
    """

    render: Callable[..., None]
    shown: Trait
    visible: Trait
    clear: Callable[[], None] | None = None
    browser_renders: Trait | None = None
    outputs: Mapping[str, Trait] = field(default_factory=dict)
    rested: Sequence[Trait] = ()
    render_rested: Callable[[], bool] | None = None


@dataclass(frozen=True)
class Transition:
    """Animates pictures to their new state when one of the `triggers` changes, and only then.

    Attributes:
        triggers: names of inputs, static ones included.
        durations: traits that hold how long a picture's animations take, in milliseconds.
        milliseconds: how long the transition takes.
    """

    triggers: Sequence[str]
    durations: Sequence[Trait]
    milliseconds: int = 150


@dataclass(frozen=True)
class Wiring:
    """The traits of a link; see `jaxlink` for each of them."""

    inputs: Mapping[str, Trait]
    static: Mapping[str, Trait]
    outputs: Mapping[str, Sequence[Output]]
    triggers: Sequence[str]
    renderer: KernelRenderer | None
    transition: Transition | None
    errors: Trait | None
    sync_targets: bool
    warms_up: bool = True

    def read(self) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Returns the present inputs, as a compiled function takes them, and the present static inputs.

        For an input that is None there is a number of its type.
        """
        inputs = {name: as_input(present(trait)) for name, trait in self.inputs.items()}
        return inputs, {name: getattr(*trait) for name, trait in self.static.items()}

    def is_complete(self) -> bool:
        """Whether no input is None."""
        return all(getattr(*trait) is not None for trait in (*self.inputs.values(), *self.static.values()))

    def tables(self) -> dict[str, list[float]]:
        """For each input that is the value of a selection, the numbers of its options; none if one is no number any more."""
        return _tables(self.inputs)

    def output_tables(self) -> dict[str, list[float]]:
        """The same for each output, by its key."""
        return _tables({key: output.target for found in self._keyed().values() for key, output in found.items()})

    def selections(self) -> list[HasTraits]:
        """All widgets that the tables are of."""
        return [owner for owner, name in (*self.inputs.values(), *self.targets()) if is_selected((owner, name))]

    def sources(self) -> set[Trait]:
        """The inputs, static ones included, as a page has them."""
        return {*map(page_trait, self.inputs.values()), *self.static.values()}

    def targets(self) -> list[Trait]:
        """The traits that the result is written to."""
        return [output.target for outputs in self.outputs.values() for output in outputs]

    def page_outputs(self) -> dict[str, list[Output]]:
        """Everything that a page writes, which includes the traits from which it draws."""
        drawn = self.renderer.outputs if self.renderer else {}
        outputs = {name: list(found) for name, found in self.outputs.items()}
        for name, target in drawn.items():
            outputs.setdefault(name, []).append(Output(target))
        return outputs

    def _keyed(self) -> dict[str, dict[str, Output]]:
        """What a page writes, each with a key."""
        found = self.page_outputs().items()
        return {name: {f"{name} {place}": output for place, output in enumerate(each)} for name, each in found}

    def fields(self) -> list[str]:
        """The fields of the result that a page needs, in alphabetical order."""
        outputs = self.page_outputs()
        templates = (output.template for found in outputs.values() for output in found if output.template)
        return sorted({*outputs, *(name for template in templates for name in template.fields())})

    def why_not_linkable(self) -> str:
        """Why no page can run this link, or nothing. A page has the synchronised traits of widgets, and no others."""
        for widget, name in (*map(page_trait, (*self.inputs.values(), *self.targets())), *self.static.values()):
            if not is_on_page((widget, name)):
                return _why_not_on_page(widget, name)
        return ""

    def spec(self, link: Widget, order: int) -> dict:
        """Describes the link to a page. `jaxlink.js` reads it."""
        transition = self.transition
        return {
            "self": link,
            "order": order,
            "inputs": {name: page_trait(trait) for name, trait in self.inputs.items()},
            "static": self.static,
            "outputs": {name: [each.as_json(key) for key, each in found.items()] for name, found in self._keyed().items()},
            "sync_targets": self.sync_targets,
            "warms_up": self.warms_up,
            "triggers": self.triggers,
            "errors": self.errors,
            "browser_renders": self.renderer.browser_renders if self.renderer else None,
            "transition": transition
            and {
                "triggers": list(transition.triggers),
                "durations": list(transition.durations),
                "milliseconds": transition.milliseconds,
            },
        }


def _tables(traits: Mapping[str, Trait]) -> dict[str, list[float]]:
    return {name: numeric_options(trait) or [] for name, trait in traits.items() if is_selected(trait)}


def _why_not_on_page(widget: HasTraits, name: str) -> str:
    trait = f"{type(widget).__name__}.{name}"
    if not isinstance(widget, Widget):
        return f"{trait} is not a widget's trait, so the page does not have it."
    instead = ' Link its "index" instead.' if "index" in widget.keys else ""
    return f"{trait} is not sent to the page, so the page does not have it.{instead}"
