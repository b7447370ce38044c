"""What of the app can be shared: its address, and the numbers of the present descent."""

from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
from ipywidgets import Widget

from gradient.app_links import inputs_of
from gradient.cache import DiskCache
from gradient.compare import columns
from gradient.controls import Controls
from gradient.iterates import Iterates, iterates
from gradient.link import AddressPart, Choice, JaxLink, address, jaxlink
from gradient.optimizers import OPTIMIZERS, Optimizer, slider_name
from gradient.own import on_own_data
from gradient.problems import Problem
from gradient.shipped import program_of_all
from gradient.views.app_address import MODEL, NAMES, POINTS, RUNS, AppAddress
from gradient.views.comparison import Comparison
from gradient.views.languages import LANGUAGES, Language
from gradient.views.maps import KINDS, Maps
from gradient.views.points import Points
from gradient.views.sentences import THEMES
from gradient.views.share import Share
from gradient.views.view import View

VERSION = 1  # of the names in an address, and of what they mean
# What others read from the address, and the words that it can be.
KEPT: dict[str, Sequence[str]] = {
    "present": ("0", "1"),
    "theme": tuple(THEMES),
    "embed": ("0", "1"),
    "lang": tuple(language.code for language in LANGUAGES),
}


def make_share(controls: Controls, parts: Mapping[str, Widget]) -> Share:
    """The view that shares what the controls are set to, and saves pictures; the other `parts` are by its traits."""
    optimizers = [[key, _names_of_settings(key, record)] for key, record in OPTIMIZERS.items()]
    return Share(hideable=hideable_in(LANGUAGES[0], controls), optimizers=optimizers, **parts)


def hideable_in(language: Language, controls: Controls) -> dict[str, str]:
    """By its name in the address, what each control is called that a lesson can do without."""
    standardize = {"standardize": language.words.POINTS["standardize"]}
    return {**controls.hideable(language), **standardize, **language.words.HIDEABLE}


def _names_of_settings(key: str, record: Optimizer) -> dict[str, str]:
    """What an optimizer's settings are called in the address, by their keywords."""
    return {"learning_rate": "rate", **{name: slider_name(key, name) for name in record.hyperparameters}}


def _own_parts(controls: Controls, points: Points) -> dict[str, AddressPart]:
    """A visitor's own data, and what is fitted to them; the data come first, because a data set brings a model."""
    others = ("y", "dataset", "noise", "loads", "given")
    return {
        "data": AddressPart((points, "x"), kind=POINTS, place=controls.dataset, others=others),
        "model": AddressPart((controls.model, "index"), kind=MODEL),
        "standardize": AddressPart((points, "standardized"), place=controls.dataset, is_brief=True),
    }


def link_address(controls: Controls, shown: tuple[Comparison, Maps, Share, Points], after: Sequence[Choice]) -> AppAddress:
    """Keeps all that a visitor has set in the page's address, and what a teacher has put there for a lesson."""
    comparison, maps, share, points = shown
    found = {
        **_own_parts(controls, points),  # first, so that the problem of one's own data begins with its model
        **controls.addressed(),
        "map": AddressPart((maps, "kind"), words=KINDS, is_brief=True),
        "compare": AddressPart((comparison, "runs"), kind=RUNS, is_brief=True, others=("order", "is_open")),
    }
    lesson = {
        "hide": AddressPart((share, "hidden"), kind=NAMES, words=dict.fromkeys(share.hideable), is_brief=True),
        "title": AddressPart((share, "title"), is_brief=True),
        "play": AddressPart((controls.transport, "starts_playing"), is_brief=True),
    }
    made = address(found | lesson, version=VERSION, after=after, keep=KEPT, widget=AppAddress)
    assert isinstance(made, AppAddress)
    return made


def link_iterates(
    problems: Sequence[Problem], controls: Controls, views: Sequence[View], share: Share, cache: DiskCache
) -> JaxLink:
    """Computes the iterates of the present descent while a page needs them; see `Share`.

    It stays in the browser: a kernel would have to compile all optimizers, and to send all of it with each change.
    """
    sliders = {"learning_rate": controls.learning_rate, **controls.hyperparameters}
    own = {**{name: (sliders[name], "value") for name in columns()}, "optimizer": (controls.optimizer, "index")}
    others = {name: trait for name, trait in inputs_of(controls, views).items() if name not in ("step", "best_known")}

    def found(*, problem: int, is_open: bool, **inputs: jax.Array) -> dict[str, Any]:
        if not is_open:
            none = jnp.zeros(0)
            return Iterates(jnp.zeros((0, 0)), none, none, jnp.zeros((), jnp.int32))._asdict()
        chosen, taken = on_own_data(problems[problem], inputs)
        row = jnp.stack([taken[name].astype(jnp.float32) for name in ("optimizer", *columns())])
        return iterates(chosen, row, taken)._asdict()

    return jaxlink(
        found,
        inputs={**others, **own},
        static={"problem": (controls.fitted, "index"), "is_open": (share, "is_wanted")},
        outputs={name: (share, name) for name in Iterates._fields},
        shapes=lambda problem, is_open: dict.fromkeys(("x", "y"), problems[problem].x.shape),
        cache=cache,
        name=lambda problem, is_open: program_of_all("iterates" if is_open else "no iterates", problems[problem]),
    )
