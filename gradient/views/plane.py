"""Words, numbers and colours of a larger model's plane, used by the kernel's picture and by the overlay."""

from matplotlib.colors import to_hex

from gradient.frame import Frame
from gradient.landscape import PlaneCase
from gradient.views import style
from gradient.views.sentences import PLANE, PLANE_LOSSES

TICKS = (-0.5, 0.0, 0.5, 1.0, 1.5)
CAPTION_DIGITS, TICK_DIGITS = 3, 2
# A loss has an exponent from 10,000 on and below 0.0001.
SMALLEST_EXPONENT, LARGEST_EXPONENT = -4, 4


def band_colours() -> list[str]:
    """The colours of the bands, from the lowest loss to the highest."""
    return [to_hex(style.BAND_COLOURS(band)) for band in range(style.NUM_BANDS)]


def format_loss(value: float, digits: int) -> str:
    """A loss with so many significant digits, without an exponent up to 10,000."""
    rounded = f"{value:.{digits}g}"
    return f"{float(rounded):.0f}" if 100 <= float(rounded) < 10**LARGEST_EXPONENT else rounded


def caption(frame: Frame, *, is_narrow: bool) -> str:
    """The true losses of the plane's corners and the remark on its case, on more lines if there is little room."""
    first, third, end = (format_loss(loss, CAPTION_DIGITS) for loss in frame.plane_corners)
    case = PlaneCase(int(frame.plane_case))
    losses = [PLANE_LOSSES["start"].format(loss=first)]
    if case == PlaneCase.THROUGH_PATH:
        losses.append(PLANE_LOSSES["third"].format(loss=third, step=frame.plane_third))
    losses.append(PLANE_LOSSES["end"].format(loss=end, step=frame.last))
    remark = PLANE[case].remark.replace(": ", ":\n") if is_narrow else PLANE[case].remark
    return "\n".join([("\n" if is_narrow else " · ").join(losses), remark]).strip()
