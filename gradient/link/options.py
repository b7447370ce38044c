"""Reads the options of a link, so that a mistake in one raises where it is made, like one in its inputs and outputs."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradient.link.declaration import check_names
from gradient.link.errors import LinkError
from gradient.link.events import Trait
from gradient.link.traits import Kind, kind_of, resolve, short
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
    """Checks that these arguments, by their names, are mappings, or None.

    Raises:
        LinkError: if not.
    """
    for argument, given in mappings.items():
        if given is not None and not isinstance(given, Mapping):
            raise LinkError(f'{argument} is {short(given)}. Give a mapping from names to widgets, such as {{"x": slider}}.')


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


def triggers_of(given: Sequence[str] | None, inputs: Collection[str]) -> list[str]:
    """The names of the inputs that run the function.

    Raises:
        LinkError: if one is no input.
    """
    if isinstance(given, str):
        raise LinkError(f"triggers is {given!r}. Give a list of names: [{given!r}].")
    found = list(inputs if given is None else given)
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
    if kind_of((owner, name)) not in (Kind.TEXT, Kind.ANY):
        raise LinkError(f"errors: {type(owner).__name__}.{name} holds no text, and it is set to what failed. Give a Label.")
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
    check_names(given.triggers, list(names), "transition.triggers")
    durations = [resolve(trait, f"transition.durations[{i}]") for i, trait in enumerate(given.durations)]
    return replace(given, durations=durations)


def renderer_of(given: KernelRenderer | None) -> KernelRenderer | None:
    """The renderer with its traits, if there is one.

    Raises:
        LinkError: if a trait does not exist.
    """
    if given is None:
        return None
    draws = given.browser_renders
    return replace(
        given,
        shown=resolve(given.shown, "renderer.shown"),
        visible=resolve(given.visible, "renderer.visible"),
        browser_renders=draws and resolve(draws, "renderer.browser_renders"),
        outputs={name: resolve(trait, f"renderer.outputs[{name!r}]") for name, trait in given.outputs.items()},
    )


def check_delay(seconds: Any) -> None:
    """Checks that a link is told to wait for a time.

    Raises:
        LinkError: if it is no number, or negative.
    """
    if not isinstance(seconds, int | float) or not seconds >= 0:
        raise LinkError(f"delay is {short(seconds)}. Give a number of seconds, or 0 to run within each event.")
