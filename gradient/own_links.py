"""The links of a visitor's own data: what follows from the points, and what new points set in the controls."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from gradient.analysis import Analysis, analyse, analyse_larger
from gradient.cache import DiskCache
from gradient.controls import Controls
from gradient.landscape import PLANE_DOMAIN
from gradient.link import JaxLink, Trait, jaxlink
from gradient.own import UNSCALED
from gradient.problems import OwnProblem, Problem
from gradient.shipped import is_shipped
from gradient.views.fit import Fit
from gradient.views.maps import Maps
from gradient.views.overlay import Overlay
from gradient.views.own import NO_SETTINGS
from gradient.views.points import Points
from gradient.views.readout import Readout


class OwnViews(NamedTuple):
    """What shows a visitor's own data, and what follows from them."""

    points: Points
    fit: Fit
    overlay: Overlay
    maps: Maps
    readout: Readout

    def targets(self) -> dict[str, Trait]:
        """For what `values_of` names, the traits to set."""
        domains: dict[str, Trait] = {"shown_domain": (self.overlay, "domain"), "map_domain": (self.maps, "domain")}
        return {**domains, **self.fit.view_outputs(), "known": (self.readout, "known")}


_SETTINGS = ("loads", "model", "standardized")  # the row of them is `OwnState.settings`
_SIDES = ("x_low", "x_high", "y_low", "y_high")
# What the field and its maps show of a model of more than two parameters.
_PLANE = {"shown_domain": (*PLANE_DOMAIN[0], *PLANE_DOMAIN[1]), "map_domain": (0.0, 1.0, 0.0, 1.0)}


def link_analysis(problems: Sequence[Problem], controls: Controls, views: OwnViews, cache: DiskCache) -> JaxLink:
    """Links a visitor's points to what follows from them: what a descent fits, the field of its loss, and where to look.

    The map and the picture of the data stay where they are while points are edited, and are placed anew for another data set or
    model. For any other problem its record gives their places.
    """
    points = views.points
    for each in problems:
        views.readout.lowest_known(each)

    def analysed(*, problem: int, is_own: bool, **inputs: jax.Array) -> dict[str, jax.Array]:
        chosen = problems[problem]
        return _own(chosen, inputs) if is_own and _fits_own(chosen) else _others(chosen, views, inputs)

    own = ("x", "y", "model", "standardized", "loads", "domain", "view", "settings", "renewals")
    return jaxlink(
        analysed,
        inputs={name: (points, name) for name in own},
        static=_static(controls, points),
        outputs={
            **points.analysis_outputs(),
            **{name: (points, name) for name in ("settings", "renewals")},
            **views.overlay.field_outputs(),
            **views.targets(),
        },
        triggers=["x", "y", "model", "standardized", "loads"],
        cache=cache,
        name=lambda problem, is_own: _name("own data", problems[problem], is_own=is_own),
    )


def _static(controls: Controls, points: Points) -> dict[str, Trait]:
    return {"problem": (controls.fitted, "index"), "is_own": (points, "is_shown")}


def _fits_own(problem: Problem) -> bool:
    return problem.is_own or problem.fits_own


def _name(kind: str, problem: Problem, *, is_own: bool) -> str | None:
    """The cached name of a program, for a problem and for whether it is fitted to the points."""
    return f"{kind} {problem.name} {is_own and _fits_own(problem)}" if is_shipped(problem) else None


def show_at_first(problem: Problem, views: OwnViews) -> None:
    """Sets what is shown of a problem before the link has run."""
    values = values_of(problem, views)
    for name, target in views.targets().items():
        setattr(*target, values[name])


def _own(problem: Problem, inputs: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
    settings = _settings(inputs)
    is_new = (settings != inputs["settings"]).any()
    domain, view = (jnp.where(is_new, jnp.nan, inputs[name]) for name in ("domain", "view"))
    points = inputs["x"], inputs["y"]
    if isinstance(problem, OwnProblem):
        found = analyse(problem, points, inputs["model"], inputs["standardized"], (domain, view))
        domains = dict.fromkeys(_PLANE, found.domain)
    else:
        found = analyse_larger(problem, points, (inputs["domain"], view))
        domains = {name: jnp.array(domain) for name, domain in _PLANE.items()}
    return {
        **found._asdict(),
        "settings": settings,
        "renewals": inputs["renewals"] + is_new,
        **domains,
        **dict(zip(_SIDES, found.view, strict=True)),
    }


def _settings(inputs: Mapping[str, jax.Array]) -> jax.Array:
    return jnp.stack([inputs[name].astype(jnp.float32) for name in _SETTINGS])


def _others(problem: Problem, views: OwnViews, inputs: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
    """For any other problem: what its record says is shown, and nothing of a visitor's own."""
    nothing = Analysis(
        x=inputs["x"],
        y=inputs["y"],
        scaling=jnp.array(UNSCALED),
        domain=inputs["domain"],
        view=inputs["view"],
        start=jnp.zeros(2),
        step=jnp.ones(2),
        rate=jnp.ones(()),
        known=jnp.zeros(()),
        condition=jnp.zeros(4),
        losses=jnp.zeros((0, 0)),
        gradients=jnp.zeros((0, 0, 2)),
    )
    return {
        **nothing._asdict(),
        "settings": jnp.array(NO_SETTINGS),
        "renewals": inputs["renewals"],
        **{name: jnp.asarray(value, jnp.float32) for name, value in values_of(problem, views).items()},
    }


def values_of(problem: Problem, views: OwnViews) -> dict[str, Any]:
    """What is shown of any other problem: domains of the field and its maps, limits of the data, and the lowest loss known."""
    field = (*problem.domain[0], *problem.domain[1])
    domains = dict.fromkeys(_PLANE, field) if problem.is_planar else _PLANE
    sides = dict(zip(_SIDES, views.fit.view_of(problem), strict=True))
    known = views.readout.lowest_known(problem)
    return {**domains, **sides, "known": known}


class _Taken(NamedTuple):
    """What the controls may take from the present data, and how that is recorded.

    Attributes:
        is_analysed: whether the present data, model and scaling have been analysed. Programs are ready in any order: this
            link may run when others have been analysed, or none, and then it leaves all as it is.
        is_free: [3], whether the rate, w and b are to be set: for new data, unless the address has given them.
        renewals, given: what `OwnState.taken` and `OwnState.given` become.
    """

    is_analysed: jax.Array
    is_free: jax.Array
    renewals: jax.Array
    given: jax.Array

    @classmethod
    def of(cls, inputs: Mapping[str, jax.Array]) -> "_Taken":
        loads, are_given = inputs["given"][0], inputs["given"][1:] > 0
        is_analysed = (_settings(inputs) == inputs["settings"]).all()
        is_new = is_analysed & (inputs["renewals"] > inputs["taken"])
        return cls(
            is_analysed=is_analysed,
            is_free=is_new & ~(are_given & (loads == inputs["loads"])),
            renewals=jnp.where(is_analysed, inputs["renewals"], inputs["taken"]),
            given=jnp.where(is_new, jnp.concatenate([inputs["given"][:1], jnp.zeros(3)]), inputs["given"]),
        )


def _start_preset(problem: Problem, taken: _Taken, inputs: Mapping[str, jax.Array]) -> dict[str, jax.Array]:
    """The limits and steps of the sliders of the start, and the start; NaN, which sets nothing, for what stays as it is."""

    def allowed(value: jax.Array) -> jax.Array:
        return jnp.where(taken.is_analysed, value, jnp.nan) if problem.is_own else jnp.full_like(value, jnp.nan)

    found: dict[str, jax.Array] = {}
    for i, name in enumerate(("w", "b")):
        found |= {f"{name}_min": allowed(inputs["domain"][2 * i]), f"{name}_max": allowed(inputs["domain"][2 * i + 1])}
        found |= {f"{name}_step": allowed(inputs["slider_steps"][i])}
        found |= {name: jnp.where(taken.is_free[1 + i], allowed(inputs["start"][i]), jnp.nan)}
    return found


def link_controls(problems: Sequence[Problem], controls: Controls, points: Points, cache: DiskCache) -> JaxLink:
    """Gives the sliders the limits of the map of a visitor's own problem, and sets them for new data.

    Of a model of more than two parameters it sets the learning rate only; for any other problem it leaves all as they are.
    """

    def set_controls(*, problem: int, is_own: bool, **inputs: jax.Array) -> dict[str, jax.Array]:
        chosen, taken = problems[problem], _Taken.of(inputs)
        start = _start_preset(chosen, taken, inputs)
        rate = jnp.where(taken.is_free[0], inputs["rate"], jnp.nan) if is_own and _fits_own(chosen) else jnp.array(jnp.nan)
        return {**start, "learning_rate": rate, "taken": taken.renewals, "given": taken.given}

    sliders = {"w": controls.initial_w, "b": controls.initial_b}
    own = ("domain", "start", "slider_steps", "rate", "renewals", "taken", "given", "settings", *_SETTINGS)
    return jaxlink(
        set_controls,
        inputs={name: (points, name) for name in own},
        static=_static(controls, points),
        outputs={
            **{f"{name}_{limit}": (slider, limit) for name, slider in sliders.items() for limit in ("min", "max", "step")},
            **{name: (slider, "value") for name, slider in sliders.items()},
            "learning_rate": (controls.learning_rate, "value"),
            **{name: (points, name) for name in ("taken", "given")},
        },
        triggers=["renewals"],
        sync_targets=True,
        cache=cache,
        name=lambda problem, is_own: _name("own controls", problems[problem], is_own=is_own),
    )
