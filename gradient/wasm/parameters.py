"""The parameters of primitives that need no rule: those that do not change the result, at the values that do not.

A rule declares the parameters that it reads, and those that the shapes and types of the results imply. Every other parameter of
its primitive has to be here, or the equation is refused: a parameter that JAX adds cannot be overlooked.
"""

from collections.abc import Callable, Mapping
from typing import Any

from jax import lax


def _any(_: Any) -> bool:
    return True


def _is_default(value: Any) -> bool:
    return value is None or value == lax.AccuracyMode.DEFAULT


def _is_float32(value: Any) -> bool:
    """Whether products are those of float32: on a CPU they are at every `Precision`, but not with every algorithm."""
    presets = lax.DotAlgorithmPreset
    if isinstance(value, tuple):
        return all(map(_is_float32, value))
    return value is None or isinstance(value, lax.Precision) or value in (presets.DEFAULT, presets.F32_F32_F32)


_WITHOUT_EFFECT: dict[str, Callable[[Any], bool]] = {
    "accuracy": _is_default,
    "precision": _is_float32,
    # Where arrays lie, and how XLA compiles: a program has one device and one memory.
    **dict.fromkeys(("sharding", "out_sharding", "in_shardings", "out_shardings", "ctx_mesh", "devices", "memory_space"), _any),
    **dict.fromkeys(("in_layouts", "out_layouts", "donated_invars", "keep_unused", "inline", "compiler_options_kvs"), _any),
    **dict.fromkeys(("unroll", "prevent_cse", "policy", "srcs", "copy_semantics", "branches_platforms"), _any),
    # What the caller promises about indices; and the order of equal keys, which is free where none is asked for.
    **dict.fromkeys(("indices_are_sorted", "unique_indices", "is_stable"), _any),
    # What only tracing and differentiation read.
    **dict.fromkeys(("name", "weak_type", "differentiated", "jvp_jaxpr_fun", "num_consts", "symbolic_zeros"), _any),
    **dict.fromkeys(("fwd_jaxpr_thunk", "bwd", "out_trees"), _any),
}


def overlooked(params: Mapping[str, Any], known: frozenset[str]) -> str:
    """The first parameter, with its value, that a rule does not know and that may change the result; empty if there is none."""
    for name, value in params.items():
        if name not in known and not _WITHOUT_EFFECT.get(name, lambda _: False)(value):
            return f"{name}={str(value)[:60]}"
    return ""
