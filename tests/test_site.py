"""The static site: the notebook's page from a file server is complete, small, and available offline."""

import contextlib
import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import brotli
import nbformat
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from gradient.problems import SHIPPED
from gradient.publish.folder import replacing
from gradient.publish.page import render
from gradient.publish.report import PublishError, Report
from tests.app_page import AppPage
from tests.conftest import ROOT, Server, notebook_of, publish, static_server, watched

MAX_REQUESTS = 9
MAX_BYTES = 1_370_000  # compressed with BROTLI_QUALITY; as it is published an eighth less is sent, 1.2 MB
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

# Waits until the service worker has cached the page, which it does before it is active.
PRECACHED = "async () => { await navigator.serviceWorker.ready; }"

# The pixels of a canvas, read from a copy, because Chromium warns of a canvas that is read twice.
_PIXELS = """const pixelsOf = (canvas) => {
  const context = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", { willReadFrequently: true });
  context.drawImage(canvas, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height).data;
};"""


@contextlib.contextmanager
def new_context(browser: Browser, *, warms_up: bool = False) -> Iterator[BrowserContext]:
    """A browser with an empty cache, which must load nothing from another host and print nothing on its console."""
    printed: list[str] = []
    foreign: list[str] = []
    with watched(browser.new_context(viewport=WIDE), warms_up=warms_up) as context:  # type: ignore[arg-type]
        context.on("console", lambda message: printed.append(message.text))
        context.on("request", lambda request: foreign.append(request.url) if is_foreign(request.url) else None)
        yield context
    assert (printed, foreign) == ([], [])


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    with new_context(browser) as context:
        yield context


@pytest.fixture
def keeping(browser: Browser) -> Iterator[BrowserContext]:
    """The same, with a page that registers its service worker."""
    with new_context(browser, warms_up=True) as context:
        yield context


@pytest.fixture(scope="module")
def shown(browser: Browser, site: Server) -> Iterator[Page]:
    """The site's page, for tests that only look at it."""
    with new_context(browser) as context:
        yield AppPage.open(context.new_page(), site.url).page


def is_foreign(url: str) -> bool:
    return re.match(r"(blob:|data:)?http://127\.0\.0\.1:", url) is None and not url.startswith("data:")


def test_the_tab_key_stops_at_nothing_but_controls(shown: Page) -> None:
    """As in Voilà, where neither cells nor outputs take the focus."""
    assert shown.locator(":is(.jp-OutputArea-output, .jp-Cell-inputWrapper)").count() >= 7
    assert shown.locator(":is(.jp-Cell, .jp-OutputArea-output, .jp-Cell-inputWrapper)[tabindex]").count() == 0


# The boxes of the app's parts, by their names.
BOXES = """() => Object.fromEntries([...document.querySelectorAll(".techni-grid > [class*=techni-]")].map((part) => {
  const { top, left, width, height } = part.getBoundingClientRect();
  return [[...part.classList].find((name) => name.startsWith("techni-")), [top, left, width, height]];
}))"""

WITHOUT_ROOM = {"techni-add-run", "techni-pointed", "techni-display", "techni-presenter", "techni-settings"}


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_moves_when_the_widgets_come(browser: Browser, site: Server, size: dict[str, int]) -> None:
    held: list[Route] = []
    with watched(browser.new_context(viewport=size)) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.route("**/assets/widgets*", lambda route: held.append(route))  # noqa: PLW0108 (it takes no builtin)
        page.goto(site.url, wait_until="commit")
        page.locator(".techni-loading .techni-advice").wait_for(state="attached")
        page.wait_for_function("document.styleSheets.length > 0")
        before = page.evaluate(BOXES)
        held[0].continue_()
        AppPage(page).wait_until_drawn()
        after = page.evaluate(BOXES)
        assert before.keys() == after.keys() - WITHOUT_ROOM
        fixed = before.keys() - {"techni-choices"}  # which stand at the right
        moved = {name: (before[name], after[name]) for name in fixed if before[name] != pytest.approx(after[name], abs=1)}
        assert not moved


def test_a_first_visit_is_small_and_the_next_one_needs_no_server(keeping: BrowserContext, site_folder: Path) -> None:
    """What the service worker precaches is counted, too."""
    with static_server(site_folder) as server:
        app = AppPage.open(keeping.new_page(), server.url)
        app.page.evaluate(PRECACHED)
        before = app.seen()
    requests = re.findall(r'"GET /some/prefix/(\S*) HTTP\S* (\d+)', server.log)
    assert len(requests) <= MAX_REQUESTS, requests
    weights = [(name, weight(site_folder / (name or "index.html"))) for name, status in requests if status != "304"]
    assert sum(size for _, size in weights) <= MAX_BYTES, weights
    app.page.goto(f"{server.url}?again")
    app.wait_until_drawn()
    app.wait("s.curve === arg.curve && s.loss === arg.loss && s.field === arg.field", arg=before)


def weight(file: Path) -> int:
    """The bytes that a host sends of a file to a browser that accepts brotli."""
    compressed = file.with_name(file.name + ".br")
    return (compressed if compressed.exists() else file).stat().st_size


def test_a_newer_page_replaces_the_cached_one(keeping: BrowserContext, site_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "some" / "prefix"
    shutil.copytree(site_folder, copy)
    with static_server(copy) as server:
        page = AppPage.open(keeping.new_page(), server.url).page
        page.evaluate(PRECACHED)
        html = (copy / "index.html").read_text()
        (copy / "index.html").write_text(html.replace("<h2", "<h2 class='newer'"))
        page.goto(server.url)
        expect(page.locator("h2.newer").first).to_be_visible()


# What a browser does whose disk is full, or that cannot read it.
FAIL_STORAGE = """() => {
  CacheStorage.prototype.open = CacheStorage.prototype.match = Cache.prototype.put = () => Promise.reject(new Error("disk"));
}"""


def test_a_page_that_cannot_be_cached_is_shown_anyway(keeping: BrowserContext, site: Server) -> None:
    app = AppPage.open(keeping.new_page(), site.url)
    app.page.evaluate(PRECACHED)
    keeping.service_workers[0].evaluate(FAIL_STORAGE)
    app.button("More").click()
    with app.page.expect_response("**/words.*.json") as words:
        app.combobox("Language").select_option("Français")
    assert words.value.ok
    expect(app.page.get_by_role("heading", name="Ce que l’on voit")).to_be_visible()


def test_the_page_shows_what_the_notebook_does(shown: Page) -> None:
    notebook = nbformat.read(ROOT / "techni.ipynb", as_version=4)
    english = [cell.source.partition("\n\n<div lang=")[0] for cell in notebook.cells]
    headings = [line[3:] for source in english for line in source.splitlines() if line.startswith("## ")]
    assert shown.locator(".jp-RenderedMarkdown h2").all_inner_texts() == headings
    expect(shown).to_have_title(notebook.metadata.title)
    assert "import" not in shown.locator("main").inner_text()
    formulas = sum(len(re.findall(r"\$\$.+?\$\$|\$.+?\$", source, re.DOTALL)) for source in english)
    expect(shown.locator("math")).to_have_count(formulas)
    assert "$" not in shown.locator("main").inner_text()
    sum_height, letter_height = (shown.locator(f"math {name}").first.bounding_box()["height"] for name in ("munderover", "mi"))  # type: ignore[index]
    assert sum_height > 2 * letter_height


# Where the dark lines around the inside of the visible figure are, in CSS pixels: every row of pixels meets the left one,
# every column the lower one, and what is dark before is a number or a tick.
AXES = (
    f"() => {{ {_PIXELS}"
    + """
  const canvas = [...document.querySelectorAll(".techni-field canvas")].find((c) => c.offsetParent && c.width > 50);
  const place = document.querySelector(".techni-overlay");
  const [width, height] = [canvas.width, canvas.height];
  const pixels = pixelsOf(canvas);
  const isDark = (x, y) => pixels[4 * (y * width + x)] < 180; // also where a white contour ends under the line
  let [left, bottom] = [0, height];
  for (let y = Math.round(height * 0.3); y < height * 0.6; y++) {
    let x = 0;
    while (x < width - 1 && !isDark(x, y)) x++;
    left = Math.max(left, x);
  }
  for (let x = Math.round(width * 0.3); x < width * 0.6; x++) {
    let y = height - 1;
    while (y > 0 && !isDark(x, y)) y--;
    bottom = Math.min(bottom, y);
  }
  const ratio = width / place.clientWidth;
  const sizes = [canvas.offsetWidth - place.clientWidth, canvas.offsetHeight - place.clientHeight];
  return { left: left / ratio, bottom: (height - bottom) / ratio, ratio, fits: sizes.every((rest) => Math.abs(rest) <= 1) };
}"""
)


def expect_axes(page: Page, ratio: float) -> None:
    """The figure fills its place, and its axes are where the layer over it expects them."""
    page.wait_for_function(
        f"(ratio) => {{ const seen = ({AXES})(); return seen.fits && Math.abs(seen.ratio - ratio) < 0.01; }}", arg=ratio
    )
    seen = page.evaluate(AXES)
    assert seen["left"] == pytest.approx(62, abs=1.5)
    assert seen["bottom"] == pytest.approx(46, abs=1.5)


def test_a_figure_fits_its_place(shown: Page) -> None:
    for size in (WIDE, {"width": 560, "height": 800}, WIDE):
        shown.set_viewport_size(size)  # type: ignore[arg-type]
        expect_axes(shown, 1)


def test_a_figure_fits_its_place_on_a_tablet(browser: Browser, site: Server) -> None:
    """On a phone, too: see `test_layout_phone.py`."""
    with watched(browser.new_context(viewport={"width": 820, "height": 1180}, device_scale_factor=1.5)) as context:
        page = AppPage.open(context.new_page(), site.url).page
        expect_axes(page, 1.5)
        page.set_viewport_size({"width": 560, "height": 800})
        expect_axes(page, 1.5)


def test_the_page_has_every_field_and_no_figure(site_folder: Path) -> None:
    found = re.search(r'id="state"[^>]*>(.*?)</script>', (site_folder / "index.html").read_text(), re.DOTALL)
    assert found
    models = [model["state"] for model in json.loads(found[1])["state"].values()]
    assert "jupyter-matplotlib" not in {model["_model_module"] for model in models}
    (fields,) = (model["fields"] for model in models if "fields" in model)
    assert [bool(field) for field in fields] == [problem.is_planar and not problem.is_own for problem in SHIPPED]


# On a slow device RequireJS' timer ends before the page goes on.
NO_DELAY = """
  const { setTimeout } = window;
  window.setTimeout = (act, delay, ...rest) => (delay === 4 ? queueMicrotask(act) : setTimeout(act, delay, ...rest));
"""


def test_an_icon_is_drawn_on_a_slow_device(context: BrowserContext, site: Server) -> None:
    context.add_init_script(NO_DELAY)
    page = AppPage.open(context.new_page(), site.url).page
    with page.expect_response(lambda response: response.url.endswith(".woff2")) as font:
        page.evaluate("document.body.appendChild(document.createElement('i')).className = 'fa fa-check'")
    assert font.value.ok


def test_an_icon_is_drawn_in_the_sites_own_font(shown: Page, site: Server) -> None:
    with shown.expect_response(lambda response: response.url.endswith(".woff2")) as font:
        shown.evaluate("document.body.appendChild(document.createElement('i')).className = 'fa fa-check'")
    assert font.value.ok
    assert font.value.url.startswith(f"{site.url}assets/")


PROBE = '''
import anywidget
import ipywidgets
import traitlets


class Probe(anywidget.AnyWidget):
    _esm = """
      async function initialize({ model }) {
        const manager = model.widget_manager;
        const slider = await manager.get_model(model.get("slider").replace("IPY_MODEL_", ""));
        const view = model.get("programs").second;
        const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
        model.set("answer", bytes.length);
        model.save_changes();
        document.body.dataset.probe = JSON.stringify({
          slider: slider.get("description"), kernel: manager.kernel === undefined,
          size: bytes.length, places: bytes.every((byte, place) => byte === place % 251), answer: model.get("answer"),
        });
      }
      export default { initialize };"""
    slider = traitlets.Instance(ipywidgets.Widget).tag(sync=True, **ipywidgets.widget_serialization)
    programs = traitlets.Dict().tag(sync=True)
    answer = traitlets.Int(0).tag(sync=True)


probe = Probe(slider=app.learning_rate, programs={"first": b"", "second": bytes(i % 251 for i in range(400_000))})
link = ipywidgets.jsdlink((app.initial_w, "value"), (app.initial_b, "value"))
'''


@pytest.fixture(scope="module")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A site whose notebook has two more widgets, which nothing displays: an anywidget with a program, and a link."""
    place = tmp_path_factory.mktemp("probed")
    notebook = nbformat.read(ROOT / "techni.ipynb", as_version=4)
    notebook.cells = [notebook.cells[0], nbformat.v4.new_code_cell(PROBE)]
    nbformat.write(notebook, place / "probe.ipynb")
    folder = place / "some" / "prefix"
    command = [sys.executable, "-m", "gradient.publish", str(folder), "--notebook", str(place / "probe.ipynb")]
    subprocess.run(command, cwd=ROOT, check=True)
    with static_server(folder) as server:
        yield server


@pytest.mark.soak
def test_a_widget_that_nothing_displays_is_created(context: BrowserContext, probed: Server) -> None:
    page = AppPage.open(context.new_page(), probed.url).page
    page.wait_for_function("document.body.dataset.probe")
    found = json.loads(page.evaluate("document.body.dataset.probe"))
    assert found == {"slider": "Learning rate", "kernel": True, "size": 400_000, "places": True, "answer": 400_000}
    app = AppPage(page)
    for key, value in (("Home", "-2.00"), ("End", "2.00")):
        app.press("Initial w", key)
        expect(app.slider("Initial b")).to_have_attribute("aria-valuetext", value.replace("-", "−"))


def test_a_page_has_what_its_notebook_set_and_nothing_that_it_closed(context: BrowserContext, tmp_path: Path) -> None:
    shown = "import ipywidgets\nfrom gradient import App\ngone = ipywidgets.Label('gone')\ngone"
    settings = "app.problem.value = 'Line'\napp.learning_rate.value, app.steps.value = 0.2, 50"
    folder = publish(notebook_of(shown, "gone.close()", f"app = App()\n{settings}\napp"), tmp_path)
    with static_server(folder) as server:
        page = context.new_page()
        app = AppPage.open(page, server.url)
        expect(page.locator("[data-model]")).to_have_count(1)
        expect(page.get_by_role("combobox", name="Problem", exact=True)).to_have_value("Line")
        assert (app.value("Learning rate"), app.value("Steps")) == ("0.200", "50")
        page.close()  # it precaches itself, which would fail once the server is gone


def test_a_cell_that_fails_is_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="ZeroDivisionError: division by zero") as answer:
        publish(notebook_of("answer = 42", "answer / 0"), tmp_path)
    assert str(answer.value.code).endswith("\nanswer / 0")
    assert not (tmp_path / "some" / "prefix").exists()


def test_a_kernel_that_is_not_installed_is_named(tmp_path: Path) -> None:
    notebook = notebook_of("answer = 42")
    notebook.metadata.kernelspec = {"name": "lecture", "display_name": "Lecture", "language": "python"}
    with pytest.raises(SystemExit, match=r"^Nothing was published\. The notebook asks for the kernel 'lecture'"):
        publish(notebook, tmp_path)


def test_markdown_is_rendered_as_the_notebook_does_but_for_a_formula_that_is_named() -> None:
    source = "![pasted](attachment:dot.png)\n\n\\begin{align}a &= b\\end{align}\n\nGood $a^2$, bad $\\left( x^{$ and $a<b$."
    cell = nbformat.v4.new_markdown_cell(source, attachments={"dot.png": {"image/png": "iVBORw0KGgo="}})
    notebook, report = nbformat.v4.new_notebook(cells=[cell], metadata={"title": "Odd"}), Report([cell])
    html = render(notebook, report, widgets="", programs="", has_app=False, style="", script="")
    assert "data:image/png;base64,iVBORw0KGgo=" in html
    assert html.count("<math") == 3
    assert r"<code>\left( x^{</code>" in html
    assert r"\begin" not in html
    with pytest.raises(PublishError, match=r"Cell 1 .*: a formula cannot be parsed .*\\left\( x\^\{"):
        report.end(allow_missing=False)


def test_a_page_whose_script_cannot_be_loaded_says_so(browser: Browser, site: Server) -> None:
    with browser.new_context(locale="fr-CA") as context:
        page = context.new_page()
        page.route("**/widgets.*.js", lambda route: route.abort())
        page.goto(site.url)
        expect(page.get_by_role("alert")).to_contain_text("Cette page n’a pas pu être chargée.")
        page.unroute("**/widgets.*.js")
        page.get_by_role("link", name="La charger à nouveau").click()
        AppPage(page).wait_until_drawn()


def test_every_file_has_a_hash_in_its_name_or_is_revalidated(site_folder: Path) -> None:
    names = {path.name for path in site_folder.iterdir() if path.suffix not in {".br", ".gz"}}
    assert names == {"assets", "index.html", "worker.js"}
    text = (site_folder / "index.html").read_text() + (site_folder / "worker.js").read_text()
    for name in set(re.findall(r"assets/[\w.-]+\.\w+", text)):
        assert (site_folder / name).exists(), name
        assert re.fullmatch(r"assets/[\w-]+\.[0-9a-f]{12}\.\w+", name), name


def test_a_new_page_brings_a_new_service_worker(site_folder: Path) -> None:
    """Browsers install one again when its text has changed; otherwise they would keep showing the old page."""
    version = hashlib.sha256((site_folder / "index.html").read_bytes()).hexdigest()[:12]
    assert version in (site_folder / "worker.js").read_text()


def test_the_service_worker_precaches_the_widgets_and_the_programs(site_folder: Path) -> None:
    (widgets,), (programs,) = ((site_folder / "assets").glob(name) for name in ("widgets.*.js", "programs.*.bin"))
    assert f'"assets/{widgets.name} assets/{programs.name}"' in (site_folder / "worker.js").read_text()


def test_a_web_server_of_another_user_can_read_the_folder(site_folder: Path) -> None:
    assert {path.stat().st_mode for path in (site_folder, site_folder / "assets")} == {site_folder.parent.stat().st_mode}


def test_precompressed_files_have_the_same_content(site_folder: Path) -> None:
    files = [path for path in site_folder.rglob("*") if path.suffix in {".html", ".js"}]
    assert len(files) >= 3
    for path in files:
        assert brotli.decompress(path.with_name(path.name + ".br").read_bytes()) == path.read_bytes()
        assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == path.read_bytes()


def test_what_is_published_is_compressed_as_far_as_brotli_can(tmp_path: Path) -> None:
    words = Path(__file__).read_text(encoding="utf-8")
    with replacing(tmp_path / "site") as folder:
        folder.add_page("index.html", words)
    assert (tmp_path / "site" / "index.html.br").read_bytes() == brotli.compress(words.encode(), quality=11)


def test_a_folder_that_holds_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years")
    command = [sys.executable, "-m", "gradient.publish", str(tmp_path)]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert "Name another folder" in answer.stderr
    assert "publish/" not in answer.stderr  # no traceback of the command's own
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_holds_another_page_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("years")
    with pytest.raises(FileExistsError, match="Name another folder"), replacing(tmp_path):
        pass
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("index.html", "years")]


@pytest.mark.parametrize("out", [".", ".."])
def test_the_current_folder_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str) -> None:
    (tmp_path / "inner").mkdir()
    monkeypatch.chdir(tmp_path / "inner")
    with pytest.raises(FileExistsError, match="Name another folder"), replacing(Path(out)):
        pass


def test_a_site_replaces_another_only_when_it_is_complete(tmp_path: Path) -> None:
    out = tmp_path / "site"
    worker = (ROOT / "gradient" / "publish" / "template" / "worker.js").read_text()

    def write(words: str) -> None:
        with replacing(out) as folder:
            folder.add_page("worker.js", worker)
            folder.add_page("index.html", words)
            assert words != "third"

    write("first")
    write("second")
    with pytest.raises(AssertionError):
        write("third")
    assert (out / "index.html").read_text() == "second"
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
