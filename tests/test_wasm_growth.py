"""What compiling costs grows no faster than the program. Steps of Python are counted, which are the same on every machine."""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import jax
import jax.numpy as jnp
import pytest
from jax import lax

from gradient.wasm import UnsupportedPrimitive, compile, ir, schedule
from gradient.wasm.ir import F32, Buffer
from gradient.wasm.ir.statements import Assign, Statement, Store
from gradient.wasm.opt import forward_stores
from gradient.wasm.schedule import Scheduler
from tests.wasm_parity import floats

SOURCE = Buffer(F32, 1000, is_external=True)


def steps(action: Callable[[], Any]) -> int:
    """How many lines of Python an action runs; each turn of a comprehension counts as one."""
    count = 0

    def trace(_frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    outer = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(outer)
    return count


def _to_many_buffers(n: int) -> list[Statement]:
    return [Store(Buffer(F32, 1), ir.i32(0), ir.load(SOURCE, ir.i32(i)) + 1.0) for i in range(n)]


def _to_one_buffer(n: int) -> list[Statement]:
    buffer = Buffer(F32, n)
    return [Store(buffer, ir.i32(i), ir.load(SOURCE, ir.i32(i)) + 1.0) for i in range(n)]


def _beside_locals(n: int) -> list[Statement]:
    stores = _to_one_buffer(n)
    return [s for store in stores for s in (store, Assign((ir.local(F32),), (ir.load(SOURCE, ir.i32(0)),)))]


@pytest.mark.parametrize("make", [_to_many_buffers, _to_one_buffer, _beside_locals])
def test_forwarding_takes_twice_as_long_for_twice_as_many_stores(make: Callable[[int], list[Statement]]) -> None:
    small, large = make(100), make(200)
    assert steps(lambda: forward_stores(large)) < 2.2 * steps(lambda: forward_stores(small))


def test_ordering_takes_twice_as_long_for_twice_as_many_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "MAX_DISTANCE", 50)

    def jaxpr(n: int) -> Any:
        """Updates of one array, all of which read it."""
        return jax.make_jaxpr(lambda x: [x.at[i].set(x[i] * 2.0) for i in range(n)])(floats(100)).jaxpr

    small, large = jaxpr(50), jaxpr(100)
    assert steps(lambda: Scheduler().ordered(large)) < 2.2 * steps(lambda: Scheduler().ordered(small))


def test_no_garbage_is_collected_while_a_program_compiles() -> None:
    def chain(x: jax.Array) -> jax.Array:
        return lax.fori_loop(0, 2, lambda _, c: jnp.tanh(jnp.sin(jnp.exp(c))) @ c, x)

    seen: list[str] = []
    x = floats(5, 5)
    jax.make_jaxpr(chain)(x)  # what JAX makes while it traces is not meant

    def note(phase: str, _: dict) -> None:
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            seen.extend([phase] if frame.f_code.co_name == "build" else [])
            frame = frame.f_back

    thresholds = gc.get_threshold()
    gc.callbacks.append(note)
    gc.set_threshold(10)
    try:
        compile(chain, x)
    finally:
        gc.set_threshold(*thresholds)
        gc.callbacks.remove(note)
    assert not seen


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_garbage_collector_is_afterwards_as_before(is_enabled: bool) -> None:
    was_enabled = gc.isenabled()
    (gc.enable if is_enabled else gc.disable)()
    try:
        compile(jnp.sin, floats(3))
        assert gc.isenabled() is is_enabled
        with pytest.raises(UnsupportedPrimitive):
            compile(jnp.linalg.inv, floats(3, 3))
        assert gc.isenabled() is is_enabled
    finally:
        (gc.enable if was_enabled else gc.disable)()
