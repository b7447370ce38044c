"""The field of a problem on a page without a kernel: few numbers with few digits, which download quickly."""

import math

import numpy as np

from gradient.views.levels import UNKNOWN, is_known

_EVERY = 2  # of the losses along each axis; the page puts a spline between them
_DIGITS = 3


def stored(losses: np.ndarray, gradients: np.ndarray) -> dict[str, list[float]]:
    """What the overlay draws a field from.

    Args:
        losses: [n, n] for an odd n, on a grid over the domain.
        gradients: [m, m, 2].

    Returns:
        `losses`, of every other column of every other row, `levels.UNKNOWN` for those that are not finite; and `gradients`,
        with 0 for those. Each is a list, row by row. A loss is as exact as three digits of what lies between it and the lowest
        one, because the bands count from there.
    """
    some = np.asarray(losses, float)[::_EVERY, ::_EVERY].ravel()
    known = is_known(some)
    low = some[known].min(initial=UNKNOWN)
    slopes = np.nan_to_num(np.asarray(gradients, float).ravel(), posinf=0, neginf=0)
    return {
        "losses": [_rounded(loss, loss - low) if is_loss else UNKNOWN for loss, is_loss in zip(some, known, strict=True)],
        "gradients": [_rounded(slope, slope) for slope in slopes],
    }


def _rounded(value: float, scale: float) -> float:
    """A number to the last of the first three digits of another one; as it is if that is 0."""
    return round(float(value), _DIGITS - 1 - math.floor(math.log10(abs(scale)))) if scale else float(value)
