"""What there is to say of the plane of a larger model, for whoever draws it."""

import matplotlib as mpl
from matplotlib.colors import to_hex

from gradient.frame import Frame
from gradient.landscape import COLLINEAR, DIVERGED, THROUGH_PATH

# By the plane's case: the labels of its axes, and what else there is to say of it.
CASES = {
    THROUGH_PATH: ("start 0, end 1", "away from that line: ◇ at 1", ""),
    COLLINEAR: ("start 0, end 1", "a fixed direction, as long", "straight path: nothing spans the second axis"),
    DIVERGED: ("down the start's gradient, length 1", "a fixed direction, length 1", "diverged: the end is too far to show"),
}
COLOUR_LABEL = "loss on the plane"
NUM_BANDS = 14
BANDS = mpl.colormaps["cividis_r"].resampled(NUM_BANDS)
TICKS = (-0.5, 0.0, 0.5, 1.0, 1.5)


def band_colours() -> list[str]:
    """The colours of the bands, from the lowest loss to the highest."""
    return [to_hex(BANDS(band)) for band in range(NUM_BANDS)]


def general(value: float, digits: int) -> str:
    """A loss with so many significant digits, without an exponent up to 10,000."""
    rounded = f"{value:.{digits}g}"
    return f"{float(rounded):.0f}" if 100 <= float(rounded) < 10_000 else rounded


def facts(frame: Frame, *, is_narrow: bool) -> str:
    """The true losses of the plane's corners, because a plane shows little of a path in many dimensions, and its case."""
    names = ["start", f"step {frame.plane_third} ◇", f"step {frame.last}"]
    corners = [f"{name} {general(loss, 3)}" for name, loss in zip(names, frame.plane_corners, strict=True)]
    case = int(frame.plane_case)
    shown = corners if case == THROUGH_PATH else corners[::2]
    sentence = CASES[case][2].replace(": ", ":\n") if is_narrow else CASES[case][2]
    return "\n".join(["true loss: " + ("\n" if is_narrow else " · ").join(shown), sentence]).strip()
