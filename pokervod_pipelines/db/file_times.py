"""Tell in SQL which files were written so long ago that they show nothing played after a time."""

from datetime import UTC, datetime, timedelta

MARGIN = timedelta(days=1)
"""So much the clock of whoever wrote a file may be behind ours."""

FIRST_WRITTEN = datetime(1990, 1, 1, tzinfo=UTC)
"""A file from before was written by a clock that was not set: its time says nothing."""

IS_WRITTEN_SINCE = "(f.mtime_ns >= :written or f.mtime_ns < :first)"
"""SQL: the file ``f`` may show what was played after the time of ``list_times``."""


def list_times(since: datetime) -> dict[str, datetime | int]:
    """Return the parameters ``since``, ``written`` and ``first`` of a statement with the condition.

    >>> list_times(datetime(2026, 5, 2, tzinfo=UTC))["written"]
    1777593600000000000
    """
    written, first = (int(at.timestamp()) * 10**9 for at in (since - MARGIN, FIRST_WRITTEN))
    return {"since": since, "written": written, "first": first}
