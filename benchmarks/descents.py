"""How long a thousand descents take, in the page and by `jax.jit(vmap)`, as a Markdown table.

    python -m benchmarks.descents [--save]

Each row runs 1,024 descents from the problem's own start with as many learning rates, by Momentum, for the problem's own number
of steps. The page's program runs in headless Chromium, in one thread; JAX runs in this process.
"""

import argparse
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.chromium import chromium
from benchmarks.encoding import encoded
from benchmarks.results import Column, add_save_option, reporting
from benchmarks.wasm import median_ms, serving_page
from gradient.descent import iterate
from gradient.optimizers import OPTIMIZERS
from gradient.problems import PROBLEMS, Problem
from gradient.sweep import Descent
from gradient.wasm import compile

NUM_DESCENTS = 1024
COLUMNS = [
    Column("problem", "Problem"),
    Column("steps", "Steps", "d"),
    Column("page", "In the page (ms)", ".1f"),
    Column("jax", "jax.jit(vmap) (ms)", ".1f"),
]
PAGE = '<!doctype html><meta charset="utf-8"><title>benchmark</title><script type="module" src="wasm_page.js"></script>'


def in_turn(problem: Problem, rates: jax.Array) -> jax.Array:
    """The losses at the end of the descents with these learning rates, as `gradient.sweep` runs them: one after the other."""
    start = jnp.asarray(problem.flat_starts[0])
    descent = Descent.of(problem, start, jnp.asarray(problem.x), jnp.asarray(problem.y), problem.num_steps)
    return jax.lax.map(lambda rate: descent.run(OPTIMIZERS["momentum"].make(rate, problem.momentum)).losses, rates)


def at_once(problem: Problem, rates: jax.Array) -> jax.Array:
    """The same as a batch."""
    start = jnp.asarray(problem.flat_starts[0])

    def loss(rate: jax.Array) -> jax.Array:
        rule = OPTIMIZERS["momentum"].make(rate, problem.momentum)
        return iterate(lambda flat: problem.loss(problem.unravel(flat)), start, rule, problem.num_steps).losses[-1]

    return jax.vmap(loss)(rates)


def main() -> None:
    """Runs the descents in both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_save_option(parser)
    options = parser.parse_args()
    rates = np.geomspace(0.001, 0.3, NUM_DESCENTS, dtype=np.float32)
    with serving_page(PAGE) as url, chromium() as browser, reporting(COLUMNS, "descents" if options.save else None) as table:
        page = browser.new_page()
        page.set_default_timeout(0)
        page.goto(url)
        table.source |= {"browser": browser.version, "jax": jax.__version__}
        for problem in PROBLEMS.values():
            program = compile(partial(in_turn, problem), rates)
            found = page.evaluate("program => measure(program)", encoded(program, (rates,)))
            run = jax.jit(partial(at_once, problem))
            by_jax = median_ms(lambda run=run: np.asarray(run(rates)))  # type: ignore[misc] # mypy cannot infer the default
            table.add(problem.name, problem.num_steps, found["wasm"], by_jax)


if __name__ == "__main__":
    main()
