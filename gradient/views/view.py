"""What a view is: which fields of `Frame` set which of its traits."""

from collections.abc import Mapping
from typing import Any

from traitlets import HasTraits

from gradient.problems import Problem
from gradient.views.languages import Language

Trait = tuple[HasTraits, str]
Outputs = dict[str, list[Trait]]


class Worded:
    """A widget that shows or speaks words; the app sets them when a language is chosen."""

    def worded(self, language: Language) -> Mapping[Trait, Any]:
        """The traits that hold its words, and what they are in a language."""
        raise NotImplementedError


class View:
    """A widget that shows what `gradient.frame.frame` returns; the app links what its methods name.

    A view computes nothing and observes nothing.
    """

    def inputs(self) -> dict[str, Trait]:
        """For arguments of `frame` that the view holds, the trait that holds each."""
        return {}

    def outputs(self) -> Outputs:
        """For each field of `Frame` that the view shows, the traits to set."""
        return {}

    def durations(self) -> list[Trait]:
        """The traits, in milliseconds, that make its moves smooth."""
        return []

    def preset(self, problem: Problem, index: int) -> Mapping[Trait, Any]:
        """What it shows besides of the problem whose model is fitted, the app's with this index."""
        del problem, index
        return {}
