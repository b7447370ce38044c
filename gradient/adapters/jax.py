"""What the package uses of JAX beside its documented functions: the jaxpr that tracing gives, and how to read one.

JAX documents jaxprs for reading, not as an interface: their classes live in `jax.extend.core`, and the fields and the names of
primitives and parameters change between releases. The protocols below are the fields that the compiler reads. A primitive's
parameters are read by its rule in `gradient.wasm.rules`, and by nothing else.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol

import jax
from jax._src import debugging, source_info_util
from jax.extend import core


class Aval(Protocol):
    """The shape and type of a value; those of a random key or an effect have no NumPy dtype, or none at all."""

    shape: tuple[int, ...]
    dtype: Any
    size: int


class Atom(Protocol):
    """A variable of a jaxpr, hashed by identity, or a literal (`is_literal`), whose number is `val`."""

    aval: Aval


class Primitive(Protocol):
    """What an equation applies."""

    name: str


class Equation(Protocol):
    """One operation of a jaxpr: `outvars = primitive[params](invars)`."""

    primitive: Primitive
    params: Mapping[str, Any]
    invars: Sequence[Any]
    outvars: Sequence[Any]
    source_info: Any
    effects: Iterable[Any]


class Jaxpr(Protocol):
    """A traced function: equations in order, from `constvars` and `invars` to `outvars`."""

    constvars: Sequence[Any]
    invars: Sequence[Any]
    outvars: Sequence[Any]
    eqns: Sequence[Equation]


def trace(fun: Callable, args: Sequence[Any]) -> tuple[Jaxpr, Sequence[Any], Any]:
    """The jaxpr of a function for arguments of these shapes and types, its constants, and the tree of its results."""
    closed, tree = jax.make_jaxpr(fun, return_shape=True)(*args)
    return *opened(closed), jax.tree.structure(tree)


def opened(jaxpr: Any) -> tuple[Jaxpr, Sequence[Any]]:
    """A jaxpr and its constants: loops and branches have it closed over them (`ClosedJaxpr`), some calls without."""
    return (jaxpr.jaxpr, jaxpr.consts) if hasattr(jaxpr, "consts") else (jaxpr, ())


def called(equation: Equation) -> Any:
    """The jaxpr that a call applies. Its parameter has one name in `jit` and another in `custom_jvp_call`."""
    return next(equation.params[name] for name in ("jaxpr", "call_jaxpr") if name in equation.params)


def inner_jaxprs(equation: Equation) -> list[Jaxpr]:
    """The jaxprs among the parameters of an equation: of calls, loops and branches."""
    values = [v for p in equation.params.values() for v in (p if isinstance(p, tuple | list) else (p,))]
    return [opened(value)[0] for value in values if isinstance(value, core.Jaxpr | core.ClosedJaxpr)]


def is_literal(atom: Any) -> bool:
    """Whether an operand is a number in the equation itself. Only its class says so, and only `jax.extend` has that."""
    return isinstance(atom, core.Literal)


def has_effect(equation: Equation) -> bool:
    """Whether an equation does more than compute its results; what it prints for debugging does not count."""
    return not all(isinstance(effect, debugging.DebugEffect | debugging.OrderedDebugEffect) for effect in equation.effects)


def is_mutable(value: Any) -> bool:
    """Whether a constant is a reference to an array that the function may change."""
    return isinstance(value, jax.Ref)


def is_random_key(dtype: Any) -> bool:
    """Whether a type is that of keys for random numbers, which has no NumPy equivalent."""
    return bool(jax.dtypes.issubdtype(dtype, jax.dtypes.extended))


def source_of(equation: Equation) -> str:
    """Where in the user's source an equation comes from, for errors; JAX's own frames are left out by a private function."""
    return source_info_util.summarize(equation.source_info)


def is_tracer(value: Any) -> bool:
    """Whether a value stands for one that only a run will know, inside `jit` or `vmap`. `jax.core` is being emptied."""
    return isinstance(value, jax.core.Tracer)
