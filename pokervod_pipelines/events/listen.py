"""Waking up when something is appended, instead of asking again and again."""

from sqlalchemy import Connection, text

CHANNEL = "pokervod_events"


def start_listening(connection: Connection) -> None:
    """The connection, in autocommit, hears of every append from now on."""
    connection.execute(text(f"listen {CHANNEL}"))


def wait_for_append(connection: Connection, timeout: float) -> bool:
    """Whether something was appended within ``timeout`` seconds; reading the log tells what."""
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - narrows the type
    return any(True for _ in driver.notifies(timeout=timeout, stop_after=1))
