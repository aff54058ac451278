"""Define ``Hand``, the value that operators, graphics and exports use; it is built from a record and stored as JSON."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Literal

from pydantic import TypeAdapter, ValidationError

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.actions import Street
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.pots import Pot
from pokervod_pipelines.hands.records import Stakes

Source = Literal["rfid", "csv", "manual"]


class BadContent(BadInput):
    """Raised for stored content that is not a hand: it was edited or written by another version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandSeat:
    """Describe a player in a hand; ``contribution`` is what was put in less an uncalled bet; all in chips.

    Without ``is_stack_known`` the stacks are nominal, only their difference counts.
    """

    number: int
    name: str
    long_name: str
    hole_cards: tuple[str, ...]
    start_stack: int
    end_stack: int
    contribution: int
    is_sitting_out: bool
    has_folded: bool
    straddle: int = 0
    ante: int = 0
    is_stack_known: bool = True

    @property
    def net(self) -> int:
        """Return the chips won, below zero the chips lost."""
        return self.end_stack - self.start_stack

    @property
    def shown_name(self) -> str:
        """Return the name to print."""
        return self.name or self.long_name or f"seat {self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BestHand:
    """Hold the best cards held to the end, and whose they are (several seats where hands are equal).

    Rank 1 is best. ``board`` is the index of the board that the hand was made on, ``name`` what players call it.
    """

    category: str
    rank: int
    cards: tuple[str, ...]
    seats: tuple[int, ...]
    board: int = 0
    name: str = ""

    @property
    def seat(self) -> int:
        """Return the seat that has it, the lowest of equals."""
        return self.seats[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Describe one hand, identified by ``(session_id, started_at)``; the hand number is only a label that repeats.

    ``winners`` are seat numbers; ``grade`` is empty for a test hand. ``boards`` has more than one board only where the
    hand was run more than once. Amounts are in units of 10 to the power of minus ``decimals``. Times are UTC.
    """

    session_id: int
    started_at: datetime
    table: str
    event_title: str
    source: Source
    hand_number: int
    variant: str
    structure: str
    stakes: Stakes
    seats: tuple[HandSeat, ...]
    boards: tuple[tuple[str, ...], ...]
    streets: tuple[Street, ...]
    pots: tuple[Pot, ...]
    pot: int
    winners: tuple[int, ...]
    winners_by_stack: tuple[int, ...]
    winners_by_cards: tuple[int, ...] | None
    is_showdown: bool
    best_hand: BestHand | None
    grade: str
    is_premium: bool
    is_test: bool
    duration_seconds: float
    eliminations: tuple[int, ...]
    runs: int = 1
    is_over: bool = True
    decimals: int = 0
    unread: tuple[str, ...] = ()
    findings: tuple[HandFinding, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a time without a zone."""
        if self.started_at.tzinfo is None:
            message = f"hand {self.hand_number} starts at {self.started_at}, a time without a zone"
            raise ValueError(message)
        if self.started_at.tzinfo is not UTC:
            object.__setattr__(self, "started_at", self.started_at.astimezone(UTC))

    @property
    def board(self) -> tuple[str, ...]:
        """Return the board, the first of several."""
        return self.boards[0] if self.boards else ()

    @property
    def made_board(self) -> tuple[str, ...]:
        """Return the board that the best hand was made on."""
        return self.boards[self.best_hand.board] if self.best_hand else self.board

    @property
    def ended_at(self) -> datetime:
        """Return when the hand ended."""
        return self.started_at + timedelta(seconds=self.duration_seconds)

    @property
    def best_rank(self) -> str:
        """Return the category of the best hand, empty for an unknown one."""
        return self.best_hand.category if self.best_hand else ""

    @property
    def all_in_seats(self) -> tuple[int, ...]:
        """Return the seats that went all-in, in order."""
        seats = [action.seat for street in self.streets for action in street.actions if action.is_all_in]
        return tuple(dict.fromkeys(seats))

    @property
    def is_split(self) -> bool:
        """Return whether more than one player won."""
        return len(self.winners) > 1

    def find_seat(self, number: int) -> HandSeat | None:
        """Return the player on a seat, None for an empty one."""
        return next((seat for seat in self.seats if seat.number == number), None)

    def to_content(self) -> dict[str, Any]:
        """Return the hand as JSON values, which ``from_content`` reads back."""
        content: dict[str, Any] = _adapt().dump_python(self, mode="json")
        return content

    def to_json(self) -> str:
        """Return the text of ``to_content``, made in a quarter of the time."""
        return _adapt().dump_json(self).decode()

    @classmethod
    def read_json(cls, text: str) -> "Hand":
        """Return the hand that ``to_json`` wrote; raises ``BadContent`` as ``from_content`` does."""
        return cls.from_content(json.loads(text))

    @classmethod
    def from_content(cls, content: Any) -> "Hand":
        """Return the hand that ``to_content`` wrote.

        Raises:
            BadContent: it is something else; the text names the field.

        """
        try:
            return _adapt().validate_python(content)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            message = f"stored hand, {place or 'content'}: {first['msg']}; import the hand again"
            raise BadContent(message) from error


@cache
def _adapt() -> TypeAdapter[Hand]:
    return TypeAdapter(Hand)
