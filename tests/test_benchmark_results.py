"""The results of benchmarks: what is stored is what was printed, and the plot in the documents shows the stored figures."""

from pathlib import Path

import pytest

from benchmarks import plot, results
from benchmarks.results import Column, Table, reporting
from benchmarks.scenarios import SITE, all_scenarios
from tests.conftest import ROOT

COLUMNS = [Column("page", "Page"), Column("rtt", "RTT (ms)", "g"), Column("median", "Median (ms)", ".1f")]
PRINTED = "| Page | RTT (ms) | Median (ms) |\n| --- | ---: | ---: |\n| Voilà | 100 | 12.3 |\n| bare |  | 0.5 |\n"


def test_what_is_stored_is_what_was_printed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    with reporting(COLUMNS, "waits") as table:
        table.add("Voilà", 100.0, 12.345)
        table.add("bare", None, 0.5)
    assert capsys.readouterr().out == PRINTED
    stored = Table.read("waits")
    assert f"{stored.markdown()}\n" == PRINTED
    assert stored.rows == table.rows
    assert stored.source.keys() >= {"command", "date", "machine"}


def test_nothing_is_stored_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    with reporting(COLUMNS, None) as table:
        table.add("Voilà", 0, 1.0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", sorted(path.stem for path in results.FOLDER.glob("*.json")))
def test_stored_results_are_those_in_the_documents(name: str) -> None:
    printed = Table.read(name).markdown()
    is_up_to_date = printed in (ROOT / "docs" / "measured.md").read_text()
    assert is_up_to_date, f"docs/measured.md has other figures. Put in what `python -m benchmarks.results {name}` prints."


def test_the_plot_in_the_documents_shows_the_stored_figures(tmp_path: Path) -> None:
    plot.write(tmp_path / "latency.svg")
    drawn, committed = ((folder / "latency.svg").read_text() for folder in (tmp_path, ROOT / "docs"))
    assert drawn == committed, "The plot is older than its figures. Run `python -m benchmarks.plot`."


def test_the_static_site_is_measured_on_a_slow_device_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    without = [scenario.name for scenario in all_scenarios()]
    (tmp_path / SITE).mkdir()
    added = [scenario for scenario in all_scenarios() if scenario.name not in without]
    assert [scenario.slowdown for scenario in added] == [1, 1, 4, 4]
    assert len({scenario.name for scenario in added}) == 4
