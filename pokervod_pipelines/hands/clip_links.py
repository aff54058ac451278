"""Find the hand that a clip shows, and compare what both report. Pure.

A clip is linked to a hand by table (day and hand number), by time (the clip's time of day is in the hand) or by sheet
(day or event, players and their cards). A clip that matches two hands is linked to none.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import permutations
from typing import Literal

from pokervod_pipelines.hands.cards import pretty
from pokervod_pipelines.text.folding import fold_name

LinkMethod = Literal["table", "time", "sheet"]
Field = Literal["cards", "winner", "pot", "players"]

POT = re.compile(r"[^\d.,]*(\d[\d,]*(?:\.\d+)?)\s*([kmb]?)[^\da-z]*(?:chips)?", re.IGNORECASE)
UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
MAX_WRITTEN_HANDS = 4


@dataclass(frozen=True, slots=True)
class WrittenCards:
    """Hold hole cards as a person wrote them: ranks in any order, suitedness and exact cards where written."""

    ranks: str
    suited: bool | None = None
    cards: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the usual short form."""
        return "".join(self.cards) or self.ranks + {True: "s", False: "o", None: ""}[self.suited]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipFacts:
    """Hold what a clip's row and video report; ``players`` are player keys, times are times of day."""

    clip_id: int
    day: date | None = None
    event: str = ""
    table: str = ""
    hand_number: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    players: tuple[str, ...] = ()
    hole_cards: tuple[WrittenCards, ...] = ()
    winner: WrittenCards | None = None
    winner_name: str = ""
    pot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatFacts:
    """Describe a player of a hand; ``keys`` are the player keys of the names, ``name`` is for people."""

    keys: frozenset[str]
    name: str
    cards: tuple[str, ...]
    is_winner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class HandFacts:
    """Hold what a hand reports; ``seats`` are those dealt in."""

    hand_id: int
    day: date
    event: str
    table: str
    hand_number: int
    started_at: datetime
    ended_at: datetime
    seats: tuple[SeatFacts, ...]
    pot: int


@dataclass(frozen=True, slots=True, order=True)
class HandClipLink:
    """Link a hand and a clip that shows it; ``how`` says by what it was found."""

    hand_id: int
    clip_id: int
    how: LinkMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class HandClipDifference:
    """Describe what a hand and its sheet row report differently."""

    hand_id: int
    clip_id: int
    field: Field
    hand_says: str
    sheet_says: str


def find_links(clips: Iterable[ClipFacts], hands: Iterable[HandFacts]) -> list[HandClipLink]:
    """Return a link for each clip where exactly one hand matches by the most reliable way."""
    by_day: dict[date, list[HandFacts]] = defaultdict(list)
    by_event: dict[str, list[HandFacts]] = defaultdict(list)
    for hand in hands:
        by_day[hand.day].append(hand)
        if name := fold_name(hand.event):
            by_event[name].append(hand)
    links = []
    for clip in clips:
        near = by_day.get(clip.day, []) if clip.day else by_event.get(fold_name(clip.event), [])
        if link := _find_hand(clip, near):
            links.append(link)
    return sorted(links)


def _find_hand(clip: ClipFacts, near: Sequence[HandFacts]) -> HandClipLink | None:
    """Return the one hand that matches; number or time never outweigh cards and players of another hand."""
    here = [hand for hand in near if _is_at_that_table(clip, hand)]
    described = [hand for hand in here if _is_described(clip, hand)]
    for how, fits in TESTS:
        found = [hand for hand in here if fits(clip, hand)]
        sure = [hand for hand in found if hand in described] if described else found
        if len(sure) == 1:
            return HandClipLink(sure[0].hand_id, clip.clip_id, how)
    return None


def _is_at_that_table(clip: ClipFacts, hand: HandFacts) -> bool:
    """Return whether neither the table's name nor the players exclude this table."""
    if clip.table and fold_name(clip.table) != fold_name(hand.table):
        return False
    return not clip.players or any(_find_seats(player, hand) for player in clip.players)


def _is_at_that_time(clip: ClipFacts, hand: HandFacts) -> bool:
    """Return whether the two overlap by more than half of the shorter one."""
    if clip.starts_at is None or clip.ends_at is None:
        return False
    both = min(clip.ends_at, hand.ended_at) - max(clip.starts_at, hand.started_at)
    return both * 2 > min(clip.ends_at - clip.starts_at, hand.ended_at - hand.started_at)


def _has_that_number(clip: ClipFacts, hand: HandFacts) -> bool:
    return clip.day is not None and clip.hand_number == hand.hand_number


def _is_described(clip: ClipFacts, hand: HandFacts) -> bool:
    """Return whether players and cards are the hand's, with at least three of them."""
    if not clip.players or not clip.hole_cards or len(clip.players) + len(clip.hole_cards) < 3:
        return False
    return not _find_other_players(clip, hand) and _can_hold(clip, hand)


def _find_seats(player: str, hand: HandFacts) -> list[SeatFacts]:
    """Return the seats of a player; a family name alone is enough, as tables and sheets both write it."""
    return [seat for seat in hand.seats if any(_is_same_player(player, key) for key in seat.keys)]


def _is_same_player(one: str, other: str) -> bool:
    ours, theirs = one.split(), other.split()
    is_family_name = ours and theirs and 1 in {len(ours), len(theirs)} and ours[-1] == theirs[-1]
    return one == other or bool(is_family_name)


def _find_other_players(clip: ClipFacts, hand: HandFacts) -> list[str]:
    return [player for player in clip.players if not _find_seats(player, hand)]


def _can_hold(clip: ClipFacts, hand: HandFacts, *, unread_may: bool = False) -> bool:
    """Return whether different seats can hold the hole cards, in any order.

    With ``unread_may`` a seat whose cards were not read can hold any cards.
    """
    seats, hole_cards = _find_holders(clip, hand), clip.hole_cards[:MAX_WRITTEN_HANDS]
    return len(hole_cards) <= len(seats) and any(
        all(
            (unread_may and not seat.cards) or _holds(written, seat)
            for written, seat in zip(hole_cards, chosen, strict=True)
        )
        for chosen in permutations(seats, len(hole_cards))
    )


def _find_holders(clip: ClipFacts, hand: HandFacts) -> Sequence[SeatFacts]:
    """Return who may hold the hole cards: the named players where each has one, else any seat."""
    named = dict.fromkeys(seat for player in clip.players for seat in _find_seats(player, hand))
    return tuple(named) if len(clip.players) == len(clip.hole_cards) else hand.seats


def _holds(written: WrittenCards, seat: SeatFacts) -> bool:
    """Return whether the seat has these cards; unread cards match nothing."""
    if written.cards:
        return sorted(written.cards) == sorted(seat.cards)
    if sorted(written.ranks) != sorted(card[0] for card in seat.cards):
        return False
    is_suited = len({card[1] for card in seat.cards}) == 1
    return written.suited is None or written.suited == is_suited


def compare_facts(clip: ClipFacts, hand: HandFacts) -> Iterator[HandClipDifference]:
    """Yield what the clip's row and the hand report differently; what one of them lacks is not a difference."""
    for field, hand_says, sheet_says in (
        *_compare_players(clip, hand),
        *_compare_cards(clip, hand),
        *_compare_winner(clip, hand),
        *_compare_pot(clip, hand),
    ):
        yield HandClipDifference(
            hand_id=hand.hand_id, clip_id=clip.clip_id, field=field, hand_says=hand_says, sheet_says=sheet_says
        )


FieldValues = tuple[Field, str, str]


def _compare_players(clip: ClipFacts, hand: HandFacts) -> Iterator[FieldValues]:
    if others := _find_other_players(clip, hand):
        yield "players", ", ".join(seat.name for seat in hand.seats), ", ".join(others)


def _compare_cards(clip: ClipFacts, hand: HandFacts) -> Iterator[FieldValues]:
    holders = _find_holders(clip, hand)
    if clip.hole_cards and holders and not _can_hold(clip, hand, unread_may=True):
        reported = ", ".join(f"{seat.name} {pretty(seat.cards) or '?'}" for seat in holders)
        yield "cards", reported, " vs ".join(map(str, clip.hole_cards))


def _compare_winner(clip: ClipFacts, hand: HandFacts) -> Iterator[FieldValues]:
    winners = [seat for seat in hand.seats if seat.is_winner]
    reported = ", ".join(f"{seat.name} {pretty(seat.cards) or '?'}" for seat in winners)
    if not winners:
        return
    if clip.winner:
        if all(seat.cards for seat in winners) and not any(_holds(clip.winner, seat) for seat in winners):
            yield "winner", reported, str(clip.winner)
    elif clip.winner_name and not any(seat in winners for seat in _find_seats(clip.winner_name, hand)):
        yield "winner", reported, clip.winner_name


def _compare_pot(clip: ClipFacts, hand: HandFacts) -> Iterator[FieldValues]:
    found = POT.fullmatch(clip.pot.strip())
    if not found:
        return
    number = Decimal(found[1].replace(",", ""))
    unit = UNITS[found[2].lower()]
    _, _, decimals = found[1].partition(".")
    step = unit if not decimals else Decimal(unit) / 10 ** len(decimals)
    rounding = step / 2 if unit > 1 else 0
    if abs(number * unit - hand.pot) > rounding:
        yield "pot", f"{hand.pot:,}", clip.pot.strip()


TESTS: tuple[tuple[LinkMethod, Callable[[ClipFacts, HandFacts], bool]], ...] = (
    ("time", _is_at_that_time),
    ("table", _has_that_number),
    ("sheet", _is_described),
)
"""Ways to find the hand of a clip, the most reliable first."""
