"""What a user's loss may contain: each function and its gradient agree with `jax.jit`, or the error says why not."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import jax.scipy as jsp
import numpy as np
import optax
import pytest
from jax import lax

from gradient.wasm import UnsupportedPrimitive, compile
from tests.wasm_parity import check, floats, instructions

X = floats(37)
GRID, HEIGHTS, KERNEL = np.linspace(-2, 2, 11).astype(np.float32), floats(11), floats(3)


def _square(x: jax.Array) -> jax.Array:
    return x[:36].reshape(6, 6)


LOSSES: dict[str, Callable[[jax.Array], jax.Array]] = {
    "interp": lambda x: jnp.interp(x, GRID, HEIGHTS),
    "where": lambda x: jnp.where(x > 0, jnp.sqrt(jnp.abs(x)), x**2),
    "clip": lambda x: jnp.clip(x, -0.5, 0.5),
    "piecewise": lambda x: jnp.piecewise(x, [x < 0, x >= 0], [lambda v: -v, lambda v: v**2]),
    "select": lambda x: jnp.select([x < -0.5, x > 0.5], [x**2, x**3], x),
    "norms": lambda x: x * (jnp.linalg.norm(x) + jnp.linalg.norm(x, 1) + jnp.linalg.norm(x, jnp.inf) + jnp.linalg.norm(x, 3)),
    "polyval": lambda x: jnp.polyval(x[:12], x * 0.3),
    "moments": lambda x: x * jnp.mean(x) + jnp.var(x) - jnp.std(x, ddof=1),
    "average": lambda x: jnp.average(x, weights=jnp.abs(x)) * x,
    "correlation": lambda x: jnp.corrcoef(x[:36].reshape(3, 12)),
    "prod": lambda x: jnp.prod(x[:5]) * x,
    "extremes": lambda x: jnp.max(x) * x + jnp.ptp(x),
    "sort": jnp.sort,
    "median": lambda x: jnp.median(x) * x,
    "quantiles": lambda x: jnp.quantile(x, jnp.array([0.1, 0.5, 0.9])),
    "percentile": lambda x: jnp.percentile(x, 30.0) * x,
    "argsort": lambda x: x[jnp.argsort(x)][:5],
    "searchsorted": lambda x: x * jnp.searchsorted(GRID, x),
    "histogram": lambda x: jnp.histogram(x, bins=GRID, weights=x)[0],
    "bincount": lambda x: jnp.bincount(jnp.arange(37) % 5, weights=x, length=5),
    "cumsum": jnp.cumsum,
    "diff": jnp.diff,
    "gradient": lambda x: jnp.asarray(jnp.gradient(x)),
    "trapezoid": lambda x: jnp.trapezoid(x) * x,
    "convolve": lambda x: jnp.convolve(x, KERNEL),
    "convolve, same": lambda x: jnp.convolve(x, x[:4], mode="same"),
    "correlate": lambda x: jnp.correlate(x, x[:5]),
    "convolution of a picture": lambda x: lax.conv_general_dilated(
        _square(x)[None, None], x[:18].reshape(2, 1, 3, 3), (2, 1), ((1, 1), (0, 2)), rhs_dilation=(1, 2)
    ),
    "transposed convolution": lambda x: lax.conv_general_dilated(
        x[:36].reshape(1, 4, 9), x[:24].reshape(2, 4, 3), (1,), ((1, 2),), lhs_dilation=(2,)
    ),
    "mean of windows": lambda x: lax.reduce_window(_square(x), 0.0, lax.add, (2, 3), (1, 2), "SAME"),
    "stack": lambda x: jnp.stack([x[:9] * x[9:18], x[18:27]], axis=1),
    "outer": lambda x: jnp.outer(x, x).sum(0),
    "einsum": lambda x: jnp.einsum("ij,kj->ik", x[:12].reshape(3, 4), x[12:24].reshape(3, 4)),
    "kron": lambda x: jnp.kron(x[:3], x[:4]),
    "cross": lambda x: jnp.cross(x[:3], x[3:6]),
    "diagonal": lambda x: jnp.diagonal(_square(x)) * jnp.trace(_square(x)),
    "det": lambda x: jnp.linalg.det(x[:9].reshape(3, 3)),
    "vander": lambda x: jnp.vander(x[:5], 4),
    "distances": lambda x: jnp.sqrt(((x[:, None] - x[None]) ** 2).sum() + 1),
    "arctan2": lambda x: jnp.arctan2(x, x[::-1]),
    "hypot": lambda x: jnp.hypot(x, x[::-1]),
    "sinc": jnp.sinc,
    "logs": lambda x: jnp.log2(jnp.abs(x) + 0.1) + jnp.log10(jnp.abs(x) + 0.1) + jnp.log1p(jnp.abs(x)),
    "powers": lambda x: jnp.exp2(x) + jnp.cbrt(x) + jnp.power(jnp.abs(x), 1.7) + jnp.reciprocal(jnp.abs(x) + 0.1),
    "circular": lambda x: jnp.tan(x * 0.5) + jnp.arctan(x) + jnp.arcsin(x * 0.2) * jnp.arccos(x * 0.2),
    "hyperbolic": lambda x: jnp.sinh(x) + jnp.cosh(x) + jnp.arcsinh(x) + jnp.arccosh(jnp.abs(x) + 1.1) + jnp.arctanh(x * 0.2),
    "logaddexp": lambda x: jnp.logaddexp(x, x[::-1]),
    "mod": lambda x: jnp.mod(x, 0.7) + jnp.fmod(x, 0.3) + x * jnp.floor_divide(x, 0.7),
    "rounding": lambda x: x * (jnp.round(x * 3) + jnp.trunc(x * 3) + jnp.floor(x * 3) + jnp.round(x, 2)),
    "signs": lambda x: x * jnp.sign(x) + jnp.copysign(x, x[::-1]) + x * jnp.heaviside(x, 0.5),
    "erf": lambda x: jsp.special.erf(x) + jsp.special.erfc(x) * jsp.special.erfinv(x * 0.2),
    "normal": lambda x: jsp.stats.norm.pdf(x) + jsp.stats.norm.cdf(x) + jsp.stats.norm.logpdf(x) + jsp.stats.norm.logcdf(x),
    "other densities": lambda x: jsp.stats.laplace.logpdf(x) + jsp.stats.cauchy.logpdf(x) + jsp.stats.logistic.logpdf(x),
    "xlogy": lambda x: jsp.special.xlogy(jnp.abs(x), jnp.abs(x) + 0.1) + jsp.special.entr(jnp.abs(x)),
    "softmax": lambda x: jax.nn.softmax(x) + jax.nn.log_softmax(x) + jax.nn.logsumexp(x),
    "rectifiers": lambda x: jax.nn.relu(x) + jax.nn.relu6(x) + jax.nn.leaky_relu(x) + jax.nn.elu(x) + jax.nn.selu(x),
    "smooth rectifiers": lambda x: jax.nn.gelu(x) + jax.nn.gelu(x, approximate=False) + jax.nn.silu(x) + jax.nn.softplus(x),
    "sigmoids": lambda x: jax.nn.sigmoid(x) + jax.nn.log_sigmoid(x) + jax.nn.soft_sign(x) + jax.nn.hard_tanh(x),
    "huber": lambda x: optax.huber_loss(x) + optax.l2_loss(x) + optax.log_cosh(x) + optax.hinge_loss(x, jnp.sign(x)),
    "cross entropy of signs": lambda x: optax.sigmoid_binary_cross_entropy(x, (x > 0).astype(jnp.float32)),
    "cross entropy of a label": lambda x: optax.softmax_cross_entropy_with_integer_labels(x, jnp.int32(3)),
    "cosine similarity": lambda x: optax.cosine_similarity(x, x[::-1]),
    "divergence": lambda x: optax.kl_divergence(jax.nn.log_softmax(x), jax.nn.softmax(x[::-1])),
    "fori_loop": lambda x: lax.fori_loop(0, 4, lambda i, c: jnp.sin(c) + i, x),
    "switch": lambda x: lax.switch(2, [jnp.sin, jnp.cos, jnp.tanh], x),
    "switch by a value": lambda x: lax.switch(jnp.argmax(x) % 3, [jnp.sin, jnp.cos, jnp.tanh], x),
    "map": lambda x: lax.map(jnp.sin, x),
}


@pytest.mark.parametrize("name", LOSSES)
def test_a_loss_and_its_gradient(name: str) -> None:
    function = LOSSES[name]
    check(lambda x: (function(x), jax.grad(lambda x: jnp.sum(jnp.sin(function(x))))(x)), X)


def test_a_convolution_in_groups() -> None:
    check(
        lambda x: lax.conv_general_dilated(
            x[:36].reshape(1, 4, 9), x[:24].reshape(4, 2, 3), (1,), "SAME", feature_group_count=2
        ),
        X,
    )


def test_a_convolution_takes_about_as_long_with_the_channels_last() -> None:
    def convolution(layout: str, kernel: str) -> Callable:
        return lambda x, k: lax.conv_general_dilated(x, k, (1, 1), "SAME", dimension_numbers=(layout, kernel, layout))

    last, first = convolution("NHWC", "HWIO"), convolution("NCHW", "OIHW")
    check(last, floats(2, 9, 9, 8), floats(3, 3, 8, 16))
    steps = instructions(first, floats(2, 8, 12, 12), floats(16, 8, 3, 3))
    assert instructions(last, floats(2, 12, 12, 8), floats(3, 3, 8, 16)) < 2 * steps


def test_a_loop_to_a_traced_bound() -> None:
    check(lambda x, n: lax.fori_loop(n // 2, n, lambda i, c: jnp.sin(c) + i, x), X, np.int32(7))


WITHOUT_A_RULE: dict[str, Callable[[jax.Array], jax.Array]] = {
    "lu": lambda x: jnp.linalg.solve(x[:4].reshape(2, 2), x[4:6]),
    "svd": lambda x: jnp.linalg.lstsq(x[:12].reshape(6, 2), x[12:18])[0],
    "eigh": lambda x: jnp.linalg.eigvalsh(x[:4].reshape(2, 2)),
    "complex64": lambda x: jnp.abs(jnp.fft.rfft(x)),
    "groups of batches": lambda x: lax.conv_general_dilated(
        x[:36].reshape(4, 3, 3), x[:18].reshape(2, 3, 3), (1,), "SAME", batch_group_count=2
    ),
    "lgamma": lambda x: jsp.special.gammaln(jnp.abs(x) + 1),
    "top_k": lambda x: lax.top_k(x, 5)[0],
    "int8": lambda x: x * (x > 0).astype(jnp.int8),
    "bfloat16": lambda x: x.astype(jnp.bfloat16).astype(jnp.float32),
    "float to uint32": lambda x: x * x.astype(jnp.uint32),
    "result of type uint32": lambda x: x.astype(jnp.int32).astype(jnp.uint32),
}


@pytest.mark.parametrize("name", WITHOUT_A_RULE)
def test_a_primitive_without_a_rule_is_named(name: str) -> None:
    with pytest.raises(UnsupportedPrimitive, match=rf"{name}.*can still run in the kernel"):
        compile(WITHOUT_A_RULE[name], X)
