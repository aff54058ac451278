"""Provide the emulator's time: the real one, or one that only a test moves."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tell the emulator the time: quotas, token lifetimes, modified times and ``Date`` headers follow it."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""


class SystemClock:
    """Use the machine's time."""

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC)


@dataclass(slots=True)
class VirtualClock:
    """Stop the time until somebody sleeps; give ``sleep`` to the client so that its waits cost nothing."""

    moment: datetime = datetime(2026, 1, 5, 12, tzinfo=UTC)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def now(self) -> datetime:
        """Return the emulated present."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Let the seconds pass at once."""
        with self._lock:
            self.moment += timedelta(seconds=max(0.0, seconds))

    def time(self) -> float:
        """Return the emulated present in seconds since 1970."""
        return self.moment.timestamp()
