"""The kernel's side of a link: who computes, and what the two sides tell each other; `docs/jaxlink.md` has all states."""

import itertools
import pathlib
from collections.abc import Callable
from typing import Any, ClassVar

from traitlets import Dict, Enum, Unicode

from gradient.adapters.anywidget import ViewlessWidget
from gradient.link.causes import CAUSE_FIELDS, as_message, from_message
from gradient.link.combinations import Combinations, Inputs, Static
from gradient.link.constants import BROWSER, KERNEL, STATES, STOPPED, UNCOMPILED, UNLINKABLE, UNSUPPORTED
from gradient.link.delay import Delay
from gradient.link.events import LOCK, Cause, Trait, cause_of, event, follow, is_from_page, schedule, unfollow
from gradient.link.kernel_executor import KernelExecutor
from gradient.link.modules import esm
from gradient.link.traits import page_trait
from gradient.link.values import as_json, snapshot
from gradient.link.wiring import Wiring

MAX_REQUESTS = 64  # that wait for an answer, from all pages
_HERE = pathlib.Path(__file__).parent

_ORDER = itertools.count()  # in which links are declared, and run
_ON_PAGES: list["JaxLink"] = []  # the links that pages run, in the order in which they begin there


class JaxLink(ViewlessWidget):
    """A JAX function between traits; see `jaxlink`.

    Attributes:
        where: "browser" or "kernel": where the function is to run.
        state: who computes now, and why; `docs/jaxlink.md` has all states.
        reason: why the kernel runs what the browser should, otherwise empty.
        page_messages: what a page may send to it; see `gradient.allowlist`.
    """

    _esm = esm(_HERE / "jaxlink.js", is_shared=True)

    where = Enum([BROWSER, KERNEL], BROWSER).tag(sync=True, page_sets=True)
    state = Enum(STATES, BROWSER).tag(sync=True, page_sets=True)
    reason = Unicode("").tag(sync=True, page_sets=True)
    spec = Dict().tag(sync=True, to_json=as_json)
    programs = Dict().tag(sync=True)
    tables = Dict().tag(sync=True)  # for each input that is the value of a selection, the numbers of its options
    output_tables = Dict().tag(sync=True)  # the same for outputs, by their keys
    previous = Unicode("").tag(sync=True)  # the id of the link that begins before this one on a page

    # Each side asks the other to compute by a request: the kernel when Python has changed an input and the page computes, the
    # page when a visitor has changed an input and the kernel computes.
    # A cause goes before it, if the other side does not know from the inputs what they follow from.
    page_messages: ClassVar = {"request": {"id": {"type": "integer", "low": 0, "high": 2**31}}, "cause": CAUSE_FIELDS}

    def __init__(self, fun: Callable[..., Any], wiring: Wiring, combinations: Combinations, where: str, delay: float) -> None:
        self.order = next(_ORDER)
        self._wiring, self._combinations = wiring, combinations
        self._delay = Delay(delay)
        self._kernel = KernelExecutor(fun, wiring)
        self._last_snapshot: dict[str, Any] = {}  # the inputs for which the page was last asked to compute
        self._cause = Cause()  # of the next run
        self._requests: list[int] = []  # ids of a page's requests that are not answered yet
        self._num_requests = 0  # to pages
        self._observing: list[tuple[Callable, Trait]] = []
        self._obstacle = wiring.why_not_linkable()
        state = UNLINKABLE if self._obstacle and where == BROWSER else where
        reason = self._obstacle if state == UNLINKABLE else ""
        previous = _ON_PAGES[-1].model_id if _ON_PAGES else ""
        tables = {"tables": wiring.tables(), "output_tables": wiring.output_tables()}
        super().__init__(where=where, state=state, reason=reason, previous=previous, **tables)
        if not self._obstacle:
            _ON_PAGES.append(self)
            self.spec = wiring.spec(self, self.order)
        self.on_msg(self._page_message)
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
        """Why the link needs a kernel, at least for one choice; empty if a page can do without one."""
        renderer = self._wiring.renderer
        if renderer and not renderer.outputs:
            return "The kernel draws its picture."
        return " ".join(filter(None, (self._obstacle, *self._combinations.failures(), *self._combinations.changes_beyond())))

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
        unfollow(self)
        self._delay.cancel()
        self._leave_pages()
        super().close()

    def _leave_pages(self) -> None:
        """Makes the next link begin after the one before this link."""
        if self in _ON_PAGES:
            place = _ON_PAGES.index(self)
            del _ON_PAGES[place]
            for behind in _ON_PAGES[place : place + 1]:
                behind.previous = self.previous

    @property
    def computing(self) -> str:
        """Who computes: "browser" or "kernel"."""
        return BROWSER if self.state == BROWSER else KERNEL

    def run(self) -> None:
        """Runs the function for the present inputs, or asks the page to. While an input is None nothing runs."""
        if self._wiring.is_complete():
            with self._kernel.guard("Reading the controls"):
                self._run_or_ask(*self._wiring.read())
            self._kernel.show_errors()
        if self._kernel.failure() or not self._wiring.is_complete():
            self._answer()

    def _run_or_ask(self, inputs: Inputs, static: Static) -> None:
        self._compile_missing(inputs, static)
        self._set_state(*self._next_state(inputs, static))
        if self.state == BROWSER:
            cause, self._cause = self._cause, Cause()
            self._ask_page(snapshot(inputs, static), cause)
            self._answer()
        else:
            self._delay(self._run_in_kernel)

    def _next_state(self, inputs: Inputs, static: Static) -> tuple[str, str]:
        """Who computes for these inputs, and why."""
        if self.where == KERNEL:
            return KERNEL, ""
        if self._obstacle:
            return UNLINKABLE, self._obstacle
        if self.state in (UNSUPPORTED, STOPPED):
            return self.state, self.reason
        reason = self._combinations.why_not_compiled(inputs, static)
        return (UNCOMPILED, reason) if reason else (BROWSER, "")

    def _run_in_kernel(self) -> None:
        if self.state != BROWSER and self.comm and self._wiring.is_complete():
            with self._kernel.guard("Reading the controls"):
                cause, self._cause = self._cause, Cause()
                self._kernel.run(*self._wiring.read(), cause, (self, "state"))
            self._kernel.show_errors()
        self._answer()

    def _page_message(self, _: object, content: Any, __: object) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "request" and isinstance(content.get("id"), int):
            self._requests = [*self._requests, content["id"]][-MAX_REQUESTS:]
            schedule(self)
        elif kind == "cause":
            self._cause = self._cause.joined(from_message(content))

    def _answer(self) -> None:
        """Tells pages that what they asked for has been computed, or has failed."""
        requests, self._requests = self._requests, []
        failure = self._kernel.failure()
        for number in requests:
            self.send({"type": "error", "id": number, "message": failure} if failure else {"type": "result", "id": number})

    def _ask_page(self, new: dict[str, Any], cause: Cause) -> None:
        """Asks the page to compute, unless it was last asked with the same inputs."""
        if new != self._last_snapshot:
            if cause.traits - self._wiring.sources():
                self.send(as_message(cause))
            self._last_snapshot = new
            self._num_requests += 1
            self.send({"type": "request", "id": self._num_requests})

    def _compile_missing(self, inputs: Inputs, static: Static) -> None:
        if self.where == KERNEL or self._obstacle or self.state == UNSUPPORTED:
            return
        programs = self._combinations.compile_missing(self.programs, inputs, static)
        if programs.keys() != self.programs.keys() or any(programs[key] is not self.programs[key] for key in programs):
            self.programs = programs
            if self.state == STOPPED:
                self._set_state(BROWSER, "")  # the program that stopped may have been replaced

    def _set_state(self, state: str, reason: str) -> None:
        was_computing = self.computing
        self.reason, self.state = reason, state
        if self.computing != was_computing:
            self._last_snapshot = {}  # the outputs are of the kernel's inputs now
            self._choose_renderer()

    def _choose_renderer(self) -> None:
        """Makes the side that computes draw."""
        with event():
            renderer = self._wiring.renderer
            if renderer and renderer.browser_renders:
                setattr(*renderer.browser_renders, self.state == BROWSER)
            if self.state == BROWSER:
                self._kernel.reset()

    def _observe(self) -> None:
        wiring, renderer = self._wiring, self._wiring.renderer
        triggers = [*(page_trait(wiring.inputs[name]) for name in wiring.triggers), *wiring.static.values()]
        self._observing += [(self._input_changed, trait) for trait in triggers]
        self._observing += [(self._moved, (self, "where"))]
        self._observing += [(self._page_set_state, (self, "state"))]
        self._observing += [(self._options_changed, (selection, "options")) for selection in wiring.selections()]
        if renderer:
            self._observing += [(self._frame_shown, renderer.shown), (self._render, renderer.visible)]
            self._observing += [(self._rested, trait) for trait in renderer.rested]
        for act, (widget, name) in self._observing:
            widget.observe(act, name)
        for trait in triggers:
            follow(self, trait)

    def _input_changed(self, change: Any) -> None:
        self._cause = self._cause.joined(cause_of(change))
        if is_from_page(change):
            self._last_snapshot = {}  # the page has moved away from the inputs that it was asked for
            self._cause = Cause() if self.state == BROWSER else self._cause
        else:
            schedule(self)

    def _options_changed(self, _: Any) -> None:
        self._kernel.forget()
        self.tables, self.output_tables = self._wiring.tables(), self._wiring.output_tables()
        schedule(self)

    def _moved(self, _: Any) -> None:
        schedule(self)

    def _page_set_state(self, change: Any) -> None:
        if is_from_page(change):
            self._choose_renderer()

    def _frame_shown(self, _: Any) -> None:
        with event():
            self._kernel.frame_shown()
        self._render(_)

    def _rested(self, change: Any) -> None:
        """Draws what a page has sent. Where the kernel computes, it draws what it has computed."""
        if self.state == BROWSER and is_from_page(change):
            with event():
                self._kernel.rested()
                self._kernel.show_errors()

    def _render(self, _: Any) -> None:
        with event():
            self._kernel.render()
            self._kernel.show_errors()
