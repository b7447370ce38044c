"""Reads the options of a link, so that a mistake in one raises where it is made, like one in its inputs and outputs."""

import itertools
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from traitlets import HasTraits

from gradient.link.constants import BROWSER, KERNEL, Kind
from gradient.link.declaration import check_names
from gradient.link.errors import LinkError, described
from gradient.link.events import Trait
from gradient.link.traits import (
    check_boolean,
    is_selected,
    kind_of,
    numeric_options,
    resolve,
    resolve_choice,
    short,
    takes,
)
from gradient.link.wiring import KernelRenderer, Transition


def check_functions(**functions: Any) -> None:
    """Checks that these arguments, by their names, are functions, or None.

    Raises:
        LinkError: if not.
    """
    for argument, given in functions.items():
        if given is not None and not callable(given):
            raise LinkError(f"{argument} is {short(given)}, which is no function.")


def check_mappings(**mappings: Any) -> None:
    """Checks that these arguments, by their names, are mappings with names in them.

    Raises:
        LinkError: if not.
    """
    for argument, given in mappings.items():
        if not isinstance(given, Mapping):
            raise LinkError(f'{argument} is {short(given)}. Give a mapping from names to widgets, such as {{"x": slider}}.')
        for name in given:
            if not isinstance(name, str):
                raise LinkError(f"{argument} has {short(name)} in the place of a name. Write it in quotes.")


def check_shapes(shapes: Callable[..., Any] | None, static: Mapping[str, Any], inputs: Collection[str]) -> None:
    """Checks that a function returns shapes of inputs for a choice.

    Raises:
        LinkError: if it fails, or returns something else.
    """
    if shapes is None or None in static.values():  # nothing runs yet
        return
    found = _called(shapes, "shapes", static)
    if not isinstance(found, Mapping):
        raise LinkError(f'shapes returns {short(found)}. Return a mapping from inputs to their shapes, such as {{"x": (3,)}}.')
    check_names(found, list(inputs), "shapes")
    for name, shape in found.items():
        if not isinstance(shape, Sequence) or not all(isinstance(length, int | np.integer) and length >= 0 for length in shape):
            raise LinkError(f"shapes returns {short(shape)} for {name!r}. Return a tuple of lengths, such as (3,) or ().")


def check_name(name: Callable[..., Any] | None, static: Mapping[str, Any]) -> None:
    """Checks that a function returns the name of a program, or None, for a choice.

    Raises:
        LinkError: if it fails, or returns something else.
    """
    found = _called(name, "name", static) if name else None
    if not isinstance(found, str | None):
        raise LinkError(f"name returns {short(found)}. Return a text, or None.")


def _called(function: Callable[..., Any], argument: str, static: Mapping[str, Any]) -> Any:
    try:
        return function(**static)
    except Exception as error:
        raise LinkError(f"{argument}({', '.join(static)}) fails: {described(error)}. It is called with static.") from error


def check_switches(*, where: Any, sync_targets: Any) -> None:
    """Checks who is to compute, and whether outputs are sent.

    Raises:
        LinkError: if an argument has another value than those that there are.
    """
    if not isinstance(where, str) or where not in (BROWSER, KERNEL):
        raise LinkError(f"where is {short(where)}. Give {BROWSER!r} or {KERNEL!r}.")
    check_boolean("sync_targets", sync_targets)


def static_traits(given: Mapping[str, Any]) -> dict[str, Trait]:
    """The traits that select a program; a widget alone means its index, or its value if it has none.

    Raises:
        LinkError: if one does not exist, or holds neither an index nor a boolean.
    """
    return {name: _static_trait(source, f"static[{name!r}]") for name, source in given.items()}


def _static_trait(given: Any, argument: str) -> Trait:
    if isinstance(given, HasTraits) and numeric_options((given, "value")):
        return resolve(given, argument)
    return resolve_choice(given, argument)


def _names(given: Any, argument: str) -> list[str]:
    if isinstance(given, str) or not isinstance(given, Sequence) or not all(isinstance(name, str) for name in given):
        raise LinkError(
            f"{argument} is {short(given)}. Give a list of names" + (f": [{given!r}]." if isinstance(given, str) else ".")
        )
    return list(given)


def _instance(given: Any, kind: type, argument: str) -> None:
    if not isinstance(given, kind):
        raise LinkError(f"{argument} is {short(given)}. Give a {kind.__name__}(...).")


def check_outputs(outputs: Mapping[str, Any], renderer: KernelRenderer | None) -> None:
    """Checks that there is something to set, or to draw.

    Raises:
        LinkError: if not.
    """
    if not outputs and not renderer:
        raise LinkError('outputs is empty. Name a field of the result and what it sets, such as {"y": label}.')
    for name, targets in outputs.items():
        if isinstance(targets, Sequence) and not targets:
            raise LinkError(f"outputs[{name!r}] is empty. Name what it sets, or leave it out.")


def check_targets(outputs: Mapping[str, Sequence[Trait]]) -> None:
    """Checks that a link sets no trait twice.

    Raises:
        LinkError: if it does.
    """
    found: set[Trait] = set()
    for owner, trait in itertools.chain(*outputs.values()):
        if (owner, trait) in found:
            raise LinkError(f"outputs sets {type(owner).__name__}.{trait} twice. Leave one of them out.")
        found.add((owner, trait))


def triggers_of(given: Sequence[str] | None, inputs: Collection[str]) -> list[str]:
    """The names of the inputs that run the function.

    Raises:
        LinkError: if one is no input.
    """
    found = _names(list(inputs) if given is None else given, "triggers")
    check_names(found, list(inputs), "triggers")
    return found


def errors_target(given: Any) -> Trait | None:
    """The text that shows what failed.

    Raises:
        LinkError: if there is no such trait, or it holds something else.
    """
    if given is None:
        return None
    owner, name = resolve(given, "errors")
    holds_text = kind_of((owner, name)) in (Kind.TEXT, Kind.ANY) and not is_selected((owner, name))
    if not holds_text or not takes((owner, name), "It failed."):
        raise LinkError(f"errors needs a text trait, such as a Label's value. {type(owner).__name__}.{name} is none.")
    return owner, name


def transition_of(given: Transition | None, names: Collection[str]) -> Transition | None:
    """The transition with its traits, if there is one.

    Args:
        given: what the caller declares.
        names: those of the inputs, static ones included.

    Raises:
        LinkError: if a trigger is no input, or a trait does not exist.
    """
    if given is None:
        return None
    _instance(given, Transition, "transition")
    check_names(_names(given.triggers, "transition.triggers"), list(names), "transition.triggers")
    if not isinstance(given.durations, Sequence):
        raise LinkError(f"transition.durations is {short(given.durations)}. Give a list of traits.")
    if not isinstance(given.milliseconds, int | float) or given.milliseconds < 0:
        raise LinkError(f"transition.milliseconds is {short(given.milliseconds)}. Give a number.")
    durations = [resolve(trait, f"transition.durations[{i}]") for i, trait in enumerate(given.durations)]
    for i, (owner, name) in enumerate(durations):
        if not takes((owner, name), 0):
            raise LinkError(f"transition.durations[{i}]: {type(owner).__name__}.{name} holds no milliseconds.")
    return replace(given, durations=durations)


def renderer_of(given: KernelRenderer | None) -> KernelRenderer | None:
    """The renderer with its traits, if there is one.

    Raises:
        LinkError: if a trait does not exist, or holds something else.
    """
    if given is None:
        return None
    _instance(given, KernelRenderer, "renderer")
    functions = {name: getattr(given, name) for name in ("render", "clear", "render_rested")}
    check_functions(**{f"renderer.{name}": function for name, function in functions.items()})
    check_mappings(**{"renderer.outputs": given.outputs})
    draws = given.browser_renders
    return replace(
        given,
        shown=resolve(given.shown, "renderer.shown"),
        visible=_boolean(given.visible, "renderer.visible"),
        browser_renders=draws and _boolean(draws, "renderer.browser_renders"),
        outputs={name: resolve(trait, f"renderer.outputs[{name!r}]") for name, trait in given.outputs.items()},
        rested=[resolve(trait, f"renderer.rested[{i}]") for i, trait in enumerate(given.rested)],
    )


def _boolean(given: Any, argument: str) -> Trait:
    owner, name = resolve(given, argument)
    if not takes((owner, name), True):
        raise LinkError(f"{argument}: {type(owner).__name__}.{name} holds no boolean.")
    return owner, name


def check_delay(seconds: Any) -> None:
    """Checks that a link is told to wait for a time.

    Raises:
        LinkError: if it is not a number, or negative or infinite.
    """
    if not isinstance(seconds, int | float) or not 0 <= seconds < math.inf:
        raise LinkError(f"delay is {short(seconds)}. Give a number of seconds, or 0 to run within each event.")
