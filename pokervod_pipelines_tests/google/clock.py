"""The emulator's time: the real one, or one that only moves when a test says so."""

import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the emulator reads the time: quotas, token lives, modified times and ``Date`` headers follow it."""

    def now(self) -> datetime:
        """Return the present, aware, in UTC."""


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Return the present."""
        return datetime.now(UTC)


@dataclass(slots=True)
class VirtualClock:
    """A time that stands still until somebody sleeps; hand ``sleep`` to the client so that its waits cost nothing."""

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
