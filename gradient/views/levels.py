"""Which losses a map draws contours at, and how it colours its arrows, for any data; `levels.js` follows the same rules."""

from typing import NamedTuple

import numpy as np

NUM_LEVELS = 13  # one more than there are bands
UNKNOWN = float(np.finfo(np.float32).max)  # stands for a loss that is not finite
LOW_SHARE, LOW_PLACE = 0.3, 0.375  # at most this share of the map lies below this place of the scale
MOST = 1e6  # how far the scale reaches, in multiples of what lies at that place
ROUNDING = 1e-5  # of a loss, relative: what float32 leaves of a mean of many squares
MIDDLE_SHADE = 0.25  # the median norm has this share of the arrows' colours, or more
MOST_NORM = 1e4  # the largest norm with a colour of its own, in multiples of the median
LENGTH_POWER, SHORTEST = 0.25, 0.25  # an arrow's length is this root of its share of the colours, and this part of the longest

# The same numbers for `levels.js`.
RULES = {
    "numLevels": NUM_LEVELS,
    "unknown": UNKNOWN,
    "lowShare": LOW_SHARE,
    "lowPlace": LOW_PLACE,
    "most": MOST,
    "rounding": ROUNDING,
    "middleShade": MIDDLE_SHADE,
    "mostNorm": MOST_NORM,
    "lengthPower": LENGTH_POWER,
    "shortest": SHORTEST,
}


class NormScale(NamedTuple):
    """How arrows show norms: one has the share `(norm / top) ** power` of the colours; above `top` it has the last colour."""

    top: float
    power: float

    def shares(self, norms: np.ndarray) -> np.ndarray:
        """The share of the colours of each norm, in 0..1."""
        return np.minimum(norms / self.top, 1.0) ** self.power


def is_known(losses: np.ndarray) -> np.ndarray:
    """Which losses are finite, and not `UNKNOWN`."""
    return np.isfinite(losses) & (np.asarray(losses, float) < UNKNOWN)


def levels(losses: np.ndarray) -> np.ndarray:
    """The edges of the bands of a map, from its lowest loss up; what lies above the last belongs to the last band.

    Evenly spaced roots of the loss are evenly spaced rings around the minimum of a quadratic. Where the losses span decades, so
    that nearly all of the map would be in the lowest bands, each edge is also a multiple of the one below.

    Args:
        losses: of any shape; those that are not finite, or `UNKNOWN`, do not count.

    Returns:
        `NUM_LEVELS` ascending losses in float64; none if all losses are the same but for rounding, or none is known.
    """
    known = np.asarray(losses, float)[is_known(losses)]
    if not known.size or np.ptp(known) <= ROUNDING * np.abs(known).max():
        return np.zeros(0)
    low = known.min()
    typical = max(np.quantile(known, LOW_SHARE) - low, ROUNDING * abs(low)) or np.ptp(known) / MOST
    top = min(np.ptp(known), MOST * typical)
    steepness = min(1.0, typical / top / LOW_PLACE**2) ** (1 / (1 - LOW_PLACE))
    place = np.linspace(0, 1, NUM_LEVELS)
    return low + top * place**2 * steepness ** (1 - place)


def norm_scale(norms: np.ndarray) -> NormScale:
    """How arrows show these norms: evenly, or by a root, if most would otherwise have the first few colours.

    Args:
        norms: of gradients, of any shape; those that are 0 or not finite do not count.
    """
    known = norms[np.isfinite(norms) & (norms > 0)]
    if not known.size:
        return NormScale(1.0, 1.0)
    middle = np.median(known)
    top = min(known.max(), MOST_NORM * middle)
    share = middle / top
    return NormScale(float(top), float(min(1.0, np.log(MIDDLE_SHADE) / np.log(share))) if share < 1 else 1.0)


def arrow_lengths(shares: np.ndarray) -> np.ndarray:
    """How long arrows are, in 0..1, for their shares of the colours: long enough to be seen where the loss is flat."""
    return np.maximum(shares**LENGTH_POWER, SHORTEST)
