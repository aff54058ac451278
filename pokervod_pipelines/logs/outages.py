"""Say once that a process waits for its database: Dagster writes several lines for each of its attempts."""

import logging
import threading

RETRY = "Retrying failed database"
"""How Dagster begins what it says before each new attempt to connect."""

PAUSE_SECONDS = 10.0
"""Such a record is repeated no sooner."""


class OutageFilter(logging.Filter):
    """Cut such a record to its first line, and drop those that follow one within ``PAUSE_SECONDS``."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()
        self._passed_at: float | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the record is written; change the one that is."""
        if not str(record.msg).startswith(RETRY):
            return True
        with self._lock:
            if self._passed_at is not None and 0 <= record.created - self._passed_at < PAUSE_SECONDS:
                return False
            self._passed_at = record.created
        record.msg, record.args = record.getMessage().partition("\n")[0], ()
        return True
