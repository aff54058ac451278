"""Wait for events by notification instead of polling."""

from typing import Any

import psycopg
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

CHANNEL = "pokervod_events"

POLL_SECONDS = 5.0
"""The log is read this often even if a notification was lost."""


def start_listening(connection: Connection) -> None:
    """Subscribe the connection to every later append, once it has committed."""
    connection.execute(text(f"listen {CHANNEL}"))


def wait_for_append(connection: Connection, timeout: float) -> bool:
    """Return whether something was appended since the last wait or within ``timeout`` seconds; read the log for it.

    Raises SQLAlchemy's ``OperationalError`` when the connection is cut.
    """
    driver: Any = connection.connection.dbapi_connection  # a detached one has no record of its driver
    try:
        return bool([*driver.notifies(timeout=timeout, stop_after=1)])
    except psycopg.OperationalError as error:
        connection.invalidate(error)
        raise OperationalError(f"listen {CHANNEL}", None, error) from None
