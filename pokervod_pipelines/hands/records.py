"""A session as a table recorded it: frozen values, every field named as poker people name it.

Nothing is concluded here: winner, pot and grade are made from these by the files beside it.
"""

from dataclasses import dataclass
from datetime import datetime

FOLD, CHECK, CALL, BET, ALL_IN, BOARD_CARD = "FOLD", "CHECK", "CALL", "BET", "ALL IN", "BOARD CARD"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """What must be put in before the cards; a seat of 0 posts nothing. Amounts are chips."""

    ante: int = 0
    ante_type: str = ""
    button_seat: int = 0
    small_blind: int = 0
    small_blind_seat: int = 0
    big_blind: int = 0
    big_blind_seat: int = 0
    third_blind: int = 0
    third_blind_seat: int = 0
    bomb_pot: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A player at the table; ``hole_cards`` is empty where they are unknown, ``straddle`` a blind bet made at will."""

    number: int
    name: str
    long_name: str = ""
    hole_cards: tuple[str, ...] = ()
    start_stack: int
    end_stack: int
    is_sitting_out: bool = False
    straddle: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    """One event: ``amount`` is the street's total ("raise to"), ``pot`` the pot before it where it is written, else 0.

    A board card is an event of no seat; ``board`` numbers the board, from 1.
    """

    kind: str
    seat: int = 0
    amount: int = 0
    pot: int = 0
    card: str = ""
    board: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedHand:
    """One hand of a session; ``hand_number`` repeats inside a session, ``started_at`` (UTC) does not.

    ``unread`` names each field that could not be read and what was taken instead.
    """

    hand_number: int
    started_at: datetime
    duration_seconds: float
    variant: str
    structure: str
    stakes: Stakes
    seats: tuple[Seat, ...]
    actions: tuple[Action, ...]
    runs: int = 1
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandProblem:
    """A hand of a file that cannot be used: where it stands, the field at fault, and what stands there."""

    file: str
    position: int
    hand_number: int | None
    street: str
    field: str
    reason: str

    def __str__(self) -> str:
        """Return the whole problem in one line."""
        number = f"hand number {self.hand_number}" if self.hand_number is not None else "no hand number"
        street = f", {self.street}" if self.street else ""
        return f"{self.file}: hand {self.position + 1} ({number}{street}), {self.field}: {self.reason}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One session file as far as it can be read; ``session_id`` is a whole 64-bit number."""

    session_id: int
    table: str
    event_title: str
    created_at: datetime | None
    table_type: str
    hands: tuple[RecordedHand, ...]
    problems: tuple[HandProblem, ...] = ()
