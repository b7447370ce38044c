"""What the first call of a WebAssembly module costs, and why, as a Markdown table.

    python -m benchmarks.tiers [--save]

V8 compiles a WebAssembly function twice: quickly by its baseline compiler when it is first called, and again by its optimizing
compiler while it runs. The table has the milliseconds of loading, of the first call and of later calls, with both compilers and
in a Chromium without the baseline compiler, whose first call includes the optimizing compiler's time.
"""

import argparse

from benchmarks.chromium import chromium
from benchmarks.encoding import encoded
from benchmarks.results import Column, add_save_option, reporting
from benchmarks.wasm import serving_page
from benchmarks.workloads import workloads
from gradient.wasm import compile

PHASES = {"load": "load", "first": "first call", "wasm": "later calls"}
PAGE = '<!doctype html><meta charset="utf-8"><title>tiers</title><script type="module" src="wasm_page.js"></script>'
TIERS = {"both tiers": [], "optimizing tier only": ["--js-flags=--no-liftoff"]}
COLUMNS = [
    Column("workload", ""),
    *(Column(f"{tier}: {phase}", f"{tier}: {heading}", ".2f") for tier in TIERS for phase, heading in PHASES.items()),
]


def measure(url: str, flags: list[str]) -> dict[str, list[float]]:
    """The milliseconds of each phase by workload, in a Chromium with these flags."""
    found = {}
    with chromium(*flags) as browser:
        page = browser.new_page()
        page.goto(url)
        for work in workloads():
            program = encoded(compile(work.function, *work.arguments), work.arguments)
            figures = page.evaluate("program => measure(program)", program)
            found[work.name] = [figures[phase] for phase in PHASES]
    return found


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_save_option(parser)
    options = parser.parse_args()
    with serving_page(PAGE) as url:
        both, optimizing = (measure(url, flags) for flags in TIERS.values())
    with reporting(COLUMNS, "tiers" if options.save else None) as table:
        for name, figures in both.items():
            table.add(name, *figures, *optimizing[name])


if __name__ == "__main__":
    main()
