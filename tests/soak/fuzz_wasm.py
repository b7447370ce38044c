"""Random programs against `jax.jit`: `python -m tests.soak.fuzz_wasm --programs 10000 --seed 0`.

Ten programs at a time share one compilation by XLA, which takes most of the time. Each is compiled to WebAssembly on its own,
and its IR is verified after each pass.
"""

import argparse
import sys
import time
import traceback
from typing import Any

import jax
import numpy as np

from gradient.wasm import compile
from tests.wasm_graphs import arguments, program
from tests.wasm_parity import QUICK, differences, load

BATCH = 10


def numbers_of(seed: int, number: int) -> list[int]:
    """The numbers that determine a program."""
    return np.random.RandomState([seed, number]).randint(0, 2**30, 80).tolist()


def check_batch(seed: int, first: int, count: int) -> list[str]:
    """The differences and errors of some programs."""
    lists = [numbers_of(seed, first + i) for i in range(count)]
    functions = [program(numbers, length=4 + numbers[0] % 10) for numbers in lists]
    args = [arguments(numbers) for numbers in lists]

    def together(all_args: Any) -> Any:
        return [f(*a) for f, a in zip(functions, all_args, strict=True)]

    wanted = jax.jit(together, compiler_options=QUICK)(args)
    problems = []
    for i, (fun, own, want) in enumerate(zip(functions, args, wanted, strict=True)):
        try:
            got = load(compile(fun, *own))(*own)
        except Exception:
            problems.append(f"program {first + i} of seed {seed}: {traceback.format_exc(limit=-3)}")
            continue
        problems += [f"program {first + i} of seed {seed}, {problem}" for problem in differences(fun, own, got, want)]
    return problems


def main() -> int:
    """Runs the programs; the exit status says whether all agree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    start, found = time.time(), 0
    for first in range(options.first, options.first + options.programs, BATCH):
        for problem in check_batch(options.seed, first, min(BATCH, options.first + options.programs - first)):
            print(problem, flush=True)
            found += 1
        if first % 500 == 0:
            jax.clear_caches()
            print(f"{first + BATCH} programs, {found} problems, {time.time() - start:.0f} s", flush=True)
    print(f"{options.programs} programs of seed {options.seed}: {found} problems in {time.time() - start:.0f} s")
    return int(found > 0)


if __name__ == "__main__":
    sys.exit(main())
