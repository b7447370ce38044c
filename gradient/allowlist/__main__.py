"""Prints the description of a notebook as JSON, and nothing else: what the cells print goes to the error stream."""

import json
import os
import sys

from gradient.allowlist.description import describe


def main() -> None:
    """Prints the description, and ends the process whatever threads the cells have left.

    The cells, and the processes that they start, write to standard output under its number. So that number becomes the error
    stream, and the description goes to another one that nobody inherits.
    """
    if len(sys.argv) != 2:
        sys.exit("Name a notebook: python -m gradient.allowlist techni.ipynb")
    output = os.dup(1)
    os.dup2(2, 1)
    sys.modules["debugpy"] = None  # type: ignore[assignment] # no debugger for the cells, which would print advice
    with open(output, "w", encoding="utf-8") as file:
        print(json.dumps(describe(sys.argv[1])), file=file)
    os._exit(0)


if __name__ == "__main__":
    main()
