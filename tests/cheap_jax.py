"""What makes JAX cheap in a process of the tests: when this module is imported, before JAX is used."""

import gc
import os
from unittest.mock import patch

import jax

from gradient.cache_paths import compilation_options
from tests.jax_options import QUICK_FLAGS

# To look for garbage goes through all that tests, JAX and Matplotlib keep: done this seldom, it saves a twentieth of the time.
gc.set_threshold(100_000, 50, 100)

# XLA takes seconds for a frame. What one process of the tests has compiled, no other compiles again; what is compiled quickly
# is not worth a file.
COMPILED_ONCE = {name.upper(): str(value) for name, value in compilation_options(os.environ).items()}
for _name, _value in compilation_options(os.environ).items():
    jax.config.update(_name, _value)
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.2)
jax.config.update("jax_traceback_filtering", "off")  # each call that traces pays for it, whether it fails or not
# Read when JAX starts, which is at once, so that servers and kernels compile as they do anywhere.
with patch.dict(os.environ, XLA_FLAGS=QUICK_FLAGS):
    jax.devices()
