"""Special values, large arguments and the accuracy of the elementary functions."""

import math
from collections.abc import Callable
from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gradient.wasm import compile
from tests.wasm_parity import TINY, check, difference, floats, load

INF, NAN = np.inf, np.nan
MAX = float(np.finfo(np.float32).max)
SPECIAL = np.array(
    [
        *(
            0.0,
            -0.0,
            INF,
            -INF,
            NAN,
            1.0,
            -1.0,
            0.5,
            -0.5,
            2.0,
            -2.0,
            3.0,
            -3.0,
            2.5,
            1e-6,
            -1e-6,
            1e-30,
            MAX,
            -MAX,
            1e20,
            -1e20,
        ),
        *(86.0, 88.0, 88.7, 88.8, 89.0, 100.0, 1000.0, -86.0, -87.3, -88.0, -104.0, -110.0, -1000.0, 0.99999994, 1.0000001),
    ],
    np.float32,
)

UNARY: list[Callable] = [
    *(lax.exp, lax.exp2, lax.expm1, lax.log, lax.log1p, lax.tanh, lax.logistic, lax.sinh, lax.cosh, lax.asinh, lax.acosh),
    *(lax.atanh, lax.asin, lax.acos, lax.atan, lax.erf, lax.erfc, lax.erf_inv, lax.sqrt, lax.rsqrt, lax.cbrt, lax.abs, lax.neg),
    *(
        lax.sign,
        lax.floor,
        lax.ceil,
        lax.round,
        lax.is_finite,
        lax.square,
        jnp.round,
        jax.nn.relu,
        jax.nn.softplus,
        jnp.nan_to_num,
    ),
]


@pytest.mark.parametrize("fun", UNARY, ids=lambda f: f.__name__)
def test_special_values(fun: Callable) -> None:
    check(fun, SPECIAL)


@pytest.mark.parametrize("fun", [lax.sin, lax.cos, lax.tan], ids=lambda f: f.__name__)
def test_special_angles(fun: Callable) -> None:
    check(fun, SPECIAL)
    for angle in (1e9, -MAX, INF, NAN):
        check(fun, np.float32(angle))


ANGLES = {
    "small": np.linspace(-3e4, 3e4, 20001),
    "near zeros": np.arange(-300_000, 300_000, 7) * np.pi / 2,
    "of every size": np.outer([1, -1], np.float32(10.0) ** np.linspace(-38, 38, 5000, dtype=np.float32)).ravel(),
}


@pytest.mark.parametrize("angles", ANGLES.values(), ids=ANGLES)
@pytest.mark.parametrize("fun", [lax.sin, lax.cos, lax.tan], ids=lambda f: f.__name__)
def test_angles(fun: Callable, angles: np.ndarray) -> None:
    x = angles.astype(np.float32)
    true = getattr(np, fun.__name__)(x.astype(np.float64))
    error = np.abs(load(compile(fun, x))(x) - true)
    assert (error / (1 + true**2 * (fun is lax.tan))).max() < 1e-7
    is_far = np.abs(x) > 3e4
    assert (error <= 2e-7 * np.abs(true))[is_far].all()


def test_the_tail_of_the_error_function() -> None:
    x = np.linspace(-10, 10, 20001).astype(np.float32)
    true = np.array([math.erfc(value) for value in x.tolist()])
    found, of_jax = load(compile(lax.erfc, x))(x), np.asarray(lax.erfc(x))
    is_normal = true > TINY
    errors = [np.abs(values / true - 1)[is_normal].max() for values in (found, of_jax)]
    assert errors[0] <= 2 * errors[1] < 1e-5
    assert (found[~is_normal] < TINY).all()


def test_the_likelihood_of_a_probit_model() -> None:
    x, y = floats(50, 3, scale=4), np.sign(floats(50))
    check(jax.value_and_grad(lambda w: -jax.scipy.stats.norm.logcdf(y * (x @ w)).sum()), np.array([3, -2, 5], np.float32))
    check(lambda x: (jax.scipy.special.log_ndtr(x), jax.vmap(jax.grad(jax.scipy.special.log_ndtr))(x)), floats(999, scale=9))


def test_accuracy_of_common_functions() -> None:
    x = np.linspace(-20, 20, 40001).astype(np.float32)
    y = np.abs(x) + np.float32(1e-3)
    wide, high = x.astype(np.float64), y.astype(np.float64)
    exp, log, tanh, logistic = load(compile(lambda x, y: (jnp.exp(x), jnp.log(y), jnp.tanh(x), jax.nn.sigmoid(x)), x, y))(x, y)
    assert np.abs(exp / np.exp(wide) - 1).max() < 3e-7
    assert np.abs(log - np.log(high)).max() < 3e-7
    assert np.abs(tanh - np.tanh(wide)).max() < 6e-7
    assert np.abs(logistic - 1 / (1 + np.exp(-wide))).max() < 3e-7


PAIRS = np.array(list(product(SPECIAL, SPECIAL)), np.float32)
BINARY: list[Callable] = [
    *(lax.add, lax.sub, lax.mul, lax.div, lax.max, lax.min, lax.pow, lax.atan2, lax.rem),
    *(lax.eq, lax.ne, lax.lt, lax.gt, lax.le, lax.ge, jnp.maximum, jnp.minimum),
]


@pytest.mark.parametrize("fun", BINARY, ids=lambda f: f.__name__)
def test_pairs_of_special_values(fun: Callable) -> None:
    check(fun, PAIRS[:, 0], PAIRS[:, 1])


def in_both_ways(fun: Callable, *args: np.ndarray) -> np.ndarray:
    """The results of SIMD code, which are the same bits as those of scalar code."""
    lanes = load(compile(fun, *args))(*args)
    one_by_one = load(compile(lambda *args: lax.map(lambda numbers: fun(*numbers), args), *args))(*args)
    np.testing.assert_array_equal(lanes.view(np.int32), one_by_one.view(np.int32))
    return lanes


def powers_of_two(low: float, high: float, size: int = 4001, seed: int = 0) -> np.ndarray:
    """Numbers whose logarithms are uniform, with both signs."""
    draw = np.random.RandomState(seed)
    return (np.exp2(draw.uniform(low, high, size)) * draw.choice([-1, 1], size)).astype(np.float32)


RATIOS = [(-126, 127, -126, 127), (0, 2, -2, 2), (0, 40, -3, 3), (100, 127, -126, -100), (23, 33, 0, 0.5)]


@pytest.mark.parametrize("ends", RATIOS, ids=str)
def test_remainders_are_exact(ends: tuple[float, float, float, float]) -> None:
    x, y = powers_of_two(*ends[:2]), powers_of_two(*ends[2:], seed=1)
    x[:9] = [0.0, -0.0, np.inf, np.nan, 1e-40, -1e-40, 1.0, 1e30, MAX]
    y[3:12] = [1.0, 2.0, 2.0, np.inf, 3.0, 1e-38, 0.0, np.nan, 1e-40]
    with np.errstate(invalid="ignore"):
        true = np.fmod(x, np.where(np.abs(y) < 2.0**-126, 0, y))
    found = in_both_ways(lax.rem, x, y)
    np.testing.assert_array_equal(found, np.where(np.abs(true) < 2.0**-126, 0, true))
    np.testing.assert_array_equal(np.signbit(found[~np.isnan(true)]), np.signbit(true[~np.isnan(true)]))
    check(lambda x, y: (x % y, jnp.fmod(x, y), jnp.divmod(x, y)[1]), x, y)


@pytest.mark.parametrize("divisor", [1.0, -2.0, 0.25, 2.0**60, 2.0**-60, 2.0**-100, 3.0, 2 * np.pi])
def test_remainders_of_a_constant_are_exact(divisor: float) -> None:
    x = np.append(powers_of_two(-126, 127), np.array([0.0, -0.0, INF, -INF, NAN, 1e-40, -1e-40, 7.5, -7.5], np.float32))
    check(lambda x: (x % divisor, jnp.fmod(x, divisor)), x)
    with np.errstate(invalid="ignore"):
        true = np.fmod(x, np.float32(divisor))
    found = in_both_ways(lambda x: lax.rem(x, jnp.full_like(x, divisor)), x)
    np.testing.assert_array_equal(found, np.where(np.abs(true) < 2.0**-126, 0, true))


def check_powers(x: np.ndarray, y: np.ndarray) -> None:
    """Asserts that each power is the nearest float32, or nearly; those below the normal numbers count as 0."""
    true = np.power(x.astype(np.float64), y.astype(np.float64))
    found = in_both_ways(lax.pow, x, y)
    is_normal = (np.abs(true) >= 2.0**-126) & (np.abs(true) <= MAX)
    assert np.abs(found[is_normal] / true[is_normal] - 1).max(initial=0) < 6.1e-8
    assert np.isinf(found[np.abs(true) > MAX * (1 + 1e-7)]).all()
    assert (np.abs(found[np.abs(true) < 2.0**-126]) <= 2.0**-126).all()


def test_power_is_accurate() -> None:
    draw = np.random.RandomState(0)
    wide = np.abs(powers_of_two(-126, 127))
    check_powers(wide, (draw.uniform(-1.1, 1.1, 4001) * 128 / np.log2(wide)).astype(np.float32))
    check_powers(wide, (draw.normal(size=4001) * 1e-4).astype(np.float32))
    near = (1 + draw.choice([-1, 1], 4001) * np.exp2(draw.uniform(-23, -1, 4001))).astype(np.float32)
    check_powers(near, (draw.uniform(-1, 1, 4001) * 126 / np.log2(near.astype(np.float64))).astype(np.float32))
    check_powers(powers_of_two(-20, 20), draw.randint(-6, 7, 4001).astype(np.float32))


def test_powers_of_two_are_accurate() -> None:
    x = np.append(np.linspace(-126, 128, 20001)[:-1], np.arange(-126, 128)).astype(np.float32)
    found = in_both_ways(lax.exp2, x)
    assert np.abs(found / np.exp2(x.astype(np.float64)) - 1).max() < 1.2e-7
    np.testing.assert_array_equal(found[-254:], np.ldexp(np.float32(1), np.arange(-126, 128)))


def test_gradients_of_powers() -> None:
    x, y = np.abs(powers_of_two(-20, 20, 101)), np.linspace(-3, 3, 101).astype(np.float32)
    check(jax.grad(lambda x, y: lax.pow(x, y).sum(), (0, 1)), x, y)
    check(lambda x: (jax.grad(lambda x: (x**2.5).sum())(x), jax.grad(lambda x: jnp.exp2(x).sum())(y), jnp.cbrt(x)), x)


def test_integers_at_their_limits() -> None:
    limits = np.array([0, 1, -1, 2, -2, 7, -7, 2**31 - 1, -(2**31), 2**30, -(2**30)], np.int32)
    a, b = (np.array(v, np.int32) for v in zip(*product(limits, limits), strict=True))
    check(lambda a, b: (a + b, a - b, a * b, lax.div(a, b), lax.rem(a, b), lax.max(a, b), -a, abs(a)), a, b)
    check(lambda a, b: (a < b, a >= b, a == b, a.astype(jnp.float32), jnp.sign(a)), a, b)
    check(lambda a, b: (lax.shift_left(a, b), lax.shift_right_logical(a, b), lax.shift_right_arithmetic(a, b)), a, b)


def test_floats_to_integers() -> None:
    check(
        lambda x: x.astype(jnp.int32), np.append(SPECIAL, np.array([2.9, -2.9, 2147483520.0, -2147483648.0, 3e9], np.float32))
    )


def test_choices_among_special_values() -> None:
    check(lambda x: (x.max(), x.min(), x[:5].max(), x.sum(), jnp.where(x > 0, x, -x)), SPECIAL)
    check(lambda x: (jnp.argmax(x), jnp.argmin(x), jnp.sort(x), jnp.argsort(x), lax.cummax(x)), SPECIAL)
    check(lambda x: (jnp.clip(x, -1, 1), jnp.isnan(x), jnp.isinf(x), x * 0, x - x), SPECIAL)


def test_wrong_results_are_found() -> None:
    one, zero = np.ones(1, np.float32), np.zeros(1, np.float32)
    assert difference(one * 1.1, one, one, 1.0)
    assert difference(zero * NAN, one, one, 1.0)
    assert difference(zero + INF, zero - INF, zero - INF, 1.0)
    assert difference(np.array([1]), np.array([2]), np.array([2]), 1.0)
    assert difference(one[0], one, one, 1.0)
    assert not difference(one, one, one.astype(np.float64), 1.0)
    assert not difference(zero + np.float32(1e-40), zero, zero, 0.0)
