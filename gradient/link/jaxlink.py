"""`jaxlink`: a JAX function between the traits of widgets, run by the browser or by the kernel.

From a slider to a picture when the browser computes, without a message that anything waits for:

1. A visitor moves the slider. Its model changes, and `link.js: Link.inputChanged` runs in the same task. Further changes
   before the next frame wait for it (`scheduler.js`).
2. `Link.run` takes the program for the present static inputs from `executor_pool.js`, and reads the inputs.
3. `executor.js: LocalExecutor.run` copies the inputs into the program's memory and runs the WebAssembly. A program that is
   slow, or that may never end, runs in a worker instead (`worker_executor.js`).
4. `outputs.js: OutputWriter.write` sets those traits that have a new value. Their views draw.
5. The slider tells the kernel its value, as it does without a link. `JaxLink._input_changed` notes it and does nothing.

When the kernel computes, because `where` is "kernel" or the browser cannot:

1. `Link.run` finds that it must not compute. After the slider's value has been sent it increments `asked_kernel`.
2. `JaxLink.run` reads the inputs, and finds again that the kernel must compute.
3. `kernel_executor.py: KernelExecutor.run` calls the `jax.jit` function and sets the outputs, which sends them to the page.
4. `KernelRenderer.render` draws, once the page has shown the frame before.

When Python changes an input, `JaxLink.run` comes first. If the browser is to compute it increments `asked_page`, and `Link.run`
goes on as above.
"""

import pathlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from traitlets import Dict, Enum, Int, Unicode

from gradient.adapters.anywidget import ViewlessWidget
from gradient.link.combinations import Combinations, Inputs, Static
from gradient.link.constants import BROWSER, KERNEL, STOPPED
from gradient.link.declaration import (
    Source,
    Targets,
    check_arguments,
    check_names,
    has_templates,
    outputs_of,
    sources,
    targets,
    trace,
)
from gradient.link.delay import Delay
from gradient.link.events import LOCK, Cause, Trait, cause_of, event, is_from_page, schedule
from gradient.link.kernel_executor import KernelExecutor
from gradient.link.modules import esm
from gradient.link.programs import Cache
from gradient.link.traits import page_trait
from gradient.link.values import as_json, snapshot
from gradient.link.wiring import KernelRenderer, Output, Transition, Wiring

_HERE = pathlib.Path(__file__).parent


class JaxLink(ViewlessWidget):
    """A JAX function between traits; see `jaxlink`.

    Attributes:
        where: "browser" or "kernel": where the function is to run.
        computing: where it runs now, which is "kernel" too if the browser cannot run it.
        reason: why the kernel runs what the browser should, otherwise empty.
    """

    _esm = esm(_HERE / "jaxlink.js")

    where = Enum([BROWSER, KERNEL], BROWSER).tag(sync=True, page_sets=True)
    computing = Enum([BROWSER, KERNEL], BROWSER).tag(sync=True, page_sets=True)
    reason = Unicode("").tag(sync=True, page_sets=True)
    spec = Dict().tag(sync=True, to_json=as_json)
    programs = Dict().tag(sync=True)
    tables = Dict().tag(sync=True)  # for each input that is the value of a selection, the numbers of its options
    # Each side asks the other to compute by incrementing a counter: the kernel when Python has changed an input and the page
    # computes, the page when a visitor has changed an input and the kernel computes.
    asked_page = Int(0).tag(sync=True)
    asked_kernel = Int(0).tag(sync=True, page_sets={"low": 0})
    unable = Unicode("").tag(sync=True, page_sets=True)  # why a page cannot compute; a page sets it

    def __init__(self, fun: Callable[..., Any], wiring: Wiring, combinations: Combinations, where: str, delay: float) -> None:
        self._wiring, self._combinations = wiring, combinations
        self._delay = Delay(delay)
        self._kernel = KernelExecutor(fun, wiring)
        self._last_snapshot: dict[str, Any] = {}  # the inputs for which the page was last asked to compute
        self._cause = Cause()  # of the next run
        self._observing: list[tuple[Callable, Trait]] = []
        obstacle = wiring.why_not_linkable()
        super().__init__(where=where, unable=obstacle, computing=KERNEL if obstacle else where, tables=wiring.tables())
        self.spec = {} if obstacle else wiring.spec(self)
        self._choose_renderer()
        self._observe()
        if wiring.sync_targets:
            self._compile_missing(*wiring.read())  # no run: the controls stay where they are until an input changes
        else:
            schedule(self)

    def __call__(self) -> Any:
        """Computes the result for the present inputs in the kernel, as NumPy arrays and Python numbers."""
        with LOCK:
            return self._kernel.compute(*self._wiring.read())

    def page_sets(self) -> list[Trait]:
        """The traits that a page sets in the kernel besides this link's own; see `gradient.allowlist`."""
        return self._wiring.targets() if self._wiring.sync_targets else []

    def why_kernel(self) -> str:
        """Why no page can do without a kernel what the link does, at least for one choice; empty if a page can."""
        renderer = self._wiring.renderer
        if renderer and not renderer.outputs:
            return "The kernel draws its picture."
        return " ".join(filter(None, (self.unable, *self._combinations.failures())))

    def signature(self) -> str:
        """The function with its arguments, for messages."""
        name = getattr(self._combinations.fun, "__name__", "the function")
        return f"{name}({', '.join((*self._wiring.inputs, *self._wiring.static))})"

    def unlink(self) -> None:
        """Stops following the inputs, here and on every page."""
        self.close()

    def close(self) -> None:
        """Does the same as `unlink`."""
        observing, self._observing = self._observing, []
        for act, (widget, name) in observing:
            widget.unobserve(act, name)
        self._delay.cancel()
        super().close()

    def run(self) -> None:
        """Runs the function for the present inputs, or asks the page to. While an input is None nothing runs."""
        if not self._wiring.is_complete():
            return
        with self._kernel.guard("Reading the controls"):
            inputs, static = self._wiring.read()
            self._compile_missing(inputs, static)
            reason = self.unable or self._combinations.why_not_compiled(inputs, static)
            self._set_computing(KERNEL if self.where == KERNEL or reason else BROWSER, reason if self.where == BROWSER else "")
            if self.computing == KERNEL:
                self._delay(self._run_in_kernel)
            else:
                self._cause = Cause()
                self._ask_page(snapshot(inputs, static))
        self._kernel.show_errors()

    def _run_in_kernel(self) -> None:
        if self.computing == KERNEL and self.comm and self._wiring.is_complete():
            with self._kernel.guard("Reading the controls"):
                cause, self._cause = self._cause, Cause()
                self._kernel.run(*self._wiring.read(), cause)
            self._kernel.show_errors()

    def _ask_page(self, new: dict[str, Any]) -> None:
        """Asks the page to compute, unless it was last asked with the same inputs."""
        if new != self._last_snapshot:
            self._last_snapshot = new
            self.asked_page += 1

    def _compile_missing(self, inputs: Inputs, static: Static) -> None:
        was_stopped = self.unable.startswith(STOPPED)
        if self.where == KERNEL or (self.unable and not was_stopped):
            return
        programs = self._combinations.compile_missing(self.programs, inputs, static)
        if programs.keys() != self.programs.keys() or any(programs[key] is not self.programs[key] for key in programs):
            self.programs = programs
            if was_stopped:
                self.unable = ""  # the program that stopped may have been replaced

    def _set_computing(self, computing: str, reason: str) -> None:
        self.reason = reason
        if computing != self.computing:
            self.computing = computing
            self._choose_renderer()

    def _choose_renderer(self) -> None:
        """Makes the side that computes draw."""
        with event():
            renderer = self._wiring.renderer
            if renderer and renderer.browser_renders:
                setattr(*renderer.browser_renders, self.computing == BROWSER)
            if self.computing == BROWSER:
                self._kernel.reset()

    def _observe(self) -> None:
        wiring, renderer = self._wiring, self._wiring.renderer
        triggers = [*(page_trait(wiring.inputs[name]) for name in wiring.triggers), *wiring.static.values()]
        self._observing += [(self._input_changed, trait) for trait in triggers]
        self._observing += [(self._asked, (self, name)) for name in ("where", "unable", "asked_kernel")]
        self._observing += [(self._page_set_computing, (self, "computing"))]
        self._observing += [(self._options_changed, (wiring.inputs[name][0], "options")) for name in self.tables]
        if renderer:
            self._observing += [(self._frame_shown, renderer.shown), (self._render, renderer.visible)]
        for act, (widget, name) in self._observing:
            widget.observe(act, name)

    def _input_changed(self, change: Any) -> None:
        self._cause = self._cause.joined(cause_of(change))
        if is_from_page(change):
            self._last_snapshot = {}  # the page has moved away from the inputs that it was asked for
            self._cause = Cause() if self.computing == BROWSER else self._cause
        else:
            schedule(self)

    def _options_changed(self, _: Any) -> None:
        self.tables = self._wiring.tables()
        schedule(self)

    def _asked(self, _: Any) -> None:
        schedule(self)

    def _page_set_computing(self, change: Any) -> None:
        if is_from_page(change):
            self._choose_renderer()

    def _frame_shown(self, _: Any) -> None:
        with event():
            self._kernel.frame_shown()
        self._render(_)

    def _render(self, _: Any) -> None:
        with event():
            self._kernel.render()
            self._kernel.show_errors()


def jaxlink(
    fun: Callable[..., Any],
    *,
    inputs: Mapping[str, Source],
    outputs: Mapping[str, Targets],
    static: Mapping[str, Source] | None = None,
    where: str = BROWSER,
    triggers: Sequence[str] | None = None,
    sync_targets: bool = False,
    errors: Trait | None = None,
    renderer: KernelRenderer | None = None,
    transition: Transition | None = None,
    shapes: Callable[..., Mapping[str, tuple[int, ...]]] | None = None,
    cache: Cache | None = None,
    name: Callable[..., str | None] | None = None,
    delay: float = 0.0,
) -> JaxLink:
    """Runs a JAX function between the traits of widgets, like `ipywidgets.jslink` with a function in the middle.

    A widget in the place of a trait means its `value`; a selection has one for links if its options are numbers.

    Args:
        fun: `fun(**inputs, **static)`, written in jax.numpy, returns a NamedTuple or a mapping of arrays, or an array if there
            is one output.
        inputs: for each traced argument, the trait that holds it: a number, a boolean or an array.
        outputs: for each field of the result, the trait or the traits to set. A third item is a template (`Template.parse`):
            `(label, "value", "after {steps} steps the loss is {loss:.2e}")` sets the trait to text with fields of the result in
            it. Whole numbers are rounded to the nearest, halves to the even one; lists and tuples take arrays of their length.
        static: for each argument that selects a program, the trait that holds it: an index or a boolean. Each combination of
            them is compiled once.
        where: "browser" or "kernel". If the function cannot be compiled to WebAssembly it runs in the kernel in either case,
            and `reason` says why.
        triggers: names of the inputs whose change runs the function; by default all of them.
        sync_targets: True if the outputs are controls, whose values the page sends to the kernel.
        errors: a string trait that is set to what failed in the last run.
        renderer: draws a picture in the kernel when the kernel computes.
        transition: animates pictures to their new state when certain inputs change.
        shapes: if the shapes of inputs depend on a static input, `shapes(**static)` returns them by the inputs' names.
        cache: where compiled programs are kept.
        name: `name(**static)` is the name of a program in the cache, or None to keep it out.
        delay: seconds without a change of an input, after which the kernel runs the function: so that a slow one does not hold
            up others while a control is dragged. 0 runs it within each event. The browser does not
            wait, but makes the programs of such a function fast only when they are chosen.

    Returns:
        The link. Calling it returns the result; `unlink()` ends it.

    Raises:
        LinkError: if an argument, a trait, a field or a template is misspelt, if a target cannot take its field, if an input is
            no number, or if the function fails while it is traced. Nothing is linked then.
    """
    found, chosen, declared = sources(inputs, "inputs"), sources(static or {}, "static"), targets(outputs)
    check_arguments(fun, found, chosen)
    check_names(found if triggers is None else triggers, found, "triggers")
    wiring = Wiring(
        inputs=found,
        static=chosen,
        outputs={name: [Output(target) for target, _ in each] for name, each in declared.items()},
        triggers=list(found) if triggers is None else list(triggers),
        renderer=renderer,
        transition=transition,
        errors=errors,
        sync_targets=sync_targets,
        warms_up=not delay,
    )
    combinations = Combinations(fun, wiring, shapes, cache, name)
    if has_templates(declared) or not combinations.is_cached(*wiring.read()):
        wiring = replace(wiring, outputs=outputs_of(declared, trace(fun, *wiring.read()), fun))
        combinations = replace(combinations, wiring=wiring)
    return JaxLink(fun, wiring, combinations, where, delay)
