"""The command `python -m gradient.prepare`: makes what takes long before the first visitor comes, and keeps it in the cache."""

import argparse
import itertools
import os
import sys

import jax

from gradient.app import App
from gradient.folders import compilation_options


def prepare(*, kernels: bool = False) -> str:
    """Puts each program and field that is missing into the cache, and removes other versions'; returns how many there are.

    Args:
        kernels: also what a kernel compiles when it computes itself, for processors like this one: half a minute.

    Raises:
        OSError: if the cache cannot be written; else every visitor would wait for what should be there.
    """
    app = App()
    cache, num_programs = app._cache, sum(len(link.programs) for link in (app._main, app._pointer))
    missing = [name for name, is_there in cache.names.items() if not is_there]
    if missing:
        raise OSError(
            f"{len(missing)} of {len(cache.names)} files cannot be kept in {cache.folder}, and every visitor would wait "
            "for them. Make that folder writable, or name another one by TECHNI_CACHE."
        )
    cache.prune()
    if kernels:
        _compile_all(app)
    app.close()
    return f"{num_programs} programs and {len(cache.names) - num_programs} fields are in {cache.folder}."


def _compile_all(app: App) -> None:
    """Computes once with every choice, and lets JAX keep what it compiles for that."""
    for name, value in compilation_options(os.environ).items():
        jax.config.update(name, value)
    for problem, optimizer in itertools.product(range(len(app.problem.options)), range(len(app.optimizer.options))):
        app.problem.index, app.optimizer.index = problem, optimizer
        app.frame()


def main() -> None:
    """Fills the cache, or says why it cannot."""
    parser = argparse.ArgumentParser(prog="python -m gradient.prepare", description="Makes beforehand what takes long.")
    parser.add_argument("--kernels", action="store_true", help="also what kernels compile that compute in the browser's place")
    arguments = parser.parse_args()
    try:
        print(prepare(kernels=arguments.kernels))
    except OSError as error:
        sys.exit(f"The cache is incomplete. {error}")


if __name__ == "__main__":
    main()
