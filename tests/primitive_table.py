"""Which primitives of JAX compile, by the compiler's own registry."""

from collections import defaultdict

from gradient.wasm import rules  # noqa: F401 (importing the rules registers them)
from gradient.wasm.lower import RULES

KINDS = {
    "elementwise": "each number by itself",
    "reduce": "sums, extremes, products of matrices",
    "shape": "shapes",
    "indexing": "reading and writing at indices",
    "windows": "convolutions and pooling",
    "sequential": "sorting, and sums up to each number",
    "flow": "loops, branches, calls",
}


def table() -> str:
    """A row for each module of rules, in Markdown."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, found in RULES.items():
        if " of uint32" not in name:
            names[found.function.__module__.rpartition(".")[2]].append(name)
    lines = [f"| {what} | {', '.join(sorted(names.pop(module)))} |" for module, what in KINDS.items()]
    assert not names, f"These modules of rules need a name in KINDS: {list(names)}."
    return "\n".join(["| what it does | primitives |", "|---|---|", *lines])
