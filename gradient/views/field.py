"""The field: a map of the loss for each problem, an ipympl figure, under the path of the descent."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ipywidgets import Box, Stack
from matplotlib.cm import ScalarMappable
from matplotlib.contour import QuadContourSet
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from gradient.adapters.ipywidgets import NamedDropdown
from gradient.frame import Frame
from gradient.landscape import PLANE_DOMAIN, PLANE_SIZE, PlaneCase, gradient_field, loss_field
from gradient.link.text import localised
from gradient.problems import Problem
from gradient.views import plane, style
from gradient.views.languages import LANGUAGES, Language
from gradient.views.levels import arrow_lengths, is_known, levels, norm_scale
from gradient.views.map_ticks import MapTicks, bar_ticks, map_ticks
from gradient.views.maps import Maps
from gradient.views.overlay import Overlay
from gradient.views.picture import NARROW, Domain, Picture
from gradient.views.stored_field import stored
from gradient.views.tree import descendants
from gradient.views.view import Trait, View

# `grids(function, problem, domain, shape)`: the arrays of `function(problem.loss, domain, shape)`, computed or cached.
GridSource = Callable[[Callable, Problem, tuple, tuple[int, int]], Sequence[np.ndarray]]

NUM_ARROWS = 17  # along each axis


class ParameterPicture(Picture):
    """Contours of the loss of a two-parameter problem and arrows down its gradient, coloured by the gradient's norm."""

    def __init__(self, problem: Problem, grids: GridSource) -> None:
        (w_low, w_high), (b_low, b_high) = problem.domain
        # The keys are the narrowest widths, in CSS pixels, for these arrows.
        self._arrows: dict[int, Quiver | None] = {}
        self._contours: list[QuadContourSet] = []
        super().__init__((w_low, w_high, b_low, b_high))
        self.axes.yaxis.labelpad = 1  # the longest numbers leave no more room
        self._bar = self._colour_bar(ScalarMappable(cmap=style.ARROW_COLOURS), "")
        self._draw_first(problem, grids)

    def _draw_first(self, problem: Problem, grids: GridSource) -> None:
        self._draw(*_arrays_of(problem, grids), self.domain, problem.axis_labels)

    def redraw(self, losses: np.ndarray, gradients: np.ndarray, domain: Domain, labels: tuple[str, str]) -> None:
        """Draws the background anew, and sends the image if a page is there to show it.

        Args:
            losses: [n, n], rows upwards; those that are not finite, or `levels.UNKNOWN`, are left white.
            gradients: [m, m, 2], at the middles of m x m equal cells of the domain.
            domain: (w_low, w_high, b_low, b_high).
            labels: of the axes.
        """
        self.domain = domain
        self.axes.set(xlim=domain[:2], ylim=domain[2:])
        self._draw(losses, gradients, domain, labels)
        self._background = None
        self._send()

    def _draw(self, losses: np.ndarray, gradients: np.ndarray, domain: Domain, labels: tuple[str, str]) -> None:
        for artist in (*self._contours, *self._arrows.values()):
            if artist:
                artist.remove()
        losses = np.ma.masked_where(~is_known(losses), np.asarray(losses, float))
        self._labels = *labels, "unknown" if np.ma.is_masked(losses) else "colours"
        self._contours = self._draw_contours(losses, domain)
        # In float64, because the square of a steep gradient is too large for float32.
        norms = np.linalg.norm(np.asarray(gradients, float), axis=-1)
        self._scale = norm_scale(norms)
        some = slice(1, None, 2)  # on a narrow figure every other arrow of every other row
        places = _middles(domain, len(norms))
        self._arrows = {
            0: self._draw_arrows(places[some, some], gradients[some, some], norms[some, some], len(norms) / 2),
            NARROW: self._draw_arrows(places, gradients, norms, len(norms)),
        }
        self._arrange()

    def _arrange(self, event: object = None) -> None:
        super()._arrange(event)
        if not self._arrows:
            return  # nothing is drawn yet
        widest = max(width for width in self._arrows if width <= self.size[0])
        for width, arrows in self._arrows.items():
            if arrows:
                arrows.set_visible(width == widest)
        self._place_ticks()

    def _place_ticks(self) -> None:
        left, top, right, bottom = style.MARGINS
        width, height = self.size[0] - left - right, self.size[1] - top - bottom
        x_label, y_label, colours_are = self._labels
        words, named = self.language.words, self.language.named
        across = self._localised(map_ticks(*self.domain[:2], "bottom", width, named(x_label), words.AXIS))
        up = self._localised(map_ticks(*self.domain[2:], "left", height, named(y_label), words.AXIS))
        colours = self._localised(bar_ticks(self._scale, height, words.PARAMETER_MAP[colours_are], words.AXIS))
        self.axes.set_xticks(across.values, across.labels)
        self.axes.set_yticks(up.values, up.labels)
        self.axes.set(xlim=self.domain[:2], ylim=self.domain[2:], xlabel=across.title, ylabel=up.title)
        self._bar.set_ticks(colours.values, labels=colours.labels)
        self._bar.set_label(colours.title)

    def _localised(self, ticks: MapTicks) -> MapTicks:
        decimal = self.language.decimal
        labels = [localised(label, decimal) for label in ticks.labels]
        return ticks._replace(labels=labels, title=localised(ticks.title, decimal))

    def _write(self) -> None:
        if self._arrows:
            self._place_ticks()

    def _draw_contours(self, losses: np.ma.MaskedArray, domain: Domain) -> list[QuadContourSet]:
        edges = levels(losses.compressed())
        if not edges.size:
            return []  # the loss is the same everywhere, or nowhere a number
        w, b = (np.linspace(low, high, len(losses)) for low, high in (domain[:2], domain[2:]))
        losses = np.minimum(losses, edges[-1])
        return [
            self.axes.contourf(w, b, losses, levels=edges, colors=style.MAP_SHADES),
            self.axes.contour(w, b, losses, levels=edges[1:-1], colors=style.PAPER, linewidths=style.CONTOUR_WIDTH),
        ]

    def _draw_arrows(self, places: np.ndarray, gradients: np.ndarray, norms: np.ndarray, per_width: float) -> Quiver | None:
        is_arrow = np.isfinite(norms) & (norms > 0)
        if not is_arrow.any():
            return None
        shares = self._scale.shares(norms[is_arrow])
        vectors = -np.asarray(gradients, float)[is_arrow] / norms[is_arrow, None] * arrow_lengths(shares)[:, None]
        arrows = self.axes.quiver(
            *places[is_arrow].T, *vectors.T, shares, angles="xy", pivot="middle", cmap=style.ARROW_COLOURS,
            scale=style.ARROW_GAP * per_width, scale_units="width", units="inches", width=style.ARROW.width / 72,
            headwidth=style.ARROW.head_width, headlength=style.ARROW.head_length,
            headaxislength=style.ARROW.head_axis_length, zorder=3,
        )  # fmt: skip
        arrows.set_clim(0, 1)
        return arrows


class OwnPicture(ParameterPicture):
    """The picture of a visitor's own problem: its contours and arrows change with the data, so there are none at first."""

    _names: tuple[str, str]
    _drawn: Sequence[Any] = ()

    def _draw_first(self, problem: Problem, grids: GridSource) -> None:
        del grids
        self._names = problem.axis_labels
        self.axes.set(xlabel=self._names[0], ylabel=self._names[1])
        self._set_visible(is_visible=False)

    def _set_visible(self, *, is_visible: bool) -> None:
        for axes in (self.axes, self.colour_axes):
            axes.set_visible(is_visible)

    def follow(self, overlay: Overlay) -> bool:
        """Draws the background anew if the overlay, which holds the field, has another one; returns whether it has."""
        field = overlay.field()
        is_drawn = len(self._drawn) == len(field) and all(one is other for one, other in zip(self._drawn, field, strict=True))
        if is_drawn or not overlay.field_losses.size:
            return False
        self._drawn = field
        self._set_visible(is_visible=True)
        self.redraw(*field, self._names)
        return True


def _arrays_of(problem: Problem, grids: GridSource) -> tuple[np.ndarray, np.ndarray]:
    """The losses [101, 101] and the gradients [17, 17, 2] from which a problem's own picture is drawn."""
    losses = grids(loss_field, problem, problem.domain, (101, 101))[-1]
    insets = [0.5 * (high - low) / NUM_ARROWS for low, high in problem.domain]
    inner = tuple((low + inset, high - inset) for (low, high), inset in zip(problem.domain, insets, strict=True))
    return losses, grids(gradient_field, problem, inner, (NUM_ARROWS, NUM_ARROWS))[-1]


def _middles(domain: Domain, count: int) -> np.ndarray:
    """The middles [count, count, 2] of equal cells of a domain, rows upwards."""
    w, b = (low + (high - low) * (np.arange(count) + 0.5) / count for low, high in (domain[:2], domain[2:]))
    return np.stack(np.meshgrid(w, b), axis=-1)


class PlanePicture(Picture):
    """Bands of equal loss on the plane through three points of the path, with the true losses of the three.

    All of it moves with the path, so its background is empty.
    """

    def __init__(self) -> None:
        super().__init__((*PLANE_DOMAIN[0], *PLANE_DOMAIN[1]))
        self._case: int | None = None
        (low, high), size = PLANE_DOMAIN[0], PLANE_SIZE
        beyond = (high - low) / (size - 1) / 2  # the outermost points are on the axes' edge, and their squares reach beyond it
        # Of the logarithm, because what a spline puts between positive losses need not be positive.
        self._image = self.axes.imshow(
            np.zeros((size, size)), origin="lower", extent=(low - beyond, high + beyond) * 2, aspect="auto",
            interpolation="catrom", cmap=style.BAND_COLOURS, vmin=0, vmax=1, animated=True,
        )  # fmt: skip
        self._third = self._mark(style.MARKS["third"], "D")
        self._caption = self._make_caption()
        later, *others = self._moving
        lines, marks = others[: len(self._line)], others[len(self._line) :]
        self._moving = [self._image, later, *lines, self._third, *marks, self._caption]
        self._bar = self._colour_bar(self._image, "")
        self._write()
        self.colour_axes.set_animated(True)
        self.axes.set_visible(False)

    def _write(self) -> None:
        labels = [localised(f"{tick:.1f}".replace("-", "−"), self.language.decimal) for tick in plane.TICKS]
        for axis in (self.axes.xaxis, self.axes.yaxis):
            axis.set_ticks(plane.TICKS, labels)
        self._bar.set_label(self.language.words.PLANE_COLOURS)
        self._case = None

    def _make_caption(self) -> Any:
        caption = self.axes.text(
            0.015,
            0.985,
            "",
            transform=self.axes.transAxes,
            fontsize=style.SMALL_FONT,
            va="top",
            linespacing=1.15,
            animated=True,
        )
        caption.set_bbox({"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 3})
        return caption

    def _set_clear(self, is_clear: bool) -> None:
        if is_clear != self._is_clear:
            self.axes.set_visible(not is_clear)
            self._background = None
        super()._set_clear(is_clear)

    def _draw_moving(self) -> None:
        super()._draw_moving()
        if self._is_clear:
            return
        for spine in self.axes.spines.values():
            self.axes.draw_artist(spine)
        self.figure.draw_artist(self.colour_axes)

    def _update(self, frame: Frame) -> None:
        low, high = np.log(frame.plane_range)
        beyond = (high - low) / 2  # a cliff that went farther would make the spline undershoot beside it
        self._image.set_data(np.log(np.maximum(frame.plane, 1e-12)).clip(low - beyond, high + beyond))
        self._image.set_clim(low, high)
        ticks = np.linspace(low, high, style.NUM_BAR_TICKS + 2)[1:-1]
        labels = plane.tick_labels(np.exp(ticks).tolist())
        self._bar.set_ticks(list(ticks), labels=[localised(label, self.language.decimal) for label in labels])
        self._third.set_data(*frame.path[frame.plane_third : frame.plane_third + 1].T)
        case = PlaneCase(int(frame.plane_case))
        self._third.set_visible(case == PlaneCase.THROUGH_PATH)
        self._caption.set_text(plane.caption(frame, self.language, is_narrow=self.size[0] < NARROW))
        if case != self._case:
            self._case = case
            words = self.language.words.PLANE[case]
            self.axes.set(xlabel=words.x_label, ylabel=words.y_label)
            self._background = None  # the labels are part of it


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
        picture.speak(self._language)
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
        return any(picture.follow(self.overlay) for picture in self.pictures if isinstance(picture, OwnPicture))

    def clear(self) -> None:
        """Leaves only the background in the figures: the overlay draws what moves. Costs nothing if it is so already."""
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

    def speak(self, language: Language) -> None:
        """Writes all that the pictures say in a language."""
        if language is self._language:
            return
        self._language = language
        for picture in self.pictures:
            picture.speak(language)

    def leave_to_page(self, problems: Sequence[Problem]) -> None:
        """Has the overlay draw every map, and frees the figures: for a page that no kernel draws them for.

        Args:
            problems: those of the maps.
        """
        has_arrays = [problem.is_planar and not problem.is_own for problem in problems]
        self.overlay.fields = [
            stored(*_arrays_of(problem, self._grids)) if has else {} for problem, has in zip(problems, has_arrays, strict=True)
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
