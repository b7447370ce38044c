"""jaxlink in real pages at its limits: functions that no browser can run, that are slow, or that return no number."""

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from gradient.link.constants import CONTRADICTION
from gradient.link.modules import esm
from tests.app_page import LOAD_MS, AppPage
from tests.conftest import ROOT, Server, notebook_of, voila_of, watched
from tests.links_anywhere import CELL, REVERSED, expect_order_and_limits

BEGINNING = """
import ipywidgets as widgets, jax, jax.numpy as jnp
from traitlets import dlink
from gradient.link import choose, jaxlink, remember

rows = []

def named(name, widget):
    widget.add_class(name)
    rows.append(widget)
    return widget

def slider(name, **options):
    return named(name, widgets.FloatSlider(**{"min": 0, "max": 2, "step": 0.1} | options))

def words(name):
    return named(name, widgets.Label())

def show_state(name, link):  # as Python sees it
    for trait in ("state", "reason"):
        dlink((link, trait), (words(f"{name}-{trait}"), "value"))
"""

# One notebook for all tests, because a kernel takes seconds to start. Each link has its own slider and text.
LINKS = """
def spread(x):
    return {"x": x, "largest": jnp.linalg.eigvalsh(jnp.array([[1.0, x], [x, 1.0]]))[1]}

eigen = jaxlink(spread, inputs={"x": (slider("eigen"), "value")},
                outputs={"largest": (words("eigen-words"), "value", "{x} gives {largest}")})
show_state("eigen", eigen)

def square(x):
    return {"x": x, "square": x * x}

moved = jaxlink(square, inputs={"x": (slider("moved"), "value")}, where="kernel",
                outputs={"square": (words("moved-words"), "value", "{x} gives {square}")})
show_state("moved", moved)
place = named("place", widgets.ToggleButtons(options=["kernel", "browser"], value="kernel"))
dlink((place, "value"), (moved, "where"))

here = jaxlink(square, inputs={"x": (slider("here"), "value")},
               outputs={"square": (words("here-words"), "value", "{x} gives {square}")})
show_state("here", here)

def slow(x):
    return {"x": x, "y": jax.lax.fori_loop(0, 10_000_000, lambda i, y: jnp.sin(y + x), x)}

far = jaxlink(slow, inputs={"x": (slider("far"), "value")},
              outputs={"y": (words("far-words"), "value", "{x} leads to {y}")})
show_state("far", far)

def halvings(x):
    total = jnp.sum(x)
    return {"sum": total, "count": jax.lax.while_loop(lambda s: s[0] > 1, lambda s: (s[0] / 2, s[1] + 1), (total, 0))[1]}

numbers = named("numbers", widgets.FloatsInput(value=[8.0]))
endless = jaxlink(halvings, inputs={"x": (numbers, "value")},
                  outputs={"count": (words("endless-words"), "value", "{sum} takes {count}")})
show_state("endless", endless)

summands = named("summands", widgets.FloatsInput(value=[1.0]))
summed = jaxlink(lambda x: {"sum": jnp.sum(x)}, inputs={"x": (summands, "value")},
                 outputs={"sum": (words("summed-words"), "value", "{sum} in all")})
show_state("summed", summed)

floor = named("floor", widgets.FloatText())
jaxlink(lambda x: {"floor": jnp.floor(x)}, inputs={"x": (slider("whole"), "value")}, outputs={"floor": (floor, "value")})
jaxlink(square, inputs={"x": (floor, "value")}, where="kernel",
        outputs={"square": (words("floor-words"), "value", "{x} gives {square}")})

logarithm, typed = slider("log-target", min=-5, max=5, step=0.001), named("log-typed", widgets.FloatText())
log = jaxlink(lambda x: {"log": jnp.log(x)}, inputs={"x": (slider("log", min=-1, value=1), "value")},
              outputs={"log": [(logarithm, "value"), (typed, "value"), (words("log-words"), "value", "log is {log}")]},
              sync_targets=True)
dlink((logarithm, "value"), (words("log-python"), "value"), str)
dlink((typed, "value"), (words("log-typed-python"), "value"), str)
"""

CHOICES = """
power = named("power", widgets.Dropdown(options=["square", "cube"]))
halved = named("halved", widgets.Checkbox(description="halved"))
base = slider("base")
places = {"value": [1.1, 12.0], "min": [0.0, 10.0], "max": [2.0, 20.0], "step": [0.1, 2.0], "readout_format": [".2f", ".0f"]}
limits = choose((power, "index"), {(base, name): column for name, column in places.items()})

def raised(x, power, halved):
    y = x ** (power + 2)
    return {"x": x, "y": y / 2 if halved else y}

chosen = jaxlink(raised, inputs={"x": (base, "value")}, static={"power": (power, "index"), "halved": (halved, "value")},
                 outputs={"y": (words("chosen-words"), "value", "{x} becomes {y}")})
show_state("chosen", chosen)
"""

# Each of the same functions in the browser and in the kernel.
TWICE = """
factor = named("factor", widgets.Dropdown(options=list(range(140)), index=0))
# A delay, so that these programs are not warmed up while other tests wait for workers to end.
jaxlink(lambda n, x: {"y": x * (n + 1)}, inputs={"x": (slider("many", value=1), "value")}, static={"n": (factor, "index")},
        outputs={"y": (words("many-words"), "value", "{y}")}, delay=0.001)

source = slider("source", max=10)
option = named("option", widgets.Dropdown(options=[("a", 1), ("b", 2.5), ("none", 9)]))

def forms(x, n):
    return {"x": 1.1 * x + n, "ends": jnp.stack([x, x + n]), "big": x > 1, "option": jnp.where(x > 1, 2.5, 1)}

for place in ("browser", "kernel"):
    targets = {
        "x": [widgets.IntSlider(), widgets.IntText(), widgets.FloatSlider(step=0.5), widgets.FloatText(),
              widgets.FloatLogSlider()],
        "ends": [widgets.FloatRangeSlider(), widgets.FloatsInput()],
        "big": [widgets.Checkbox(), widgets.Valid()],
        "option": [widgets.Dropdown(options=[1, 2.5]), widgets.SelectionSlider(options=[("one", 1), ("more", 2.5)])],
    }
    shown = named(f"formatted-{place}", widgets.HTMLMath())
    jaxlink(forms, inputs={"x": source, "n": option}, where=place, outputs={
        **targets, "big": [*targets["big"], (shown, "value", r"$\\frac{1}{2}$ [{x:.3f}, {ends[1]:+.1e}] {big}")]})
    named(f"all-{place}", widgets.VBox([widget for row in targets.values() for widget in row]))

    ranged = slider(f"ranged-{place}", value=1)
    jaxlink(lambda x: {"value": 20 * x, "max": 20 * x + 1, "min": 20 * x - 1}, inputs={"x": source}, where=place,
            outputs={name: (ranged, name) for name in ("value", "max", "min")}, sync_targets=True)

for place, places in {place: place.split("-") * 2 for place in ("browser", "kernel", "kernel-browser")}.items():
    celsius = slider(f"celsius-{place}", min=-50, max=100, value=20)
    fahrenheit = slider(f"fahrenheit-{place}", min=-58, max=212, value=68)
    jaxlink(lambda c: c * 9 / 5 + 32, inputs={"c": celsius}, outputs={"f": fahrenheit}, where=places[0])
    jaxlink(lambda f: (f - 32) * 5 / 9, inputs={"f": fahrenheit}, outputs={"c": celsius}, where=places[1])

    ends, why = (widgets.FloatText(), widgets.FloatText()), words(f"why-{place}")
    for one, other, computes in zip(ends, ends[::-1], places):
        jaxlink(lambda x: x + 1, inputs={"x": one}, outputs={"y": other}, where=computes, errors=why)

one, other, why = widgets.FloatText(), widgets.FloatText(), words("why-jslink")
jaxlink(lambda x: x + 1, inputs={"x": one}, outputs={"y": other}, errors=why)
widgets.jslink((other, "value"), (one, "value"))

counted, longer = slider("counted", value=2, max=3, step=1), named("longer", widgets.Checkbox(description="longer"))
offered = named("offered", widgets.Dropdown(options=[1, 2, 3]))
jaxlink(lambda x: x, inputs={"x": counted}, outputs={"y": offered})
dlink((longer, "value"), (offered, "options"), lambda more: [9, 3, 2, 1] if more else [1, 2, 3])

folds = named("folds", widgets.Accordion([widgets.Label(), widgets.Label()], titles=["one", "two"], selected_index=0))
folded = named("folded", widgets.FloatText())
choose((folds, "selected_index"), {(folded, "value"): [1.0, 2.0]})
"""

REMEMBERED = """
kept = [slider(name, description=name) for name in ("one", "two")]
remembered = [remember([(control, "value")]) for control in kept]
"""

END = "widgets.VBox(rows)"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    notebook = tmp_path_factory.mktemp("links") / "links.ipynb"
    nbformat.write(notebook_of(BEGINNING, LINKS, CHOICES, TWICE, REMEMBERED, END, CELL), notebook)
    with voila_of(notebook) as server:
        yield server
        assert "Warning" not in server.log, server.log


class Links:
    """The notebook's page, and the messages between it and its kernel."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.sent, self.received = page, list[str](), list[str]()
        page.on("websocket", self._listen)
        page.goto(url, timeout=LOAD_MS)
        page.get_by_role("slider").last.wait_for(timeout=LOAD_MS)
        AppPage(page).settle()

    def _listen(self, socket) -> None:
        socket.on("framereceived", lambda frame: self.received.append(str(frame)))
        socket.on("framesent", lambda frame: self.sent.append(str(frame)) if "comm_msg" in str(frame) else None)

    def printed(self) -> list[str]:
        """What the kernel has printed, except for a warning of ipykernel about a comm of ipywidgets' own."""
        streams = [frame for frame in self.received if re.search(r'"msg_type": ?"stream"', frame)]
        return [frame for frame in streams if "No such comm" not in frame]

    def set_by_kernel(self) -> list[str]:
        """The updates that the kernel has sent. It echoes the page's own updates with messages of another kind."""
        return [frame for frame in self.received if re.search(r'"method": ?"update"', frame)]

    def of(self, name: str) -> Locator:
        return self.page.locator(f".{name}")

    def press(self, name: str, key: str, times: int = 1) -> None:
        handle = self.of(name).get_by_role("slider")
        for _ in range(times):
            handle.press(key)

    def expect(self, name: str, text: str) -> None:
        expect(self.of(name)).to_have_text(text)


@contextmanager
def opened(browser: Browser, server: Server, script: str | None = None) -> Iterator[Links]:
    with watched(browser.new_context(), warms_up=True) as context:
        if script:
            context.add_init_script(script)
        links = Links(context.new_page(), server.url)
        yield links
        assert links.printed() == []


@pytest.fixture(scope="module")
def links(browser: Browser, server: Server) -> Iterator[Links]:
    with opened(browser, server, REVERSED) as links:
        yield links


def test_links_begin_in_their_order_and_sliders_keep_their_new_limits(links: Links) -> None:
    expect_order_and_limits(links.page)


def test_a_function_that_cannot_be_compiled_runs_in_the_kernel(links: Links) -> None:
    links.expect("eigen-state", "uncompiled")
    expect(links.of("eigen-reason")).to_contain_text("eigh")
    AppPage(links.page).settle()
    links.sent.clear()
    links.press("eigen", "ArrowRight", 3)
    links.expect("eigen-words", "0.3 gives 1.3")
    AppPage(links.page).settle()
    expect(links.of("eigen-reason")).to_contain_text("eigh")
    assert not any('"reason"' in message for message in links.sent)  # the page leaves the kernel's reason as it is


def test_a_link_moves_between_kernel_and_browser(links: Links) -> None:
    links.expect("moved-state", "kernel")
    links.expect("moved-reason", "")
    links.press("moved", "ArrowRight", 2)
    links.expect("moved-words", "0.2 gives 0.04")
    for place, words in (("browser", "0.3 gives 0.09"), ("kernel", "0.4 gives 0.16")):
        links.of("place").get_by_role("button", name=place).click()
        links.expect("moved-state", place)
        links.press("moved", "ArrowRight")
        links.expect("moved-words", words)
    links.expect("moved-reason", "")


def fixed_point(x: float) -> float:
    y = x
    for _ in range(10_000):
        y = math.sin(y + x)
    return y


# Resolves when the text is `last`, with all texts until then and the number of frames before the first of them.
WATCH = """(last) => {
  const words = document.querySelector(".far-words");
  const seen = [];
  let frames = 0;
  const count = () => { if (!seen.length) { frames += 1; requestAnimationFrame(count); } };
  document.querySelector(".far [role=slider]").addEventListener("keydown", () => requestAnimationFrame(count), { once: true });
  window.watched = new Promise((done) => new MutationObserver(() => {
    if (seen.at(-1) !== words.textContent) seen.push(words.textContent);
    if (seen.at(-1) === last) done({ seen, frames });
  }).observe(words, { subtree: true, childList: true, characterData: true }));
}"""


def expect_workers(page: Page, count: int) -> None:
    """Waits until there are so many. A warm-up has further workers for a moment."""
    for _ in range(1200):
        if len(page.workers) == count:
            return
        page.evaluate("new Promise(requestAnimationFrame)")
    raise AssertionError(f"There are {len(page.workers)} workers, and not {count}.")


def test_a_slow_program_runs_in_a_worker_and_ends_with_the_last_value(links: Links) -> None:
    links.expect("far-words", "0 leads to 0")
    expect_workers(links.page, 2)
    last = f"1.5 leads to {fixed_point(1.5):.3g}"
    links.page.evaluate(WATCH, last)
    links.press("far", "ArrowRight", 15)
    found = links.page.evaluate("watched")
    inputs = [float(words.split()[0]) for words in found["seen"]]
    assert inputs == sorted(inputs)
    assert found["frames"] > 2  # a run in the page's own thread would leave time for one only
    AppPage(links.page).settle()
    links.expect("far-words", last)
    links.expect("far-state", "browser")


# Every program is slow in its first two runs in the page. In a worker it is as fast as it is.
SLOW_AT_FIRST = """
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = async (...given) => {
    const { memory, run } = (await instantiate(...given)).exports;
    let runs = 0;
    const slow = () => { for (const end = performance.now() + 9; runs < 2 && performance.now() < end;); runs += 1; run(); };
    return { exports: { memory, run: slow } };
  };
  window.workers = { begun: 0, ended: 0 };
  window.Worker = class extends Worker {
    constructor(...given) { super(...given); workers.begun += 1; }
    terminate() { super.terminate(); workers.ended += 1; }
  };
"""


def test_a_program_that_becomes_fast_in_its_worker_returns_to_the_page(browser: Browser, server: Server) -> None:
    with opened(browser, server, SLOW_AT_FIRST) as links:
        # All workers have ended, except those of the slow and the endless program.
        links.page.wait_for_function("workers.begun > 4 && workers.ended === workers.begun - 2")
        links.press("here", "ArrowRight", 5)
        links.expect("here-words", "0.5 gives 0.25")
        links.expect("here-state", "browser")
        links.press("far", "ArrowRight", 3)
        links.expect("far-words", f"0.3 leads to {fixed_point(0.3):.3g}")
        expect_workers(links.page, 2)


SET = """async ([name, value]) => {
  const models = await Promise.all(Object.values(jupyterapp.widgetManager._models));
  const model = models.find((model) => model.get("_dom_classes")?.includes(name));
  model.set("value", value);
  model.save_changes();
}"""


def test_a_program_that_may_never_end_runs_in_a_worker_and_takes_arrays_of_any_length(links: Links) -> None:
    links.expect("endless-words", "8 takes 3")
    for numbers, words in (([8, 8], "16 takes 4"), ([1, 1, 1, 1], "4 takes 2"), ([32], "32 takes 5")):
        links.page.evaluate(SET, ["numbers", numbers])
        links.expect("endless-words", words)
        AppPage(links.page).settle()
        links.expect("endless-state", "browser")
        links.expect("endless-reason", "")


# The worker of a program that may never end does not answer, and ten seconds pass at once for it.
DEAF = """
  const { setTimeout } = window;
  let late;
  window.setTimeout = (act, delay, ...rest) => {
    if (delay === 10_000) late = act;
    return setTimeout(act, delay, ...rest);
  };
  window.Worker = class extends Worker {
    postMessage(message) {
      this.isDeaf ||= message.program?.may_not_end;
      if (this.isDeaf && message.values) setTimeout(late);
      else super.postMessage(message);
    }
  };
"""


def test_a_worker_that_does_not_answer_is_terminated_and_the_kernel_takes_over(browser: Browser, server: Server) -> None:
    with opened(browser, server, DEAF) as links:
        links.expect("endless-state", "stopped")
        expect(links.of("endless-reason")).to_contain_text("did not finish within 10 seconds")
        links.expect("endless-words", "8 takes 3")
        links.page.evaluate(SET, ["numbers", [4]])
        links.expect("endless-words", "4 takes 2")
        links.expect("here-state", "browser")
        expect_workers(links.page, 1)  # that of the slow program


# Counts what links set, without what the kernel echoes.
SPY = """async () => {
  const models = await Promise.all(Object.values(jupyterapp.widgetManager._models));
  const model = models.find((model) => model.get("_dom_classes")?.includes("floor"));
  const { set_state } = model;
  window.timesSet = 0;
  model.set_state = (...given) => {
    timesSet += Number(Boolean(model[Symbol.for("jaxlink.writing")]));
    return set_state.apply(model, given);
  };
}"""


def test_an_output_is_set_if_it_has_changed_or_another_has_set_it(links: Links) -> None:
    links.page.evaluate(SPY)
    box = links.of("floor").get_by_role("spinbutton")
    links.press("whole", "ArrowRight", 9)
    links.expect("floor-words", "0 gives 0")
    assert links.page.evaluate("timesSet") == 0
    links.press("whole", "ArrowRight")
    expect(box).to_have_value("1")
    assert links.page.evaluate("timesSet") == 1
    links.page.evaluate(SET, ["floor", 7])
    links.press("whole", "ArrowRight")
    expect(box).to_have_value("1")


def test_a_value_that_was_only_set_locally_is_sent_to_a_kernel_that_needs_it(links: Links) -> None:
    links.press("whole", "End")
    links.expect("floor-words", "2 gives 4")
    links.press("whole", "Home")
    links.expect("floor-words", "0 gives 0")


def test_a_control_is_never_set_to_nan(links: Links) -> None:
    links.press("log", "ArrowLeft", 9)
    links.expect("log-words", "log is -2.3")
    links.sent.clear()
    links.press("log", "Home")
    links.expect("log-words", "log is not a number")
    AppPage(links.page).settle()
    now = links.of("log-target").get_by_role("slider").get_attribute("aria-valuenow")
    assert float(now or "nan") == pytest.approx(math.log(0.1), abs=0.06)  # noUiSlider rounds this attribute
    numbers = [links.of(name).inner_text() for name in ("log-python", "log-typed-python")]
    numbers.append(links.of("log-typed").get_by_role("spinbutton").input_value())
    assert [float(number) for number in numbers] == pytest.approx([math.log(0.1)] * 3, abs=0.001)
    assert not any("null" in re.findall(r'"state": ?({.*?})', message)[0] for message in links.sent), links.sent


PROGRAMS = """async () => {
  const models = await Promise.all(Object.values(jupyterapp.widgetManager._models));
  return models.map((model) => Object.keys(model.get("programs") ?? {})).find((keys) => keys.length > 1);
}"""


def test_a_choice_sets_controls_and_selects_a_program_without_the_kernel(links: Links) -> None:
    assert set(links.page.evaluate(PROGRAMS)) == {"[0,false]", "[0,true]", "[1,false]", "[1,true]"}
    links.expect("chosen-words", "1.1 becomes 1.21")
    AppPage(links.page).settle()
    before = len(links.set_by_kernel())
    links.of("power").get_by_role("combobox").select_option("cube")
    links.expect("chosen-words", "12 becomes 1728")
    slider = links.of("base").get_by_role("slider")
    assert [slider.get_attribute(f"aria-value{end}") for end in ("min", "max")] == ["10.0", "20.0"]
    links.of("halved").get_by_role("checkbox").check()
    links.expect("chosen-words", "12 becomes 864")
    AppPage(links.page).settle()
    assert len(links.set_by_kernel()) == before
    links.expect("chosen-state", "browser")
    # A value between the steps of before is not moved to one of them, and not written as before.
    links.of("halved").get_by_role("checkbox").uncheck()
    links.of("power").get_by_role("combobox").select_option("square")
    links.expect("chosen-words", "1.1 becomes 1.21")
    expect(links.of("base").locator(".widget-readout")).to_have_text("1.10")


def test_the_kernel_computes_for_a_browser_without_webassembly(browser: Browser, server: Server) -> None:
    with opened(browser, server, "delete globalThis.WebAssembly") as links:
        links.expect("here-state", "unsupported")
        expect(links.of("here-reason")).to_contain_text("has no WebAssembly")
        links.press("here", "ArrowRight", 5)
        links.expect("here-words", "0.5 gives 0.25")
        links.of("power").get_by_role("combobox").select_option("cube")
        links.expect("chosen-words", "12 becomes 1728")
        AppPage(links.page).settle()
        expect(links.of("here-reason")).to_contain_text("has no WebAssembly")


# Why a browser can run no program that refuses every module, and this browser.
WHY = """async (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { whyUnsupported } = await import(url);
  const { validate } = WebAssembly;
  WebAssembly.validate = () => false;
  const why = whyUnsupported();
  WebAssembly.validate = validate;
  return [why, whyUnsupported()];
}"""


def test_a_browser_without_vector_instructions_is_told_from_others(links: Links) -> None:
    source = esm(ROOT / "gradient" / "link" / "executor.js") + "\nexport { whyUnsupported };"
    assert links.page.evaluate(WHY, source) == ["This browser's WebAssembly has no vector instructions.", ""]


FAIL_TO_LOAD = """() => {
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = () => Promise.reject(new WebAssembly.CompileError("out of memory"));
  window.mend = () => { WebAssembly.instantiate = instantiate; };
}"""


def test_the_kernel_computes_what_the_browser_cannot_load(links: Links) -> None:
    """An array of another length needs a program of its own."""
    links.expect("summed-words", "1 in all")
    links.expect("summed-state", "browser")
    links.page.evaluate(FAIL_TO_LOAD)
    for numbers, words in (([1, 2], "3 in all"), ([1, 2, 3], "6 in all")):
        links.page.evaluate(SET, ["summands", numbers])
        links.expect("summed-words", words)
        links.expect("summed-state", "stopped")
        AppPage(links.page).settle()
        expect(links.of("summed-reason")).to_contain_text("out of memory")
    links.page.evaluate("mend()")


# Chooses one option after the other, and returns what the page shows for each.
VISIT = """async () => {
  const models = await Promise.all(Object.values(jupyterapp.widgetManager._models));
  const choice = models.find((model) => model.get("_dom_classes")?.includes("factor"));
  const words = document.querySelector(".many-words");
  const seen = [];
  for (let n = 0; n < 140; n += 1) {
    choice.set("index", n);
    choice.save_changes();
    while (words.textContent !== String(n + 1)) await new Promise(requestAnimationFrame);
    seen.push(words.textContent);
  }
  return seen;
}"""


def test_any_number_of_programs_can_be_visited(links: Links) -> None:
    """A browser has room for about 125 of them at a time."""
    assert links.page.evaluate(VISIT) == [str(n + 1) for n in range(140)]
    links.of("factor").get_by_role("combobox").select_option("4")
    links.expect("many-words", "5")
    links.press("many", "ArrowRight")
    links.expect("many-words", "5.5")


# The values of the controls in a box, as the page has them.
VALUES = """async (name) => {
  const models = await Promise.all(Object.values(jupyterapp.widgetManager._models));
  const box = models.find((model) => model.get("_dom_classes")?.includes(name));
  const found = await Promise.all(box.get("children"));
  return found.map((model) => model.get(model.get("index") === undefined ? "value" : "index"));
}"""


def test_values_arrive_as_their_traits_take_them_whoever_computes(links: Links) -> None:
    for key, index in (("End", 0), ("ArrowLeft", 1), ("Home", 2), ("ArrowRight", 1)):
        links.press("source", key)
        links.of("option").get_by_role("combobox").select_option(index=index)
        AppPage(links.page).settle()
        texts = [links.of(f"formatted-{place}").text_content() for place in ("browser", "kernel")]
        assert texts[0] == texts[1]
        here, there = (links.page.evaluate(VALUES, f"all-{place}") for place in ("browser", "kernel"))
        assert here == there
    assert here == [3, 3, 2.5, 2.61, pytest.approx(10**0.4), [0.1, 2.6], [0.1, 2.6], False, False, 0, 0]


@pytest.mark.parametrize("place", ["browser", "kernel", "kernel-browser"])
def test_two_links_in_a_circle_settle_whoever_computes(links: Links, place: str) -> None:
    def numbers() -> list[str]:
        return [links.of(f"{name}-{place}").locator(".widget-readout").inner_text() for name in ("celsius", "fahrenheit")]

    for name, times, found in (("fahrenheit", 6, ["20.30", "68.60"]), ("celsius", 2, ["20.50", "68.90"])):
        for _ in range(times):
            links.press(f"{name}-{place}", "ArrowRight")
            AppPage(links.page).settle()
        assert numbers() == found


@pytest.mark.parametrize("place", ["browser", "kernel", "kernel-browser", "jslink"])
def test_two_links_that_contradict_each_other_stop_whoever_computes(links: Links, place: str) -> None:
    expect(links.of(f"why-{place}")).to_have_text(CONTRADICTION)


@pytest.mark.parametrize("place", ["browser", "kernel"])
def test_a_value_keeps_the_limits_that_are_set_with_it(links: Links, place: str) -> None:
    readout = links.of(f"ranged-{place}").locator(".widget-readout")
    for key, value in (("End", "200.00"), ("Home", "0.00"), ("End", "200.00")):
        links.press("source", key)
        expect(readout).to_have_text(value)


def test_a_choice_that_gets_other_options_shows_the_same_number(links: Links) -> None:
    chosen = links.of("offered").get_by_role("combobox").locator("option:checked")
    expect(chosen).to_have_text("2")
    links.of("longer").get_by_role("checkbox").check()
    expect(links.of("offered").locator("option").first).to_have_text("9")
    expect(chosen).to_have_text("2")
    links.press("counted", "ArrowRight")
    expect(chosen).to_have_text("3")


def test_no_choice_changes_nothing(links: Links) -> None:
    box = links.of("folded").get_by_role("spinbutton")
    links.of("folds").get_by_text("two").click()
    expect(box).to_have_value("2")
    links.of("folds").get_by_text("two").click()  # folds it
    AppPage(links.page).settle()
    expect(box).to_have_value("2")


def test_two_sets_of_remembered_controls_are_kept_apart(links: Links, server: Server) -> None:
    """It comes last, because it leaves the page."""
    links.press("one", "End")
    links.press("two", "ArrowRight", 5)
    links.page.goto("about:blank")
    links.page.goto(server.url, timeout=LOAD_MS)
    for name, value in (("one", "2.00"), ("two", "0.50")):
        expect(links.of(name).locator(".widget-readout")).to_have_text(value, timeout=LOAD_MS)
    AppPage(links.page).settle()
