"""Frame rates as the trade has them: exact fractions, whatever rounding a container went through."""

from fractions import Fraction

TRADE_RATES = (
    *(Fraction(whole) for whole in (24, 25, 30, 48, 50, 60, 100, 120)),
    *(Fraction(whole * 1000, 1001) for whole in (24, 30, 48, 60, 120)),
)

_TOLERANCE = Fraction(1, 10_000)
"""A tenth of the distance between 30 and 29.97; a container that keeps milliseconds or 2997/100 stays within it."""


def snap_rate(rate: Fraction) -> Fraction:
    """The trade's rate that this one stands for, or the rate as it is where it stands for none.

    >>> snap_rate(Fraction(2997, 100))
    Fraction(30000, 1001)
    >>> snap_rate(Fraction(15))
    Fraction(15, 1)
    """
    nearest = min(TRADE_RATES, key=lambda known: abs(known - rate))
    return nearest if abs(nearest - rate) <= nearest * _TOLERANCE else rate
