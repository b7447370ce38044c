"""What gradient/adapters/ipywidgets.py and .js, and anywidget.js, rely on: in Python, and in a page with the real libraries."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pytest
from playwright.sync_api import Browser, Page
from traitlets import TraitError

from gradient.adapters.ipywidgets import (
    NamedDropdown,
    function_of_interactive_output,
    is_set_by_page,
    live_widgets,
    message_handlers,
)
from gradient.adapters.ipywidgets_script import LOOKING
from gradient.adapters.traitlets import observers_of
from gradient.link.modules import esm
from tests.adapters import relying_on
from tests.app_page import AppPage
from tests.conftest import ROOT, Server, watched
from tests.wire import Wire


def test_what_a_page_sets_is_told_from_what_python_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = Wire(monkeypatch)
    slider, by_page = widgets.IntSlider(), list[bool]()
    slider.observe(lambda change: by_page.append(is_set_by_page(change.owner, change.name)), "value")
    with relying_on("ipywidgets"):
        wire.receive(slider, {"value": 3})
        slider.value = 4
        assert by_page == [True, False]
        assert not is_set_by_page(object(), "value")


def test_its_script_uses_the_clock_only_to_look_for_models() -> None:
    parts = Path(sys.prefix) / "share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/static"
    with relying_on("ipywidgets"):
        [looking] = [script for file in parts.glob("*.js") if LOOKING in (script := file.read_text())]
        assert re.findall(r"\bDate\b[^;]*;", looking) == ["Date.now();", "Date.now()-o<2e3;"]


def test_every_widget_is_known_until_it_is_closed() -> None:
    with relying_on("ipywidgets"):
        slider = widgets.IntSlider()
        assert slider in live_widgets()
        slider.close()
        assert slider not in live_widgets()


def test_a_dropdown_takes_other_names_and_lists_the_right_ones() -> None:
    dropdown = NamedDropdown(description="Letter", options=["Alpha", "Beta"], aliases={"a": "Alpha", "b": "Beta"})
    with relying_on("ipywidgets"):
        dropdown.value = "b"
        assert (dropdown.value, dropdown.label, dropdown.index) == ("Beta", "Beta", 1)
        with pytest.raises(TraitError, match=r"Letter has no option 'c'\. Choose one of 'Alpha', 'Beta'"):
            dropdown.value = "c"
        assert dropdown.index == 1


@pytest.fixture(scope="module")
def page(browser: Browser, hardened_server: Server) -> Iterator[Page]:
    """The app in Voilà, with the adapters' functions, a `manager`, and its `models` by a part of their names."""
    adapters = "\n".join(esm(ROOT / "gradient" / "adapters" / f"{name}.js") for name in ("ipywidgets", "anywidget"))
    names = "getModel, kernelOf, onRestored, isBeingRestored, hasUnsentChanges, isDisconnected, filterStatus, assumeAnswered"
    names += ", deserialize, optionNames, optionLabels, moduleSource, widgetClass"
    names += ", SLIDER, labelOf, readoutOf, handleOf, sliderAround, widgetElements"
    with watched(browser.new_context()) as context:
        app = AppPage.open(context.new_page(), hardened_server.url)
        app.settle()
        app.page.evaluate(f"""async () => {{
          {adapters}
          const manager = jupyterapp.widgetManager;
          const models = await Promise.all(Object.values(manager._models));
          const find = (name) => models.find((model) => model.get("_model_name") === name);
          const patience = performance.now() + 60_000;
          const tick = () => new Promise((done, failed) => {{
            if (performance.now() > patience) failed(new Error("what is waited for does not come"));
            setTimeout(done, 20);
          }});
          Object.assign(window, {{ {names}, manager, find, tick }});
        }}""")
        yield app.page


# Each is a property of the libraries that the functions of the adapters rely on.
PROPERTIES = {
    "a model is found by its reference": (
        "ipywidgets",
        "(await getModel(manager, 'IPY_MODEL_' + find('FloatSliderModel').model_id)) === find('FloatSliderModel')",
    ),
    "a manager has a kernel with signals": (
        "ipywidgets",
        "['anyMessage', 'connectionStatusChanged', 'statusChanged'].every((name) => kernelOf(manager)[name].connect)"
        " && kernelOf(manager).connectionStatus === 'connected'",
    ),
    "a manager tells when it has restored the state": (
        "ipywidgets",
        "(() => { let calls = 0; const undo = onRestored(manager, () => (calls += 1)); manager._restored.emit();"
        " undo(); manager._restored.emit(); return calls === 1; })()",
    ),
    "a change by set_state is told from others": (
        "ipywidgets",
        """await (async () => {
          const [model, seen] = [find('FloatSliderModel'), []];
          const value = model.get('value');
          const look = () => seen.push(isBeingRestored(model, 'value'));
          model.on('change:value', look);
          await model.set_state({ value: value + 0.01 });
          model.set({ value });
          model.off('change:value', look);
          return String(seen) === 'true,false' && !isBeingRestored(model, 'value');
        })()""",
    ),
    "changes wait for the answer to those before": (
        "ipywidgets",
        """await (async () => {
          const model = find('CheckboxModel');
          const seen = [hasUnsentChanges(model)];
          for (const value of [true, false]) { model.set({ value }); model.save_changes(); }
          seen.push(hasUnsentChanges(model));
          while (hasUnsentChanges(model) || model._pending_msgs) await tick();
          return String(seen) === 'false,true';
        })()""",
    ),
    "a lost answer can be given up": (
        "ipywidgets",
        """await (async () => {
          const model = find('CheckboxModel');
          const ignored = [];
          const original = model._handle_status;
          filterStatus(model, ({ header, content }) => header && content.execution_state === 'idle' && ignored.push(header));
          model.set({ value: true }); model.save_changes();
          model.set({ value: false }); model.save_changes();
          while (!ignored.length) await tick();
          const wasWaiting = hasUnsentChanges(model);
          assumeAnswered(model);
          const isWaiting = hasUnsentChanges(model);
          model._handle_status = original;
          return wasWaiting && !isWaiting;
        })()""",
    ),
    "a connected model is not disconnected": (
        "ipywidgets",
        "!isDisconnected(find('FloatSliderModel')) && find('FloatSliderModel').comm.jsServicesComm.isDisposed === false",
    ),
    "a model converts what a kernel sends": (
        "bqplot",
        "deserialize(find('LinesModel'), 'x', { value: new DataView(new ArrayBuffer(8)), dtype: 'float32', shape: [2] })"
        ".length === 2 && deserialize(find('FloatSliderModel'), 'value', 3) === 3",
    ),
    "a selection has options": (
        "ipywidgets",
        "optionNames(find('DropdownModel')).length > 1 && optionNames(find('FloatSliderModel')).length === 0"
        " && optionLabels(find('DropdownModel')).length > 1 && optionLabels(find('FloatSliderModel')) === undefined",
    ),
    "a slider has a name, a number and a handle": (
        "ipywidgets",
        "[...document.querySelectorAll(SLIDER)].every((s) => labelOf(s) && readoutOf(s) && handleOf(s))"
        " && sliderAround(handleOf(document.querySelector(SLIDER))).noUiSlider.set instanceof Function"
        " && sliderAround(document.body) === null",
    ),
    "an app is among the elements of widgets": (
        "ipywidgets",
        "widgetElements(document).includes(document.querySelector('.techni-app'))",
    ),
    "an anywidget has its module and its class": (
        "anywidget",
        "moduleSource(find('AnyModel')).includes('export default') && widgetClass(find('AnyModel')).startsWith('gradient.')",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROPERTIES)
def test_libraries_of_the_page_are_as_the_adapters_take_them(page: Page, name: str) -> None:
    library, expression = PROPERTIES[name]
    with relying_on(library):
        found: Any = page.evaluate(f"async () => {expression}")
        assert found is True, f"Not so: {name}"


def test_what_a_click_calls_is_listed() -> None:
    button = widgets.Button()
    button.on_click(print)
    with relying_on("ipywidgets"):
        assert print in message_handlers(button)
        assert print not in message_handlers(widgets.Button())
        slider = widgets.IntSlider()
        slider.on_msg(print)
        slider._handlers = {"click": button._click_handlers}
        assert message_handlers(slider).count(print) == 2


def test_the_function_of_an_interactive_output_is_found() -> None:
    slider = widgets.IntSlider()
    widgets.interactive_output(dict, {"size": slider})
    with relying_on("ipywidgets"):
        assert dict in map(function_of_interactive_output, observers_of(slider))
