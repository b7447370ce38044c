"""How XLA compiles the programs of JAX in the tests: options for `jax.jit`, which cheap_jax.py makes the process's own."""

from typing import Any

# What runs once or a few times is compiled with these in a fifth of the time.
QUICK: dict[str, Any] = {
    "xla_backend_optimization_level": 0,
    "xla_llvm_disable_expensive_passes": True,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_parallel_codegen_split_count": 1,
}
# The same, as what JAX reads when it starts.
QUICK_FLAGS = " ".join(f"--{name}={str(value).lower()}" for name, value in QUICK.items())
# What must round as programs do that a kernel has compiled with XLA's defaults, in half of the time that those take.
OPTIMIZED: dict[str, Any] = {**QUICK, "xla_backend_optimization_level": 1}
