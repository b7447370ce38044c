"""The notebook is thin, runs without a word, and is the same in JupyterLab, where its last cell adds a problem to the app."""

import json
import re
from collections.abc import Iterator

import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import Browser, expect

from gradient.problems import SHIPPED
from gradient.views.sentences import SHARE
from tests.app_page import LOAD_MS, AppPage
from tests.conftest import ROOT, Server, watched

NOTEBOOK = ROOT / "techni.ipynb"


def code_cells() -> list[dict]:
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def test_the_notebook_is_thin_and_stores_no_outputs() -> None:
    assert [cell["outputs"] for cell in code_cells()] == [[] for _ in code_cells()]
    lines = [line for cell in code_cells() for line in cell["source"] if line.strip()]
    assert len(lines) <= 25


def test_the_notebook_runs_without_a_word() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=120, resources={"metadata": {"path": str(ROOT)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.output_type for output in outputs] == ["execute_result"]
    assert "application/vnd.jupyter.widget-view+json" in outputs[0].data


@pytest.fixture(scope="module")
def ran(browser: Browser, lab: Server) -> Iterator[AppPage]:
    """The notebook with its own problem in JupyterLab, all of its cells run."""
    with watched(browser.new_context(viewport={"width": 1440, "height": 900})) as context:
        yield AppPage.open_lab(context.new_page(), f"{lab.url}own.ipynb")


def test_in_jupyterlab_the_last_cell_adds_a_problem_and_sets_a_slider(ran: AppPage) -> None:
    problem = ran.page.get_by_role("combobox", name="Problem", exact=True)
    expect(problem).to_have_js_property("selectedIndex", len(SHIPPED))
    expect(problem).to_have_value(re.compile("^Decay"))  # with a number if the package has one of this name
    expect(ran.page.locator("[aria-label='Learning rate as a number']")).to_have_text("0.200")
    expect(ran.page.locator(".techni-fit .object_grp:visible")).to_have_count(60)
    expect(ran.page.locator(".jp-OutputArea-output[data-mime-type*='stderr']")).to_have_count(0)


def test_in_jupyterlab_the_controls_move_the_pictures(ran: AppPage) -> None:
    # After one step nothing has converged yet, and every change shows.
    for slider, key in (("Steps", "Home"), ("Learning rate", "PageDown"), ("Initial w", "PageUp"), ("Step", "Home")):
        before = ran.seen()
        ran.press(slider, key)
        ran.wait_for_change(before, "fit", "field", "gradient_norm")
    before = ran.seen()
    ran.choose("Problem", "Wave")
    ran.wait_for_change(before, "curve", "fit", "field", "data")


def test_in_jupyterlab_the_address_is_left_alone_and_share_copies_what_goes_behind_a_page(ran: AppPage) -> None:
    address = ran.page.url
    ran.choose("Problem", "Wave")
    ran.page.evaluate("() => { window.copied = []; navigator.clipboard.writeText = async (text) => { copied.push(text); }; }")
    ran.press("Learning rate", "Home")
    ran.button(SHARE["share"]).click()
    expect(ran.page.locator(".techni-said [role=status]")).to_have_text(SHARE["copied_part"])
    (fragment,) = ran.page.evaluate("copied")
    assert fragment.startswith("#v=1&problem=wave&")
    assert "&rate=0.001&" in fragment
    assert ran.page.url == address


def test_in_jupyterlab_running_the_cells_again_leaves_one_app(ran: AppPage) -> None:
    old = ran.page.locator(".techni-app").element_handle()
    ran.run_all()
    ran.page.wait_for_function("(old) => !old.isConnected", arg=old, timeout=LOAD_MS)
    ran.wait_until_drawn()
    expect(ran.page.locator(".techni-app")).to_have_count(1)
    before = ran.seen()
    ran.press("Learning rate", "ArrowLeft", 3)
    ran.wait_for_change(before, "curve", "field")
