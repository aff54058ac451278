"""The append-only event log and the durable cursors of those who read it."""

from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, Moment


class Event(Base):
    """One change, appended in the transaction that made it.

    ``txid`` is that transaction's 64-bit number: ids are given before commit, so only ``(txid, id)`` below the oldest
    running transaction is a position nothing can appear behind.
    """

    __tablename__ = "events"

    id: Mapped[Key]
    txid: Mapped[int] = mapped_column(BigInteger, server_default=text("(pg_current_xact_id()::text)::bigint"))
    at: Mapped[Moment]
    type: Mapped[str]
    source: Mapped[str]
    correlation_id: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'::jsonb"))

    __table_args__ = (
        Index(None, "txid", "id"),
        Index(None, "correlation_id"),
        Index(None, "type", "id"),
        Index(
            "ix_events_instruction",
            text("(payload ->> 'instruction_id')"),
            "id",
            postgresql_where=text("source = 'render'"),
        ),
    )


class EventCursor(Base):
    """How far a named consumer has read: all that was visible in ``snapshot`` where it has one, else up to an event."""

    __tablename__ = "event_cursors"

    consumer: Mapped[str] = mapped_column(primary_key=True)
    txid: Mapped[int] = mapped_column(BigInteger)
    event_id: Mapped[int] = mapped_column(BigInteger)
    snapshot: Mapped[str | None]
    moved_at: Mapped[Moment]
