"""`jaxlink`: a JAX function between the traits of widgets, run by the browser or by the kernel.

From a slider to a picture when the browser computes, without a message that anything waits for:

1. A visitor moves the slider. Its model changes, and `link.js: Link.inputChanged` runs in the same task. Further changes
   before the next frame wait for it (`scheduler.js`).
2. `Link.run` takes the program for the present static inputs from `executor_pool.js`, and reads the inputs.
3. `executor.js: LocalExecutor.run` copies the inputs into the program's memory and runs the WebAssembly. A program that is
   slow, or that may never end, runs in a worker instead (`worker_executor.js`).
4. `outputs.js: OutputWriter.write` sets those traits that have a new value. Their views draw.
5. The slider tells the kernel its value, as it does without a link. `JaxLink._input_changed` (`link_model.py`) only notes it.

When the kernel computes, because `where` is "kernel" or the browser cannot:

1. `Link.run` finds that it must not compute. After the slider's value has been sent it sends a request (`requests.js`).
2. `JaxLink.run` reads the inputs, and finds again that the kernel must compute.
3. `kernel_executor.py: KernelExecutor.run` calls the `jax.jit` function and sets the outputs, which sends them to the page.
4. `KernelRenderer.render` draws, once the page has shown the frame before.
5. `JaxLink._answer` sends a result or an error with the request's id.

When Python changes an input, `JaxLink.run` comes first. If the browser is to compute it sends a request, and `Link.run` goes on
as above.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from gradient.link.combinations import Combinations
from gradient.link.constants import BROWSER
from gradient.link.declaration import (
    Source,
    Targets,
    check_arguments,
    has_templates,
    outputs_of,
    sources,
    targets,
)
from gradient.link.link_model import JaxLink
from gradient.link.options import (
    check_delay,
    check_functions,
    check_mappings,
    check_name,
    check_outputs,
    check_shapes,
    check_switches,
    check_targets,
    errors_target,
    renderer_of,
    static_traits,
    transition_of,
    triggers_of,
)
from gradient.link.programs import Cache
from gradient.link.tracing import trace
from gradient.link.wiring import KernelRenderer, Output, Transition, Wiring


def jaxlink(
    fun: Callable[..., Any],
    *,
    inputs: Mapping[str, Source],
    outputs: Mapping[str, Targets],
    static: Mapping[str, Source] | None = None,
    where: str = BROWSER,
    triggers: Sequence[str] | None = None,
    sync_targets: bool = False,
    errors: Source | None = None,
    renderer: KernelRenderer | None = None,
    transition: Transition | None = None,
    shapes: Callable[..., Mapping[str, tuple[int, ...]]] | None = None,
    cache: Cache | None = None,
    name: Callable[..., str | None] | None = None,
    delay: float = 0.0,
) -> JaxLink:
    """Runs a JAX function between the traits of widgets, like `ipywidgets.jslink` with a function in the middle.

    A widget in the place of a trait means its `value`; a selection has one for links if its options are numbers. In `static` it
    means the index of a selection whose options are no numbers.

    Args:
        fun: `fun(**inputs, **static)`, written in jax.numpy, returns a mapping, a NamedTuple or a dataclass of arrays, or
            an array if there is one output.
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
    check_functions(fun=fun, shapes=shapes, name=name)
    check_mappings(inputs=inputs, static=static or {}, outputs=outputs)
    check_switches(where=where, sync_targets=sync_targets)
    check_outputs(outputs, renderer)
    check_delay(delay)
    found, chosen, declared = sources(inputs, "inputs"), static_traits(static or {}), targets(outputs)
    check_arguments(fun, found, chosen)
    wiring = Wiring(
        inputs=found,
        static=chosen,
        outputs={name: [Output(target) for target, _ in each] for name, each in declared.items()},
        triggers=triggers_of(triggers, found),
        renderer=renderer_of(renderer),
        transition=transition_of(transition, [*found, *chosen]),
        errors=errors_target(errors),
        sync_targets=sync_targets,
        warms_up=not delay,
    )
    check_targets({name: [target for target, _ in each] for name, each in declared.items()})
    combinations = Combinations(fun, wiring, shapes, cache, name)
    _check_combinations(combinations, wiring)
    # Which names of a template are fields, only the function tells, and not a program with the fields that links need.
    known = None if has_templates(declared) else combinations.cached_fields(*wiring.read())
    wiring = replace(wiring, outputs=outputs_of(declared, known or trace(fun, *wiring.read()), fun))
    return JaxLink(fun, wiring, replace(combinations, wiring=wiring), where, delay)


def _check_combinations(combinations: Combinations, wiring: Wiring) -> None:
    """Checks what `shapes` and `name` return for each combination of the static inputs."""
    for combination in combinations.all(wiring.read()[1]):
        check_shapes(combinations.shapes, combination, wiring.inputs)
        check_name(combinations.name, combination)
