"""The field: for each problem one ipympl figure of the loss, under the path of the descent.

What never changes (contours, arrows, axes) is drawn once for each size; a new path is drawn over a copy of it.
"""

from typing import Any

import matplotlib as mpl
import numpy as np
from ipympl.backend_nbagg import Canvas, FigureManager
from ipywidgets import Box, Stack
from matplotlib import colors, patheffects
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle
from matplotlib.transforms import Affine2D

from gradient.frame import NEVER, Frame
from gradient.landscape import COLLINEAR, DIVERGED, PLANE_DOMAIN, PLANE_SIZE, THROUGH_PATH, gradient_field, loss_field
from gradient.problems import Problem
from gradient.views import style
from gradient.views.overlay import MARGINS

_SIZE = (640, 560)  # CSS pixels, until the page says how much room there is
_NARROW = 460  # below it there is room for fewer arrows and shorter lines
_SMALLEST, _LARGEST = 120, 2400
_LARGEST_RATIO = 3.0
_HALO = [patheffects.Stroke(linewidth=4.5, foreground="white"), patheffects.Normal()]


_GROUND = colors.LinearSegmentedColormap.from_list("ground", ["#fbfcfd", "#dfe4ec", "#bcc5d3"])


class BoundedCanvas(Canvas):
    """An ipympl canvas whose size the browser cannot drive to where it takes all memory."""

    def handle_resize(self, event: dict) -> None:
        """Resizes the figure to what fits between the smallest and the largest useful size."""
        sizes = {name: min(max(int(event.get(name, 0)), _SMALLEST), _LARGEST) for name in ("width", "height")}
        super().handle_resize(event | sizes)

    def _handle_set_device_pixel_ratio(self, device_pixel_ratio: float) -> None:
        super()._handle_set_device_pixel_ratio(min(max(float(device_pixel_ratio), 1.0), _LARGEST_RATIO))


class Picture:
    """A figure with one pair of axes, whose path, marks and text are moved in place; a subclass draws the ground under them.

    Attributes:
        canvas: the widget.
        domain: (x_low, x_high, y_low, y_high) of the axes.
    """

    def __init__(self, domain: tuple, x_label: str, y_label: str, colour_label: str) -> None:
        self.figure = Figure(figsize=(_SIZE[0] / 100, _SIZE[1] / 100), dpi=100, facecolor=style.PAPER)
        self.canvas = BoundedCanvas(self.figure)
        FigureManager(self.canvas, 0)
        self.canvas.toolbar_visible = self.canvas.header_visible = self.canvas.footer_visible = False
        self.canvas._size = _SIZE  # ipympl's page fails on the size (0, 0) that it has until the first reply
        self.domain = (*domain[0], *domain[1])
        self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=domain[0], ylim=domain[1], xlabel=x_label, ylabel=y_label)
        self.axes.spines[:].set_color(style.MUTED)
        self.colour_axes = self.figure.add_axes((0, 0, 1, 1))
        self._colour_label = colour_label
        self._ground: Any = None
        self._moving = self._make_moving()
        self.canvas.mpl_connect("resize_event", self._arrange)
        self.canvas.mpl_connect("draw_event", self._drawn)
        self._arrange()

    def _make_moving(self) -> list:
        plot = self.axes.plot
        self._path = plot([], [], color=style.PATH, lw=2, path_effects=_HALO, animated=True)[0]
        self._iterates = plot([], [], "o", color=style.PATH, mec="white", mew=0.5, ms=4.2, animated=True)[0]
        self._start = plot([], [], "o", color="white", mec=style.PATH, mew=2, ms=9, animated=True)[0]
        self._point = plot([], [], "o", color=style.PATH, mec="white", mew=1.6, ms=11, animated=True)[0]
        self._exit = plot([], [], color=style.INK, mec="white", mew=1, ms=13, animated=True, clip_on=False)[0]
        self._note = self.axes.annotate(
            "", (0, 0), (0, 0), textcoords="offset points", fontsize=9, color=style.INK, animated=True
        )
        self._note.set_bbox({"facecolor": "white", "edgecolor": style.GRID, "pad": 2})
        return [self._path, self._iterates, self._start, self._point, self._exit, self._note]

    def _colour_bar(self, mappable: Any) -> Colorbar:
        bar = self.figure.colorbar(mappable, cax=self.colour_axes)
        bar.set_label(self._colour_label, color=style.INK)
        bar.ax.yaxis.set_label_coords(4.6, 0.5)  # in widths of the bar: the tick labels' own widths must not move it
        bar.outline.set_edgecolor(style.GRID)
        for axes in (self.axes, self.colour_axes):
            axes.tick_params(colors=style.MUTED, labelsize=9)
            axes.xaxis.label.set_color(style.INK)
            axes.yaxis.label.set_color(style.INK)
        return bar

    def _arrange(self, _: object = None) -> None:
        """Keeps the margins a fixed number of pixels, so that labels stay readable and the overlay knows where the axes are."""
        width, height = self.figure.bbox.size / self.canvas.device_pixel_ratio
        self._width = width
        left, top, right, bottom = MARGINS
        inner_height = (height - top - bottom) / height
        self.axes.set_position((left / width, bottom / height, (width - left - right) / width, inner_height))
        self.colour_axes.set_position(((width - right + 12) / width, bottom / height, 12 / width, inner_height))

    def _drawn(self, _: object) -> None:
        self._ground = self.canvas.copy_from_bbox(self.figure.bbox)
        self._draw_moving()

    def _draw_moving(self) -> None:
        for artist in self._moving:
            self.axes.draw_artist(artist)

    def show(self, frame: Frame) -> None:
        """Moves path, marks and text to where the frame has them, and sends the picture if a browser is there to show it."""
        for artist in (self._path, self._iterates):
            artist.set_data(*frame.path[: frame.last + 1].T)
        self._start.set_data(*frame.path[:1].T)
        self._point.set_data(*frame.point[:, None])
        self._mark_exit(frame)
        self._change(frame)
        if self.canvas.syncing_data_url:
            return
        if self._ground is None:
            self.canvas.draw()
            return
        self.canvas.restore_region(self._ground)
        self._draw_moving()
        self.canvas.blit()

    def _change(self, frame: Frame) -> None:
        """What a subclass changes besides."""

    def _mark_exit(self, frame: Frame) -> None:
        left = int(frame.exit_step) != NEVER
        self._exit.set_visible(left)
        self._note.set_visible(left)
        if not left:
            return
        # On screen the direction is that of the step in pixels.
        move = self.axes.transData.transform([frame.exit_point, frame.exit_point + frame.exit_direction])
        angle = float(np.degrees(np.arctan2(*(move[1] - move[0])[::-1])))
        self._exit.set_data(*frame.exit_point[:, None])
        self._exit.set_marker(MarkerStyle("^", transform=Affine2D().rotate_deg(angle - 90)))
        right, upper = np.array(self.axes.transAxes.inverted().transform(move[0])) > 0.5
        self._note.set(text=f"left at step {frame.exit_step}", ha="right" if right else "left", va="center")
        self._note.xy = (float(frame.exit_point[0]), float(frame.exit_point[1]))
        self._note.set_position((-12 if right else 12, -16 if upper else 16))


class ParameterPicture(Picture):
    """Contours of the loss of a two-parameter problem and arrows down its gradient, coloured by the gradient's norm."""

    def __init__(self, problem: Problem) -> None:
        # By the width from which there is room for so many arrows in a row.
        self._arrows: dict[int, Any] = {}
        super().__init__(problem.domain, "w (weight)", "b (bias)", "gradient norm |∇L|")
        self.axes.set_title("arrows point downhill, along −∇L", fontsize=9, color=style.MUTED, pad=6)
        self._draw_contours(problem)
        self._arrows = {0: self._draw_arrows(problem, 10), _NARROW: self._draw_arrows(problem, 17)}
        self._colour_bar(self._arrows[_NARROW])
        self._arrange()

    def _arrange(self, event: object = None) -> None:
        super()._arrange(event)
        widest = max((width for width in self._arrows if width <= self._width), default=0)
        for width, arrows in self._arrows.items():
            arrows.set_visible(width == widest)

    def _draw_contours(self, problem: Problem) -> None:
        w, b, values = map(np.asarray, loss_field(problem.loss, problem.domain))
        losses = np.ma.masked_invalid(values)
        if not losses.count() or losses.min() == losses.max():
            return  # a loss that is the same everywhere, or nowhere a number, has no contours
        # Evenly spaced roots of the loss are evenly spaced rings around the minimum of a quadratic.
        levels = losses.min() + (losses.max() - losses.min()) * np.linspace(0, 1, 13) ** 2
        self.axes.contourf(w, b, losses, levels=levels, cmap=_GROUND)
        self.axes.contour(w, b, losses, levels=levels[1:-1], colors="white", linewidths=0.9)

    def _draw_arrows(self, problem: Problem, count: int) -> Any:
        w_inset, b_inset = (
            (low + 0.5 * (high - low) / count, high - 0.5 * (high - low) / count) for low, high in problem.domain
        )
        w, b, gradient = map(np.asarray, gradient_field(problem.loss, (w_inset, b_inset), (count, count)))
        norm = np.nan_to_num(np.linalg.norm(gradient, axis=-1), posinf=0.0)
        gradient = np.where(norm[..., None] > 0, gradient, 0.0)
        # The length grows with the fourth root of the norm: a flat place still has a direction to see.
        arrows = -gradient / np.maximum(norm, 1e-12)[..., None] * ((norm / max(norm.max(), 1e-12)) ** 0.25)[..., None]
        return self.axes.quiver(
            w, b, arrows[..., 0], arrows[..., 1], norm, angles="xy", pivot="middle", cmap="viridis_r",
            scale=1.3 * count, scale_units="width", units="inches", width=0.02, headwidth=4, headlength=4.5, headaxislength=4,
            zorder=3,
        )  # fmt: skip


# By the plane's case: the labels of its axes, and what there is to say of it.
_CASES = {
    THROUGH_PATH: ("start 0, end 1", "away from that line: ◇ at 1", ""),
    COLLINEAR: ("start 0, end 1", "a fixed direction, as long", "straight path: nothing spans the second axis"),
    DIVERGED: ("down the start's gradient, length 1", "a fixed direction, length 1", "diverged: the end is too far to show"),
}


class PlanePicture(Picture):
    """Bands of equal loss on the plane through three points of the path, with the true losses of the three."""

    def __init__(self) -> None:
        super().__init__(PLANE_DOMAIN, "", "", "loss on the plane")
        self._case: int | None = None
        self._norm = colors.LogNorm(0.1, 1.0)
        self._image = self.axes.imshow(
            np.ones((PLANE_SIZE, PLANE_SIZE)), origin="lower", extent=self.domain, aspect="auto", interpolation="bicubic",
            cmap=mpl.colormaps["cividis_r"].resampled(14), norm=self._norm, animated=True,
        )  # fmt: skip
        self._third = self.axes.plot([], [], "D", color="white", mec=style.INK, mew=1.4, ms=7, animated=True)[0]
        self._facts = self.axes.text(
            0.015, 0.985, "", transform=self.axes.transAxes, fontsize=9, va="top", linespacing=1.5, animated=True
        )
        self._facts.set_bbox({"facecolor": "white", "alpha": 0.85, "edgecolor": "none", "pad": 4})
        self._moving = [self._image, *self._moving[:2], self._third, *self._moving[2:], self._facts]
        for axis in (self.axes.xaxis, self.axes.yaxis):
            axis.set_ticks([-0.5, 0, 0.5, 1, 1.5])
        self._bar = self._colour_bar(self._image)
        self._bar.minorticks_off()
        self.colour_axes.set_animated(True)

    def _draw_moving(self) -> None:
        super()._draw_moving()
        for spine in self.axes.spines.values():
            self.axes.draw_artist(spine)
        self.figure.draw_artist(self.colour_axes)

    def _change(self, frame: Frame) -> None:
        plane = np.maximum(frame.plane, 1e-12)
        self._image.set_data(plane)
        low = float(plane.min())
        self._norm.vmin, self._norm.vmax = low, max(float(np.quantile(plane, 0.97)), low * 1.01)
        ticks = np.geomspace(self._norm.vmin, self._norm.vmax, 7)[1:-1]
        self._bar.set_ticks(list(ticks), labels=[f"{tick:.2g}" for tick in ticks])
        self._third.set_data(*frame.path[frame.plane_third : frame.plane_third + 1].T)
        case = int(frame.plane_case)
        self._third.set_visible(case == THROUGH_PATH)
        self._facts.set_text(_facts(frame, "\n" if self._width < _NARROW else " · "))
        if case != self._case:
            self._case = case
            x_label, y_label, _ = _CASES[case]
            self.axes.set(xlabel=x_label, ylabel=y_label)
            self._ground = None  # the labels are part of it


def _facts(frame: Frame, separator: str) -> str:
    """The true losses of the plane's corners, because a plane shows little of a path in many dimensions, and what it is."""
    names = ["start", f"step {frame.plane_third} ◇", f"step {frame.last}"]
    corners = [f"{name} {loss:.3g}" for name, loss in zip(names, frame.plane_corners, strict=True)]
    case = int(frame.plane_case)
    shown = corners if case == THROUGH_PATH else corners[::2]
    return "\n".join(["true loss: " + separator.join(shown), _CASES[case][2]]).strip()


class Field(Box):
    """One figure for each problem, of which the chosen one is shown; `overlay` lies over it."""

    def __init__(self, problems: list[Problem], overlay: Any) -> None:
        self.overlay = overlay
        self.pictures: list[Picture] = []
        self.stack = Stack()
        self.stack.add_class("techni-figures")
        super().__init__([self.stack, overlay])
        self.add_class("techni-field")
        for problem in problems:
            self.append(problem)

    def append(self, problem: Problem) -> None:
        """Adds the figure of a problem."""
        picture = ParameterPicture(problem) if problem.is_planar else PlanePicture()
        self.pictures.append(picture)
        canvases = [picture.canvas for picture in self.pictures]
        self.stack.children = [Box([canvas]) for canvas in canvases]
        self.overlay.canvases = canvases

    def draw(self, frame: Frame, *, problem: int, optimizer: int) -> None:
        """Shows a frame in the figure of its problem; the optimizer does not matter."""
        del optimizer
        self.pictures[problem].show(frame)

    def row(self, index: int) -> dict:
        """What a choice of the problem at `index` sets."""
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
