"""Classify database errors: whether a retry can help, and a message of one line for a person."""

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from pokervod_pipelines.errors import BadInput, Conflict, OperatorNeeded, PokervodError, Unavailable

TRANSIENT_STATES = ("08", "25P03", "40", "53", "57")
"""First characters of transient SQLSTATEs: connection lost, idle timeout, deadlock, no resources, shutdown."""

ENDED_STATES = ("40", "57014")
"""First characters of those with which the database answers: deadlock, time limit of a statement."""

DISK_FULL = "53100"

DatabaseError = DBAPIError | psycopg.Error
"""Raised by SQLAlchemy, or by the driver where it is used directly."""


def is_transient(error: DatabaseError) -> bool:
    """Return whether the database was not reachable, or ended this transaction in favour of another."""
    state = _read_state(error)
    if state is not None:
        return state.startswith(TRANSIENT_STATES)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def is_unreachable(error: DatabaseError) -> bool:
    """Return whether the database did not answer; one that ended a transaction in favour of another did."""
    return is_transient(error) and not (_read_state(error) or "").startswith(ENDED_STATES)


def read_first_line(error: DatabaseError) -> str:
    """Return the database's message, without the statement."""
    cause = _find_cause(error)
    return next(iter(str(cause).strip().splitlines()), type(cause).__name__)


def translate_error(error: DatabaseError) -> PokervodError:
    """Return the error as one of ours, by who can act; its text is one line that says what to do."""
    message, cause = read_first_line(error), _find_cause(error)
    if _read_state(error) == DISK_FULL:
        return OperatorNeeded(f"the database's disk is full: {message}; free space on it, then run it again")
    if is_transient(error):
        return Unavailable(
            f"the database connection failed: {message}; check with `pokervod doctor` that it answers, then retry"
        )
    if isinstance(cause, psycopg.DataError):
        return BadInput(f"the database refuses a value: {message}; correct the value, then retry")
    if isinstance(cause, psycopg.IntegrityError):
        return Conflict(f"conflict with a row in the database: {message}; check the existing row, then retry")
    return OperatorNeeded(
        f"the database refuses the statement: {message}; check the rights of its user and `pokervod doctor`, "
        "and report a bug of PokerVOD if both are fine"
    )


def _read_state(error: DatabaseError) -> str | None:
    cause = _find_cause(error)
    state = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)  # of Dagster's driver
    return None if state is None else str(state)


def _find_cause(error: DatabaseError) -> BaseException:
    return error.orig or error if isinstance(error, DBAPIError) else error
