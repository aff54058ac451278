"""Limit the calls of an account in each minute of the emulator's clock."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from pokervod_pipelines_tests.google.answers import refuse_drive_quota, refuse_quota


@dataclass(slots=True)
class Quota:
    """Limit one account in one minute, by default Google's own; fixed windows, refused calls count too."""

    reads_per_minute: int = 60
    writes_per_minute: int = 60
    drive_per_minute: int = 12_000
    spent: Counter[tuple[str, str, int]] = field(default_factory=Counter, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def charge(self, email: str, metric: str, now: datetime) -> None:
        """Count a call of the metric ``Read``, ``Write`` or ``Drive``.

        Raises:
            Refused: it was one too many in this minute.

        """
        limits = {"Read": self.reads_per_minute, "Write": self.writes_per_minute, "Drive": self.drive_per_minute}
        window = (email, metric, int(now.timestamp()) // 60)
        with self._lock:
            self.spent[window] += 1
            too_many = self.spent[window] > limits[metric]
        if too_many:
            raise refuse_drive_quota() if metric == "Drive" else refuse_quota(metric)
