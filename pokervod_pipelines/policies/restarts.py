"""Start a program that ended again, after a longer pause each time it fails in a row."""

import time

from pokervod_pipelines.policies.backoff import Backoff

STEADY_SECONDS = 60.0
"""A program that ran for so long has recovered, and its failures are forgotten."""

PAUSES = Backoff(first_seconds=1, limit_seconds=60)


class Restarts:
    """Tell when a program is to be started next."""

    def __init__(self) -> None:
        """Begin with a first start that is due."""
        self.due_at = 0.0
        self._failures = 0
        self._started_at = 0.0

    def note_start(self) -> None:
        """Note that the program was started just now."""
        self._started_at = time.monotonic()

    def note_end(self) -> tuple[float, float]:
        """Note that the program has ended; return how long it ran, and the pause before its next start, in seconds."""
        now = time.monotonic()
        lasted = now - self._started_at
        self._failures = 1 if lasted > STEADY_SECONDS else self._failures + 1
        pause = PAUSES.find_wait(self._failures)
        self.due_at = now + pause
        return lasted, pause

    def is_due(self) -> bool:
        """Return whether the pause is over."""
        return time.monotonic() >= self.due_at
