"""Hold a session as a table recorded it, with the field names of poker; nothing is derived here."""

from dataclasses import dataclass
from datetime import datetime

from pokervod_pipelines.problems import Problem

FOLD, CHECK, CALL, BET, ALL_IN, BOARD_CARD = "FOLD", "CHECK", "CALL", "BET", "ALL IN", "BOARD CARD"
NEXT_STREET = "NEXT STREET"
"""Begins a street of a game without a board; ``Action.board`` is its number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stakes:
    """Hold what must be posted before the deal; a seat of 0 posts nothing. Amounts are chips."""

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
    """Describe a player at the table; ``hole_cards`` is empty for unknown ones, ``straddle`` a voluntary blind.

    ``ante`` is the seat's own ante where antes differ. Without ``is_stack_known`` the stacks are nominal.
    """

    number: int
    name: str
    long_name: str = ""
    hole_cards: tuple[str, ...] = ()
    start_stack: int
    end_stack: int
    is_sitting_out: bool = False
    straddle: int = 0
    ante: int = 0
    is_stack_known: bool = True


@dataclass(frozen=True, slots=True)
class Action:
    """Describe one event: ``amount`` is the street's total ("raise to"), ``pot`` the recorded pot before it, else 0.

    A board card is an event without a seat; ``board`` numbers the board, from 1.
    """

    kind: str
    seat: int = 0
    amount: int = 0
    pot: int = 0
    card: str = ""
    board: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedHand:
    """Hold one hand of a session; ``hand_number`` repeats inside a session, ``started_at`` (UTC) does not.

    Amounts are in units of 10 to the power of minus ``decimals``. ``unread`` names each field that could not be read
    and what is used instead.
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
    decimals: int = 0
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Hold one session file as far as it can be read; ``session_id`` is a whole 64-bit number."""

    session_id: int
    table: str
    event_title: str
    created_at: datetime | None
    table_type: str
    hands: tuple[RecordedHand, ...]
    problems: tuple[Problem, ...] = ()
