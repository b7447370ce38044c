"""Reads what a caller declares, and checks it against the traced function, so that a mistake raises where it is made."""

import difflib
import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from traitlets import HasTraits

from gradient.link.constants import Kind
from gradient.link.errors import LinkError
from gradient.link.events import Trait
from gradient.link.template import Template
from gradient.link.tracing import name_of
from gradient.link.traits import (
    INDEX,
    check_input,
    is_choice,
    kind_of,
    length_of,
    names,
    numeric_options,
    resolve,
    short,
    takes,
)
from gradient.link.values import as_kind, as_output
from gradient.link.wiring import Output

Source = HasTraits | Trait
Target = HasTraits | Trait | tuple[HasTraits, str, str]
Targets = Target | Sequence[Target]
Shapes = Mapping[str, jax.ShapeDtypeStruct]
Declared = Mapping[str, Sequence[tuple[Trait, str | None]]]

# Kinds of arrays that no output takes, and what it takes instead.
_NO_NUMBERS = {
    jax.numpy.complexfloating: "jnp.real, jnp.imag or jnp.abs of it",
    jax.dtypes.extended: "jax.random.key_data of it",
}


def sources(given: Mapping[str, Source], argument: str) -> dict[str, Trait]:
    """The traits that `inputs` or `static` names.

    Raises:
        LinkError: if one of them does not exist.
    """
    return {name: resolve(source, f"{argument}[{name!r}]") for name, source in given.items()}


def targets(given: Mapping[str, Targets]) -> dict[str, list[tuple[Trait, str | None]]]:
    """The traits that `outputs` names for each field, with the template of each or None.

    Raises:
        LinkError: if one of them does not exist.
    """
    return {
        name: [_target(target, f"outputs[{name!r}]") for target in ([found] if _is_one(found) else found)]  # type: ignore[union-attr]
        for name, found in given.items()
    }


def check_arguments(fun: Callable, inputs: Mapping[str, Trait], static: Collection[str]) -> None:
    """Checks that a function takes these arguments, and that the inputs hold numbers.

    Raises:
        LinkError: if not.
    """
    for name, trait in inputs.items():
        check_input(name, trait)
    given = [*inputs, *static]
    if both := [name for name in static if name in inputs]:
        raise LinkError(f"{both[0]!r} is in inputs and in static. Leave it out of one of them.")
    try:
        signature = inspect.signature(fun)
    except (TypeError, ValueError):  # a builtin
        return
    try:
        signature.bind(**dict.fromkeys(given))
    except TypeError as error:
        open_ones = [p.name for p in signature.parameters.values() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
        others = names([name for name in open_ones if name not in given])
        wrong = next((name for name in given if name not in signature.parameters), "")
        near = difflib.get_close_matches(wrong, signature.parameters, 1)
        hint = f" Did you mean {near[0]!r}?" if near else f" It also takes {others}." if others else ""
        hint = _wrapped(fun, signature, given) or hint
        raise LinkError(f"{name_of(fun)} cannot be called with {names(given) or 'nothing'}: {error}.{hint}") from None


def _wrapped(fun: Callable, signature: inspect.Signature, given: Sequence[str]) -> str:
    """What to write instead of a function that has a positional-only argument."""
    by_place = any(p.kind is p.POSITIONAL_ONLY and p.default is p.empty for p in signature.parameters.values())
    arguments = ", ".join(given)
    return f" Give lambda {arguments}: {name_of(fun)}({arguments})." if by_place else ""


def check_names(given: Iterable[str], known: Sequence[str] | Mapping[str, Any], argument: str) -> None:
    """Checks that names are known.

    Raises:
        LinkError: if one is not.
    """
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" There are: {names(list(known)) or 'none'}."
            raise LinkError(f"{argument} names {name!r}, which does not exist.{hint}")


def has_templates(declared: Declared) -> bool:
    """Whether a target has a template. Only the fields of the result tell its names from other text."""
    return any(template is not None for found in declared.values() for _, template in found)


def outputs_of(declared: Declared, result: Any, fun: Callable) -> dict[str, list[Output]]:
    """The outputs of a link, whose targets can take what the function returns.

    Args:
        declared: the targets of each field.
        result: what `trace` returns.
        fun: the function, for the errors.

    Raises:
        LinkError: if a field does not exist, or a target cannot take it.
    """
    fields = _named(declared, result, fun)
    return {name: [_output(name, target, template, fields) for target, template in found] for name, found in declared.items()}


def _named(declared: Declared, result: Any, fun: Callable) -> Shapes:
    if not isinstance(result, Mapping):
        if len(declared) != 1 or not hasattr(result, "shape"):
            returned = f"a bare array of shape {result.shape}" if hasattr(result, "shape") else short(result)
            fields = f'{{"{next(iter(declared), "name")}": ...}}'
            raise LinkError(
                f"{name_of(fun)} returns {returned}. Return a mapping such as {fields}, with a name for each output."
            )
        return {next(iter(declared)): result}
    check_names(declared, result, "outputs")
    return result


def _output(name: str, target: Trait, template: str | None, fields: Shapes) -> Output:
    if template is None:
        _check_real(name, fields[name])
        _check_fits(name, target, fields[name])
        return Output(target)
    _check_takes_text(name, target)
    parsed = Template.parse(template, list(fields))
    for number in parsed.numbers():
        _check_real(number.field, fields[number.field])
        _check_index(number.field, number.index, fields[number.field].shape, template)
    _check_takes_text(name, target, _examples(parsed, fields))
    return Output(target, parsed)


def _check_takes_text(name: str, target: Trait, examples: Sequence[str] = ()) -> None:
    if is_choice(target) or _index_instead(target):
        instead = _index_instead(target) or "a number: leave the template out"
        raise LinkError(f"outputs[{name!r}]: {_where(target)} takes no template, for it holds {instead}.")
    is_text = kind_of(target) in (Kind.TEXT, Kind.ANY)
    if not is_text or (examples and not any(takes(target, text) for text in examples)):
        raise LinkError(f"outputs[{name!r}]: {_where(target)} is no text, so it takes no template.")


def _examples(template: Template, fields: Shapes) -> list[str]:
    """The texts of zeros and of ones: what a trait takes, such as a colour, may be some texts only."""
    results = [{field: _filled_with(n, fields[field]) for field in template.fields()} for n in (0, 1)]
    return [template.fill(result.__getitem__) for result in results]


def _check_real(name: str, shape: Any) -> None:
    for kind, instead in _NO_NUMBERS.items():
        if hasattr(shape, "dtype") and jax.numpy.issubdtype(shape.dtype, kind):
            raise LinkError(f"The field {name!r} has the type {shape.dtype}, which no output takes. Return {instead}.")


def _check_fits(name: str, target: Trait, shape: Any) -> None:
    kind, length = kind_of(target), length_of(target)
    problem = ""
    if not hasattr(shape, "shape"):
        problem = f"is {type(shape).__name__}, and an output is one array"
    elif instead := _index_instead(target):
        problem = f"is a number, and the trait holds {instead}"
    elif kind is Kind.TEXTS:
        problem = "is a number, and the trait holds a list of texts, which no output is"
    elif kind is Kind.TEXT:
        problem = f'is a number, and the trait holds text: give a template, such as "{name} is {{{name}}}"'
    elif kind in (Kind.NUMBERS, Kind.INTEGERS, Kind.SLIDERS):
        wanted = f"{length} numbers" if length else "a list"
        if not shape.shape or (length and shape.shape != (length,)):
            problem = f"has the shape {shape.shape}, and the trait takes {wanted}"
    elif (kind is not Kind.ANY or numeric_options(target)) and shape.shape:
        problem = (
            f"has the shape {shape.shape}, and the trait takes one {kind if kind in (Kind.BOOLEAN, Kind.INTEGER) else 'number'}"
        )
    has_own_type = kind in (Kind.ANY, Kind.NUMBERS, Kind.INTEGERS) and not numeric_options(target)
    if not problem and has_own_type and not _takes_some(target, kind, shape):
        problem = f"is {'an array' if shape.shape else 'a number'}, which the trait does not take: set a FloatText or a Label"
    if problem:
        raise LinkError(f"outputs[{name!r}] to {_where(target)}: the field {problem}.")


def _index_instead(target: Trait) -> str:
    """What a selection's trait holds instead of a number, and what to set instead; empty for all other traits."""
    owner, name = target
    if is_choice(target) and not numeric_options(target):
        return f'an option: set the "{INDEX}" of the {type(owner).__name__}'
    is_list = name == "options" and is_choice((owner, "value"))
    return f'all options: set the "{INDEX}" of the {type(owner).__name__}, or one by choose' if is_list else ""


def _takes_some(target: Trait, kind: Kind, shape: jax.ShapeDtypeStruct) -> bool:
    """Whether a trait takes zeros or ones of a shape: what it takes may have limits that only its values know."""
    return any(takes(target, as_kind(_filled_with(n, shape), kind)) for n in (0, 1))


def _filled_with(number: int, shape: jax.ShapeDtypeStruct) -> Any:
    """A field of this shape that holds one number, as a trait gets it."""
    return as_output(np.full(shape.shape, number, shape.dtype)[()])


def _check_index(field: str, index: tuple[int, ...], shape: tuple[int, ...], template: str) -> None:
    is_within = all(-length <= place < length for place, length in zip(index, shape, strict=False))
    if len(index) != len(shape) or not is_within:
        example = "".join("[0]" for _ in shape)
        raise LinkError(f"The template {template!r}: {field} has the shape {shape}. Name one number: {{{field}{example}}}.")


def _target(given: Any, argument: str) -> tuple[Trait, str | None]:
    if isinstance(given, tuple) and len(given) == 3 and isinstance(given[2], str):
        return resolve(given[:2], argument), given[2]
    return resolve(given, argument), None


def _is_one(given: Any) -> bool:
    """Whether this is one target, and not a sequence of them."""
    if isinstance(given, HasTraits) or not isinstance(given, Sequence) or isinstance(given, str):
        return True
    return len(given) > 1 and isinstance(given[1], str)


def _where(trait: Trait) -> str:
    return f"{type(trait[0]).__name__}.{trait[1]}"
