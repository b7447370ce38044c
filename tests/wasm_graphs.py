"""Random programs: a list of numbers determines their shapes, operations and operands."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, cycle
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

SIZES = (1, 2, 3, 4, 5, 7, 8, 13, 16, 33)
LARGEST = 2000


@dataclass(frozen=True)
class Node:
    """An intermediate value. `is_exact`: all implementations agree on every bit, so that it may be compared with others."""

    value: Any
    is_exact: bool

    @property
    def kind(self) -> str:
        return self.value.dtype.kind


class Choices:
    """Choices, which the numbers make in turn."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self._numbers = cycle(numbers)

    def among(self, options: Any) -> Any:
        """One of several."""
        return options[next(self._numbers) % len(options)]

    def below(self, n: int) -> int:
        """A number in 0..n-1."""
        return next(self._numbers) % n


def arguments(numbers: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Three float arrays, one of integers and one of booleans, of random shapes."""
    choose = Choices(numbers)
    draw = np.random.RandomState(abs(numbers[0]) % 2**31)
    shapes = [tuple(choose.among(SIZES) for _ in range(choose.among((0, 1, 1, 2, 2, 3)))) for _ in range(5)]
    shapes = [s if np.prod(s) <= LARGEST else s[:2] for s in shapes]
    floats = [draw.normal(size=s).astype(np.float32) for s in shapes[:3]]
    return (*floats, draw.randint(-5, 6, shapes[3]).astype(np.int32), draw.rand(*shapes[4]) < 0.5)


def _fit(value: Any, shape: tuple[int, ...]) -> Any:
    """A value that broadcasts to a shape: dimensions that do not fit are cut to one element."""
    while value.ndim > len(shape):
        value = value[0]
    for axis in range(value.ndim):
        n = shape[len(shape) - value.ndim + axis]
        if value.shape[axis] not in (1, n):
            value = lax.slice_in_dim(value, 0, 1, axis=axis) if n < value.shape[axis] or n % value.shape[axis] else value
            value = value if value.shape[axis] in (1, n) else lax.slice_in_dim(value, 0, 1, axis=axis)
    return value


def _unary(choose: Choices, a: Node) -> Node:
    x = a.value
    if a.kind == "b":
        return Node(choose.among((lambda v: ~v, lambda v: v.astype(jnp.int32), lambda v: v.astype(default_float())))(x), True)
    if a.kind == "i":
        return Node(choose.among((lambda v: -v, jnp.abs, lambda v: v * 3 - 1, lambda v: v > 0, lambda v: v % 3))(x), True)
    if choose.below(4) == 0 and a.is_exact:
        exact = (
            lambda v: -v,
            jnp.abs,
            jnp.sign,
            jnp.floor,
            jnp.isfinite,
            lambda v: (v * 2).astype(jnp.int32),
            lambda v: v > 0.2,
        )
        return Node(choose.among(exact)(x), True)
    smooth = (
        *(jnp.sin, jnp.cos, jnp.tanh, lambda v: jnp.exp(jnp.tanh(v)), lambda v: jnp.log(jnp.abs(v) + 0.5), jax.nn.sigmoid),
        *(jnp.square, lambda v: jnp.sqrt(jnp.abs(v) + 0.1), lambda v: v * 0.5 - 1, jax.nn.softplus, lax.erf),
        *(jnp.arctan, lambda v: v**3, jax.nn.relu, lambda v: jnp.expm1(jnp.tanh(v)), lambda v: 1 / (1 + v * v)),
    )
    return Node(choose.among(smooth)(x), False)


def default_float() -> Any:
    """The default float type: float64 inside `enable_x64`."""
    return jnp.zeros(()).dtype


def _binary(choose: Choices, a: Node, b: Node) -> Node:
    x, y = a.value, _fit(b.value, a.value.shape)
    if a.kind == "b":
        y = y if b.kind == "b" else y > 0
        if b.kind == "f" and not b.is_exact:
            return a
        return Node(choose.among((jnp.logical_and, jnp.logical_or, jnp.logical_xor))(x, y), True)
    if a.kind == "i":
        if b.kind == "f":
            return Node(x * y, False)
        y = y.astype(jnp.int32)
        return Node(
            choose.among((jnp.add, jnp.subtract, jnp.multiply, jnp.maximum, jnp.minimum, jnp.less, jnp.equal))(x, y), True
        )
    if a.is_exact and b.is_exact and choose.below(3) == 0:
        return Node(choose.among((jnp.less, jnp.greater_equal, jnp.maximum, jnp.minimum))(x, y), True)
    smooth = (jnp.add, jnp.subtract, jnp.multiply, jnp.maximum, jnp.minimum, lambda p, q: p / (1 + q * q))
    return Node(choose.among(smooth)(x, y.astype(x.dtype)), False)


def _move(choose: Choices, a: Node) -> Node:
    x = a.value
    if x.ndim == 0:
        return Node(jnp.broadcast_to(x, (choose.among(SIZES),)), a.is_exact)
    axis = choose.below(x.ndim)
    n = x.shape[axis]
    moves = (
        lambda: jnp.moveaxis(x, axis, 0),
        lambda: jnp.flip(x, axis),
        lambda: x.reshape(-1),
        lambda: x.reshape((*x.shape[:axis], 1, *x.shape[axis:])) if x.ndim < 3 else x,
        lambda: lax.slice_in_dim(x, n // 3, n, axis=axis),
        lambda: lax.slice_in_dim(x, 0, n, 2, axis=axis),
        lambda: jnp.pad(x, [(1, 2) if d == axis else (0, 0) for d in range(x.ndim)]),
        lambda: jnp.concatenate([x, jnp.flip(x, axis)], axis) if x.size < LARGEST else x,
        lambda: jnp.stack([x, x[::-1]], choose.below(2)) if x.size < LARGEST and x.ndim < 3 else x,
        lambda: jnp.roll(x, 1, axis),
        lambda: jnp.unstack(x, axis=axis)[-1],
        lambda: jnp.take(x, jnp.arange(n) * 2 % n, axis=axis),
        lambda: _part(x, axis),
        lambda: x.reshape(x.shape[::-1]),
    )
    return Node(choose.among(moves)(), a.is_exact)


def _part(x: Any, axis: int) -> Any:
    """A slice with a computed start that needs no clamping: `jit` merges slices of slices without clamping."""
    size = max(1, x.shape[axis] // 2)
    flat = x.reshape(-1)
    start = jnp.argmax(flat == flat[-1]).astype(jnp.int32) % (x.shape[axis] - size + 1)
    return lax.dynamic_slice_in_dim(x, start, size, axis)


def _reduce(choose: Choices, a: Node) -> Node:
    x = a.value
    if x.ndim == 0:
        return a
    axis = choose.among((None, *range(x.ndim), *combinations(range(x.ndim), 2)))
    if a.kind == "b":
        return Node(choose.among((jnp.any, jnp.all))(x, axis=axis), True)
    if a.is_exact and not isinstance(axis, tuple) and choose.below(3) == 0:
        return Node(choose.among((jnp.argmax, jnp.argmin))(x, axis=axis).astype(jnp.int32), True)
    if a.kind == "i":
        return Node(choose.among((jnp.sum, jnp.max, jnp.min))(x, axis=axis).astype(jnp.int32), True)
    return Node(
        choose.among((jnp.sum, jnp.mean, jnp.max, jnp.min, lambda v, axis: jnp.sum(v * v, axis=axis)))(x, axis=axis), False
    )


def _along(choose: Choices, a: Node) -> Node:
    x = a.value
    if x.ndim == 0 or a.kind == "b":
        return a
    axis = choose.below(x.ndim)
    if a.kind == "f":
        options = (jnp.cumsum, jnp.sort, lax.cummax, lambda v, axis: lax.cummin(v, axis, reverse=True))
        return Node(choose.among(options)(x, axis=axis), False)
    return Node(choose.among((lambda v, axis: jnp.cumsum(v, axis).astype(jnp.int32), jnp.sort))(x, axis=axis), True)


def _product(choose: Choices, a: Node, b: Node) -> Node:
    if a.kind != "f" or b.kind != "f" or not a.value.ndim or not b.value.ndim:
        return a
    x = a.value.reshape(-1, a.value.shape[-1])
    y = b.value.reshape(b.value.shape[0], -1)
    n = min(x.shape[1], y.shape[0])
    if x.shape[0] * y.shape[1] > LARGEST:
        return Node(x @ x[0], False)
    return Node(jnp.tanh(x[:, :n] @ y[:n]) if choose.below(2) else x[:, :n] @ y[:n], False)


def _choice(choose: Choices, a: Node, b: Node, flags: Node) -> Node:
    mask = flags.value if flags.kind == "b" else flags.value > 0
    if not flags.is_exact or a.kind != b.kind:
        return a
    x = a.value
    return Node(jnp.where(_fit(mask, x.shape), x, _fit(b.value, x.shape).astype(x.dtype)), a.is_exact and b.is_exact)


def _index(choose: Choices, a: Node, n: Node) -> Node:
    x = a.value
    if x.ndim == 0 or n.kind != "i":
        return a
    where = n.value.reshape(-1)[:8] % x.shape[0]
    once = x.at[where].set(x[0])
    options = (lambda: x[where], lambda: x[where[0]], lambda: once, lambda: once.at[where[0]].set(once[-1]))
    if a.kind == "f" and choose.below(3) == 0:
        sums = (
            *(lambda: x.at[where].add(x[0] * 0.5), lambda: once.at[where].add(once[where] * 0.5)),
            *(lambda: x.at[where].subtract(x[-1]), lambda: once.at[where[0]].apply(jnp.sin)),
        )
        return Node(choose.among(sums)(), False)
    return Node(choose.among(options)(), a.is_exact)


def _loop(choose: Choices, a: Node, b: Node) -> Node:
    if a.kind != "f":
        return a
    x, y = a.value, _fit(b.value, a.value.shape).astype(a.value.dtype)
    steps = (
        lambda c, v: ((c[1], jnp.tanh(c[0] + y)), c[0].sum()),
        lambda c, v: ((c[1] * 0.5, c[0] - c[1]), v + c[1].sum()),
        lambda c, v: ((c[1], c[0]), c[0]),
        lambda c, v: ((jnp.sin(c[0]) * v, c[0]), c[1]),
        lambda c, v: ((lax.cond(v > 0.5, lambda: c[0] * 0.5, lambda: c[1] - y), c[0]), v),
    )
    rows = jnp.linspace(0.0, 1.0, choose.among((1, 3, 5)))
    carry, out = lax.scan(choose.among(steps), (x, x * 0.5), rows, reverse=bool(choose.below(2)))
    return Node(choose.among((carry[0], carry[1], out)), False)


def _mixed(choose: Choices, a: Node, b: Node) -> Node:
    """Two operands of any types; where they differ, the result is a float."""
    x, y = a.value, _fit(b.value, a.value.shape)
    small = jnp.tanh(x) if a.kind == "f" else x
    whole = y % 4 if b.kind == "i" else (y > 0).astype(jnp.int32) if b.is_exact else 3
    options = (
        lambda: x + y if a.kind != "b" or b.kind != "b" else x & y,
        lambda: jnp.where(y > 0, x, 2) if b.is_exact else x * 2,
        lambda: small**whole if a.kind == "f" else x * 3.0,
        lambda: jnp.concatenate([x.reshape(-1), y.reshape(-1)]) if x.ndim else jnp.stack([x, y.reshape(())]),
        lambda: jnp.clip(x, -1, y) if a.kind != "b" and b.kind != "b" else jnp.logical_xor(x > 0, True) * 1.5,
        lambda: (
            lax.mul(x, jnp.broadcast_to(y, x.shape), out_dtype=default_float()) if a.kind != "b" and b.kind != "b" else x * y
        ),
    )
    found = choose.among(options)()
    is_whole = found.dtype.kind != "f"
    return Node(found.astype(jnp.int32) if found.dtype.kind == "i" else found, is_whole and a.is_exact and b.is_exact)


def _mixed_product(choose: Choices, a: Node, b: Node) -> Node:
    """A product of matrices of any types, in the type of floats."""
    if not a.value.ndim or not b.value.ndim:
        return a
    x, y = (jnp.clip(node.value, -9, 9) if node.kind != "b" else node.value for node in (a, b))
    x, y = x.reshape(-1, x.shape[-1]), y.reshape(y.shape[0], -1)
    n = min(x.shape[1], y.shape[0])
    if x.shape[0] * y.shape[1] > LARGEST:
        return a
    dims = (((1,), (0,)), ((), ()))
    options = (
        lambda: lax.dot_general(x[:, :n], y[:n], dims, preferred_element_type=default_float()),
        lambda: x[:, :n] @ y[:n],
        lambda: jnp.einsum("ij,jk->ki", x[:, :n], y[:n]),
    )
    found = choose.among(options)()
    is_whole = found.dtype.kind != "f"
    return Node(found.astype(jnp.int32) if found.dtype.kind == "i" else found, is_whole and a.is_exact and b.is_exact)


def _with_parameters(choose: Choices, a: Node) -> Node:
    """Primitives with parameters that are seldom given."""
    x = a.value
    if x.ndim == 0:
        return a
    axis, reverse = choose.below(x.ndim), bool(choose.below(2))
    order = tuple(range(x.ndim))[::-1] if reverse else tuple(range(axis, x.ndim)) + tuple(range(axis))
    moves = (
        lambda: lax.reshape(x, (x.size,), dimensions=order),
        lambda: lax.reshape(x, (x.shape[axis], x.size // x.shape[axis]), dimensions=order),
        lambda: x.reshape((x.size // x.shape[axis], x.shape[axis]), order="F"),
        lambda: lax.pad(x, x.ravel()[0], [(choose.below(3) - 1, choose.below(3), choose.below(3)) for _ in order])[:40],
        lambda: jnp.rot90(x) if x.ndim > 1 else x[::-2],
        lambda: jnp.swapaxes(x, 0, -1)[..., ::2],
    )
    if choose.below(2) or a.kind == "b":
        found = choose.among(moves)()
        return Node(found, a.is_exact) if found.size and found.size <= 4 * LARGEST else a
    return _reduced_or_cumulative(choose, a, axis, reverse)


def _reduced_or_cumulative(choose: Choices, a: Node, axis: int, reverse: bool) -> Node:
    x, axes = a.value, choose.among([c for n in range(1, a.value.ndim + 1) for c in combinations(range(a.value.ndim), n)])
    if a.kind == "i":
        x = x % 16
    options = (
        lambda: lax.cumsum(x, axis, reverse=reverse),
        lambda: lax.cumprod(jnp.tanh(x) if a.kind == "f" else x, axis, reverse=reverse),
        lambda: lax.cummax(x, axis, reverse=reverse),
        lambda: lax.cummin(x, axis, reverse=reverse),
        lambda: x.sum(axes, keepdims=reverse),
        lambda: x.max(tuple(d - x.ndim for d in axes), keepdims=reverse),
        lambda: jnp.prod(jnp.tanh(x) if a.kind == "f" else x, axes),
        lambda: x.std(axes) if a.kind == "f" else (x > 2).sum(axes),
        lambda: jnp.argmax(x, axis, keepdims=reverse) if a.is_exact else x.min(axes),
    )
    found = choose.among(options)()
    return Node(found.astype(jnp.int32) if found.dtype.kind == "i" else found, found.dtype.kind != "f" and a.is_exact)


def _sort_by_keys(choose: Choices, a: Node, b: Node) -> Node:
    """A sort of several arrays by one or two of them."""
    x, y = a.value, b.value
    if x.ndim == 0 or not b.is_exact:
        return a
    key = jnp.broadcast_to(_fit(y, x.shape), x.shape)
    axis, num_keys = choose.below(x.ndim), 2 if a.is_exact and choose.below(2) else 1
    found = lax.sort((key, x, jnp.flip(x, axis)), dimension=axis, num_keys=num_keys)
    return Node(found[1 + choose.below(2)], a.is_exact)


def _windows(choose: Choices, a: Node, b: Node) -> Node:
    """Convolutions with strides, dilations and groups, and reductions of windows."""
    if a.kind == "b" or b.kind == "b" or a.value.size < 6 or b.value.size < 2:
        return a
    x, k = (jnp.clip(node.value, -9, 9).reshape(-1) for node in (a, b))
    groups, width = choose.among((1, 1, 2)), choose.among((1, 2, 3))
    channels = 2 if x.size % 2 == 0 else 1
    groups = min(groups, channels)
    image = x.reshape(1, channels, -1)
    kernel = jnp.resize(k, (2, channels // groups, width)).astype(x.dtype)
    strides, dilations = (1 + choose.below(3),), (1 + choose.below(2),)
    options = (
        lambda: lax.conv_general_dilated(
            image, kernel, strides, [(1, 2)], rhs_dilation=dilations, feature_group_count=groups, preferred_element_type=x.dtype
        ),
        lambda: lax.conv_general_dilated(image, kernel, (1,), [(1, 1)], lhs_dilation=dilations, feature_group_count=groups),
        lambda: lax.reduce_window(x, x.dtype.type(0), lax.add, (width,), strides, "SAME", window_dilation=dilations),
        lambda: lax.reduce_window(x[:30], _lowest(x), lax.max, (width,), strides, [(1, 0)], base_dilation=dilations),
        lambda: jnp.convolve(x, k[:9], mode="same").astype(x.dtype),
    )
    found = choose.among(options)()
    return Node(found, found.dtype.kind != "f" and a.is_exact and b.is_exact)


def _lowest(x: Any) -> Any:
    return x.dtype.type(-np.inf) if x.dtype.kind == "f" else x.dtype.type(-(2**31))


def _at(choose: Choices, a: Node, n: Node) -> Node:
    """Reads and writes at computed indices, inside or not, in all modes."""
    x = a.value
    if x.ndim == 0 or n.kind != "i" or not n.is_exact:
        return a
    where = n.value.reshape(-1)[:8] % (2 * x.shape[0] + 1) - x.shape[0] // 2
    at = x.at[where]
    mode, fill = choose.among(("clip", "fill", "promise_in_bounds")), True if a.kind == "b" else 3
    inside = x.at[jnp.clip(where, 0, x.shape[0] - 1)]
    options = (
        lambda: at.get(mode=mode, fill_value=fill) if mode != "promise_in_bounds" else inside.get(mode=mode),
        lambda: at.set(x[-1], mode=choose.among(("clip", "drop", "fill"))),
        lambda: jnp.take(x, where.astype(jnp.uint32), axis=0, mode=choose.among(("clip", "fill", "wrap")), fill_value=fill),
        lambda: at.max(x[0], mode="drop") if a.is_exact else at.set(x[0]),
        lambda: inside.min(x[-1], indices_are_sorted=False) if a.is_exact else inside.get(),
        lambda: jnp.take_along_axis(x, jnp.argsort(n.value.reshape(-1))[:1].reshape((1,) * x.ndim) % x.shape[-1], -1),
    )
    if a.kind != "b" and choose.below(3) == 0:
        sums = (lambda: at.add(x[0] * 2, mode="drop"), lambda: inside.multiply(2), lambda: at.subtract(1, mode="clip"))
        return Node(choose.among(sums)(), a.is_exact and a.kind == "i")
    return Node(choose.among(options)(), a.is_exact)


def _updates(choose: Choices, a: Node, b: Node) -> Node:
    """Loops that change parts of their carries, which they also read."""
    x = a.value
    if a.kind != "f" or x.ndim == 0:
        return a
    n, y = x.shape[0], _fit(b.value, x.shape[1:]).astype(x.dtype)
    bodies = (
        lambda i, c: c.at[i % n].set(c[(i + 1) % n] * 0.5 + y),
        lambda i, c: c.at[i % n].add(jnp.sin(c[-1])),
        lambda i, c: c.at[(i * 2) % n].set(c[i % n]).at[i % n].set(c[(i * 2) % n]),
        lambda i, c: lax.dynamic_update_slice_in_dim(c, c[: max(1, n // 2)] * 0.9, i, 0),
        lambda i, c: c.at[0].set(c[-1] + c[0] * 0.5).at[-1].set(c[0]),
        lambda i, c: c.at[jnp.arange(n) % max(1, n - 1)].set(c[0] * 0.5 + i),
        lambda i, c: lax.cond(i % 2 == 0, lambda: c.at[i % n].set(y), lambda: c * 0.5),
        lambda i, c: jnp.where(i < 2, c[::-1], c.at[i % n].multiply(0.5)),
    )
    body, steps = choose.among(bodies), choose.among((1, 2, 5))
    ways = (
        lambda: lax.fori_loop(0, steps, body, x),
        lambda: lax.scan(lambda c, i: (body(i, c), c[0]), x, jnp.arange(steps))[choose.below(2)],
        lambda: lax.fori_loop(0, steps, lambda i, c: (c[1], body(i, c[0])), (x, x * 0.5))[0],
        lambda: lax.while_loop(lambda s: s[0] < steps, lambda s: (s[0] + 1, body(s[0], s[1])), (0, x))[1],
    )
    return Node(choose.among(ways)(), False)


def _next(choose: Choices, a: Node, b: Node, c: Node) -> Node:
    makers: tuple[Callable[[], Node], ...] = (
        *(lambda: _unary(choose, a), lambda: _unary(choose, a), lambda: _binary(choose, a, b), lambda: _binary(choose, a, b)),
        *(lambda: _move(choose, a), lambda: _move(choose, a), lambda: _reduce(choose, a), lambda: _along(choose, a)),
        *(lambda: _product(choose, a, b), lambda: _choice(choose, a, b, c), lambda: _index(choose, a, b)),
        *(lambda: _loop(choose, a, b), lambda: _mixed(choose, a, b), lambda: _mixed(choose, a, b), lambda: _at(choose, a, b)),
        *(lambda: _mixed_product(choose, a, b), lambda: _with_parameters(choose, a), lambda: _with_parameters(choose, a)),
        *(lambda: _sort_by_keys(choose, a, b), lambda: _windows(choose, a, b), lambda: _updates(choose, a, b)),
    )
    return choose.among(makers)()


def program(numbers: Sequence[int], length: int = 8) -> Callable[..., Any]:
    """A function of `arguments(numbers)`: `length` random operations, of which the last few values are the results."""

    def fun(*args: Any) -> Any:
        choose = Choices(numbers[::-1])
        nodes = [Node(jnp.asarray(a), True) for a in args]
        for _ in range(length):
            a, b, c = (choose.among(nodes[-4:] if choose.below(2) else nodes) for _ in range(3))
            nodes.append(_next(choose, a, b, c))
        return [node.value for node in nodes[-3:]]

    return fun
