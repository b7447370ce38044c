"""The map of a two-parameter problem: contours of the loss and arrows down its gradient, under the path of the descent."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.contour import QuadContourSet
from matplotlib.quiver import Quiver

from gradient.landscape import gradient_field, loss_field
from gradient.link.text import localised
from gradient.problems import Problem
from gradient.views import style
from gradient.views.levels import arrow_lengths, is_known, levels, norm_scale
from gradient.views.map_ticks import MapTicks, bar_ticks, map_ticks
from gradient.views.overlay import Overlay
from gradient.views.picture import NARROW, Domain, Picture

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
        self._draw(*arrays_of(problem, grids), self.domain, problem.axis_labels)

    def take_field(self, losses: np.ndarray, gradients: np.ndarray, domain: Domain, labels: tuple[str, str]) -> None:
        """Draws another background, which the next image has: see `show` and `send`.

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
    _taken: Sequence[Any] = ()

    def _draw_first(self, problem: Problem, grids: GridSource) -> None:
        del grids
        self._names = problem.axis_labels
        self.axes.set(xlabel=self._names[0], ylabel=self._names[1])
        self._set_visible(is_visible=False)

    def _set_visible(self, *, is_visible: bool) -> None:
        for axes in (self.axes, self.colour_axes):
            axes.set_visible(is_visible)

    def follow(self, overlay: Overlay) -> bool:
        """Takes the field that the overlay holds, if it has another one, and returns whether it has. Sends nothing."""
        field = overlay.field()
        is_taken = len(self._taken) == len(field) and all(one is other for one, other in zip(self._taken, field, strict=True))
        if is_taken or not overlay.field_losses.size:
            return False
        self._taken = field
        self._set_visible(is_visible=True)
        self.take_field(*field, self._names)
        return True


def arrays_of(problem: Problem, grids: GridSource) -> tuple[np.ndarray, np.ndarray]:
    """The losses [101, 101] and the gradients [17, 17, 2] from which a problem's own picture is drawn."""
    losses = grids(loss_field, problem, problem.domain, (101, 101))[-1]
    insets = [0.5 * (high - low) / NUM_ARROWS for low, high in problem.domain]
    inner = tuple((low + inset, high - inset) for (low, high), inset in zip(problem.domain, insets, strict=True))
    return losses, grids(gradient_field, problem, inner, (NUM_ARROWS, NUM_ARROWS))[-1]


def _middles(domain: Domain, count: int) -> np.ndarray:
    """The middles [count, count, 2] of equal cells of a domain, rows upwards."""
    w, b = (low + (high - low) * (np.arange(count) + 0.5) / count for low, high in (domain[:2], domain[2:]))
    return np.stack(np.meshgrid(w, b), axis=-1)
