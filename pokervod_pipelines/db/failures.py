"""What a database error means: whether it passes by itself, and how a person is told of it in one line."""

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from pokervod_pipelines.errors import BadInput, Conflict, OperatorNeeded, PokervodError, Unavailable

PASSING_STATES = ("08", "25P03", "40", "53", "57")
"""How SQLSTATEs begin that pass: connection lost, idle for too long, gave way, no resources, shut down."""

DatabaseError = DBAPIError | psycopg.Error
"""As SQLAlchemy raises it, or as the driver does where it is used without."""


def is_passing(error: DatabaseError) -> bool:
    """Return whether the database was away, or chose this transaction to give way to another."""
    state = _read_state(error)
    if state is not None:
        return state.startswith(PASSING_STATES)
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)


def read_first_line(error: DatabaseError) -> str:
    """Return what the database said, without the statement that it was said of."""
    cause = _find_cause(error)
    return next(iter(str(cause).strip().splitlines()), type(cause).__name__)


def name_failure(error: DatabaseError) -> PokervodError:
    """Return the error as one of ours, by who can mend it; its text is one line that says what to do."""
    said, cause = read_first_line(error), _find_cause(error)
    if is_passing(error):
        return Unavailable(
            f"the database broke off: {said}; see with `pokervod doctor` that it answers, then run this again"
        )
    if isinstance(cause, psycopg.DataError):
        return BadInput(f"the database cannot hold a value: {said}; correct what was given, then run this again")
    if isinstance(cause, psycopg.IntegrityError):
        return Conflict(f"what is in the database stands against it: {said}; look what is there, then run this again")
    return OperatorNeeded(
        f"the database refuses: {said}; check the rights of its user and `pokervod doctor`, "
        "and report it as a fault of PokerVOD if both are sound"
    )


def _read_state(error: DatabaseError) -> str | None:
    state = getattr(_find_cause(error), "sqlstate", None)
    return None if state is None else str(state)


def _find_cause(error: DatabaseError) -> BaseException:
    return error.orig or error if isinstance(error, DBAPIError) else error
