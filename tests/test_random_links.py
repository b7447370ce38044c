"""Random widgets, functions and events: the browser and the kernel end in the same state."""

from collections.abc import Iterator

import nbformat
import pytest
from playwright.sync_api import Browser, Page

from tests.app_page import LOAD_MS, AppPage
from tests.conftest import notebook_of, voila_of, watched
from tests.jax_options import QUICK_FLAGS
from tests.random_links import build, events

MANY = 50
EVENTS = 3

NOTEBOOK = (
    f"""
import os
os.environ["XLA_FLAGS"] = "{QUICK_FLAGS}"
"""
    + """
import ipywidgets as widgets
from tests.random_links import build

rows = []
for seed in range({first}, {first} + {count}):
    for where in ("browser", "kernel"):
        linked = build(seed, where)
        for name, parts in (("sources", [source for source, _ in linked.sources]), ("targets", linked.targets)):
            box = widgets.VBox(parts)
            box.add_class(f"{{name}}-{{seed}}-{{where}}")
            rows.append(box)
widgets.VBox(rows)
"""
)

# All values of the widgets in boxes, by the boxes' classes.
BOXES = """
  const models = await Promise.all(Object.values(jupyterapp.widgetManager._models));
  const boxes = Object.fromEntries(models.map((m) => [m.get("_dom_classes")?.[0], m]));
  const inBox = (name) => Promise.all(boxes[name].get("children"));
"""
SET = f"""async (events) => {{ {BOXES}
  for (const [box, i, trait, value] of events) {{
    const model = (await inBox(box))[i];
    model.set(trait, value);
    model.save_changes();
  }}
}}"""
STATES = f"""async (names) => {{ {BOXES}
  const traits = ["value", "index", "max", "disabled"];
  const stateOf = async (name) => (await inBox(name)).map((model) => traits.map((trait) => model.get(trait) ?? null));
  return Promise.all(names.map(stateOf));
}}"""
PLACES = ("browser", "kernel")


@pytest.fixture(scope="module")
def page(request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    notebook = tmp_path_factory.mktemp("random") / "links.ipynb"
    nbformat.write(notebook_of(NOTEBOOK.format(first=request.param, count=MANY)), notebook)
    with voila_of(notebook) as server, watched(browser.new_context()) as context:
        page = context.new_page()
        page.goto(server.url, timeout=LOAD_MS)
        page.get_by_role("spinbutton").last.wait_for(timeout=LOAD_MS)
        AppPage(page).settle()
        yield page


FIRST = [0, *(pytest.param(MANY * i, marks=pytest.mark.soak) for i in range(1, 20))]


@pytest.mark.parametrize("page", FIRST, indirect=True)
def test_both_executors_end_in_the_same_state(page: Page, request: pytest.FixtureRequest) -> None:
    first = request.node.callspec.params["page"]
    seeds = range(first, first + MANY)
    traits = {seed: [trait for _, trait in build(seed, "kernel").sources] for seed in seeds}
    steps = {seed: events(seed, EVENTS) for seed in seeds}
    for step in range(EVENTS):
        page.evaluate(
            SET,
            [
                [f"sources-{seed}-{place}", i, traits[seed][i], value]
                for seed in seeds
                for i, value in [steps[seed][step]]
                for place in PLACES
            ],
        )
        AppPage(page).settle()
        here, there = (page.evaluate(STATES, [f"targets-{seed}-{place}" for seed in seeds]) for place in PLACES)
        other = [
            (seed, steps[seed][: step + 1], *found)
            for seed, *found in zip(seeds, here, there, strict=True)
            if found[0] != found[1]
        ]
        assert other == []
