"""Wait longer after each failed attempt, and never everybody at the same moment."""

import random
from dataclasses import dataclass

MAX_STEPS = 30
"""The wait stops growing after this many attempts, whatever the limit: a float would overflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Grow a wait from ``first_seconds`` by ``factor`` an attempt up to ``limit_seconds``.

    ``jitter`` is the share by which a wait may be shorter or longer: 0.5 spreads it from half to one and a half.

    >>> backoff = Backoff(first_seconds=5, factor=3, limit_seconds=600, jitter=0.5)
    >>> [backoff.find_wait(failures, chance=0.5) for failures in (1, 2, 3, 10)]
    [5.0, 15.0, 45.0, 600.0]
    """

    first_seconds: float
    factor: float = 2.0
    limit_seconds: float = 600.0
    jitter: float = 0.0

    def find_wait(self, failures: int, *, chance: float | None = None) -> float:
        """Return the wait in seconds after that many failures; ``chance`` from 0 to 1 replaces the random one."""
        step = min(self.limit_seconds, self.first_seconds * self.factor ** min(max(failures, 1) - 1, MAX_STEPS))
        drawn = random.random() if chance is None else chance  # noqa: S311 - no secret depends on it
        return step * (1 + self.jitter * (2 * drawn - 1))
