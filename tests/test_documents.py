"""The documents are short, and agree with the code where both state a fact."""

import re
from dataclasses import fields
from pathlib import Path

from benchmarks.results import Table
from benchmarks.screenshots import gallery
from gradient.server.settings import PREFIX, Settings

ROOT = Path(__file__).resolve().parents[1]
NOT_IN_SETTINGS = {"TECHNI_CACHE": "beside the sources", "TECHNI_COOKIE_SECRET": "random"}


def section(name: str, heading: str) -> str:
    """A section of a Markdown file, up to the next heading of its level."""
    _, found, rest = (ROOT / name).read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    assert found, f"{name} has no section {heading!r}"
    return rest.partition("\n## ")[0]


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 1200


def test_the_changelog_says_what_a_user_notices() -> None:
    assert len(section("CHANGELOG.md", "0.1.0").strip().splitlines()) <= 25


def test_the_gallery_shows_every_picture() -> None:
    text = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert text == gallery("../benchmarks/pictures")
    pictures = {path.name for path in (ROOT / "benchmarks" / "pictures").iterdir()}
    assert set(re.findall(r"pictures/([\w-]+\.png)", text)) == pictures


def test_every_setting_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (.*?) \|", section("docs/public-server.md", "Settings"), re.MULTILINE)
    defaults = {f"{PREFIX}{field.name.upper()}": str(field.default) for field in fields(Settings)} | NOT_IN_SETTINGS
    assert {name: default.strip("`") for name, default in rows} == defaults


def test_the_readmes_figures_are_those_of_the_benchmark() -> None:
    pages = {
        "static site": "static site",
        "its own server": "techni, its own server",
        "plain Voilà": "techni, Voilà, {}",
        "TensorFlow.js, wave": "TensorFlow.js, Wave",
        "TensorFlow.js, network": "TensorFlow.js, Network",
    }
    measured = {row["page"]: row for row in Table.read("latency").rows if row["rtt"] == 300}
    rows = re.findall(r"^\| (.+?) \| (browser|server) \| (\d+) \| ([\d.]+) \| (\d+) \|", section("README.md", "Measured"), re.M)
    assert len(rows) == 6
    for page, place, *figures in rows:
        row = measured[pages[page].format(place)]
        assert figures == [f"{row['key_to_curve']:.0f}", f"{row['first_response']:.1f}", str(row["requests"])]


def test_make_lists_every_target_that_it_declares() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    declared = makefile.partition(".PHONY: ")[2].partition("\n")[0].split()
    assert re.findall(r"^(\w+):.* ## \S", makefile, re.MULTILINE) == declared


def test_contributors_learn_of_every_room() -> None:
    table = section("docs/architecture.md", "Rooms")
    package = ROOT / "gradient"
    rooms = {
        path.name
        for path in package.iterdir()
        if path.name != "__init__.py" and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert {room for room in rooms if room not in table} == set()


def test_every_file_that_a_document_names_exists() -> None:
    documents = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    folders = (ROOT / name for name in ("gradient", "tests", "benchmarks", "deploy"))
    files = [f"/{file.relative_to(ROOT).as_posix()}" for folder in folders for file in folder.rglob("*.*")]
    for document in documents:
        for name in re.findall(r"`([\w/]+\.(?:py|js|css))`", document.read_text(encoding="utf-8")):
            assert any(file.endswith(f"/{name}") for file in files), f"{document.name} names {name}, which is no file."
