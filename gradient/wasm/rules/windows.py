"""Rules for sliding windows: convolutions, and reductions of windows. The array is padded first."""

from collections.abc import Sequence

from gradient.adapters.jax import Equation
from gradient.wasm import ir
from gradient.wasm.arrays import Array, Index
from gradient.wasm.ir import Expr, Op
from gradient.wasm.ir.index_arithmetic import divmod_index
from gradient.wasm.lower import Lowering, out_shape, rule
from gradient.wasm.nest import identity
from gradient.wasm.rules.elementwise import in_type_of_result, product
from gradient.wasm.rules.reduce import sum_of
from gradient.wasm.rules.shape import padded


def _window_index(windows: Index, offsets: Index, strides: Sequence[int], gaps: Sequence[int]) -> Index:
    """The index in the padded array of the element at an offset in a window."""
    parts = zip(windows, offsets, strides, gaps, strict=True)
    return tuple(ir.add(ir.scale(window, stride), ir.scale(offset, gap)) for window, offset, stride, gap in parts)


def _permuted(dims: Sequence[int], index: Index) -> Index:
    """An index in the order of the array's dimensions, from one in the order of a dimension specification."""
    return tuple(index[dims.index(d)] for d in range(len(dims)))


_READ_BY_CONVOLUTION = (
    *("batch_group_count", "dimension_numbers", "feature_group_count", "lhs_dilation", "padding", "rhs_dilation"),
    "window_strides",
)


@rule("conv_general_dilated", reads=_READ_BY_CONVOLUTION, implied=["preferred_element_type"])
def _convolution(lowering: Lowering, equation: Equation, x: Array, kernel: Array) -> Array:
    p = equation.params
    if p["batch_group_count"] != 1:
        raise NotImplementedError("with groups of batches")
    shape, dtype = out_shape(equation)
    x, kernel = in_type_of_result(equation, x, kernel)
    x_dims, kernel_dims, out_dims = p["dimension_numbers"]
    config = [(0, 0, 0)] * len(shape)
    for d, (before, after), dilation in zip(x_dims[2:], p["padding"], p["lhs_dilation"], strict=True):
        config[d] = (int(before), int(after), dilation - 1)
    x = lowering.materialize_in_memory(padded(lowering, lowering.materialize_if_reused(x, 2), ir.const(dtype, 0), config))
    kernel = lowering.materialize_in_memory(kernel)
    reduced = tuple(kernel.shape[d] for d in kernel_dims[1:])
    per_group = kernel.shape[kernel_dims[0]] // p["feature_group_count"]

    def term(index: Index) -> Expr:
        out, (feature, *offsets) = index[: len(shape)], index[len(shape) :]
        batch, channel, *windows = (out[d] for d in out_dims)
        # With one group, the quotient is 0, which the bounds of a SIMD loop's index need not show.
        group = divmod_index(channel, per_group)[0] if p["feature_group_count"] > 1 else ir.i32(0)
        source = ir.add(feature, ir.scale(group, reduced[0]))
        position = _window_index(tuple(windows), tuple(offsets), p["window_strides"], p["rhs_dilation"])
        weight = kernel.at(_permuted(kernel_dims, (channel, feature, *offsets)))
        return product(x.at(_permuted(x_dims, (batch, source, *position))), weight)

    return lowering.compute(shape, dtype, term, reduced, sum_of(dtype))


def _reduce_window(lowering: Lowering, equation: Equation, x: Array, combine: Op) -> Array:
    p = equation.params
    shape, dtype = out_shape(equation)
    config = [(*map(int, pad), gap - 1) for pad, gap in zip(p["padding"], p["base_dilation"], strict=True)]
    x = lowering.materialize_in_memory(padded(lowering, lowering.materialize_if_reused(x, 2), identity(combine, dtype), config))

    def term(index: Index) -> Expr:
        return x.at(_window_index(index[: len(shape)], index[len(shape) :], p["window_strides"], p["window_dilation"]))

    return lowering.compute(shape, dtype, term, tuple(p["window_dimensions"]), combine)


_READ_BY_WINDOWS = ("base_dilation", "padding", "window_dilation", "window_dimensions", "window_strides")
for _name, _combine in (("reduce_window_sum", Op.ADD), ("reduce_window_max", Op.MAX), ("reduce_window_min", Op.MIN)):
    rule(_name, reads=_READ_BY_WINDOWS)(
        lambda lowering, equation, x, combine=_combine: _reduce_window(lowering, equation, x, combine)
    )
