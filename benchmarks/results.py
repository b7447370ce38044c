"""The results of benchmarks: JSON files in `benchmarks/results/`, and the Markdown tables that are printed from them.

    python -m benchmarks.results NAME...

prints the tables of these files. A benchmark prints the same table while it runs, and writes the file if it is started with
`--save`.
"""

import argparse
import contextlib
import json
import os
import platform
import shlex
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, Self

FOLDER = Path(__file__).parent / "results"


class Column(NamedTuple):
    """A column of a table.

    Attributes:
        name: the key of its values in a row.
        heading: what the table calls it, with the unit.
        format: of its numbers, for `format()`; None for a column of text.
    """

    name: str
    heading: str
    format: str | None = None

    def cell(self, value: Any) -> str:
        """A value as the table shows it: nothing for None."""
        if value is None:
            return ""
        return str(value) if self.format is None else format(value, self.format)


class Table:
    """Rows of results under their columns.

    Attributes:
        source: how the rows were measured: `command`, `date`, `machine`, and perhaps a `note`.
    """

    def __init__(self, columns: Sequence[Column], rows: Sequence[dict[str, Any]] = (), source: dict[str, str] | None = None):
        self.columns = list(columns)
        self.rows = list(rows)
        self.source = source or _this_run()

    @classmethod
    def read(cls, name: str) -> Self:
        """The results of a benchmark, by the name of its file without the ending."""
        stored = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        return cls([Column(**column) for column in stored["columns"]], stored["rows"], stored["source"])

    def write(self, name: str) -> None:
        """Replaces the results of a benchmark."""
        stored = {
            "source": json.dumps(self.source, ensure_ascii=False, indent=2).replace("\n", "\n "),
            "columns": _one_a_line(column._asdict() for column in self.columns),
            "rows": _one_a_line(self.rows),
        }
        FOLDER.mkdir(exist_ok=True)
        text = ",\n".join(f' "{key}": {value}' for key, value in stored.items())
        (FOLDER / f"{name}.json").write_text(f"{{\n{text}\n}}\n", encoding="utf-8")

    def head(self) -> str:
        """The first two lines of the Markdown table."""
        rule = ["---" if column.format is None else "---:" for column in self.columns]
        return f"| {' | '.join(column.heading for column in self.columns)} |\n| {' | '.join(rule)} |"

    def line(self, row: dict[str, Any]) -> str:
        """A row as a line of the Markdown table."""
        return f"| {' | '.join(column.cell(row.get(column.name)) for column in self.columns)} |"

    def markdown(self) -> str:
        """The whole table."""
        return "\n".join([self.head(), *map(self.line, self.rows)])

    def add(self, *values: Any) -> None:
        """Adds a row, a value for each column, and prints it."""
        self.rows.append({column.name: value for column, value in zip(self.columns, values, strict=True)})
        print(self.line(self.rows[-1]), flush=True)


@contextlib.contextmanager
def reporting(columns: Sequence[Column], save_as: str | None) -> Iterator[Table]:
    """A table that prints its rows as they are added; it is written to a file in the end if that is named."""
    table = Table(columns)
    print(table.head(), flush=True)
    yield table
    if save_as:
        table.write(save_as)


def add_save_option(parser: argparse.ArgumentParser) -> None:
    """Adds `--save` to a benchmark's command line."""
    parser.add_argument("--save", action="store_true", help="write the rows to benchmarks/results/, too")


def _one_a_line(values: Iterable[Any]) -> str:
    """A JSON array with one value on each line, so that diffs are readable."""
    lines = ",\n".join(f"  {json.dumps(value, ensure_ascii=False)}" for value in values)
    return f"[\n{lines}\n ]"


def _this_run() -> dict[str, str]:
    module = getattr(sys.modules["__main__"].__spec__, "name", "benchmarks")
    return {
        "command": shlex.join(["python", "-m", module, *sys.argv[1:]]),
        "date": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}",
    }


def main() -> None:
    """Prints the tables of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", metavar="NAME", choices=sorted(path.stem for path in FOLDER.glob("*.json")))
    for name in parser.parse_args().names:
        print(Table.read(name).markdown())


if __name__ == "__main__":
    main()
