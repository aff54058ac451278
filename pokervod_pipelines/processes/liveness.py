"""Tell whether a process that a record names still lives."""

import psutil

CLOCK_TOLERANCE = 2.0
"""Seconds between the start of a process as the system tells it and the clock of the record."""


def lives_since(pid: int, seen_at: float) -> bool:
    """Return whether the process that was seen then lives on this machine, and not a later one with the same number."""
    try:
        return psutil.Process(pid).create_time() <= seen_at + CLOCK_TOLERANCE
    except psutil.Error:
        return False
