"""Compiles one program for each combination of the static inputs that a visitor can choose."""

import itertools
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jax
import numpy as np
from ipywidgets import BoundedIntText, FloatsInput, IntsInput, IntSlider, SelectMultiple

from gradient.link.errors import described
from gradient.link.events import Trait
from gradient.link.programs import Cache, compile_function, describe, load_or_compile
from gradient.link.wiring import Wiring
from gradient.wasm import Program, UnsupportedPrimitive

_LOG = logging.getLogger(__name__)

_MOST_NUMBERS = 32  # of a slider that selects a program
_OF_ANY_LENGTH, _LISTS = (FloatsInput, IntsInput, SelectMultiple), ("value", "index")

Inputs = Mapping[str, np.ndarray]
Static = Mapping[str, Any]
Programs = dict[str, dict]


@dataclass
class Combinations:
    """The programs of a function, by the key of their combination.

    Attributes:
        fun: the function.
        wiring: its traits.
        shapes: `shapes(**static)` returns the shapes of the inputs that depend on a static input.
        cache: where programs are kept.
        name: `name(**static)` is a program's name in the cache.
    """

    fun: Callable[..., Any]
    wiring: Wiring
    shapes: Callable[..., Mapping[str, tuple[int, ...]]] | None
    cache: Cache | None
    name: Callable[..., str | None] | None
    _failures: dict[tuple[str, str], str] = field(default_factory=dict)

    def why_not_compiled(self, inputs: Inputs, static: Static) -> str:
        """Why a combination has no program for inputs of these shapes, or nothing."""
        return self._failures.get((_key(static), _signature(inputs)), "")

    def failures(self) -> list[str]:
        """Why combinations have no program, each reason once."""
        return list(dict.fromkeys(self._failures.values()))

    def changes_beyond(self) -> list[str]:
        """What a visitor can set so that another program is needed, which only a kernel can compile; each with its reason."""
        chosen = [trait for trait in self.wiring.static.values() if _possible_values(trait, getattr(*trait)) is None]
        long = [trait for trait in self.wiring.inputs.values() if isinstance(trait[0], _OF_ANY_LENGTH) and trait[1] in _LISTS]
        more = [(trait, "values") for trait in chosen] + [(trait, "lengths") for trait in long]
        return [_uncompiled(trait, what) for trait, what in more]

    def compile_missing(self, known: Programs, inputs: Inputs, static: Static) -> Programs:
        """Returns the known programs and those that are missing, the present combination's first."""
        programs = dict(known)
        for combination in self.all(static):
            is_present = combination == static
            expected = inputs if is_present else self._expected_inputs(inputs, combination)
            are_shapes_certain = is_present or self.shapes is not None
            key = _key(combination)
            fits = key in programs and (not are_shapes_certain or _takes(programs[key], expected))
            if not fits and (key, _signature(expected)) not in self._failures:
                programs.pop(key, None)
                with self._recording_failure(key, expected):
                    programs[key] = self._compile(expected, combination)
        return programs

    def all(self, static: Static) -> list[dict[str, Any]]:
        """All combinations that a visitor can choose, the present one first."""
        values = [_possible_values(trait, static[name]) or [static[name]] for name, trait in self.wiring.static.items()]
        found = [dict(zip(self.wiring.static, chosen, strict=True)) for chosen in itertools.product(*values)]
        return [dict(static), *(combination for combination in found if combination != static)]

    def _expected_inputs(self, inputs: Inputs, static: Static) -> Inputs:
        shapes = self.shapes(**static) if self.shapes else {}
        return {name: np.zeros(shapes[name], value.dtype) if name in shapes else value for name, value in inputs.items()}

    def cached_fields(self, inputs: Inputs, static: Static) -> dict[str, jax.ShapeDtypeStruct] | None:
        """The shapes of what the cached program of a combination returns, by their fields; None if no such file can be read."""
        name = self._cached_name(inputs, static)
        data = self.cache.load(name) if self.cache and name else None
        if data is None:
            return None
        try:
            slots = Program.from_bytes(data).outputs
        except Exception:  # a damaged archive fails in many ways
            return None
        return {field: jax.ShapeDtypeStruct(s.shape, s.dtype) for field, s in zip(self.wiring.fields(), slots, strict=True)}

    def _cached_name(self, inputs: Inputs, static: Static) -> str | None:
        name = self.name(**static) if self.name else None
        return name and f"{name} {self.wiring.fields()} {_signature(inputs)}"

    def _compile(self, inputs: Inputs, static: Static) -> dict:
        def fun(**arguments: Any) -> Any:
            return self.fun(**arguments, **static)

        fields, name = self.wiring.fields(), self._cached_name(inputs, static)
        program = self._program(name, lambda: compile_function(fun, inputs, fields))
        return describe(program, list(inputs), fields)

    def _program(self, name: str | None, make: Callable[[], Program]) -> Program:
        """The program of this name in the cache, or what `make` makes. A damaged one counts as missing."""
        try:
            return load_or_compile(self.cache, name, make)
        except UnsupportedPrimitive:
            raise
        except Exception:
            if self.cache is None or name is None:
                raise
        program = make()  # raises again if the function has failed, and not the file
        self.cache.store(name, program.to_bytes())
        return program

    @contextmanager
    def _recording_failure(self, key: str, inputs: Inputs) -> Iterator[None]:
        """Records why a combination cannot be compiled. The kernel runs it; the other combinations are compiled."""
        try:
            yield
        except UnsupportedPrimitive as error:
            why = str(error)
        except Exception as error:
            _LOG.warning("The program for the choice %s cannot be compiled, so the kernel runs it", key, exc_info=True)
            why = f"This choice cannot be compiled. {described(error)}"
        else:
            return
        self._failures[key, _signature(inputs)] = why.splitlines()[0]


def _uncompiled(trait: Trait, what: str) -> str:
    """The message about a trait that can need a program which is not compiled."""
    hint = f" Give it at most {_MOST_NUMBERS}." if isinstance(trait[0], BoundedIntText | IntSlider) else ""
    return f"{type(trait[0]).__name__}.{trait[1]} can take {what} for which no program is compiled.{hint}"


def _key(static: Static) -> str:
    """A combination's name, written as JavaScript's JSON.stringify writes it."""
    return json.dumps(list(static.values()), separators=(",", ":"))


def _possible_values(trait: Trait, present: Any) -> Sequence[Any] | None:
    """The values of a static input: each index of a choice, each number of a short slider, both booleans; None if unknown."""
    owner, name = trait
    choices = getattr(owner, {"index": "options", "selected_index": "children"}.get(name, ""), None)
    if choices is not None:
        return range(len(choices))
    if isinstance(owner, BoundedIntText | IntSlider) and name == "value":
        numbers = range(owner.min, owner.max + 1, owner.step or 1)
        return numbers if len(numbers) <= _MOST_NUMBERS else None
    return [False, True] if isinstance(present, bool) else None


def _signature(inputs: Inputs) -> str:
    """The shapes and types of inputs."""
    return ",".join(f"{name}{list(value.shape)}{value.dtype}" for name, value in sorted(inputs.items()))


def _takes(program: Mapping[str, Any], inputs: Inputs) -> bool:
    return all(program["inputs"][name][1:] == [str(value.dtype), list(value.shape)] for name, value in inputs.items())
