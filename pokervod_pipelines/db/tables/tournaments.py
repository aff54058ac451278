"""What the tournament system's exports tell: the present of each tournament, and the history of its players.

Tournaments are known by their number alone and nothing refers to another table: the exports come in any order.
``seen_at`` is when the export that says so was written; a row is only replaced by what a newer export says.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, DateTime, Index, Numeric, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from pokervod_pipelines.db.tables.base import Base, MaybeMoment, Moment

Number = Mapped[int | None]
Money = Mapped[Decimal | None]


def _number() -> Any:
    return mapped_column(BigInteger)


def _money() -> Any:
    return mapped_column(Numeric(18, 2))


def _time() -> Any:
    return mapped_column(DateTime(timezone=True))


def _key_time() -> Any:
    return mapped_column(DateTime(timezone=True), primary_key=True)


def _key_number() -> Any:
    return mapped_column(BigInteger, primary_key=True, autoincrement=False)


class Tournament(Base):
    """A tournament as the furthest export shows it; ``progress`` says how far that is (see ``records``)."""

    __tablename__ = "tournaments"

    tournament_number: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    status: Mapped[str]
    current_level: Number = _number()
    remaining_players: Number = _number()
    registered_players: Number = _number()
    starting_chips: Number = _number()
    buy_in: Money = _money()
    rake: Money = _money()
    prize_pool: Money = _money()
    progress: Mapped[int] = _number()
    seen_at: Mapped[datetime] = _time()

    __table_args__ = (CheckConstraint("status in ('upcoming', 'running', 'completed', 'cancelled')", name="status"),)


class TournamentProgress(Base):
    """When a tournament was first seen as far as this: its level, or that it was over."""

    __tablename__ = "tournament_progress"

    tournament_number: Mapped[str] = mapped_column(primary_key=True)
    progress: Mapped[int] = _key_number()
    first_seen_at: Mapped[datetime] = _time()


class TournamentPlayer(Base):
    """Where a player stands now, as ``chip_counts`` tells; one who is missing from newer exports keeps his last state.

    ``eliminations`` counts how often the present turned to eliminated: more than one after a correction.
    """

    __tablename__ = "tournament_players"

    tournament_number: Mapped[str] = mapped_column(primary_key=True)
    player_key: Mapped[str] = mapped_column(primary_key=True)
    player_name: Mapped[str]
    chips: Mapped[int] = _number()
    rank: Number = _number()
    table_number: Number = _number()
    seat_number: Number = _number()
    is_eliminated: Mapped[bool]
    eliminations: Mapped[int] = mapped_column(server_default=text("0"))
    eliminated_at: Mapped[MaybeMoment]
    was_seen_playing: Mapped[bool]
    first_seen_at: Mapped[datetime] = _time()
    last_seen_at: Mapped[datetime] = _time()

    __table_args__ = (
        CheckConstraint("is_eliminated = (eliminated_at is not null)", name="eliminated"),
        Index(None, "eliminated_at"),
    )


class ChipCount(Base):
    """A player's unchanged stretch: the exports of the times ``seen_at`` agree about him, and none between differs."""

    __tablename__ = "chip_counts"

    tournament_number: Mapped[str] = mapped_column(primary_key=True)
    player_key: Mapped[str] = mapped_column(primary_key=True)
    first_seen_at: Mapped[datetime] = _key_time()
    last_seen_at: Mapped[datetime] = _time()
    seen_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    player_name: Mapped[str]
    chips: Mapped[int] = _number()
    rank: Number = _number()
    table_number: Number = _number()
    seat_number: Number = _number()
    is_eliminated: Mapped[bool]

    __table_args__ = (
        CheckConstraint(
            "first_seen_at = seen_at[1] and last_seen_at = seen_at[array_length(seen_at, 1)]", name="bounds"
        ),
        Index(None, "tournament_number", "last_seen_at"),
    )


class BlindLevel(Base):
    """A level, or the break after it; in force is what the newest export of its tournament holds."""

    __tablename__ = "blind_levels"

    tournament_number: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int] = _key_number()
    is_break: Mapped[bool] = mapped_column(primary_key=True)
    small_blind: Number = _number()
    big_blind: Number = _number()
    ante: Number = _number()
    bb_ante: Number = _number()
    duration_minutes: Number = _number()
    break_name: Mapped[str]
    seen_at: Mapped[datetime] = _time()


class Payout(Base):
    """What the places from ``place_start`` to ``place_end`` win each; in force as for blinds."""

    __tablename__ = "payouts"

    tournament_number: Mapped[str] = mapped_column(primary_key=True)
    place_start: Mapped[int] = _key_number()
    place_end: Mapped[int] = _number()
    amount: Mapped[Decimal] = _money()
    percentage: Mapped[Decimal | None] = mapped_column(Numeric(9, 4))
    is_bracelet: Mapped[bool]
    seen_at: Mapped[datetime] = _time()

    __table_args__ = (CheckConstraint("place_start <= place_end", name="places"),)


class BroadcastSlot(Base):
    """A stretch of a channel's day; in force is what the newest export with that day holds."""

    __tablename__ = "broadcast_slots"

    starts_at: Mapped[datetime] = _key_time()
    channel: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(index=True)
    ends_at: Mapped[MaybeMoment]
    event_title: Mapped[str]
    tournament_number: Mapped[str | None]
    is_live: Mapped[bool]
    seen_at: Mapped[datetime] = _time()


class TournamentFile(Base):
    """The newest version of an export that was looked at; ``error`` says why it could not be read as a whole."""

    __tablename__ = "tournament_files"

    path: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str | None]
    digest: Mapped[str]
    size: Mapped[int] = _number()
    seen_at: Mapped[datetime] = _time()
    rows: Mapped[int]
    problems: Mapped[list[Any]] = mapped_column(server_default=text("'[]'::jsonb"))
    error: Mapped[str | None]
    imported_at: Mapped[Moment]
