"""Find who won, by the chips that came back and by the cards; where they disagree, a finding says how.

The chips decide, because the record has no winner; the cards check them. A player who got a part of a split pot has
won, even where the antes cost more than that part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.pots import Pot, Pots
from pokervod_pipelines.hands.records import Seat


@dataclass(frozen=True, slots=True)
class HandWinners:
    """Hold the winners' seat numbers as decided, by stacks and by cards (None: the cards are not known)."""

    winners: tuple[int, ...]
    by_stack: tuple[int, ...]
    by_cards: tuple[int, ...] | None
    findings: tuple[HandFinding, ...]


@dataclass(frozen=True, slots=True)
class ShowdownRanks:
    """Hold the ranks of the seats at showdown, one mapping for each board; None where cards are unknown."""

    contenders: frozenset[int]
    ranks: tuple[Mapping[int, int], ...] | None


def find_winners(
    seats: Sequence[Seat], paid: Mapping[int, int], pots: Pots, shown: ShowdownRanks, *, odd_chips: int
) -> HandWinners:
    """Return who won; ``paid`` is what each seat put in, ``odd_chips`` what a split can leave over."""
    gained = {seat.number: seat.end_stack - seat.start_stack for seat in seats}
    received = {number: gain + paid.get(number, 0) for number, gain in gained.items()}
    is_valid = all(chips >= 0 for chips in received.values()) and sum(received.values()) == pots.total > 0
    got = {number for number, chips in received.items() if chips > 0} if is_valid else set()
    up = {number for number, gain in gained.items() if gain > 0}
    expected = _share_pots(pots.pots, shown)
    main = _list_main_winners(pots.pots, shown) if expected is not None else None
    by_stack = (up | (got & main if main is not None else got)) if is_valid else up
    by_cards = None if main is None else tuple(sorted(main))
    winners = by_stack or (main or set())
    findings = _compare(received if is_valid else None, expected, by_stack, main, odd_chips)
    if folded := by_stack - shown.contenders:
        findings.append(HandFinding("winner_folded", f"{name_seats(folded)} gained chips after folding or sitting out"))
    return HandWinners(tuple(sorted(winners)), tuple(sorted(by_stack)), by_cards, tuple(findings))


def _compare(
    received: Mapping[int, int] | None,
    expected: Mapping[int, float] | None,
    by_stack: set[int],
    main: set[int] | None,
    odd_chips: int,
) -> list[HandFinding]:
    if not by_stack:
        return [HandFinding("no_winner", "no stack at the end is higher than the player put in")]
    if expected is None or main is None:
        return []
    if received is None:
        if by_stack & main:
            return []
        return [_disagree(by_stack, main)]
    is_split = any(share != int(share) for share in expected.values()) or len(main) > 1
    allowed = odd_chips if is_split else 0
    wrong = {seat for seat, chips in received.items() if abs(chips - expected.get(seat, 0)) > allowed}
    return [_disagree(by_stack, main)] if wrong else []


def _disagree(by_stack: set[int], by_cards: set[int]) -> HandFinding:
    message = f"the chips went to {name_seats(by_stack)}, the best cards are {name_seats(by_cards)}'s"
    if by_stack == by_cards:
        message = f"{name_seats(by_stack)} won, but not the chips that the pots held"
    return HandFinding("winner_disagrees", message)


def _share_pots(pots: Sequence[Pot], shown: ShowdownRanks) -> dict[int, float] | None:
    """Return what each seat should get, pots split evenly over boards and equal hands; None where cards are unknown."""
    if len(shown.contenders) == 1:
        return {next(iter(shown.contenders)): sum(pot.amount for pot in pots)}
    if not shown.ranks:
        return None
    shares: dict[int, float] = {}
    for pot in pots:
        for ranks in shown.ranks:
            best = _list_best(pot, ranks)
            for seat in best:
                shares[seat] = shares.get(seat, 0) + pot.amount / len(shown.ranks) / len(best)
    return shares


def _list_main_winners(pots: Sequence[Pot], shown: ShowdownRanks) -> set[int]:
    if len(shown.contenders) == 1 or not pots:
        return set(shown.contenders)
    return {seat for ranks in shown.ranks or () for seat in _list_best(pots[0], ranks)}


def _list_best(pot: Pot, ranks: Mapping[int, int]) -> list[int]:
    best = min((ranks[seat] for seat in pot.seats if seat in ranks), default=0)
    return [seat for seat in pot.seats if ranks.get(seat) == best]


def name_seats(seats: set[int] | frozenset[int]) -> str:
    """Return seats for a message.

    >>> name_seats({7}), name_seats({7, 4})
    ('seat 7', 'seats 4, 7')
    """
    return f"seat{'s' if len(seats) > 1 else ''} {', '.join(str(seat) for seat in sorted(seats))}"
