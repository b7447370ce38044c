"""The intermediate representation: scalar expressions (`expr`, of the operations in `ops`) in statements (`statements`)."""

# ruff: noqa: F401 - what the package exports

# build comes first: the operators of an expression are functions of it.
from gradient.wasm.ir.build import add, apply, bitcast, compare, convert, mul, rebuilt, select, sub
from gradient.wasm.ir.expr import (
    Buffer,
    Expr,
    Local,
    Variable,
    call,
    call_where,
    clear,
    const,
    f32,
    i32,
    like,
    load,
    local,
    node,
    reduce_lanes,
    tail_mask,
    unfinished,
    variable,
    walk,
)
from gradient.wasm.ir.linear import interval, linear, scale, terms
from gradient.wasm.ir.ops import COMPARISONS, LEAVES, SHIFTS, Op, Routine
from gradient.wasm.ir.types import BOOL, F32, F64, I32, INT_MAX, INT_MIN, ITEM_BYTES
