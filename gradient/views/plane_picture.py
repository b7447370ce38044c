"""The map of a larger model: bands of equal loss on a plane through the path of the descent."""

from typing import Any

import numpy as np

from gradient.frame import Frame
from gradient.landscape import PLANE_DOMAIN, PLANE_SIZE, PlaneCase
from gradient.link.text import localised
from gradient.views import plane, style
from gradient.views.picture import NARROW, Picture


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
