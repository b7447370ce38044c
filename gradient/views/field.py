"""The field: a map of the loss for each problem, an ipympl figure, under the path of the descent."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from ipywidgets import Box, Stack

from gradient.frame import Frame
from gradient.landscape import PLANE_DOMAIN, PLANE_SIZE, PlaneCase, gradient_field, loss_field
from gradient.problems import Problem
from gradient.views import plane, style
from gradient.views.maps import Maps
from gradient.views.overlay import Overlay
from gradient.views.picture import NARROW, Picture
from gradient.views.sentences import PARAMETER_MAP, PLANE, PLANE_COLOURS
from gradient.views.view import Trait, View

# `grids(function, problem, domain, shape)`: the arrays of `function(problem.loss, domain, shape)`, computed or cached.
GridSource = Callable[[Callable, Problem, tuple, tuple[int, int]], Sequence[np.ndarray]]


class ParameterPicture(Picture):
    """Contours of the loss of a two-parameter problem and arrows down its gradient, coloured by the gradient's norm."""

    def __init__(self, problem: Problem, grids: GridSource) -> None:
        self._grids = grids
        # The keys are the narrowest widths, in CSS pixels, for these arrows.
        self._arrows: dict[int, Any] = {}
        words = PARAMETER_MAP
        super().__init__(problem.domain, *problem.axis_labels, words["colours"])
        self.axes.yaxis.labelpad = 1  # three digits and a sign leave no more room
        self._draw_contours(problem)
        self._arrows = {0: self._draw_arrows(problem, 10), NARROW: self._draw_arrows(problem, 17)}
        self._colour_bar(self._arrows[NARROW])
        self._arrange()

    def _arrange(self, event: object = None) -> None:
        super()._arrange(event)
        widest = max((width for width in self._arrows if width <= self._width), default=0)
        for width, arrows in self._arrows.items():
            arrows.set_visible(width == widest)

    def _draw_contours(self, problem: Problem) -> None:
        w, b, values = self._grids(loss_field, problem, problem.domain, (101, 101))
        losses = np.ma.masked_invalid(values)
        if not losses.count() or losses.min() == losses.max():
            return  # the loss is the same everywhere, or nowhere a number
        # Evenly spaced roots of the loss are evenly spaced rings around the minimum of a quadratic.
        levels = losses.min() + (losses.max() - losses.min()) * np.linspace(0, 1, 13) ** 2
        self.axes.contourf(w, b, losses, levels=levels, cmap=style.MAP_COLOURS)
        self.axes.contour(w, b, losses, levels=levels[1:-1], colors="white", linewidths=0.9)

    def _draw_arrows(self, problem: Problem, count: int) -> Any:
        w_inset, b_inset = (
            (low + 0.5 * (high - low) / count, high - 0.5 * (high - low) / count) for low, high in problem.domain
        )
        w, b, gradient = self._grids(gradient_field, problem, (w_inset, b_inset), (count, count))
        # In float64, because the square of a steep gradient is too large for float32.
        norm = np.nan_to_num(np.linalg.norm(np.asarray(gradient, float), axis=-1), posinf=0.0)
        gradient = np.where(norm[..., None] > 0, gradient, 0.0)
        # The length grows with the fourth root of the norm, so that the direction can be seen even where the loss is flat.
        arrows = -gradient / np.maximum(norm, 1e-12)[..., None] * ((norm / max(norm.max(), 1e-12)) ** 0.25)[..., None]
        return self.axes.quiver(
            w, b, arrows[..., 0], arrows[..., 1], norm, angles="xy", pivot="middle", cmap=style.ARROW_COLOURS,
            scale=1.3 * count, scale_units="width", units="inches", width=0.02, headwidth=4, headlength=4.5, headaxislength=4,
            zorder=3,
        )  # fmt: skip


class PlanePicture(Picture):
    """Bands of equal loss on the plane through three points of the path, with the true losses of the three.

    All of it moves with the path, so its background is empty.
    """

    def __init__(self) -> None:
        super().__init__(PLANE_DOMAIN, "", "", PLANE_COLOURS)
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
        for axis in (self.axes.xaxis, self.axes.yaxis):
            axis.set_ticks(plane.TICKS)
        self._bar = self._colour_bar(self._image)
        self.colour_axes.set_animated(True)
        self.axes.set_visible(False)

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
        self._bar.set_ticks(list(ticks), labels=plane.tick_labels(np.exp(ticks).tolist()))
        self._third.set_data(*frame.path[frame.plane_third : frame.plane_third + 1].T)
        case = PlaneCase(int(frame.plane_case))
        self._third.set_visible(case == PlaneCase.THROUGH_PATH)
        self._caption.set_text(plane.caption(frame, is_narrow=self._width < NARROW))
        if case != self._case:
            self._case = case
            self.axes.set(xlabel=PLANE[case].x_label, ylabel=PLANE[case].y_label)
            self._background = None  # the labels are part of it


class Field(View, Box):
    """One map for each problem, of which the chosen one is shown; `overlay` lies over it, `maps` between them or over both."""

    def __init__(self, problems: list[Problem], overlay: Overlay, maps: Maps, grids: GridSource) -> None:
        self.overlay, self._grids = overlay, grids
        self.pictures: list[Picture] = []
        self.stack = Stack()
        self.stack.add_class("techni-figures")
        super().__init__([self.stack, maps, overlay])
        self.add_class("techni-field")
        for problem in problems:
            self.append(problem)

    def append(self, problem: Problem) -> None:
        """Adds the map of a problem."""
        picture = ParameterPicture(problem, self._grids) if problem.is_planar else PlanePicture()
        self.pictures.append(picture)
        canvases = [picture.canvas for picture in self.pictures]
        self.stack.children = [Box([canvas]) for canvas in canvases]
        self.overlay.canvases = canvases

    def draw(self, frame: Frame, *, problem: int, optimizer: int) -> None:
        """Draws a frame into the map of its problem, whatever the optimizer is."""
        del optimizer
        self.pictures[problem].show(frame)

    def clear(self) -> None:
        """Leaves only the background in the figures: the overlay draws what moves. Costs nothing if it is so already."""
        for picture in self.pictures:
            picture.clear()

    def preset(self, problem: Problem, index: int) -> dict[Trait, Any]:
        """Which map is shown, and what its axes are."""
        del problem
        picture = self.pictures[index]
        return {
            (self.stack, "selected_index"): index,
            (self.overlay, "index"): index,
            (self.overlay, "domain"): picture.domain,
            (self.overlay, "draggable"): isinstance(picture, ParameterPicture),
        }

    def close(self) -> None:
        """Frees the figures too."""
        for picture in self.pictures:
            picture.figure.clear()
            picture.canvas.close()
        super().close()
