"""Wait for events by notification instead of polling."""

from sqlalchemy import Connection, text

CHANNEL = "pokervod_events"


def start_listening(connection: Connection) -> None:
    """Subscribe the connection, which must be in autocommit, to every later append."""
    connection.execute(text(f"listen {CHANNEL}"))


def wait_for_append(connection: Connection, timeout: float) -> bool:
    """Return whether something was appended within ``timeout`` seconds; read the log for what it was."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - narrows the type
    return any(True for _ in driver.notifies(timeout=timeout, stop_after=1))
