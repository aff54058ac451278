"""The time, and waiting: real, or emulated where ten minutes of trouble are to pass in a second."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the client needs of time."""

    def now(self) -> datetime:
        """The aware present moment."""

    def sleep(self, seconds: float) -> None:
        """So many seconds have passed."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """So many seconds have passed."""
        time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()
