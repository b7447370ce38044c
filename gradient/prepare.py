"""The command `python -m gradient.prepare`: fills the cache before the first visitor comes."""

import argparse
import itertools
import os
import sys

import jax

from gradient.app import App
from gradient.cache_paths import compilation_options
from gradient.link import JaxLink


def prepare(*, kernels: bool = False) -> str:
    """Computes the programs and grids that the cache lacks, removes those of other versions, and says how many there are.

    Args:
        kernels: whether to compile as well what a kernel needs to compute itself, for this kind of processor; half a minute.

    Raises:
        OSError: if the cache cannot be written.
    """
    app = App()
    cache, num_programs = app._cache, sum(len(link.programs) for link in app._links if isinstance(link, JaxLink))
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
    return f"{num_programs} programs and {len(cache.names) - num_programs} grids are in {cache.folder}."


def _compile_all(app: App) -> None:
    """Computes once for each problem and optimizer, so that JAX keeps what it compiles."""
    for name, value in compilation_options(os.environ).items():
        jax.config.update(name, value)
    app.compute_in("kernel")  # the links run, too
    for problem, optimizer in itertools.product(range(len(app.problem.options)), range(len(app.optimizer.options))):
        app.problem.index, app.optimizer.index = problem, optimizer
        app.frame()
        app.sweep()
        app._compared()


def main() -> None:
    """Fills the cache, or says why it cannot be filled."""
    parser = argparse.ArgumentParser(prog="python -m gradient.prepare", description="Fills the cache before visitors come.")
    parser.add_argument(
        "--kernels", action="store_true", help="also compile what kernels need to compute in place of the browser"
    )
    arguments = parser.parse_args()
    try:
        print(prepare(kernels=arguments.kernels))
    except OSError as error:
        sys.exit(f"The cache is incomplete. {error}")


if __name__ == "__main__":
    main()
