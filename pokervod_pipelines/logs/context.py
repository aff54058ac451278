"""Name the run and the request that the lines of this thread or task belong to."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class LogContext:
    """Hold the ids that a line carries, "" where there is none."""

    run_id: str = ""
    correlation_id: str = ""


NOTHING = LogContext()

_current: ContextVar[LogContext] = ContextVar("log_context", default=NOTHING)


def read_context() -> LogContext:
    """Return the ids of this thread or task."""
    return _current.get()


@contextmanager
def bind(*, run_id: str = "", correlation_id: str = "") -> Iterator[None]:
    """Let lines carry these ids while the context lasts; one that is not given stays as it was."""
    before = _current.get()
    _current.set(LogContext(run_id=run_id or before.run_id, correlation_id=correlation_id or before.correlation_id))
    try:
        yield
    finally:
        _current.set(before)  # no token: Dagster may end a resource in another context than it began in
