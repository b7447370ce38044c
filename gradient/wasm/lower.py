"""Lowering: jaxpr equations to arrays and statements. One rule per primitive, in one registry."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from jax._src import source_info_util
from jax.extend import core

from gradient.wasm import ir
from gradient.wasm.arrays import (
    Array,
    Index,
    Shape,
    constants,
    dtype_name,
    flat_index,
    full,
    in_locals,
    is_small,
    row_major,
    stored,
)
from gradient.wasm.emit import stride
from gradient.wasm.ir import Buffer, Expr, walk
from gradient.wasm.nest import MAX_PIECEWISE, Target, Term, Work, compute
from gradient.wasm.statements import Statement

Rule = Callable[..., "Array | Sequence[Array]"]
RULES: dict[str, Rule] = {}

WORTH_KEEPING = 8
WORTH_KEEPING_LOCAL = 2
TOO_LONG = 200


class UnsupportedPrimitive(NotImplementedError):  # noqa: N818 - the name of the interface
    """A function uses something that has no rule here. The message says what, where, and what to do instead."""


_ADVICE = {
    "random": "Draw random numbers outside and pass them in as an argument.",
    "threefry": "Draw random numbers outside and pass them in as an argument.",
    "eigh": "Write a 2×2 decomposition in closed form, or use power iteration for the largest eigenvalue.",
    "eig": "Write a 2×2 decomposition in closed form, or use power iteration for the largest eigenvalue.",
    "svd": "Use power iteration on the product of the matrix and its transpose.",
    "lu": "Write the solution of a small system in closed form, or iterate.",
    "cholesky": "Write it for a small matrix in closed form.",
    "triangular": "Write the substitution as a scan.",
}


def unsupported(what: str, equation: Any) -> UnsupportedPrimitive:
    """The error for an equation that cannot be compiled."""
    advice = next(
        (text for key, text in _ADVICE.items() if key in what), "Write it with arithmetic on float32, int32 and bool."
    )
    return located(UnsupportedPrimitive(what, advice), equation)


def located(error: UnsupportedPrimitive, equation: Any) -> UnsupportedPrimitive:
    """The error with the place in the user's source: of the equation, or of the call that it is part of."""
    where = source_info_util.summarize(equation.source_info)
    return complete(error, where) if where else error


def complete(error: UnsupportedPrimitive, where: str) -> UnsupportedPrimitive:
    """The error as a sentence for the user, unless it is one already."""
    if len(error.args) != 2:
        return error
    what, advice = error.args
    return UnsupportedPrimitive(
        f"{what} cannot be compiled to WebAssembly; it comes from {where}. {advice} "
        "The function can still run in the kernel, with jax.jit."
    )


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Registers `rule(lowering, equation, *arrays) -> array or arrays` for primitives."""

    def register(function: Rule) -> Rule:
        RULES.update(dict.fromkeys(names, function))
        return function

    return register


class Lowering:
    """One compilation: where statements go, and what is known about every variable of a jaxpr."""

    def __init__(self) -> None:
        self.block: list[Statement] = []
        self.data: dict[Buffer, bytes] = {}
        self.targets: dict[Any, Buffer] = {}
        self.may_not_end = False  # whether there is a loop whose number of steps is not known
        self._num_loops = 0

    def aim(self, variables: Sequence[Any], buffers: Sequence[Buffer | None]) -> None:
        """Says where the results of a scan shall go, so that they need not be copied there."""
        for var, buffer in zip(variables, buffers, strict=True):
            if not isinstance(var, core.Literal):
                self.targets.pop(var, None)
                if buffer is not None:
                    self.targets[var] = buffer

    def loop_variable(self, size: int) -> ir.Variable:
        """A loop variable that no other loop shares."""
        self._num_loops += 1
        return ir.Variable(f"loop{self._num_loops}", size)

    def run(self, jaxpr: Any, consts: Sequence[Array], args: Sequence[Array]) -> list[Array]:
        """The results of a jaxpr for arguments; statements that they need go to the present block."""
        known: dict[Any, Array] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args], strict=True))
        uses = _uses(jaxpr)

        def value(atom: Any) -> Array:
            return self.constant(atom.val) if isinstance(atom, core.Literal) else known[atom]

        for equation in jaxpr.eqns:
            if not any(uses[v] for v in equation.outvars):
                continue
            results = self._apply(equation, [value(atom) for atom in equation.invars])
            for var, result in zip(equation.outvars, results, strict=True):
                known[var] = self.settle(result, uses[var])
        return [value(atom) for atom in jaxpr.outvars]

    def _apply(self, equation: Any, args: list[Array]) -> Sequence[Array]:
        name = equation.primitive.name
        if any(is_unsigned(v.aval) for v in equation.invars):
            name = of_unsigned(name)
        if name not in RULES:
            raise unsupported(name, equation)
        for var in equation.outvars:
            if not is_known(var.aval):
                raise unsupported(f"{name} to {var.aval.dtype}", equation)
        try:
            results = RULES[name](self, equation, *args)
        except UnsupportedPrimitive as error:
            raise located(error, equation) from None
        except NotImplementedError as error:
            raise unsupported(f"{name} ({error})", equation) from None
        return [results] if isinstance(results, Array) else results

    def constant(self, value: Any) -> Array:
        """A number or an array that the function closes over."""
        array = np.asarray(value)
        if array.dtype.kind == "V" or array.dtype not in (np.float32, np.int32, np.bool_):
            kinds = {"f": np.float32, "i": np.int32, "u": np.int32}
            if array.dtype.kind not in kinds:
                raise UnsupportedPrimitive(f"a constant of type {array.dtype}", "Convert it to float32, int32 or bool.")
            array = array.astype(kinds[array.dtype.kind])
        dtype = dtype_name(array.dtype)
        flat = array.ravel()
        if array.size and flat.view(f"u{array.itemsize}").min() == flat.view(f"u{array.itemsize}").max():
            return full(array.shape, ir.const(dtype, flat[0]))
        if is_small(array.shape):
            places = {index: ir.const(dtype, array[tuple(i.value for i in index)]) for index in constants(array.shape)}
            return in_locals(array.shape, dtype, places)
        buffer = Buffer(dtype, array.size, "constant")
        self.data[buffer] = array.tobytes()
        return stored(array.shape, buffer)

    def settle(self, array: Array, uses: int) -> Array:
        """Stores an array whose elements are expensive and used more than once."""
        if array.cost == 0 or array.size == 0:
            return array
        if is_small(array.shape):
            places = {index: array.at(index) for index in constants(array.shape)}
            if all(x.op == "const" for x in places.values()):
                return in_locals(array.shape, array.dtype, places)
        limit = WORTH_KEEPING_LOCAL if is_small(array.shape) else WORTH_KEEPING
        if array.cost > TOO_LONG or (uses > 1 and array.cost >= limit):
            return self.keep(array)
        return array

    def keep(self, array: Array) -> Array:
        """An array whose elements cost nothing. It is computed once in a block, however often it is asked for."""
        if array.cost == 0:
            return array
        if array.kept is None or array.kept[0] is not self.block:
            array.kept = self.block, self.compute(array.shape, array.dtype, array.at)
        return array.kept[1]

    def keep_in_memory(self, array: Array) -> Array:
        """An array that may be asked for elements at any index."""
        if array.buffer is not None or array.size == 0 or not (array.cost or array.is_local):
            return array
        buffer = Buffer(array.dtype, array.size)
        self.store(array, buffer)
        return stored(array.shape, buffer)

    def compute(
        self, shape: Shape, dtype: str, term: Callable[[Index], Expr], reduced: Shape = (), combine: str = "add"
    ) -> Array:
        """A new array, stored; see `Work` for reductions, whose term takes the output's and the reduced dimensions."""
        work = Work(shape, dtype, (lambda out, red: term((*out, *red))), reduced, combine)
        result = compute(work, self.block)
        assert result is not None
        return result

    def keep_in_rows(self, array: Array) -> Array:
        """An array that a loop may read again and again: its largest dimension is made the innermost one."""
        if array.size <= MAX_PIECEWISE or array.is_local:
            return self.keep(array)
        variables = [ir.Variable(f"axis{axis}", n) for axis, n in enumerate(array.shape)]
        sample = array.at(tuple(map(ir.variable, variables)))
        inner = variables[max(range(len(array.shape)), key=lambda axis: (array.shape[axis], axis))]
        steps = [stride(x.args[0], inner) for x in walk([sample]) if x.op == "load"]
        if array.cost == 0 and all(step in (0, 1) for step in steps):
            return array
        return self.compute(array.shape, array.dtype, array.at)

    def store(self, array: Array, buffer: Buffer, start: Expr | None = None, strides: Sequence[int] | None = None) -> None:
        """Writes an array into a buffer, dense unless strides are given."""
        first = ir.i32(0) if start is None else start
        steps = row_major(array.shape) if strides is None else strides
        term: Term = lambda out, _: array.at(out)  # noqa: E731
        target: Target = lambda out: (buffer, ir.add(first, flat_index(out, steps)))  # noqa: E731
        compute(Work(array.shape, array.dtype, term), self.block, target)

    def inside(self, block: list[Statement], action: Callable[[], Any]) -> Any:
        """Runs an action whose statements go to another block."""
        outer, self.block = self.block, block
        try:
            return action()
        finally:
            self.block = outer


def is_known(aval: Any) -> bool:
    """Whether arrays of this type can be compiled."""
    try:
        dtype_name(aval.dtype)
    except (ValueError, TypeError, AttributeError):
        return False
    return True


def is_unsigned(aval: Any) -> bool:
    """Whether these are arrays of uint32, for which a rule must say that it can take them."""
    return bool(getattr(aval, "dtype", None) == np.uint32)


def of_unsigned(name: str) -> str:
    """The name in the registry of the rule for uint32."""
    return f"{name} of uint32"


def _uses(jaxpr: Any) -> Counter:
    """How often each variable is used by equations whose results are used."""
    uses: Counter = Counter(v for v in jaxpr.outvars if not isinstance(v, core.Literal))
    for equation in reversed(jaxpr.eqns):
        if any(uses[v] for v in equation.outvars):
            uses.update(v for v in equation.invars if not isinstance(v, core.Literal))
    return uses


def out_shape(equation: Any, number: int = 0) -> tuple[Shape, str]:
    """Shape and type of a result."""
    aval = equation.outvars[number].aval
    return tuple(aval.shape), dtype_name(aval.dtype)


def trace(fun: Callable, args: Sequence[Any]) -> tuple[Any, Any]:
    """The jaxpr of a function and the tree of its results."""
    closed, tree = jax.make_jaxpr(fun, return_shape=True)(*args)
    return closed, jax.tree.structure(tree)
