"""How many calls may be made when: the arithmetic of a bucket that refills with time.

Google counts calls in fixed windows of a minute that nobody outside can see. What one window can get at most is a full
bucket and a minute's refill, so these two together must not exceed the quota. Where the bucket is kept belongs in
``store``.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

WINDOW = 60.0
"""Seconds after which Google counts anew."""

BURST_SHARE = 0.4
"""Of a minute's calls, those that may be made at once: a pass over a sheet takes three, and several sheets change."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How many calls may be made at once (``burst``), and how many more every minute (``per_minute``)."""

    burst: int
    per_minute: float

    @classmethod
    def within(cls, calls_per_minute: int) -> Self:
        """The pace at which no minute, wherever it begins, sees more calls than these.

        >>> Pace.within(50)
        Pace(burst=20, per_minute=30)
        """
        burst = max(1, int(calls_per_minute * BURST_SHARE))
        return cls(burst, calls_per_minute - burst)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """The calls left at the moment of the last refill; none may be made before ``closed_until``."""

    calls: float
    refilled_at: datetime
    closed_until: datetime | None = None

    def take(self, pace: Pace, now: datetime) -> tuple["Bucket", float]:
        """The bucket with one call less and 0; or refilled only, and the seconds after which it is worth asking again.

        A clock that was put back refills nothing.
        """
        elapsed = max(0.0, (now - self.refilled_at).total_seconds())
        calls = min(pace.burst, self.calls + elapsed * pace.per_minute / WINDOW)
        refilled = replace(self, calls=calls, refilled_at=max(now, self.refilled_at))
        if self.closed_until is not None and now < self.closed_until:
            return refilled, (self.closed_until - now).total_seconds()
        if calls < 1:
            return refilled, max((1 - calls) * WINDOW / pace.per_minute, 0.001)
        return replace(refilled, calls=calls - 1, closed_until=None), 0.0

    def close(self, seconds: float, now: datetime) -> "Bucket":
        """The bucket from which nothing is taken for so long, or for longer if that was said before."""
        until = now + timedelta(seconds=seconds)
        return replace(self, closed_until=max(until, self.closed_until or until))
