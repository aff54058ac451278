"""Say in one line that the database does not answer, in place of what Dagster prints at each attempt to reach it."""

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

from pokervod_pipelines.defs.resources import SyncListener

RETRIED = "Retrying failed database connection"
"""How dagster-postgres begins a warning before each further attempt."""

NOT_WRITTEN = "Exception while writing logger call to event log"
"""How Dagster begins what it writes to standard error, past every logger."""

_log = logging.getLogger(__name__)


@contextmanager
def tell_outage(listener: SyncListener) -> Iterator[None]:
    """Tell the listener once that the database does not answer; the log of this process keeps what Dagster says."""
    outage, root, stream = _Outage(listener), logging.getLogger(), sys.stderr
    root.addFilter(outage.hide)
    sys.stderr = cast(TextIO, _Stream(stream))
    try:
        yield
    finally:
        sys.stderr = stream
        root.removeFilter(outage.hide)


class _Outage:
    """Keep Dagster's warnings from the terminal, and tell of the first."""

    def __init__(self, listener: SyncListener) -> None:
        self._listener = listener
        self._is_told = False

    def hide(self, record: logging.LogRecord) -> bool:
        """Mark a warning of Dagster as shown; the record passes in any case."""
        if str(record.msg).startswith(RETRIED):
            record.is_shown = True
            if not self._is_told:
                self._is_told = True
                self._listener.waiting("the database does not answer; waiting for it")
        return True


class _Stream:
    """Be standard error, without the lines that Dagster writes there for each event that it cannot store."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write the text, or log it."""
        if text.startswith(NOT_WRITTEN):
            _log.warning("%s", text.rstrip(), extra={"is_shown": True})
            return len(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
