"""The page as a person knows it: controls by role and name, pictures by what they show."""

import uuid
from typing import Any

from playwright.sync_api import Locator, Page, TimeoutError, expect

from gradient.views.style import MARGINS

LOAD_MS = 90_000

# What is seen of the page: strings that change with it. Each is made only when it is asked for, since pixels are dear.
_SEEN = """() => {
  const path = (selector) => document.querySelector(selector)?.getAttribute("d");
  const text = (selector) => document.querySelector(selector)?.textContent;
  const number = (name) => text(`.techni-readout [data-name=${name}]`)?.replaceAll("−", "-"); // as Python reads it
  const isCovered = (canvas) => !document.querySelector(".techni-landscape").hidden && canvas.closest(".techni-figures");
  const canvases = () =>
    [...document.querySelectorAll(".techni-field canvas")].filter((c) => c.offsetParent && c.width > 50 && !isCovered(c));
  // A copy is read, since reading a canvas twice is worth a warning to Chromium.
  const copyFor = ({ width, height }) => {
    const copies = (window.copiesOfCanvases ??= {});
    const make = () => new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    const copy = (copies[`${width} ${height}`] ??= make());
    copy.globalCompositeOperation = "copy"; // which clears it, too
    return copy;
  };
  const hash = (canvas) => {
    const copy = copyFor(canvas);
    copy.drawImage(canvas, 0, 0);
    const pixels = new Uint32Array(copy.getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    let sum = 0;
    for (let i = 0; i < pixels.length; i++) sum = (Math.imul(sum, 31) + pixels[i]) | 0;
    return `${canvas.width} ${canvas.height} ${sum}`;
  };
  return {
    get curve() { return path(".techni-loss g.curve path.line"); },
    get mark() { return path(".techni-loss g.curve:last-of-type path.line"); },
    get fit() { return [...document.querySelectorAll(".techni-fit g.curve path.line")].at(-1)?.getAttribute("d"); },
    get residuals() { return path(".techni-fit g.curve path.line"); },
    get data() { return document.querySelector(".techni-fit .object_grp")?.getAttribute("transform"); },
    get field() { return canvases().map(hash).join(); }, // the figure, and what the layer over it draws
    get loss() { return number("loss"); },
    get gradient_norm() { return number("gradient_norm"); },
    get step() { return text(".techni-readout [data-name=step]"); },
    get verdict() { return text(".techni-verdict strong"); },
    get sentence() { return text(".techni-verdict span"); },
  };
}"""

# Whether the canvases of the field show more than a blank: a picture with arrows or a path takes this many bytes.
_FIELD_IS_DRAWN = """() => [...document.querySelectorAll(".techni-field canvas")]
  .filter((c) => c.offsetParent && c.width > 50).reduce((sum, c) => sum + c.toDataURL().length, 0) > 20000"""


# Who is at the page's other end: Voilà's or JupyterLab's kernel, or nobody.
# The kernel answers in order, a model with a change in flight keeps the next one back, and the field's frames are
# acknowledged by a change of their own: nothing under way before and after a question to the kernel means that all is done.
_SETTLE = """async () => {
  const manager = window.jupyterapp?.widgetManager;
  const kernel = manager ? manager.kernel : window.jupyterapp?.shell.currentWidget.sessionContext.session.kernel;
  const models = manager ? await Promise.all(Object.values(manager._models)) : [];
  const isIdle = () => !models.some((model) => model._pending_msgs > 0 || model._msg_buffer);
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  const patience = performance.now() + 60_000;
  for (let calm = 0; calm < 3; ) {
    if (performance.now() > patience) throw new Error("the page does not come to rest");
    calm = isIdle() ? calm + 1 : 0;
    await kernel?.requestKernelInfo();
    await frame();
    await frame();
  }
}"""


# What another test may have left otherwise: the arithmetic is folded, and the page scrolled to its top.
_TIDY = """() => {
  for (const details of document.querySelectorAll(".techni-arithmetic details")) details.open = false;
  for (let part = document.querySelector(".techni-app"); part; part = part.parentElement) part.scrollTo(0, 0);
}"""


_OPEN_BESIDE = """async (path) => {
  const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
  await window.jupyterapp.commands.execute("docmanager:open", { path, ...(kernel && { kernel: { id: kernel.id } }) });
}"""


# What JupyterLab's menu does, but not before the notebook has its kernel: it would ask which one to take, and forget the cells.
_RUN_ALL = """async () => {
  const { shell, commands } = window.jupyterapp;
  const { context, sessionContext } = shell.currentWidget;
  await Promise.all([context.ready, sessionContext.ready]);
  await sessionContext.session.kernel.info;
  return commands.execute("notebook:run-all-cells");
}"""


_FITS = """() => {
  const canvas = [...document.querySelectorAll(".techni-field canvas")].find((c) => c.offsetParent);
  const [box, place] = [canvas, document.querySelector(".techni-overlay")].map((e) => e.getBoundingClientRect());
  const off = (2 * place.width) / document.querySelector(".techni-overlay").offsetWidth; // more where type is larger
  return Math.abs(box.width - place.width) < off && Math.abs(box.height - place.height) < off
    && Math.abs(box.x - place.x) < 1 && Math.abs(box.y - place.y) < 1;
}"""


# Whether the layer over the figure, unless the kernel draws, fills its place and has one pixel for each of the screen's.
_IS_FINE = """() => {
  const canvas = document.querySelector(".techni-drawing");
  if (canvas.hidden) return true;
  const { clientWidth, clientHeight, offsetWidth } = canvas.parentElement;
  const scale = canvas.parentElement.getBoundingClientRect().width / offsetWidth; // more than 1 where type is larger
  const ratio = Math.round(64 * devicePixelRatio * scale) / 64;
  const [width, height] = [clientWidth, clientHeight].map((length) => Math.round(length * ratio));
  return canvas.width === width && canvas.height === height && Math.round(canvas.offsetWidth) === clientWidth;
}"""


class AppPage:
    """A browser's page with the app in it."""

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def open(cls, page: Page, url: str) -> "AppPage":
        """Goes to the app and waits until every picture shows something."""
        page.goto(url, timeout=LOAD_MS)
        app = cls(page)
        app.wait_until_drawn()
        return app

    @classmethod
    def open_lab(cls, page: Page, url: str) -> "AppPage":
        """Opens the app's notebook in JupyterLab, runs all of its cells, and waits until every picture shows something."""
        app = cls(page)
        app.open_notebook(url)
        app.wait_until_drawn()
        return app

    def open_notebook(self, url: str) -> None:
        """Opens any notebook in JupyterLab, in a workspace of its own, where no other is open, and runs all of its cells."""
        self.page.goto(url.replace("/lab/", f"/lab/workspaces/{uuid.uuid4().hex}/"), timeout=LOAD_MS)
        self.page.locator(".jp-NotebookPanel").wait_for(timeout=LOAD_MS)
        self.run_all()

    def open_beside(self, path: str) -> None:
        """Opens one more notebook in JupyterLab, with the kernel of the one that is in view, and runs all of its cells."""
        self.page.evaluate(_OPEN_BESIDE, path)
        self.page.wait_for_function("(path) => window.jupyterapp.shell.currentWidget?.context?.path === path", arg=path)
        self.run_all()

    def run_all(self) -> None:
        """Runs every cell of JupyterLab's notebook, which then shows the last of them, and goes back to the first."""
        assert self.page.evaluate(_RUN_ALL)
        self.page.evaluate("document.querySelector('.jp-WindowedPanel-outer')?.scrollTo(0, 0)")

    def shut_down(self) -> None:
        """Ends the kernel of JupyterLab's notebook: who opens it next does not meet the widgets of this page."""
        self.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def compute_in(self, place: str) -> None:
        """Uses the switch between "browser" and "server", and waits until what it says is done."""
        self.page.get_by_role("radio", name=place, exact=True).check(force=True)
        self.settle()
        expect(self.page.get_by_role("radio", name=place, exact=True)).to_be_checked()

    def wait_until_drawn(self) -> None:
        self.page.wait_for_selector(".techni-loss g.curve path.line", state="attached", timeout=LOAD_MS)
        self.wait("s.curve?.length > 100 && s.fit?.length > 100 && s.loss !== '0'", timeout=LOAD_MS)
        self.page.wait_for_function(_FIELD_IS_DRAWN, timeout=LOAD_MS)

    def reset(self) -> None:
        """Back to what a visitor meets first, when all that was asked before has been answered."""
        self.settle()
        if self.combobox("Problem").input_value() != "Wave":
            self.choose("Problem", "Wave")
            self.settle()
        self.choose("Loss axis", "Logarithmic")
        self.page.get_by_label("Show residuals").uncheck()
        self.button("Reset").click()
        self.settle()
        self.wait("s.step === '30' && s.loss === '0.0386'")
        self.page.evaluate(_TIDY)

    def slider(self, name: str) -> Locator:
        return self.page.get_by_role("slider", name=name, exact=True)

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def combobox(self, name: str) -> Locator:
        return self.page.get_by_role("combobox", name=name, exact=True)

    def choose(self, name: str, option: str) -> None:
        self.combobox(name).select_option(option)

    def value(self, name: str) -> str:
        """The number that a slider of ipywidgets shows."""
        return self.page.get_by_role("textbox", name=f"{name} as a number", exact=True).inner_text().replace("−", "-")

    def settle(self) -> None:
        """Waits until every change has reached Voilà's kernel, its answers are here, and they are painted."""
        self.page.evaluate(_SETTLE)

    def settled(self) -> dict[str, Any]:
        """What is seen when the page has settled."""
        self.settle()
        return self.seen()

    def seen(self) -> dict[str, Any]:
        """What is seen now, by the names of its parts."""
        return self.page.evaluate(f"() => ({{ ...({_SEEN})() }})")

    def wait(self, condition: str, arg: Any = None, timeout: float = LOAD_MS) -> None:
        """Waits for a condition on `s`, what is seen, and `arg`."""
        try:
            self.page.wait_for_function(f"(arg) => {{ const s = ({_SEEN})(); return {condition}; }}", arg=arg, timeout=timeout)
        except TimeoutError as error:
            seen = {name: str(value)[:60] for name, value in self.seen().items()}
            changed = [name for name, value in self.seen().items() if isinstance(arg, dict) and arg.get(name) != value]
            raise AssertionError(f"never came: {condition}. Seen: {seen}; other than given: {changed}") from error

    def wait_for_change(self, before: dict[str, Any], *names: str) -> None:
        """Waits until all of the named pictures differ from what was seen before; the field, which is dear, comes last."""
        cheap_first = sorted(names, key=lambda name: name == "field")
        self.wait(" && ".join(f"s.{name} && s.{name} !== arg.{name}" for name in cheap_first), arg=before)

    def press(self, slider: str, key: str, times: int = 1) -> None:
        handle = self.slider(slider)
        handle.focus()
        for _ in range(times):
            handle.press(key)

    def axes(self) -> dict[str, float]:
        """The field's axes, in pixels of the page."""
        box = self.page.locator(".techni-overlay").bounding_box()
        assert box
        left, top, right, bottom = MARGINS
        size = {"width": box["width"] - left - right, "height": box["height"] - top - bottom}
        return {"x": box["x"] + left, "y": box["y"] + top, **size}

    def at(self, w: float, b: float) -> tuple[float, float]:
        """Where a point of the Wave's plane is on the page."""
        axes = self.axes()
        return axes["x"] + axes["width"] * (w + 2) / 4, axes["y"] + axes["height"] * (5 - b) / 10

    def expect_start(self, w: float, b: float, tolerance: float = 0.03) -> None:
        """Waits until both sliders show this start."""
        for name, number, size in (("Initial w", w, 1), ("Initial b", b, 2.5)):
            self.page.wait_for_function(
                "([name, number, tolerance]) => { const box = document.querySelector(`[aria-label='${name} as a number']`);"
                "return Math.abs(Number(box.textContent.replace('−', '-')) - number) <= tolerance; }",
                arg=[name, number, tolerance * size],
            )

    def expect_fitting_figure(self) -> None:
        """Waits until the shown figure has its place's size and lies over it."""
        self.page.wait_for_function(_FITS)

    def expect_fine_overlay(self) -> None:
        """Waits until a pixel of the layer over the figure is one of the screen."""
        self.page.wait_for_function(_IS_FINE)

    def expect_hidden(self, name: str) -> None:
        expect(self.slider(name)).to_be_hidden()
