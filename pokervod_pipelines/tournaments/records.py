"""Hold one row of each export as values.

``KEY`` names the fields that tell rows of one kind apart, ``SCOPE`` the one whose rows an export gives as a whole.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import ClassVar

OVER = 1_000_000
"""Progress of a tournament that has ended; larger than any level."""


class TournamentStatus(StrEnum):
    """Name the states of a tournament; ``running`` ends with the last hand."""

    UPCOMING = "upcoming"
    RUNNING = "running"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class TournamentRow:
    """Hold a line of ``tournament_data``; money in the currency of the event, chips and players as counts."""

    KEY: ClassVar = ("tournament_number",)

    tournament_number: str
    name: str
    status: TournamentStatus
    current_level: int | None = None
    remaining_players: int | None = None
    registered_players: int | None = None
    starting_chips: int | None = None
    buy_in: Decimal | None = None
    rake: Decimal | None = None
    prize_pool: Decimal | None = None

    @property
    def progress(self) -> int:
        """Return the level, 0 before the first, ``OVER`` after the last.

        Of two exports the one with more progress is the later one, whatever the times of their files.
        """
        if self.status in {TournamentStatus.COMPLETED, TournamentStatus.CANCELLED}:
            return OVER
        return 0 if self.status is TournamentStatus.UPCOMING else self.current_level or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayerRow:
    """Hold a line of ``player_chips``; ``rank`` of an eliminated player is the finishing place."""

    KEY: ClassVar = ("tournament_number", "player_key")

    tournament_number: str
    player_key: str
    player_name: str
    chips: int
    rank: int | None = None
    table_number: int | None = None
    seat_number: int | None = None
    is_eliminated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BlindRow:
    """Hold a line of ``blind_structure``: a level, or the break that follows the level of that number."""

    KEY: ClassVar = ("tournament_number", "level", "is_break")
    SCOPE: ClassVar = "tournament_number"

    tournament_number: str
    level: int
    is_break: bool = False
    small_blind: int | None = None
    big_blind: int | None = None
    ante: int | None = None
    bb_ante: int | None = None
    duration_minutes: int | None = None
    break_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutRow:
    """Hold a line of ``payout_structure``: each place wins ``amount``; ``percentage`` is of the prize pool."""

    KEY: ClassVar = ("tournament_number", "place_start")
    SCOPE: ClassVar = "tournament_number"

    tournament_number: str
    place_start: int
    place_end: int
    amount: Decimal
    percentage: Decimal | None = None
    is_bracelet: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotRow:
    """Hold a line of ``broadcast_schedule``; ``day`` is the date as written, the times are UTC."""

    KEY: ClassVar = ("starts_at", "channel")
    SCOPE: ClassVar = "day"

    day: date
    starts_at: datetime
    channel: str = ""
    ends_at: datetime | None = None
    event_title: str
    tournament_number: str | None = None
    is_live: bool = False


StructureRow = BlindRow | PayoutRow | SlotRow
ExportRow = TournamentRow | PlayerRow | StructureRow
