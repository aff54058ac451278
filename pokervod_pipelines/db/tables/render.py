"""The graphics that were asked for, how far each one is, and the files that came of them.

What a state means and who moves it on is ``render.states``'; that nothing else moves it is a trigger's, which also sets
``rank`` and wakes the workers (migration 0004).
"""

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
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, REAL
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, MaybeMoment, Moment


class RenderInstruction(Base):
    """One graphic to be made; the newest version of its trigger and template is the one in force.

    ``digest`` is of template, layers and output. ``superseded_by`` is the next version. ``withdrawn_at`` is when what
    triggered it was found gone, ``flagged`` says of a finished graphic why it no longer shows the truth, and
    ``cancel_requested`` tells who renders it to stop, and why. ``reason`` is why the row is in its state, ``by`` who or
    which rule asked for the graphic. ``claim_id`` changes with every claim; ``progress`` is from 0 to 1. The lowest
    ``rank`` of a ``renderer`` is taken next: the time of asking, later by half an hour for each step of priority.
    ``failure_kind`` is of the last attempt, as ``render.failures`` sorts them.
    """

    __tablename__ = "render_instructions"

    id: Mapped[Key]
    template: Mapped[str]
    layers: Mapped[dict[str, Any]]
    output: Mapped[dict[str, Any]]
    renderer: Mapped[str] = mapped_column(server_default="local")
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
    failure_kind: Mapped[str | None]
    by: Mapped[str]
    correlation_id: Mapped[str] = mapped_column(server_default="")
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]
    rank: Mapped[Moment]
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
        CheckConstraint(
            "(state = 'processing') = (claim_id is not null and claimed_by is not null and lease_until is not null"
            " and heartbeat_at is not null and started_at is not null)",
            name="held_while_processing",
        ),
        Index("ix_render_instructions_claim", "renderer", "rank", "id", postgresql_where=text("state = 'pending'")),
        Index("ix_render_instructions_held", "renderer", "template", postgresql_where=text("state = 'processing'")),
        Index(
            "ix_render_instructions_put_off",
            "renderer",
            "due_at",
            postgresql_where=text("state = 'pending' and failure_kind is not null"),
        ),
    )


class RenderAttempt(Base):
    """One claim of an instruction that came to its end; ``outcome`` says how, ``kind`` whose fault it was if any."""

    __tablename__ = "render_attempts"

    claim_id: Mapped[UUID] = mapped_column(primary_key=True)
    instruction_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("render_instructions.id"), index=True)
    worker: Mapped[str]
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[Moment]
    outcome: Mapped[str]
    kind: Mapped[str | None]
    reason: Mapped[str]

    __table_args__ = (
        CheckConstraint("outcome in ('completed', 'failed', 'handed_back', 'lost', 'cancelled')", name="outcome"),
        Index("ix_render_attempts_worker_ended_at", "worker", "ended_at"),
    )


class RenderOutput(Base):
    """The file (or folder of pictures) of a completed instruction; there is never a second one of it.

    ``path`` is below the folder of the graphics, ``sha256`` of the whole content, ``picture_hash`` of what its middle
    frame shows. ``content_hash`` is of what it was to show, where the picture was not compared with one drawn anew.
    ``problem`` is what the last look at the file found, at ``checked_at``.
    """

    __tablename__ = "render_outputs"

    instruction_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("render_instructions.id"), primary_key=True, autoincrement=False
    )
    claim_id: Mapped[UUID] = mapped_column(unique=True)
    path: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    frames: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    fps: Mapped[float]
    seconds: Mapped[float]
    pixel_format: Mapped[str]
    picture_hash: Mapped[str | None] = mapped_column(index=True)
    preview: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_hash: Mapped[str | None]
    made_by: Mapped[str]
    made_at: Mapped[Moment]
    checked_at: Mapped[MaybeMoment]
    problem: Mapped[str | None]


class RenderWorker(Base):
    """A worker that runs or ran: alive while ``seen_at`` is recent and ``stopped_at`` is not set.

    ``strikes`` are failures of what another worker finished, since it last finished something itself; ``set_aside``
    is why it is given nothing. It takes what is of ``day``, or of any day where that is not set.
    """

    __tablename__ = "render_workers"

    name: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    renderers: Mapped[list[str]] = mapped_column(ARRAY(Text))
    day: Mapped[date | None]
    started_at: Mapped[Moment]
    seen_at: Mapped[Moment]
    stopped_at: Mapped[MaybeMoment]
    strikes: Mapped[int] = mapped_column(server_default=text("0"))
    set_aside: Mapped[str | None]


class RenderPause(Base):
    """Nothing of this scope is taken: all, a renderer, or a template; until ``until``, or until somebody resumes it.

    ``times`` counts pauses in a row for want of a licence or a place, each longer than the one before.
    """

    __tablename__ = "render_pauses"

    scope: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    by: Mapped[str]
    since: Mapped[Moment]
    until: Mapped[MaybeMoment]
    times: Mapped[int] = mapped_column(server_default=text("1"))

    __table_args__ = (CheckConstraint("scope = 'all' or scope ~ '^(renderer|template):.'", name="scope"),)
