"""Rules for windows that slide over an array: convolutions, and reductions of windows. The array is padded first."""

from collections.abc import Sequence
from typing import Any

from gradient.wasm import ir
from gradient.wasm.arrays import Array, Index
from gradient.wasm.index import divmod_index
from gradient.wasm.ir import Expr
from gradient.wasm.lower import Lowering, out_shape, rule
from gradient.wasm.nest import identity
from gradient.wasm.shape import padded


def _places(windows: Index, offsets: Index, strides: Sequence[int], gaps: Sequence[int]) -> Index:
    """Where in the padded array the element at an offset in a window lies, dimension by dimension."""
    parts = zip(windows, offsets, strides, gaps, strict=True)
    return tuple(ir.add(ir.scale(window, stride), ir.scale(offset, gap)) for window, offset, stride, gap in parts)


def _arranged(dims: Sequence[int], index: Index) -> Index:
    """An index in the order of the array, of one in the order of a dimension specification."""
    return tuple(index[dims.index(d)] for d in range(len(dims)))


@rule("conv_general_dilated")
def _convolution(low: Lowering, equation: Any, x: Array, kernel: Array) -> Array:
    p = equation.params
    if p["batch_group_count"] != 1:
        raise NotImplementedError("with groups of batches")
    shape, dtype = out_shape(equation)
    x_dims, kernel_dims, out_dims = p["dimension_numbers"]
    config = [(0, 0, 0)] * len(shape)
    for d, (before, after), dilation in zip(x_dims[2:], p["padding"], p["lhs_dilation"], strict=True):
        config[d] = (int(before), int(after), dilation - 1)
    x = low.keep_in_memory(padded(low, low.settle(x, 2), ir.const(dtype, 0), config))
    kernel = low.keep_in_memory(kernel)
    reduced = tuple(kernel.shape[d] for d in kernel_dims[1:])
    per_group = kernel.shape[kernel_dims[0]] // p["feature_group_count"]

    def term(index: Index) -> Expr:
        out, (feature, *offsets) = index[: len(shape)], index[len(shape) :]
        batch, channel, *windows = (out[d] for d in out_dims)
        source = ir.add(feature, ir.scale(divmod_index(channel, per_group)[0], reduced[0]))
        places = _places(tuple(windows), tuple(offsets), p["window_strides"], p["rhs_dilation"])
        weight = kernel.at(_arranged(kernel_dims, (channel, feature, *offsets)))
        return x.at(_arranged(x_dims, (batch, source, *places))) * weight

    return low.compute(shape, dtype, term, reduced)


def _reduce_window(low: Lowering, equation: Any, x: Array, combine: str) -> Array:
    p = equation.params
    shape, dtype = out_shape(equation)
    config = [(*map(int, pad), gap - 1) for pad, gap in zip(p["padding"], p["base_dilation"], strict=True)]
    x = low.keep_in_memory(padded(low, low.settle(x, 2), identity(combine, dtype), config))

    def term(index: Index) -> Expr:
        return x.at(_places(index[: len(shape)], index[len(shape) :], p["window_strides"], p["window_dilation"]))

    return low.compute(shape, dtype, term, tuple(p["window_dimensions"]), combine)


for _name, _combine in (("reduce_window_sum", "add"), ("reduce_window_max", "max"), ("reduce_window_min", "min")):
    rule(_name)(lambda low, equation, x, combine=_combine: _reduce_window(low, equation, x, combine))
