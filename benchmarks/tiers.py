"""What the first call of a module costs, as a Markdown table.

    python -m benchmarks.tiers

V8 compiles a WebAssembly function twice: quickly by its baseline compiler when it is first called, and again by its optimizing
compiler while it runs. The table has the milliseconds of loading, of the first call and of later calls, with both compilers and
in a Chromium without the baseline compiler, whose first call includes the optimizing compiler's time.
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, Playwright, sync_playwright

from benchmarks.wasm import FLAGS, encoded, serve
from benchmarks.workloads import workloads
from gradient.wasm import compile

COLUMNS = {"load": "load", "first": "first call", "wasm": "later calls"}
PAGE = '<!doctype html><meta charset="utf-8"><title>tiers</title><script src="page.js"></script>'
TIERS = {"both tiers": [], "optimizing tier only": ["--js-flags=--no-liftoff"]}


def figures(page: Page) -> Iterator[tuple[str, list[str]]]:
    """Each workload's name and figures."""
    for work in workloads():
        program = compile(work.function, *work.arguments)
        found = page.evaluate("d => measure(d)", encoded(program, work.arguments))
        yield work.name, [f"{found[column]:.2f}" for column in COLUMNS]


def table(playwright: Playwright, url: str) -> dict[str, list[str]]:
    """The figures of each workload, with both compilers and then with one."""
    rows: dict[str, list[str]] = {}
    for flags in TIERS.values():
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS, *flags])
        page = browser.new_page()
        page.goto(url)
        for name, found in figures(page):
            rows.setdefault(name, []).extend(found)
        browser.close()
    return rows


def main() -> None:
    """Prints the table."""
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        (folder / "index.html").write_text(PAGE)
        shutil.copy(Path(__file__).with_name("wasm_page.js"), folder / "page.js")
        server = serve(folder)
        print("| | " + " | ".join(f"{tier}: {column}" for tier in TIERS for column in COLUMNS.values()) + " |")
        print("|---" * (1 + len(TIERS) * len(COLUMNS)) + "|")
        for workload, found in table(playwright, f"http://127.0.0.1:{server.server_port}/").items():
            print(f"| {workload} | {' | '.join(found)} |")
        server.shutdown()


if __name__ == "__main__":
    main()
