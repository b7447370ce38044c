"""The link of the pointer: the model that it points at, in the picture of the data and in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from gradient.app_links import inputs_of
from gradient.cache import DiskCache
from gradient.compare import columns
from gradient.controls import Controls
from gradient.link import JaxLink, Trait, jaxlink
from gradient.own import on_own_data
from gradient.probe import Probe, probe, probe_path
from gradient.problems import Problem
from gradient.shipped import is_shipped, program_of_all
from gradient.views.fit import Fit
from gradient.views.pointed import Pointed
from gradient.views.view import View


def link_pointed(
    problems: Sequence[Problem], controls: Controls, views: Sequence[View], shown: tuple[Pointed, Fit], cache: DiskCache
) -> JaxLink:
    """Links the place under the pointer to the dashed curve and the label. It stays in the browser: no kernel is that fast."""
    pointed, fit = shown

    def found(*, problem: int, **inputs: jax.Array) -> dict[str, jax.Array]:
        at = _probe(*on_own_data(problems[problem], inputs))
        return {**at._asdict(), "place": jnp.stack([*inputs["point"][:2], inputs["step"].astype(jnp.float32), at.loss])}

    own: dict[str, Trait] = {name: (pointed, name) for name in ("point", "step")}
    others = {name: trait for name, trait in inputs_of(controls, views).items() if name not in ("step", "best_known")}
    return jaxlink(
        found,
        inputs={**others, "optimizer": (controls.optimizer, "index"), **own},
        static={"problem": (controls.fitted, "index")},
        outputs={"x": (fit.pointed, "x"), "y": (fit.pointed, "y"), "place": (pointed, "place")},
        triggers=["point"],
        shapes=lambda problem: dict.fromkeys(("x", "y"), problems[problem].x.shape),
        cache=cache,
        name=lambda problem: _name(problems[problem]),
    )


def _probe(problem: Problem, inputs: Mapping[str, Any]) -> Probe:
    if problem.is_planar:
        return probe(problem, inputs["point"][:2], (inputs["x"], inputs["y"]))
    row = jnp.stack([inputs[name].astype(jnp.float32) for name in ("optimizer", *columns())])
    return probe_path(problem, inputs["point"][:2], inputs["step"], row, inputs)


def _name(problem: Problem) -> str | None:
    """The cached name of a program, which has optimizers in it only if the model has more than two parameters."""
    if not problem.is_planar:
        return program_of_all("pointed", problem)
    return f"pointed {problem.name}" if is_shipped(problem) else None
