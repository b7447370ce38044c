"""What the compiler relies on in JAX is there: a failure names its version."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gradient.adapters.jax import called, is_literal, is_tracer, opened, source_of, trace
from tests.adapters import relying_on

X = np.arange(3, dtype=np.float32)


def test_a_jaxpr_has_the_fields_that_the_compiler_reads() -> None:
    with relying_on("jax"):
        jaxpr, consts, tree = trace(lambda x: {"y": x * 2.0 + np.arange(3, dtype=np.float32)}, [X])
        assert (len(jaxpr.invars), len(jaxpr.outvars), len(consts)) == (1, 1, len(jaxpr.constvars))
        assert tree == jax.tree.structure({"y": 0})
        assert [equation.primitive.name for equation in jaxpr.eqns] == ["mul", "add"]
        x, factor = jaxpr.eqns[0].invars
        assert (is_literal(x), is_literal(factor), factor.val) == (False, True, 2.0)
        assert x is jaxpr.invars[0]
        assert (x.aval.shape, x.aval.dtype, x.aval.size) == ((3,), np.float32, 3)
        assert jaxpr.eqns[-1].outvars[0] is jaxpr.outvars[0]


def test_an_equation_says_where_it_comes_from() -> None:
    with relying_on("jax"):
        jaxpr, _, _ = trace(lambda x: jnp.sin(x) + 1, [X])
        assert "test_adapter_jax.py" in source_of(jaxpr.eqns[0])


@pytest.mark.parametrize(
    ("fun", "name"),
    [(jax.jit(lambda x: x + 1), "jit"), (jax.nn.relu, "custom_jvp_call"), (jax.checkpoint(lambda x: jnp.sin(x) * x), "remat2")],
    ids=["jit", "relu", "checkpoint"],
)
def test_a_call_has_its_jaxpr(fun: object, name: str) -> None:
    with relying_on("jax"):
        assert callable(fun)
        jaxpr, _, _ = trace(fun, [X])
        (equation,) = jaxpr.eqns
        assert equation.primitive.name == name
        inner, consts = opened(called(equation))
        assert (len(inner.invars), len(inner.outvars)) == (1, 1)
        assert len(inner.eqns) > 0
        assert len(consts) == len(inner.constvars)


def test_loops_and_branches_have_closed_jaxprs() -> None:
    def fun(x: jax.Array) -> jax.Array:
        x, _ = lax.scan(lambda c, _: (c * 2, None), x, length=3)
        return lax.cond(x[0] > 0, lambda: x, lambda: lax.while_loop(lambda c: c[0] < 1, lambda c: c + 1, x))

    with relying_on("jax"):
        jaxpr, _, _ = trace(fun, [X])
        found = {equation.primitive.name: equation.params for equation in jaxpr.eqns}
        assert {"num_consts", "num_carry", "length", "reverse", "jaxpr"} <= found["scan"].keys()
        assert len(found["cond"]["branches"]) == 2
        branch, _ = opened(found["cond"]["branches"][0])
        assert {"cond_jaxpr", "body_jaxpr", "cond_nconsts", "body_nconsts"} <= branch.eqns[-1].params.keys()


def test_a_tracer_is_told_from_a_number() -> None:
    seen: list[bool] = []

    def fun(x: jax.Array) -> jax.Array:
        seen.append(is_tracer(x))
        return x

    with relying_on("jax"):
        jax.jit(fun)(X)
        jax.vmap(fun)(jnp.asarray(X))
        fun(jnp.asarray(X))
        assert seen == [True, True, False]
        assert not is_tracer(1.0)
