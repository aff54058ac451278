"""Rewrite the event log as only a test does, whose clock is the time of the events."""

from sqlalchemy import Connection, text


def rewrite_log(connection: Connection, statement: str, **parameters: object) -> None:
    """Run a statement that changes or deletes events, the signed ones too, which the database refuses to others."""
    connection.execute(text("set local session_replication_role = replica"))
    connection.execute(text(statement), parameters)
    connection.execute(text("set local session_replication_role = origin"))
