"""Time shared out: of a stretch of time, how much went to which of several things that overlap."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise

Span = tuple[datetime, datetime]
"""From the first moment up to, without, the second."""


def share_time(window: Span, claims: Sequence[Sequence[Span]]) -> list[timedelta]:
    """Return how much of ``window`` each claim holds and, last, what no claim holds.

    Every moment counts once: for the first claim that covers it. So the parts always add up to the window.

    >>> from datetime import UTC
    >>> at = lambda minute: datetime(2026, 1, 5, 9, minute, tzinfo=UTC)
    >>> [part.seconds // 60 for part in share_time((at(0), at(10)), [[(at(0), at(4))], [(at(3), at(8))]])]
    [4, 4, 2]
    """
    parts = [timedelta() for _ in range(len(claims) + 1)]
    for start, end in _cut(window, claims):
        holder = next((at for at, spans in enumerate(claims) if _covers(spans, start)), len(claims))
        parts[holder] += end - start
    return parts


def _cut(window: Span, claims: Sequence[Sequence[Span]]) -> list[Span]:
    """The window in pieces within which nothing begins or ends."""
    first, last = window
    inside = {moment for spans in claims for span in spans for moment in span if first < moment < last}
    moments = [first, *sorted(inside), last]
    return [(start, end) for start, end in pairwise(moments) if start < end]


def _covers(spans: Sequence[Span], moment: datetime) -> bool:
    return any(start <= moment < end for start, end in spans)
