"""A map under the path of the descent: its background is drawn once for each size, a new path over a copy of it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.colorbar import Colorbar
from matplotlib.figure import Figure
from matplotlib.markers import MarkerStyle
from matplotlib.transforms import Affine2D

from gradient.adapters.ipympl import has_page, show_bare
from gradient.frame import Frame
from gradient.run import NEVER
from gradient.views import style
from gradient.views.canvas import BoundedCanvas
from gradient.views.languages import LANGUAGES, Language

Domain = tuple[float, float, float, float]  # x_low, x_high, y_low, y_high
NARROW = 460  # below it there is room for fewer arrows and shorter lines
_SIZE = (640, 560)  # CSS pixels, until the page says how much room there is
_HALO = [patheffects.Stroke(linewidth=style.HALO_WIDTH, foreground=style.PAPER), patheffects.Normal()]


class _Paler:
    """Artists that are drawn as one, paler as a whole: a line and its dots lie over one another."""

    def __init__(self, artists: Sequence[Any]) -> None:
        self._artists = artists

    def draw(self, renderer: Any) -> None:
        if len(self._artists[0].get_xdata()) < 2:
            return  # no line: a layer of its own takes a millisecond
        renderer.start_filter()
        for artist in self._artists:
            artist.draw(renderer)
        renderer.stop_filter(lambda image, _: (image * (1, 1, 1, style.LATER), 0, 0))


class Picture:
    """A figure with one pair of axes, whose path, marks and text are moved in place; a subclass draws the background.

    At first there is only the background, as after `clear`.

    Attributes:
        canvas: the widget.
        domain: (x_low, x_high, y_low, y_high) of the axes.
        size: width and height in CSS pixels.
        language: of what is written in it; see `set_language`.
    """

    language = LANGUAGES[0]

    def __init__(self, domain: Domain) -> None:
        self.figure = Figure(figsize=(_SIZE[0] / 100, _SIZE[1] / 100), dpi=100, facecolor=style.PAPER)
        self.canvas = BoundedCanvas(self.figure)
        show_bare(self.canvas, _SIZE)
        self.domain = domain
        self.axes = self.figure.add_axes((0, 0, 1, 1), xlim=domain[:2], ylim=domain[2:])
        self.axes.spines[:].set_color(style.MUTED)
        self.colour_axes = self.figure.add_axes((0, 0, 1, 1))
        self._background: Any = None
        self._is_clear = True
        self._moving = self._make_moving()
        self.canvas.mpl_connect("resize_event", self._arrange)
        self.canvas.mpl_connect("draw_event", self._on_draw)
        self._arrange()

    def _make_moving(self) -> list:
        self._later, self._line = self._make_line(), self._make_line()
        self._start, self._point = (self._mark(style.MARKS[name], "o") for name in ("start", "point"))
        self._exit = self._mark(style.MARKS["exit"], "^", clip_on=False)
        self._note = self.axes.annotate(
            "", (0, 0), (0, 0), textcoords="offset points", fontsize=style.SMALL_FONT, color=style.INK, animated=True
        )
        self._note.set_bbox({"facecolor": "white", "edgecolor": style.GRID, "pad": style.EXIT_NOTE_PAD})
        return [_Paler(self._later), *self._line, self._start, self._point, self._exit, self._note]

    def _make_line(self) -> list:
        """A line with a halo, and the iterates on it."""
        path = self.axes.plot([], [], color=style.PATH, lw=style.PATH_WIDTH, path_effects=_HALO, animated=True)
        # The dots' edges are under all the dots: a dense path keeps its colour.
        face, edge, width, size = style.MARKS["iterate"]
        dots = [style.Mark(edge, edge, 0, size + width), style.Mark(face, face, 0, size - width)]
        return [*path, *(self._mark(dot, "o") for dot in dots)]

    def _mark(self, mark: style.Mark, shape: str, **properties: Any) -> Any:
        face, edge, edge_width, size = mark
        return self.axes.plot(
            [], [], shape, color=face, mec=edge, mew=edge_width, ms=size, animated=True, **properties
        )[0]  # fmt: skip

    def _colour_bar(self, mappable: Any, label: str) -> Colorbar:
        bar = self.figure.colorbar(mappable, cax=self.colour_axes)
        bar.set_label(label, color=style.INK)
        bar.ax.yaxis.set_label_coords(style.BAR_LABEL_AT, 0.5)  # the widths of the tick labels must not move it
        bar.outline.set_edgecolor(style.GRID)
        for axes in (self.axes, self.colour_axes):
            axes.tick_params(colors=style.MUTED, labelsize=style.SMALL_FONT)
            axes.xaxis.label.set_color(style.INK)
            axes.yaxis.label.set_color(style.INK)
        return bar

    def _arrange(self, _: object = None) -> None:
        """Keeps the margins a fixed number of pixels: labels stay readable, and the overlay knows where the axes are."""
        width, height = self.size = self.figure.bbox.size / self.canvas.device_pixel_ratio
        left, top, right, bottom = style.MARGINS
        inner_height = (height - top - bottom) / height
        self.axes.set_position((left / width, bottom / height, (width - left - right) / width, inner_height))
        bar_left = width - right + style.BAR_GAP
        self.colour_axes.set_position((bar_left / width, bottom / height, style.BAR_WIDTH / width, inner_height))

    def _on_draw(self, _: object) -> None:
        if self.canvas.is_saving():
            return  # a file has another size, and what moves in it already
        # A copy takes as much memory as the image, so it is kept only while something is drawn over it.
        self._background = None if self._is_clear else self.canvas.copy_from_bbox(self.figure.bbox)
        self._draw_moving()

    def _draw_moving(self) -> None:
        for artist in () if self._is_clear else self._moving:
            self.axes.draw_artist(artist)

    def clear(self) -> None:
        """Shows the background alone: something else draws what moves."""
        if not self._is_clear:
            self._set_clear(True)
            self._forget()
            self.send()

    def _forget(self) -> None:
        """Leaves nothing of what moved to a file in which the figure is saved."""
        for artist in (*self._later, *self._line, self._start, self._point):
            artist.set_data([], [])
        for artist in (self._exit, self._note):
            artist.set_visible(False)

    def _set_clear(self, is_clear: bool) -> None:
        self._is_clear = is_clear

    def show(self, frame: Frame) -> None:
        """Moves path, marks and text to where the frame has them, and sends the image if a page is there to show it."""
        for artist in self._line:
            artist.set_data(*frame.path[: frame.step + 1].T)
        for artist in self._later:
            artist.set_data(*frame.path[frame.step : frame.last + 1].T)
        self._start.set_data(*frame.path[:1].T)
        self._point.set_data(*frame.point[:, None])
        self._mark_exit(frame)
        self._update(frame)
        self._set_clear(False)
        self.send()

    def send(self) -> None:
        """Sends the image if a page is there to show it: one for each frame, as a second takes the place of the first."""
        if not has_page(self.canvas):
            return
        if self._background is None:
            self.canvas.draw()
            return
        self.canvas.restore_region(self._background)
        self._draw_moving()
        self.canvas.blit()

    def set_language(self, language: Language) -> None:
        """Writes all words and numbers in a language, and sends the image if a page is there to show it."""
        self.language = language
        self._write()
        self._background = None
        self.send()

    def _write(self) -> None:
        """Writes the words of the background anew; a subclass has some."""

    def _update(self, frame: Frame) -> None:
        """Updates what a subclass draws besides."""

    def _mark_exit(self, frame: Frame) -> None:
        leaves = int(frame.exit_step) != NEVER
        self._exit.set_visible(leaves)
        self._note.set_visible(leaves)
        if not leaves:
            return
        # The direction on screen: that of the step in pixels.
        move = self.axes.transData.transform([frame.exit_point, frame.exit_point + frame.exit_direction])
        angle = float(np.degrees(np.arctan2(*(move[1] - move[0])[::-1])))
        self._exit.set_data(*frame.exit_point[:, None])
        self._exit.set_marker(MarkerStyle("^", transform=Affine2D().rotate_deg(angle - 90)))
        right, upper = np.array(self.axes.transAxes.inverted().transform(move[0])) > 0.5
        self._note.set(
            text=self.language.words.MAP["exit"].format(step=frame.exit_step), ha="right" if right else "left", va="center"
        )
        self._note.xy = (float(frame.exit_point[0]), float(frame.exit_point[1]))
        dx, dy = style.EXIT_NOTE_OFFSET
        self._note.set_position((-dx if right else dx, -dy if upper else dy))
