"""Publishing any notebook: what Voilà shows of it is on the page, or the author is told what is missing and in which cell."""

import asyncio
import base64
import contextlib
import io
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from unittest.mock import Mock

import nbformat
import pytest
import zmq.asyncio
from nbclient.util import run_hook
from playwright.sync_api import Browser, Page, expect

from gradient.publish.execution import Executor
from gradient.publish.formulas import formula
from gradient.publish.outputs import clean_outputs
from gradient.publish.page import render
from gradient.publish.report import PublishError, Report, cell_name
from gradient.publish.scripts import other_files
from gradient.publish.site import publish as publish_notebook
from tests.adapters import relying_on
from tests.app_page import LOAD_MS
from tests.conftest import notebook_of, publish, static_server, watched
from tests.links_anywhere import CELL, REVERSED, expect_order_and_limits

DOT = base64.b64decode("R0lGODlhAQABAIAAAP8AAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==")  # a picture of one red pixel
# A page without any control of ipywidgets, whose theme other libraries draw with.
PICTURES = [
    """
import bqplot
import numpy as np

x, scales = np.linspace(0, 6, 50), {"x": bqplot.LinearScale(), "y": bqplot.LinearScale()}
axes = [bqplot.Axis(scale=scales["x"]), bqplot.Axis(scale=scales["y"], orientation="vertical")]
bqplot.Figure(marks=[bqplot.Lines(x=x, y=np.sin(x), scales=scales)], axes=axes)
""",
    r"""
from IPython.display import HTML, Latex, Markdown, Math, display

display(Math(r"\frac{a}{b}"), Latex(r"Less $\gamma < 1$ & \[x^2\] at $5"))
display(HTML(r'Costs \(y^2\), <img src="data/a%20dot.gif">'), Markdown(r"$\beta_1$ ![dot](dot.gif)"))
""",
    """
%matplotlib widget
import matplotlib.pyplot as plt

figure, axes = plt.subplots(figsize=(4, 3), facecolor="red")
plt.show()
""",
    f"""
display({{"image/gif": {base64.b64encode(DOT).decode()!r}, "text/plain": "a dot"}}, raw=True)
display({{"image/svg+xml": '<svg width="3" height="2"></svg>', "text/plain": "nothing"}}, raw=True)
""",
]
# What a page cannot have, a cell for each, and what the author is told of it.
LACKING = {
    """
import ipywidgets
import jax.numpy as jnp
from gradient.link import choose, jaxlink

noise, slope, problem = ipywidgets.FloatSlider(max=3), ipywidgets.Label(), ipywidgets.Label()
def fit(s):
    return jnp.linalg.svd(jnp.eye(3) + s)[1][0]
jaxlink(fit, inputs={"s": noise}, outputs={"slope": (slope, "value", "{slope}")}, errors=problem)
ipywidgets.VBox([noise, slope, problem])
""": r"the jaxlink of fit\(s\) needs a kernel\. svd cannot be compiled",
    """
out = ipywidgets.Output()
with out:
    1 / 0
out
""": "its output is an error, which is left out: ZeroDivisionError: division by zero",
    """
import traceback
try:
    open("/no/such/file")
except OSError:
    print(traceback.format_exc())
""": "its output is an error, which is left out: FileNotFoundError",
    """
from IPython.display import HTML, Markdown, Math, display
HTML('<a href="gone.csv">no file</a> <a href="../secret.txt">secret</a> <a href="other.ipynb">b</a> <a href=".own/key">key</a>')
""": r"the file gone\.csv is missing: there is no such file",
    """
button = ipywidgets.Button(description="Run")
button.on_click(print)
button
""": "the Button 'Run' calls print, Python code",
    """
def show(change):
    print(change.new)
seen = ipywidgets.FloatSlider()
seen.observe(show, "value")
seen
""": "a FloatSlider calls show, Python code",
    """
def described(size):
    print(size)
ipywidgets.VBox([size := ipywidgets.IntText(description="size"), ipywidgets.interactive_output(described, {"size": size})])
""": "the IntText 'size' calls described by interactive_output, Python code",
    """
import traitlets

one, other = ipywidgets.IntText(description="one"), ipywidgets.IntText()
traitlets.dlink((one, "value"), (other, "value"))
ipywidgets.VBox([one, other, ipywidgets.interactive(lambda number: number, number=3)])
""": r"traitlets\.dlink from IntText\.value to IntText\.value needs a kernel; use jsdlink\.",
    """
chosen, index = ipywidgets.Dropdown(options=["a", "b"]), ipywidgets.IntSlider(max=1)
traitlets.link((chosen, "index"), (index, "value"))
ipywidgets.VBox([chosen, index])
""": r"traitlets\.link from Dropdown\.index to IntSlider\.value needs a kernel; use jslink\.",
    """
import warnings

old = ipywidgets.IntText(description="old")
with warnings.catch_warnings(action="ignore"):
    old.on_trait_change(lambda value: print(value), "value")
old
""": r"the IntText 'old' calls <lambda>, Python code",
    """
class Counter(ipywidgets.IntText):
    @traitlets.observe("value")
    def changed(self, change):
        print(change.new)
class Even(ipywidgets.IntText):
    @traitlets.validate("value")
    def even(self, proposal):
        return proposal.value // 2 * 2
ipywidgets.VBox([Counter(), Even()])
""": r"a Counter calls Counter\.changed, Python code",
    """
class Map(ipywidgets.DOMWidget):
    _model_module = _view_module = traitlets.Unicode("a-map").tag(sync=True)
    _model_name, _view_name = (traitlets.Unicode(f"Map{part}").tag(sync=True) for part in ("Model", "View"))
ipywidgets.VBox([Map()])
""": "the script of the widget library 'a-map' is missing",
    """
display({"application/vnd.plot+json": {}, "text/plain": "a plot"}, raw=True)
""": r"its output is application/vnd\.plot\+json, which a page cannot show",
    r"""
display(Math(r"\nosuch{1}"))
""": r"a formula cannot be parsed \(ValueError \\nosuch\), so its LaTeX is shown: \\displaystyle \\nosuch",
    """
import bqplot

lowest = ipywidgets.FloatSlider(description="lowest")
ipywidgets.jslink((bqplot.LinearScale(), "min"), (lowest, "value"))
lowest
""": r"the jslink from a LinearScale takes the value from the FloatSlider 'lowest', for its min is None\.",
}
LACKING |= {
    """
import anywidget

class Asking(anywidget.AnyWidget):
    _esm = "export default {}"
    def __init__(self):
        super().__init__()
        self.on_msg(lambda *asked: self.send("answer"))
Asking()
""": r"an Asking calls Asking\.__init__\.<locals>\.<lambda>, Python code",
    """
gone = ipywidgets.FloatText()
ipywidgets.VBox([gone])
gone.close()
""": r"a VBox holds a widget that is closed",
    """
style = '<style>p { background: url("ground.png") }</style>'
HTML(f'<template>{style}<img srcset="wide.png 2x"><object data="plan.svg"></object></template>')  # not asked for yet
""": r"the file ground\.png is missing",
    """
options = ipywidgets.Dropdown(options=["a"])
choose(ipywidgets.Checkbox(description="more"), {(options, "options"): [["a"], ["a", "b"]]})
options
""": r"a choose needs a kernel\. A page does not have Dropdown\.options\.",
    """
tags = ipywidgets.FloatsInput(value=[1.0])
jaxlink(lambda a: jnp.sum(a), inputs={"a": tags}, outputs={"total": ipywidgets.FloatText()})
tags
""": r"needs a kernel\. FloatsInput\.value can take lengths for which",
}
# What goes on in the notebook's kernel when all cells have run. It is in no cell.
RUNNING = """
import asyncio, threading

never = threading.Event()
def count():
    never.wait()
async def wait():
    await asyncio.Event().wait()
threading.Thread(target=count, daemon=True).start()
threading.Timer(60, function=count).start()
waiting = asyncio.create_task(wait())
button.send("hello")
"""
# What looks as if it could be missing, but works, and is not named.
WORKING = [
    CELL,
    """
angle, twice = ipywidgets.FloatSlider(description="angle", max=3), ipywidgets.Label()
jaxlink(lambda a: 2 * a, inputs={"a": angle}, outputs={"twice": (twice, "value", "twice {twice}")}, where="kernel")
copy, tab = ipywidgets.FloatText(), ipywidgets.Tab([ipywidgets.Play(), ipywidgets.Dropdown(options=["a", "b"])])
ipywidgets.jslink((angle, "value"), (copy, "value"))
choose((tab.children[1], "index"), {(copy, "step"): [1.0, 2.0]})
ipywidgets.VBox([angle, twice])
""",
    r"""
value, words = ipywidgets.FloatText(2, description=r"$\alpha$"), ipywidgets.Label()
jaxlink(lambda a: 2 * a, inputs={"a": value}, outputs={"b": (words, "value", r"$\beta = {b}$")})
out = ipywidgets.Output()
with out:
    display(Math("x^3"), Markdown("**$y^4$**"))
ipywidgets.VBox([value, words, out, ipywidgets.HTMLMath(r"an <b>integral</b> $\int_0^1$")])
""",
    """
import anywidget

class Named(anywidget.AnyWidget):
    _esm = "export default { render({ el }) { el.textContent = '<img src=gone.png>'; } }"
Named()
""",
    """
bqplot.interacts.MultiSelector(scale=bqplot.LinearScale())  # its library observes it in the old way
""",
    """
kept, closed = ipywidgets.FloatSlider(description="kept", max=9), ipywidgets.FloatText()
kept_words, lost_words = ipywidgets.Label(), ipywidgets.Label("stays")
jaxlink(lambda a: a, inputs={"a": closed}, outputs={"b": (lost_words, "value", "{b}")})
jaxlink(lambda a: a, inputs={"a": kept}, outputs={"b": [closed, (kept_words, "value", "kept {b}")]})
choose(ipywidgets.Checkbox(), {closed: [1.0, 2.0], (kept, "step"): [0.1, 1.0]})
closed.close()
ipywidgets.VBox([kept, kept_words, lost_words])
""",
    """
import os, warnings
warnings.warn("of a cell")
print(os.getcwd())
with (logged := ipywidgets.Output()):
    warnings.warn("of a widget")
display(logged)
ipywidgets.HBox([ipywidgets.FloatText(float(number)) for number in ("nan", "inf", "-inf")])
""",
]


def as_of_old(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The same notebook in the format of before 2020, when cells had no ids."""
    notebook.nbformat_minor = 4
    for cell in notebook.cells:
        del cell["id"]
    return notebook


@contextlib.contextmanager
def opened(browser: Browser, folder: Path, script: str = "") -> Iterator[Page]:
    """A published page, which must ask for nothing that is not there and write nothing on its console."""
    with static_server(folder) as server, watched(browser.new_context(service_workers="block")) as context:
        context.add_init_script(script)
        page = context.new_page()
        page.goto(server.url, timeout=LOAD_MS)
        page.wait_for_function("window.widgetManager", timeout=LOAD_MS)
        yield page
    assert not re.findall(r'"GET (\S+) HTTP\S* 404', server.log)


@pytest.fixture(scope="module")
def pictures(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    place = tmp_path_factory.mktemp("pictures")
    (place / "data").mkdir()
    for name in ("dot.gif", "data/a dot.gif"):
        (place / name).write_bytes(DOT)
    with contextlib.redirect_stderr(io.StringIO()) as told:
        folder = publish(notebook_of(*PICTURES), place)
    assert told.getvalue() == "Cell 3 (%matplotlib widget): its Matplotlib figure is a picture on the page, not interactive.\n"
    with opened(browser, folder) as page:
        yield page


class Lacking(NamedTuple):
    """A page that lacks something, its folder, and what the author was told."""

    page: Page
    folder: Path
    told: str


@pytest.fixture(scope="module")
def lacking(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lacking]:
    with contextlib.redirect_stderr(io.StringIO()) as told:
        place = tmp_path_factory.mktemp("lacking")
        for name in ("secret.txt", "lacking/other.ipynb", "lacking/.own/key"):
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).touch()
        folder = publish(as_of_old(notebook_of(*LACKING, RUNNING, *WORKING)), place / "lacking", "--allow-missing")
    with opened(browser, folder, REVERSED) as page:
        yield Lacking(page, folder, told.getvalue())


def test_what_a_page_lacks_is_named_with_its_cell(lacking: Lacking) -> None:
    for number, (source, what) in enumerate(LACKING.items(), 1):
        named = [line for line in lacking.told.splitlines() if line.startswith(f"Cell {number} (")]
        assert named, lacking.told
        assert re.search(what, named[0]), source
    assert "an Even calls Even.even, Python code" in lacking.told
    last = len(LACKING) + 1 + len(WORKING)
    assert {int(cell) for cell in re.findall(r"^Cell (\d+)", lacking.told, re.M)} == {*range(1, len(LACKING) + 2), last}
    assert f"Cell {last} (import os, warnings): its output shows paths of this computer" in lacking.told


@pytest.mark.parametrize(
    "why",
    [
        r"\.\./secret\.txt is missing: it is not in the",
        r"other\.ipynb is missing: it is a notebook",
        r"\.own/key is missing: it is a notebook, or hidden",
    ],
)
def test_a_file_that_must_not_go_with_the_page_is_named(lacking: Lacking, why: str) -> None:
    assert re.search(why, lacking.told)
    assert [path for path in lacking.folder.rglob("*") if path.suffix in {".txt", ".ipynb"} or path.name == "key"] == []


@pytest.mark.parametrize(
    "what",
    [
        r"The notebook: the function `count` is still running in a thread",
        r"The notebook: the function `wait` is still running in a task of asyncio",
        r"Cell \d+ \(import asyncio, .*\): its messages to @jupyter-widgets/controls\.ButtonModel reach no page",
    ],
)
def test_what_goes_on_in_the_kernel_is_named(lacking: Lacking, what: str) -> None:
    assert re.search(rf"^{what}", lacking.told, re.M), lacking.told


def test_a_page_that_lacks_something_is_published_only_if_that_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(notebook_of("1 + 1\n2 + 2").cells)
    report.remark(None, "it is short.")
    report.end(allow_missing=False)
    assert capsys.readouterr().err == "The notebook: it is short.\n"
    report.lacks(0, "its sum is missing.")
    with pytest.raises(PublishError, match=r"--allow-missing\.\nCell 1 \(1 \+ 1\): its sum is missing\."):
        report.end(allow_missing=False)
    report.end(allow_missing=True)
    assert "its sum is missing." in capsys.readouterr().err


def test_a_page_shows_no_traceback_and_no_path_of_the_authors_computer(lacking: Lacking) -> None:
    html = (lacking.folder / "index.html").read_text()
    assert "Traceback" not in html
    assert "ZeroDivisionError" not in html
    assert str(lacking.folder.parents[1]) not in html
    assert not re.search(r"/ipykernel_|/site-packages/", html)
    assert "cell:5: UserWarning: of a widget" in html
    assert "of a cell" not in html  # Voilà does not show it either


def test_files_of_styles_and_of_several_sizes_are_looked_for(lacking: Lacking) -> None:
    for name in ("wide.png", "plan.svg"):
        assert f"the file {name} is missing" in lacking.told


def test_a_path_of_a_module_is_shortened() -> None:
    cell = nbformat.v4.new_code_cell()
    cell.outputs = [
        nbformat.v4.new_output("stream", text="svd at /home/me/own/lib/model.py:3:17 (fit), and https://a.org/b.py")
    ]
    clean_outputs([cell], Path("/home/me/notebooks"), Report([cell]))
    assert cell.outputs[0].text == "svd at model.py:3:17 (fit), and https://a.org/b.py"


def test_a_link_that_runs_in_the_kernel_by_choice_runs_in_the_browser(lacking: Lacking) -> None:
    lacking.page.locator(".widget-slider").filter(has_text="angle").get_by_role("slider").press("ArrowRight")
    expect(lacking.page.get_by_text("twice 0.2")).to_be_visible()


def test_links_begin_in_their_order_and_sliders_keep_their_new_limits(lacking: Lacking) -> None:
    expect_order_and_limits(lacking.page)


def test_a_widget_that_is_closed_stops_its_own_links_only(lacking: Lacking) -> None:
    page = lacking.page
    page.locator(".widget-slider").filter(has_text="kept").get_by_role("slider").press("ArrowRight")
    expect(page.get_by_text("kept 0.1")).to_be_visible()
    expect(page.get_by_text("stays")).to_be_visible()


def test_row_15_a_link_without_a_program_or_a_kernel_says_why_nothing_follows(lacking: Lacking) -> None:
    expect(lacking.page.get_by_text("svd cannot be compiled")).to_be_visible()


def test_a_number_that_json_does_not_have_is_an_empty_field(lacking: Lacking) -> None:
    fields = lacking.page.locator(".widget-hbox > .widget-text input[type=number]")
    assert [field.input_value() for field in fields.all()] == ["", "", ""]


def test_other_libraries_have_their_theme_on_a_page_without_controls(pictures: Page) -> None:
    """A figure without the theme is black, and its axes have no colour."""
    background = pictures.locator(".bqplot .plotarea_background")
    assert background.evaluate("(area) => getComputedStyle(area).fill") == "rgb(255, 255, 255)"
    line = pictures.locator(".bqplot .axis path.domain").first
    assert line.evaluate("(path) => getComputedStyle(path).stroke") not in ("none", "")


def test_formulas_in_outputs_are_set(pictures: Page) -> None:
    outputs = pictures.locator(".jp-RenderedLatex")
    expect(outputs.first.locator("mfrac")).to_have_count(1)
    expect(outputs.last.locator("math")).to_have_count(2)
    assert outputs.last.inner_text().startswith("Less ")
    assert outputs.last.inner_text().endswith("at $5")
    expect(pictures.locator(".jp-RenderedMarkdown math, .jp-RenderedHTML math")).to_have_count(2)


@pytest.mark.parametrize(
    "environment", ["align", "aligned", "alignat*}{2", "alignedat}{2", "split", "eqnarray*", "gather", "gathered", "dcases"]
)
def test_the_lines_of_a_formula_are_lines(environment: str) -> None:
    mathml = formula(rf"\begin{{{environment}}} a &= b \\ c &= d \end{{{environment.partition('}')[0]}}}", "block", pytest.fail)
    assert mathml.count("<mtr>") == 2
    assert re.findall(r"<mi>(.+?)</mi>", mathml) == [*"abcd"]


def test_files_beside_the_notebook_go_with_the_page(pictures: Page) -> None:
    widths = pictures.locator(".jp-RenderedMarkdown img, .jp-RenderedHTML img").evaluate_all(
        "(all) => all.map((i) => i.naturalWidth)"
    )
    assert widths == [1, 1]


def test_images_of_every_kind_are_shown(pictures: Page) -> None:
    sizes = pictures.locator(".jp-RenderedImage img, .jp-RenderedSVG img").evaluate_all(
        "(all) => all.map((i) => [i.naturalWidth, i.naturalHeight])"
    )
    assert sizes == [[1, 1], [3, 2]]


def test_formulas_in_widgets_are_set_and_follow(lacking: Lacking) -> None:
    page = lacking.page
    with relying_on("ipywidgets"):
        expect(page.locator(".widget-label math")).to_have_count(2)
        expect(page.locator(".widget-htmlmath math msubsup")).to_have_count(1)
        expect(page.locator(".widget-output math msup")).to_have_count(2)
        expect(page.locator(".widget-output strong msup")).to_have_count(1)
        field = page.locator(".widget-text:has(math) input")
        field.fill("7")
        field.press("Enter")
        expect(page.locator(".widget-label math").get_by_text("14")).to_be_visible()


def test_a_matplotlib_figure_is_a_picture_of_its_size(pictures: Page) -> None:
    canvas = pictures.locator(".jupyter-matplotlib canvas").first
    with relying_on("ipympl"):
        pictures.wait_for_function("() => document.querySelector('.jupyter-matplotlib canvas').width === 800")
        box = canvas.bounding_box()
        assert box
        assert (round(box["width"]), round(box["height"])) == (400, 300)
        pictures.locator(".jupyter-matplotlib canvas").last.click()  # which must not ask the kernel for anything
        expect(pictures.locator(".jupyter-matplotlib-header").first).to_have_text(re.compile("^Figure [0-9]+$"))
        red = "(canvas) => [...canvas.getContext('2d').getImageData(5, 5, 1, 1).data]"
        assert canvas.evaluate(red) == [255, 0, 0, 255]


def test_what_a_librarys_script_names_goes_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    folder = tmp_path / "nbextensions" / "grid"
    folder.mkdir(parents=True)
    for name in ("icon.png", "unnamed.png", "index.js.map"):
        (folder / name).touch()
    state = {"state": {"1": {"state": {"_model_module": "grid"}}}}
    for base, place in (("", "assets"), ('document.body.getAttribute("data-base-url")', "nbextensions/grid")):
        (folder / "index.js").write_text(f'draw(base + "icon.png", {base})\n//# sourceMappingURL=index.js.map')
        assert [*other_files(state)] == [(folder / "icon.png", f"{place}/icon.png")]


def test_words_stand_in_the_place_of_a_widget_without_a_script(lacking: Lacking) -> None:
    expect(lacking.page.get_by_text("Map cannot be shown here.")).to_be_visible()


# What the page shows of a slider without a value, and its errors on the console.
SHOW_BROKEN = """async () => {
  const { error } = console;
  const errors = [];
  console.error = (...words) => errors.push(words.join(" "));
  const type = { model_name: "FloatSliderModel", model_module: "@jupyter-widgets/controls", model_module_version: "2.0.0" };
  const model = await widgetManager.new_model({ ...type, model_id: "broken" }, { value: null });
  const view = await widgetManager.create_view(model);
  console.error = error;
  return [view.el.textContent, errors.length];
}"""


def test_words_stand_in_the_place_of_a_widget_that_fails(lacking: Lacking) -> None:
    with relying_on("ipywidgets"):
        assert lacking.page.evaluate(SHOW_BROKEN) == ["This widget cannot be shown here.", 1]


def test_a_link_from_a_trait_without_a_value_is_left_out(lacking: Lacking) -> None:
    lowest = lacking.page.locator(".widget-slider").filter(has_text="lowest")
    expect(lowest.locator(".widget-readout")).to_have_text("0.00")


def test_a_reply_that_pyzmq_overlooks_is_found_when_it_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """pyzmq hears of a message once; now and then it looks too early, and the cell would never end."""
    monkeypatch.setattr("gradient.publish.execution._WAKE_SECONDS", 0)

    async def reply_is_heard() -> bool:
        with zmq.asyncio.Context() as context, context.socket(zmq.PAIR) as kernel, context.socket(zmq.PAIR) as client:
            kernel.bind("inproc://shell")
            client.connect("inproc://shell")
            waiting = asyncio.ensure_future(client.poll(None))
            asyncio.get_running_loop().remove_reader(client.FD)  # so it hears of nothing
            await kernel.send(b"reply")
            executor = Executor()
            executor.kc = Mock(shell_channel=Mock(socket=client))
            for _ in range(9):
                await asyncio.sleep(0)
            assert not waiting.done()
            await run_hook(executor.on_cell_execute, cell=nbformat.v4.new_code_cell(), cell_index=0)
            is_heard = bool(await asyncio.wait_for(waiting, 60))
            await run_hook(executor.on_cell_executed, cell=None, cell_index=0, execute_reply={})
            executor.kc = None
            return is_heard

    with ThreadPoolExecutor() as thread:  # Playwright's loop runs in this one
        assert thread.submit(asyncio.run, reply_is_heard()).result()


def test_a_cell_in_which_the_kernel_ends_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"The kernel failed in Cell 2 .*\nimport os; os\._exit\(1\)"):
        publish(notebook_of("1 + 1", "import os; os._exit(1)", "2 + 2"), tmp_path)


def test_a_cell_that_fails_is_named_and_nothing_else_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Not even the kernel's own warnings, which the terminal gets without Python's knowledge."""
    with pytest.raises(SystemExit) as caught:
        publish(notebook_of("1 + 1", "raise ValueError('See requests..')"), tmp_path)
    what = "Cell 2 (raise ValueError('See requests..')) fails with ValueError: See requests. Correct it, and publish again."
    assert str(caught.value) == f"Nothing was published. {what}\nraise ValueError('See requests..')"
    assert capfd.readouterr().err == ""


def test_a_kernel_that_lacks_what_the_export_needs_is_no_fault_of_a_cell(tmp_path: Path) -> None:
    lacking = "import sys\nsys.modules['gradient.publish.kernel'] = None"
    with pytest.raises(SystemExit, match=r"published\. The notebook's kernel cannot tell its widgets: ModuleNotFoundError"):
        publish(notebook_of(lacking), tmp_path)


@pytest.mark.parametrize(
    "content", [b"{not json", b"[]", b"{}", b"\xff\xfe", b'{"nbformat": 4, "nbformat_minor": 5, "cells": 3}']
)
def test_a_file_that_is_no_notebook_is_named_in_one_line(tmp_path: Path, content: bytes) -> None:
    notebook = tmp_path / "odd.ipynb"
    notebook.write_bytes(content)
    with pytest.raises(PublishError, match=r"^\S*odd\.ipynb holds no notebook: [^\n]+$"):
        publish_notebook(notebook, tmp_path / "out")


def test_a_widget_without_a_module_is_named_in_one_line(tmp_path: Path) -> None:
    nameless = "import ipywidgets\nclass Map(ipywidgets.DOMWidget):\n    _model_module = 'a-map'\nMap()"
    with pytest.raises(
        SystemExit, match=r"^[^\n]*Cell 2 \(import ipywidgets\) makes a widget whose _model_module [^\n]*again\.$"
    ):
        publish(notebook_of("1 + 1", nameless, "2 + 2"), tmp_path)


def test_a_cell_of_one_long_word_has_its_beginning_as_a_name() -> None:
    assert cell_name(3, "x" * 61) == f"Cell 3 ({'x' * 59}…)"
    assert cell_name(3, f"{'x ' * 40}\ny") == f"Cell 3 ({'x ' * 29}…)"
    assert cell_name(3, " \n") == "Cell 3"


def test_an_attachment_that_is_gone_is_named() -> None:
    cell = nbformat.v4.new_markdown_cell("![pasted](attachment:dot.png)")
    with pytest.raises(PublishError, match=r"missing attachment: dot\.png"):
        render(nbformat.v4.new_notebook(cells=[cell], metadata={"title": "Odd"}), Report([cell]))
