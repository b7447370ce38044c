"""A second opinion on a descent, from its numbers alone: which verdicts fit an iterate, read off lists of Python floats.

It is written apart from `gradient.verdict`, with a margin around every threshold: what is near one may be called either way.
"""

import math
from collections.abc import Sequence

from gradient.verdict import Verdict

MARGIN = 2e-4  # a share of a loss, by which a comparison has to be clear
_STRICT, _LOOSE = -1.0, 1.0


def fitting(
    points: Sequence[Sequence[float]],
    losses: Sequence[float],
    norms: Sequence[float],
    step: int,
    best: float,
    spread: float,
) -> set[Verdict]:
    """The verdicts that fit the iterate at `step`: one, or two or more where a comparison is not clear.

    Args:
        points, losses, norms: of all iterates, the end repeated after it.
        step: in 0..len(losses) - 1.
        best: the lowest loss known.
        spread: the standard deviation of the data.
    """
    fits = set[Verdict]()
    for name, strictly, loosely in _questions(points, losses, norms, step, best, spread):
        if loosely:
            fits.add(name)
        if strictly:
            return fits
    return fits | {Verdict.SLOW}


def _questions(
    points: Sequence[Sequence[float]],
    losses: Sequence[float],
    norms: Sequence[float],
    step: int,
    best: float,
    spread: float,
) -> list[tuple[Verdict, bool, bool]]:
    """In the order in which they are asked: a verdict, whether it clearly holds, and whether it may hold."""
    past = [losses[max(0, at)] for at in range(step - 10, step + 1)]
    now, first, six = past[-1], past[0], past[-6:]
    low, high, nothing = min(past), max(past), 1e-5 * spread**2

    def below(value: float, bound: float, margin: float) -> bool:
        return value - bound <= margin * MARGIN * (abs(bound) + nothing)

    def near(values: Sequence[float], share: float, margin: float) -> bool:
        return all(below(value, (1 + share) * best + nothing, margin) for value in values)

    def still(margin: float) -> bool:
        limit = min(max(norms[0], spread), 10 * spread) / 1000
        after = [norms[min(at, len(norms) - 1)] for at in range(step + 1, step + 6)]
        return below(norms[step], limit, margin) and all(below(norm, 10 * limit, margin) for norm in after)

    def falls(margin: float) -> bool:
        return below(now, 0.99 * first, margin) and below(now, 1.001 * low, margin)

    def rises(margin: float) -> bool:
        return below(1.01 * first, now, margin) and below(0.999 * high, now, margin)

    tests = [
        (Verdict.CONVERGED, lambda margin: still(margin) and near([now], 0.05, margin)),
        (Verdict.SETTLED, lambda margin: still(margin) and not below(now, 0.99 * past[-5], -margin)),
        (Verdict.START, lambda _: step == 0),
        (Verdict.BEST, lambda margin: near(six, 0.02, margin)),
        (Verdict.BOUNCING, lambda margin: _hops(points, step, 0.01 + margin * 0.002)),
        (Verdict.DESCENDING, falls),
        (Verdict.CLOSE, lambda margin: near([now], 0.05, margin)),
        (Verdict.RISING, rises),
        (Verdict.WANDERING, lambda margin: not below(high, 1.05 * low, -margin)),
    ]
    return [(verdict, test(_STRICT), test(_LOOSE)) for verdict, test in tests]


def _hops(points: Sequence[Sequence[float]], step: int, share: float) -> bool:
    """Whether each of the last six points lies where the one before the last lay, up to a share of the step between them."""
    if step < 5:
        return False
    last = points[step - 5 : step + 1]
    steps = [math.dist(last[i], last[i + 1]) for i in range(1, 5)]
    backs = [math.dist(last[i], last[i + 2]) for i in range(4)]
    return all(hop > 0 and back <= share * hop for back, hop in zip(backs, steps, strict=True))
