"""Words, numbers and colours of a larger model's plane, used by the kernel's picture and by the overlay."""

from collections.abc import Sequence

from matplotlib.colors import to_hex

from gradient.frame import Frame
from gradient.landscape import PlaneCase
from gradient.link.text import localised, typeset_number
from gradient.views import style
from gradient.views.languages import LANGUAGES, Language

TICKS = (-0.5, 0.0, 0.5, 1.0, 1.5)
TICK_DIGITS = (2, 3, 4)  # the first number of digits with which no two ticks read alike; the range spans 1 % at least


def band_colours() -> list[str]:
    """The colours of the bands, from the lowest loss to the highest."""
    return [to_hex(style.BAND_COLOURS(band)) for band in range(style.NUM_BANDS)]


def tick_labels(losses: Sequence[float]) -> list[str]:
    """Losses with as many digits as it takes to tell them apart."""
    written = [[typeset_number(loss, digits).replace("e+", "e") for loss in losses] for digits in TICK_DIGITS]
    return next((labels for labels in written if len(set(labels)) == len(labels)), written[-1])


def caption(frame: Frame, language: Language = LANGUAGES[0], *, is_narrow: bool) -> str:
    """The true losses of the plane's corners and the remark on its case, on more lines if there is little room."""
    words = language.words
    first, third, end = (localised(typeset_number(loss), language.decimal) for loss in frame.plane_corners)
    case = PlaneCase(int(frame.plane_case))
    losses = [words.PLANE_LOSSES["start"].format(loss=first)]
    if case == PlaneCase.THROUGH_PATH:
        losses.append(words.PLANE_LOSSES["third"].format(loss=third, step=frame.plane_third))
    losses.append(words.PLANE_LOSSES["end"].format(loss=end, step=frame.last))
    remark = words.PLANE[case].remark
    remark = remark.replace(": ", ":\n") if is_narrow else remark
    return "\n".join([("\n" if is_narrow else " · ").join(losses), remark]).strip()
