"""Lowering: the equations of a jaxpr to arrays and statements. Each primitive has one rule in the registry, `RULES`."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from gradient.adapters.jax import Equation, Jaxpr, has_effect, is_literal
from gradient.wasm import ir
from gradient.wasm.addressing import stride
from gradient.wasm.arrays import (
    Array,
    Index,
    Shape,
    constants,
    dtype_name,
    flat_index,
    full,
    in_locals,
    in_memory,
    is_small,
    row_major,
)
from gradient.wasm.element_types import in_known_type, is_supported, is_unsigned, of_unsigned
from gradient.wasm.errors import UnsupportedPrimitive, located, unsupported
from gradient.wasm.ir import Buffer, Expr, Op, walk
from gradient.wasm.ir.statements import Loop, Statement
from gradient.wasm.lifetimes import Frame, Lifetimes
from gradient.wasm.nest import compute
from gradient.wasm.parameters import overlooked
from gradient.wasm.schedule import CALLS, UPDATES, Scheduler
from gradient.wasm.tiling import MAX_PIECEWISE, Computation, Destination, Term

Function = Callable[..., "Array | Sequence[Array]"]


@dataclass(frozen=True)
class Rule:
    """How a primitive is lowered: `function(lowering, equation, *arrays) -> array or arrays`.

    Attributes:
        reads: the parameters that the function reads.
        implied: the parameters that the shapes and types of the results imply.
    """

    function: Function
    reads: frozenset[str]
    implied: frozenset[str]

    def apply(self, lowering: "Lowering", equation: Equation, args: Sequence[Array]) -> Sequence[Array]:
        """The results of an equation.

        Raises:
            NotImplementedError: if a parameter has a value that the function overlooks or cannot handle.
        """
        what = overlooked(equation.params, self.reads | self.implied)
        if what:
            raise UnsupportedPrimitive(f"{equation.primitive.name} with {what}", "Leave that parameter at its default.")
        results = self.function(lowering, equation, *args)
        return [results] if isinstance(results, Array) else results


RULES: dict[str, Rule] = {}

# In operations per element: from which cost on an array is computed once and stored rather than again at each use.
MATERIALIZE_IN_MEMORY = 8
MATERIALIZE_IN_LOCALS = 2
MATERIALIZE_ALWAYS = 200  # even if it is used once: expressions get too long
MAX_DEPTH = 40  # of an array's function, even if it costs nothing: Python's stack is not deep
# Primitives whose rules read each operand for the last time, or copy what they read again, so that they may overwrite it.
CONSUMERS = UPDATES | CALLS


def rule(*names: str, reads: Sequence[str] = (), implied: Sequence[str] = ()) -> Callable[[Function], Function]:
    """Registers a function for primitives, with what it does with their parameters; see `Rule`."""

    def register(function: Function) -> Function:
        RULES.update(dict.fromkeys(names, Rule(function, frozenset(reads), frozenset(implied))))
        return function

    return register


class Lowering:
    """The lowering of one program.

    Attributes:
        block: where statements are appended.
        data: buffers that hold constants, and their bytes.
        destinations: the buffers that variables of a jaxpr go to if their equation can write there itself.
        lifetimes: the arrays that will be read again.
        may_not_end: whether there is a loop whose number of iterations is not known.
    """

    def __init__(self) -> None:
        self.block: list[Statement] = []
        self.data: dict[Buffer, bytes] = {}
        self.destinations: dict[Any, Buffer] = {}
        self.lifetimes = Lifetimes()
        self.may_not_end = False
        self._scheduler = Scheduler()
        self._num_loops = 0

    def set_destinations(self, variables: Sequence[Any], buffers: Sequence[Buffer | None]) -> None:
        """Says where the results of a scan go, so that they need not be copied there."""
        for var, buffer in zip(variables, buffers, strict=True):
            if not is_literal(var):
                self.destinations.pop(var, None)
                if buffer is not None:
                    self.destinations[var] = buffer

    def loop_variable(self, size: int) -> ir.Variable:
        """A loop variable that no other loop shares."""
        self._num_loops += 1
        return ir.Variable(f"loop{self._num_loops}", size)

    def lower(self, jaxpr: Jaxpr, consts: Sequence[Array], args: Sequence[Array]) -> list[Array]:
        """The results of a jaxpr; the statements that compute them go to the current block."""
        known: dict[Any, Array] = dict(zip([*jaxpr.constvars, *jaxpr.invars], [*consts, *args], strict=True))
        with self.lifetimes.frame(Frame(self.block, known, _uses(jaxpr))) as frame:
            for equation in self._scheduler.ordered(jaxpr):
                if _is_live(equation, frame.uses):
                    self._lower_equation(equation, frame)
            return [self._value(atom, frame) for atom in jaxpr.outvars]

    def _value(self, atom: Any, frame: Frame) -> Array:
        return self.constant(atom.val) if is_literal(atom) else frame.known[atom]

    def _lower_equation(self, equation: Equation, frame: Frame) -> None:
        args = [self._value(atom, frame) for atom in equation.invars]
        is_consumer = equation.primitive.name in CONSUMERS
        if is_consumer:
            frame.release(equation.invars)
        results = self._apply(equation, args)
        if not is_consumer:
            frame.release(equation.invars)
        depth = 1 + max([arg.depth for arg in args], default=0)
        for var, result in zip(equation.outvars, results, strict=True):
            if result.depth:
                result.depth = max(result.depth, depth)
            if frame.uses[var]:
                frame.known[var] = self.materialize_if_reused(result, frame.uses[var])

    def _apply(self, equation: Equation, args: list[Array]) -> Sequence[Array]:
        name = equation.primitive.name
        if any(is_unsigned(v.aval) for v in equation.invars):
            name = of_unsigned(name)
        if name not in RULES:
            raise unsupported(name, equation)
        for var in equation.outvars:
            if not is_supported(var.aval):
                raise unsupported(f"{name} to {var.aval.dtype}", equation)
        try:
            return RULES[name].apply(self, equation, args)
        except UnsupportedPrimitive as error:
            raise located(error, equation) from None
        except NotImplementedError as error:
            raise unsupported(f"{name} ({error})", equation) from None

    def constant(self, value: Any) -> Array:
        """A literal, or an array that the function closes over."""
        array = in_known_type(value)
        dtype = dtype_name(array.dtype)
        flat = array.ravel()
        if array.size and flat.view(f"u{array.itemsize}").min() == flat.view(f"u{array.itemsize}").max():
            return full(array.shape, ir.const(dtype, flat[0]))
        if is_small(array.shape):
            elements = {index: ir.const(dtype, array[tuple(i.value for i in index)]) for index in constants(array.shape)}
            return in_locals(array.shape, dtype, elements)
        buffer = Buffer(dtype, array.size)
        self.data[buffer] = array.tobytes()
        return in_memory(array.shape, buffer)

    def materialize_if_reused(self, array: Array, uses: int) -> Array:
        """The array, materialized if its elements are expensive and used more than once."""
        if array.size == 0:
            return array
        if array.depth > MAX_DEPTH:
            return self.copied(array)
        if array.cost == 0:
            return array
        if is_small(array.shape):
            elements = {index: array.at(index) for index in constants(array.shape)}
            if all(x.op is Op.CONST for x in elements.values()):
                return in_locals(array.shape, array.dtype, elements)
        limit = MATERIALIZE_IN_LOCALS if is_small(array.shape) else MATERIALIZE_IN_MEMORY
        if array.cost > MATERIALIZE_ALWAYS or (uses > 1 and array.cost >= limit):
            return self.materialize(array)
        return array

    def materialize(self, array: Array) -> Array:
        """The array in locals or in memory. However often this is called within a block, the array is computed once."""
        if array.cost == 0:
            return array
        if array.materialized is None or array.materialized[0] is not self.block:
            array.materialized = self.block, self.compute(array.shape, array.dtype, array.at)
        return array.materialized[1]

    def materialize_in_memory(self, array: Array) -> Array:
        """The array in a form that can be read at an index that is known at run time."""
        if array.buffer is not None or array.size == 0 or not (array.cost or array.is_local):
            return array
        buffer = Buffer(array.dtype, array.size)
        self.store(array, buffer)
        return in_memory(array.shape, buffer)

    def claim(self, array: Array, limit: int | None = None) -> bool:
        """Whether the buffer of an array may be overwritten from here on, because nothing reads it any more.

        Arrays that read the buffer are copied if they have fewer than `limit` elements; the default is the size of the array.
        """
        buffer = array.buffer
        if buffer is None or buffer.is_external or buffer in self.data:
            return False
        return self.lifetimes.replace_readers(buffer, self.block, array.size if limit is None else limit, self.copied)

    def for_update(self, array: Array, *operands: Array) -> tuple[Array, list[Array]]:
        """An array in a buffer that may be overwritten, its own if possible; and operands that do not read that buffer."""
        if array.buffer is not None and self.claim(array):
            in_place = Array(array.shape, array.dtype, array.function, buffer=array.buffer, depth=0)
            return in_place, [self.copied(x) if x.reads(array.buffer) else x for x in operands]
        buffer = Buffer(array.dtype, array.size)
        self.store(array, buffer)
        return in_memory(array.shape, buffer), list(operands)

    def copied(self, array: Array) -> Array:
        """A copy of an array, in locals or in memory."""
        if array.cost:
            return self.materialize(array)
        return self.compute(array.shape, array.dtype, array.at)

    def compute(
        self, shape: Shape, dtype: str, term: Callable[[Index], Expr], reduced: Shape = (), combine: Op = Op.ADD
    ) -> Array:
        """A new array in locals or in memory; see `Computation`. The index of the term has the reduced dimensions last."""
        computation = Computation(shape, dtype, (lambda out, red: term((*out, *red))), reduced, combine)
        result = compute(computation, self.block)
        assert result is not None
        return result

    def materialize_for_loop(self, array: Array) -> Array:
        """The array in a form that a loop can read in every iteration: its largest dimension is the innermost in memory."""
        if array.size <= MAX_PIECEWISE or array.is_local:
            return self.materialize(array)
        variables = [ir.Variable(f"axis{axis}", n) for axis, n in enumerate(array.shape)]
        sample = array.at(tuple(map(ir.variable, variables)))
        inner = variables[max(range(len(array.shape)), key=lambda axis: (array.shape[axis], axis))]
        steps = [stride(x.args[0], inner) for x in walk([sample]) if x.op is Op.LOAD]
        if array.cost == 0 and all(step in (0, 1) for step in steps):
            return array
        return self.compute(array.shape, array.dtype, array.at)

    def store(self, array: Array, buffer: Buffer, start: Expr | None = None, strides: Sequence[int] | None = None) -> None:
        """Writes an array into a buffer, from `start` on and in row-major order unless strides are given."""
        first = ir.i32(0) if start is None else start
        steps = row_major(array.shape) if strides is None else strides
        self.write(array, lambda out: (buffer, ir.add(first, flat_index(out, steps))))

    def write(self, array: Array, destination: Destination) -> None:
        """Writes each element of an array where `destination` says."""
        term: Term = lambda out, _: array.at(out)  # noqa: E731
        compute(Computation(array.shape, array.dtype, term), self.block, destination)

    def in_block(self, block: list[Statement], action: Callable[[], Any]) -> Any:
        """Calls an action whose statements go to another block."""
        outer, self.block = self.block, block
        try:
            return action()
        finally:
            self.block = outer


def _uses(jaxpr: Jaxpr) -> Counter:
    """How many live equations use each variable."""
    uses: Counter = Counter(v for v in jaxpr.outvars if not is_literal(v))
    for equation in reversed(jaxpr.eqns):
        if _is_live(equation, uses):
            uses.update(v for v in equation.invars if not is_literal(v))
    return uses


def _is_live(equation: Equation, uses: Counter) -> bool:
    """Whether a result is used, or something else happens, which no rule does: an equation without a rule is refused."""
    return any(uses[v] for v in equation.outvars) or has_effect(equation)


def out_shape(equation: Equation, number: int = 0) -> tuple[Shape, str]:
    """Shape and type of a result."""
    aval = equation.outvars[number].aval
    return tuple(aval.shape), dtype_name(aval.dtype)


def scalar_loops(lowering: Lowering, shape: tuple[int, ...]) -> tuple[Index, list[Statement], list[Statement]]:
    """Nested loops over a shape, one element at a time: the index, the outermost statements and the innermost block."""
    inner: list[Statement] = []
    body = inner
    index: list[Expr] = []
    for n in reversed(shape):
        var = lowering.loop_variable(n)
        index.insert(0, ir.variable(var))
        if n > 1:
            body = [Loop(var, body)]
    return tuple(index), body, inner
