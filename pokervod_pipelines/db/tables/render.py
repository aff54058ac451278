"""The graphics that were asked for, and how far each one is. What a state means and who moves it on is ``render``'s."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import REAL
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, MaybeMoment, Moment


class RenderInstruction(Base):
    """One graphic to be made; the newest version of its trigger and template is the one in force.

    ``digest`` is of template, layers and output. ``superseded_by`` is the next version. ``withdrawn_at`` is when what
    triggered it was found gone, ``flagged`` says of a finished graphic why it no longer shows the truth, and
    ``cancel_requested`` tells who renders it to stop, and why. ``reason`` is why the row is in its state, ``by`` who or
    which rule asked for the graphic. ``claim_id`` changes with every claim; ``progress`` is from 0 to 1.
    """

    __tablename__ = "render_instructions"

    id: Mapped[Key]
    template: Mapped[str]
    layers: Mapped[dict[str, Any]]
    output: Mapped[dict[str, Any]]
    digest: Mapped[str]
    priority: Mapped[int] = mapped_column(server_default=text("5"))
    state: Mapped[str] = mapped_column(server_default="pending")
    trigger_kind: Mapped[str]
    trigger_key: Mapped[str]
    version: Mapped[int] = mapped_column(Integer, server_default=text("1"))
    hand_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("hands.id"), index=True)
    broadcast_day: Mapped[date] = mapped_column(index=True)
    superseded_by: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("render_instructions.id"))
    withdrawn_at: Mapped[MaybeMoment]
    flagged: Mapped[str | None]
    cancel_requested: Mapped[str | None]
    retry_count: Mapped[int] = mapped_column(server_default=text("0"))
    max_retries: Mapped[int] = mapped_column(server_default=text("3"))
    reason: Mapped[str] = mapped_column(server_default="")
    by: Mapped[str]
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]
    due_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), server_default=func.now())
    claim_id: Mapped[UUID | None]
    claimed_by: Mapped[str | None]
    lease_until: Mapped[MaybeMoment]
    heartbeat_at: Mapped[MaybeMoment]
    started_at: Mapped[MaybeMoment]
    finished_at: Mapped[MaybeMoment]
    progress: Mapped[float | None] = mapped_column(REAL)

    __table_args__ = (
        UniqueConstraint(
            "trigger_kind", "trigger_key", "template", "version", name="uq_render_instructions_trigger_version"
        ),
        CheckConstraint(
            "state in ('pending', 'processing', 'completed', 'failed', 'cancelled', 'timed_out')", name="state"
        ),
        CheckConstraint("priority between 1 and 10", name="priority"),
        CheckConstraint("version >= 1", name="version"),
        CheckConstraint("0 <= retry_count and 0 <= max_retries", name="retries"),
        CheckConstraint("progress between 0 and 1", name="progress"),
        CheckConstraint("superseded_by <> id", name="superseded_by_another"),
        Index("ix_render_instructions_claim", "priority", "created_at", postgresql_where=text("state = 'pending'")),
    )
