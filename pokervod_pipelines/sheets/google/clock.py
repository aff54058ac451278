"""Read the time and wait: for real, or emulated where ten minutes of failures are to pass in a second."""

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Provide what the client needs of time."""

    def now(self) -> datetime:
        """Return the present moment, with its time zone."""

    def sleep(self, seconds: float) -> None:
        """Wait for this time."""


class SystemClock:
    """Use the machine's own clock."""

    def now(self) -> datetime:
        """Return the present moment in UTC."""
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        """Block for this time."""
        time.sleep(seconds)


SYSTEM_CLOCK = SystemClock()
