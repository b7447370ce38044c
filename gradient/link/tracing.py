"""Traces a linked function for the shapes of its result, and explains what fails while it is traced."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import is_dataclass
from typing import Any

import jax
import numpy as np

from gradient.link.errors import LinkError, described
from gradient.link.results import fields_of
from gradient.link.traits import names, short

_UNKNOWN = "uses the value of {which} in Python, where it is not known yet"
# What JAX raises where a function needs the value of an argument that is traced, and what helps.
_NEEDS_VALUE = {
    jax.errors.TracerBoolConversionError: "decides something in Python (if, while, and, or, not) by the value of {which}",
    jax.errors.ConcretizationTypeError: _UNKNOWN,
    jax.errors.TracerArrayConversionError: "gives NumPy the value of {which}",
    jax.errors.TracerIntegerConversionError: "needs as a Python integer the value of {which}",
    jax.errors.NonConcreteBooleanIndexError: "makes an array whose length depends on the value of {which}",
}
_ARRAYS = (jax.Array, np.ndarray, np.generic, bool, int, float, complex)
_AS_TEXT = "unsupported format string passed to"
_AS_INDEX = "can be converted to a scalar index"
_INSTEAD = "Write it with jax.numpy (jnp.where, jnp.clip, ...), or pass the argument in static="


def trace(fun: Callable, inputs: Mapping[str, np.ndarray], static: Mapping[str, Any]) -> dict[str, jax.ShapeDtypeStruct] | Any:
    """The shapes of a function's result by its fields, or the shape of an array that is all of it.

    Raises:
        LinkError: if the function fails.
    """

    def arrays(arguments: Mapping[str, Any]) -> Any:
        result = fun(**arguments, **static)
        _check_keys(result, fun)
        for path, leaf in jax.tree_util.tree_leaves_with_path(result):
            if not isinstance(leaf, _ARRAYS):
                raise LinkError(
                    f"{name_of(fun)} returns {short(leaf)}{_at(path)}, and an output is a number or an array.{_register(leaf)}"
                )
        return result

    with _explained(fun, inputs, static):
        return fields_of(jax.eval_shape(arrays, dict(inputs)))


def _check_keys(result: Any, fun: Callable) -> None:
    """Checks that a mapping that a function returns has names."""
    for key in result if isinstance(result, Mapping) else ():
        if not isinstance(key, str):
            raise LinkError(f"{name_of(fun)} returns a mapping with {short(key)} in the place of a name. Write it in quotes.")


def _at(path: Any) -> str:
    """Where in a result something is, for an error."""
    return f" at {jax.tree_util.keystr(path)}" if path else ""


def _register(leaf: Any) -> str:
    return " Register its class with jax.tree_util.register_dataclass." if is_dataclass(leaf) else ""


@contextmanager
def _explained(fun: Callable, inputs: Mapping[str, np.ndarray], static: Mapping[str, Any]) -> Iterator[None]:
    try:
        yield
    except LinkError:
        raise
    except Exception as error:
        kind = next((kind for kind in _NEEDS_VALUE if isinstance(error, kind)), None)
        if kind is None and _AS_TEXT in str(error):  # of a tracer in an f-string
            kind = TypeError
        if kind is None and _AS_INDEX in str(error):  # of a tracer that is no integer
            raise LinkError(f"{name_of(fun)} needs an argument as a Python integer. {_INSTEAD}.") from None
        if kind is None:
            raise LinkError(f"{name_of(fun)} fails: {described(error)}") from error
        words = _NEEDS_VALUE.get(kind, _UNKNOWN).format(which=names(_needed(fun, inputs, static, kind)))
        raise LinkError(f"{name_of(fun)} {words}. {_INSTEAD}.") from None


def _needed(fun: Callable, inputs: Mapping[str, np.ndarray], static: Mapping[str, Any], kind: type[Exception]) -> list[str]:
    """Which arguments have to be static to avoid this error; all of them if no single one is enough."""

    def fails_without(name: str) -> bool:
        traced = {other: value for other, value in inputs.items() if other != name}
        try:
            jax.eval_shape(lambda arguments: fun(**arguments, **static, **{name: inputs[name]}), traced)
        except Exception as error:
            return isinstance(error, kind)
        return False

    return [name for name in inputs if not fails_without(name)] or list(inputs)


def name_of(fun: Callable) -> str:
    """What errors call a function."""
    name = getattr(fun, "__name__", type(fun).__name__)
    return "The function" if name == "<lambda>" else name
