"""Rules for reductions and products of matrices."""

from collections.abc import Sequence
from math import prod

from gradient.adapters.jax import Equation
from gradient.wasm.arrays import MAX_UNROLLED_DIM, Array, Index, constants
from gradient.wasm.ir import BOOL, F32, Expr, Op
from gradient.wasm.lower import Lowering, out_shape, rule
from gradient.wasm.nest import combined, logical
from gradient.wasm.rules.elementwise import converted, in_type_of_result, product


def _merge(left: Index, reduced: Index, axes: tuple[int, ...], rank: int) -> Index:
    """An index over all dimensions from the indices of those that are left and of those that are reduced."""
    outer, inner = iter(left), iter(reduced)
    return tuple(next(inner) if d in axes else next(outer) for d in range(rank))


def _reduce(lowering: Lowering, equation: Equation, x: Array, combine: Op, axes: tuple[int, ...]) -> Array:
    shape, dtype = out_shape(equation)
    reduced = tuple(x.shape[a] for a in sorted(axes))
    rank = len(x.shape)
    if dtype == BOOL:
        combine = logical(combine)
    if 0 < prod(reduced) <= MAX_UNROLLED_DIM:

        def element(index: Index) -> Expr:
            return combined(combine, [x.at(_merge(index, red, axes, rank)) for red in constants(reduced)])

        return Array(shape, dtype, element, prod(reduced) * (x.cost + 1))
    out_rank = len(shape)
    return lowering.compute(
        shape, dtype, lambda index: x.at(_merge(index[:out_rank], index[out_rank:], axes, rank)), reduced, combine
    )


for _name, _combine in (
    *(("reduce_sum", Op.ADD), ("reduce_prod", Op.MUL), ("reduce_max", Op.MAX), ("reduce_min", Op.MIN)),
    *(("reduce_and", Op.AND), ("reduce_or", Op.OR), ("reduce_xor", Op.XOR)),
):
    rule(_name, reads=["axes"])(
        lambda lowering, equation, x, combine=_combine: _reduce(
            lowering, equation, x, combine, tuple(int(a) for a in equation.params["axes"])
        )
    )


def sum_of(dtype: str) -> Op:
    """The operation that a sum of products combines its terms by."""
    return Op.OR if dtype == BOOL else Op.ADD


def _free_dims(x: Array, dims: Sequence[int]) -> list[int]:
    return [d for d in range(len(x.shape)) if d not in dims]


def _operand(lowering: Lowering, x: Array, uses: int, is_large: bool) -> Array:
    return lowering.materialize(x) if is_large and uses >= MAX_UNROLLED_DIM else lowering.materialize_if_reused(x, uses)


@rule("dot_general", reads=["dimension_numbers"], implied=["preferred_element_type"])
def _dot(lowering: Lowering, equation: Equation, a: Array, b: Array) -> Array:
    """A product of floats is one of floats, as in XLA, whatever the type of its result; others are in that type."""
    _, dtype = out_shape(equation)
    left, right = in_type_of_result(equation, a, b)
    if a.dtype == b.dtype == F32:
        left, right = a, b
    return converted(_product(lowering, equation, left, right), dtype)


def _product(lowering: Lowering, equation: Equation, a: Array, b: Array) -> Array:
    """The product of two arrays of one type."""
    (a_sum, b_sum), (a_batch, b_batch) = equation.params["dimension_numbers"]
    shape, dtype = out_shape(equation)[0], a.dtype
    total = sum_of(dtype)
    reduced = tuple(a.shape[d] for d in a_sum)
    a_free, b_free = _free_dims(a, (*a_sum, *a_batch)), _free_dims(b, (*b_sum, *b_batch))
    a_axes, b_axes = [*a_batch, *a_free], [*b_batch, *b_free]
    is_large = prod(reduced) > MAX_UNROLLED_DIM
    uses = prod(b.shape[d] for d in b_free), prod(a.shape[d] for d in a_free)
    a, b = (_operand(lowering, x, n, is_large) for x, n in zip((a, b), uses, strict=True))
    b_out_axes = [*range(len(a_batch)), *range(len(a_axes), len(shape))]

    def term(index: Index) -> Expr:
        out, red = index[: len(shape)], index[len(shape) :]
        left = dict(zip([*a_axes, *a_sum], [*out[: len(a_axes)], *red], strict=True))
        right = dict(zip([*b_axes, *b_sum], [*(out[p] for p in b_out_axes), *red], strict=True))
        return product(a.at(tuple(left[d] for d in range(len(a.shape)))), b.at(tuple(right[d] for d in range(len(b.shape)))))

    if 0 < prod(reduced) <= MAX_UNROLLED_DIM:
        cost = prod(reduced) * (a.cost + b.cost + 2)
        return Array(shape, dtype, lambda out: combined(total, [term((*out, *red)) for red in constants(reduced)]), cost)
    return lowering.compute(shape, dtype, term, reduced, total)
