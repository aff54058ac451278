"""Which clip shows which hand, and where the two do not say the same. Pure.

A clip and a hand are the same moment when the table tells (day and hand number), when time tells (the clip's clock
time lies in the hand), or when the sheet tells (day or event, players and their cards). What fits two hands fits none.
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

How = Literal["table", "time", "sheet"]
Field = Literal["cards", "winner", "pot", "players"]

POT = re.compile(r"[^\d.,]*(\d[\d,]*(?:\.\d+)?)\s*([kmb]?)[^\da-z]*(?:chips)?", re.IGNORECASE)
UNITS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
MOST_SIDES = 4


@dataclass(frozen=True, slots=True)
class Side:
    """Hole cards as a person wrote them: ranks in any order, suitedness where it was said, cards where suits were."""

    ranks: str
    suited: bool | None = None
    cards: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return the usual short form."""
        return "".join(self.cards) or self.ranks + {True: "s", False: "o", None: ""}[self.suited]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMoment:
    """What a clip's row and video say; ``players`` are player keys, times those of the clock on the wall."""

    clip_id: int
    day: date | None = None
    event: str = ""
    table: str = ""
    hand_number: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    players: tuple[str, ...] = ()
    sides: tuple[Side, ...] = ()
    winner: Side | None = None
    winner_name: str = ""
    pot: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedSeat:
    """A player of a hand; ``keys`` are the player keys of the names, ``name`` is for people."""

    keys: frozenset[str]
    name: str
    cards: tuple[str, ...]
    is_winner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayedMoment:
    """What a hand says; ``seats`` are those dealt in."""

    hand_id: int
    day: date
    event: str
    table: str
    hand_number: int
    started_at: datetime
    ended_at: datetime
    seats: tuple[PlayedSeat, ...]
    pot: int


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A hand and a clip that show the same moment."""

    hand_id: int
    clip_id: int
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A hand and its sheet row say different things."""

    hand_id: int
    clip_id: int
    field: Field
    hand_says: str
    sheet_says: str


def link_moments(clips: Iterable[ShownMoment], hands: Iterable[PlayedMoment]) -> list[Link]:
    """Return each clip's hand, where exactly one fits by the surest thing that tells."""
    by_day: dict[date, list[PlayedMoment]] = defaultdict(list)
    by_event: dict[str, list[PlayedMoment]] = defaultdict(list)
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


def fold_name(text: str) -> str:
    """Return a name by which spellings meet.

    >>> fold_name("Event #46: $250,000 Super High-Roller")
    'event 46 250 000 super high roller'
    """
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _find_hand(clip: ShownMoment, near: Sequence[PlayedMoment]) -> Link | None:
    """Return the one hand that fits; a number or a time never outweighs cards and players that are another hand's."""
    here = [hand for hand in near if _is_at_that_table(clip, hand)]
    described = [hand for hand in here if _is_described(clip, hand)]
    for how, fits in TESTS:
        found = [hand for hand in here if fits(clip, hand)]
        sure = [hand for hand in found if hand in described] if described else found
        if len(sure) == 1:
            return Link(sure[0].hand_id, clip.clip_id, how)
    return None


def _is_at_that_table(clip: ShownMoment, hand: PlayedMoment) -> bool:
    """Tell whether nothing says that the clip is of another table: its name, or that none of the players sat there."""
    if clip.table and fold_name(clip.table) != fold_name(hand.table):
        return False
    return not clip.players or any(_find_seats(player, hand) for player in clip.players)


def _is_at_that_time(clip: ShownMoment, hand: PlayedMoment) -> bool:
    """Tell whether more than half of the shorter of the two passes while the other does."""
    if clip.starts_at is None or clip.ends_at is None:
        return False
    both = min(clip.ends_at, hand.ended_at) - max(clip.starts_at, hand.started_at)
    return both * 2 > min(clip.ends_at - clip.starts_at, hand.ended_at - hand.started_at)


def _has_that_number(clip: ShownMoment, hand: PlayedMoment) -> bool:
    return clip.day is not None and clip.hand_number == hand.hand_number


def _is_described(clip: ShownMoment, hand: PlayedMoment) -> bool:
    """Tell whether players and cards are the hand's, and there is enough of both to tell."""
    if not clip.players or not clip.sides or len(clip.players) + len(clip.sides) < 3:
        return False
    return not _find_strangers(clip, hand) and _can_hold(clip, hand)


def _find_seats(player: str, hand: PlayedMoment) -> list[PlayedSeat]:
    """Return the seats of a player; a family name alone is enough, as tables and sheets both write it."""
    return [seat for seat in hand.seats if any(_is_same_player(player, key) for key in seat.keys)]


def _is_same_player(one: str, other: str) -> bool:
    ours, theirs = one.split(), other.split()
    is_family_name = ours and theirs and 1 in {len(ours), len(theirs)} and ours[-1] == theirs[-1]
    return one == other or bool(is_family_name)


def _find_strangers(clip: ShownMoment, hand: PlayedMoment) -> list[str]:
    return [player for player in clip.players if not _find_seats(player, hand)]


def _can_hold(clip: ShownMoment, hand: PlayedMoment, *, unread_may: bool = False) -> bool:
    """Tell whether different seats hold the sides, in the order written or another.

    With ``unread_may`` a seat whose cards were not read may hold anything.
    """
    seats, sides = _find_holders(clip, hand), clip.sides[:MOST_SIDES]
    return len(sides) <= len(seats) and any(
        all((unread_may and not seat.cards) or _holds(side, seat) for side, seat in zip(sides, chosen, strict=True))
        for chosen in permutations(seats, len(sides))
    )


def _find_holders(clip: ShownMoment, hand: PlayedMoment) -> Sequence[PlayedSeat]:
    """Return who may hold the sides: the players, where each has one, else anybody."""
    named = dict.fromkeys(seat for player in clip.players for seat in _find_seats(player, hand))
    return tuple(named) if len(clip.players) == len(clip.sides) else hand.seats


def _holds(side: Side, seat: PlayedSeat) -> bool:
    """Tell whether the seat's cards are those; cards that were not read are nobody's."""
    if side.cards:
        return sorted(side.cards) == sorted(seat.cards)
    if sorted(side.ranks) != sorted(card[0] for card in seat.cards):
        return False
    is_suited = len({card[1] for card in seat.cards}) == 1
    return side.suited is None or side.suited == is_suited


def compare_moments(clip: ShownMoment, hand: PlayedMoment) -> Iterator[Difference]:
    """Yield what the clip's row and the hand tell differently; what one of them does not tell is no difference."""
    for field, hand_says, sheet_says in (
        *_compare_players(clip, hand),
        *_compare_cards(clip, hand),
        *_compare_winner(clip, hand),
        *_compare_pot(clip, hand),
    ):
        yield Difference(
            hand_id=hand.hand_id, clip_id=clip.clip_id, field=field, hand_says=hand_says, sheet_says=sheet_says
        )


Said = tuple[Field, str, str]


def _compare_players(clip: ShownMoment, hand: PlayedMoment) -> Iterator[Said]:
    if strangers := _find_strangers(clip, hand):
        yield "players", ", ".join(seat.name for seat in hand.seats), ", ".join(strangers)


def _compare_cards(clip: ShownMoment, hand: PlayedMoment) -> Iterator[Said]:
    holders = _find_holders(clip, hand)
    if clip.sides and holders and not _can_hold(clip, hand, unread_may=True):
        told = ", ".join(f"{seat.name} {pretty(seat.cards) or '?'}" for seat in holders)
        yield "cards", told, " vs ".join(map(str, clip.sides))


def _compare_winner(clip: ShownMoment, hand: PlayedMoment) -> Iterator[Said]:
    winners = [seat for seat in hand.seats if seat.is_winner]
    told = ", ".join(f"{seat.name} {pretty(seat.cards) or '?'}" for seat in winners)
    if not winners:
        return
    if clip.winner:
        if all(seat.cards for seat in winners) and not any(_holds(clip.winner, seat) for seat in winners):
            yield "winner", told, str(clip.winner)
    elif clip.winner_name and not any(seat in winners for seat in _find_seats(clip.winner_name, hand)):
        yield "winner", told, clip.winner_name


def _compare_pot(clip: ShownMoment, hand: PlayedMoment) -> Iterator[Said]:
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


TESTS: tuple[tuple[How, Callable[[ShownMoment, PlayedMoment], bool]], ...] = (
    ("time", _is_at_that_time),
    ("table", _has_that_number),
    ("sheet", _is_described),
)
"""What can tell, the surest first."""
