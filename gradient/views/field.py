"""The field: a map of the loss for each problem, an ipympl figure, under the path of the descent."""

from collections.abc import Sequence
from typing import Any

from ipywidgets import Box, Stack
from matplotlib.figure import Figure

from gradient.adapters.ipywidgets import NamedDropdown
from gradient.frame import Frame
from gradient.problems import Problem
from gradient.views.languages import LANGUAGES, Language
from gradient.views.maps import Maps
from gradient.views.overlay import Overlay
from gradient.views.parameter_picture import GridSource, OwnPicture, ParameterPicture, arrays_of
from gradient.views.picture import Picture
from gradient.views.plane_picture import PlanePicture
from gradient.views.stored_field import stored
from gradient.views.tree import descendants
from gradient.views.view import Trait, View


class Field(View, Box):
    """One map for each problem, of which the chosen one is shown; `overlay` lies over it, `maps` between them or over both."""

    _language = LANGUAGES[0]

    def __init__(self, choice: NamedDropdown, problems: list[Problem], overlay: Overlay, maps: Maps, grids: GridSource) -> None:
        """Takes the choice of a problem, what it chooses from, the two layers over the figures, and a source of grids."""
        self.overlay, self._grids, self._layers, self._choice = overlay, grids, [maps, overlay], choice
        self.pictures: list[Picture] = []
        self.stack = Stack()
        self.stack.add_class("techni-figures")
        overlay.figures = self.stack
        super().__init__([self.stack, *self._layers])
        self.add_class("techni-field")
        for problem in problems:
            self.append(problem)

    @property
    def figure(self) -> Figure:
        """The figure of the chosen problem's map; while the browser computes there is no path in it."""
        return self.pictures[self._choice.index].figure

    def append(self, problem: Problem) -> None:
        """Adds the map of a problem."""
        kind = OwnPicture if problem.is_own else ParameterPicture
        picture = kind(problem, self._grids) if problem.is_planar else PlanePicture()
        picture.set_language(self._language)
        self.pictures.append(picture)
        self.stack.children = [*self.stack.children, Box([picture.canvas])]
        self.overlay.canvases = [*self.overlay.canvases, picture.canvas]

    def draw(self, frame: Frame, *, problem: int, optimizer: int) -> None:
        """Draws a frame into the map of its problem, whatever the optimizer is."""
        del optimizer
        picture = self.pictures[problem]
        if isinstance(picture, OwnPicture):
            picture.follow(self.overlay)
        picture.show(frame)

    def follow(self) -> bool:
        """Draws the field of a visitor's own data that the page has sent; returns False if it is drawn already."""
        others = [picture for picture in self.pictures if isinstance(picture, OwnPicture) and picture.follow(self.overlay)]
        for picture in others:
            picture.send()
        return bool(others)

    def clear(self) -> None:
        """Leaves only the background in the figures: the overlay draws what moves. Does nothing if that is so already."""
        for picture in self.pictures:
            picture.clear()

    def preset(self, problem: Problem, index: int) -> dict[Trait, Any]:
        """Which map is shown, what its axes are, and whether the overlay draws it: the figure has the problem's own data."""
        picture = self.pictures[index]
        return {
            (self.overlay, "index"): index,
            (self.overlay, "axis_labels"): problem.axis_labels,
            (self.overlay, "draws_field"): problem.is_own,
            (self.overlay, "draggable"): isinstance(picture, ParameterPicture),
        }

    def set_language(self, language: Language) -> None:
        """Writes all that the pictures say in a language."""
        if language is self._language:
            return
        self._language = language
        for picture in self.pictures:
            picture.set_language(language)

    def move_to_browser(self, problems: Sequence[Problem]) -> None:
        """Has the overlay draw every map, and frees the figures: for a page that no kernel draws them for.

        Args:
            problems: those of the maps.
        """
        has_arrays = [problem.is_planar and not problem.is_own for problem in problems]
        self.overlay.fields = [
            stored(*arrays_of(problem, self._grids)) if has else {} for problem, has in zip(problems, has_arrays, strict=True)
        ]
        self.overlay.canvases, self.pictures = [], []
        self.children = self._layers
        for place in self.stack.children:
            for widget in [*descendants(place), place]:
                widget.close()
        self.stack.children = []

    def close(self) -> None:
        """Frees the figures too."""
        for picture in self.pictures:
            picture.figure.clear()
            picture.canvas.close()
        super().close()
