"""Block C: hands as tables recorded them, the files they came from, and the clips that show them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, Key, MaybeMoment, Moment


class HandFile(Base):
    """A file that was given to be read, as it was then; ``digest`` covers its bytes and the rules it was read by.

    read: its hands are stored (``reason`` tells of hands that cannot be used). waiting: it ends in the middle, and is
    looked at again when it changes. quarantined: it is no session; a person mends it and gives it again.
    """

    __tablename__ = "hand_files"

    id: Mapped[Key]
    path: Mapped[str] = mapped_column(unique=True)
    digest: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str]
    reason: Mapped[str | None]
    read_at: Mapped[Moment]
    hands: Mapped[int] = mapped_column(server_default=text("0"))

    __table_args__ = (CheckConstraint("state in ('read', 'waiting', 'quarantined')", name="state"),)


class HandSession(Base):
    """A session; what it is called is what the file ``file_id`` says, which tells the most hands of all.

    ``head`` breaks a tie between files. ``hands_told`` counts the hands of that file, ``hands_broken`` those of them
    that cannot be used.
    """

    __tablename__ = "hand_sessions"

    session_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    table_name: Mapped[str]
    event_title: Mapped[str]
    created_at: Mapped[MaybeMoment]
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    broadcast_day: Mapped[date] = mapped_column(index=True)
    is_test: Mapped[bool]
    hands_told: Mapped[int]
    hands_broken: Mapped[int]
    head: Mapped[str]
    file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("hand_files.id"))


class RecordedHand(Base):
    """One hand, in its heaviest telling; ``content`` is the whole of it, the other columns are to search by.

    ``weight`` is that telling's (see ``hands.tellings``), ``digest`` that of the content, ``replayed`` the digest that
    the rules were last asked about. ``broadcast_day`` is the session's. ``grade`` is null for a test hand.
    """

    __tablename__ = "hands"

    id: Mapped[Key]
    session_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hand_sessions.session_id"))
    table_name: Mapped[str]
    hand_number: Mapped[int] = mapped_column(BigInteger)
    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    broadcast_day: Mapped[date] = mapped_column(index=True)
    source: Mapped[str]
    grade: Mapped[str | None]
    is_premium: Mapped[bool]
    is_test: Mapped[bool]
    best_category: Mapped[str | None]
    best_rank: Mapped[int | None]
    pot: Mapped[int] = mapped_column(BigInteger)
    winners: Mapped[list[Any]]
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    content: Mapped[dict[str, Any]]
    weight: Mapped[list[Any]]
    digest: Mapped[str]
    replayed: Mapped[str | None]
    file_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("hand_files.id"), index=True)
    created_at: Mapped[Moment]
    changed_at: Mapped[Moment]

    __table_args__ = (
        UniqueConstraint("session_id", "started_at"),
        CheckConstraint("source in ('rfid', 'csv', 'manual')", name="source"),
        CheckConstraint("grade in ('A', 'B', 'C')", name="grade"),
        CheckConstraint("best_rank between 1 and 7462", name="best_rank"),
        Index("ix_hands_not_replayed", "id", postgresql_where=text("replayed is distinct from digest")),
    )


class HandFinding(Base):
    """A doubt about a hand, found by its record or by the rules; ``position`` is its place among those."""

    __tablename__ = "hand_findings"

    hand_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hands.id", ondelete="CASCADE"), primary_key=True)
    found_by: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    code: Mapped[str] = mapped_column(index=True)
    street: Mapped[str]
    action: Mapped[int | None]
    message: Mapped[str]

    __table_args__ = (CheckConstraint("found_by in ('record', 'rules')", name="found_by"),)


class HandMoment(Base):
    """A hand and a clip that show the same moment, and what told it."""

    __tablename__ = "hand_moments"

    hand_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hands.id", ondelete="CASCADE"), primary_key=True)
    clip_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("hand_clips.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    how: Mapped[str]
    linked_at: Mapped[Moment]

    __table_args__ = (CheckConstraint("how in ('table', 'time', 'sheet')", name="how"),)


class HandDisagreement(Base):
    """A hand and its sheet row say different things; open until a person settles it, or both say the same again."""

    __tablename__ = "hand_disagreements"

    id: Mapped[Key]
    hand_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hands.id", ondelete="CASCADE"))
    clip_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("hand_clips.id", ondelete="CASCADE"), index=True)
    field: Mapped[str]
    hand_says: Mapped[str]
    sheet_says: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="open")
    by: Mapped[str | None]
    reason: Mapped[str | None]
    at: Mapped[Moment]
    settled_at: Mapped[MaybeMoment]

    __table_args__ = (
        UniqueConstraint("hand_id", "clip_id", "field"),
        CheckConstraint("field in ('cards', 'winner', 'pot', 'players')", name="field"),
        CheckConstraint("state in ('open', 'settled')", name="state"),
        CheckConstraint("(state = 'settled') = (settled_at is not null)", name="settled_when"),
        CheckConstraint("state = 'open' or (by <> '' and reason <> '')", name="signed"),
    )
