"""Make the main pot and side pots from what the players put in, and return the uncalled bet."""

from collections.abc import Mapping, Set
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pot:
    """Hold an amount and the seats that can win it, in order of seat."""

    amount: int
    seats: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Pots:
    """Hold the pots of a hand, the main pot first; ``returned`` is the uncalled bet by seat."""

    pots: tuple[Pot, ...]
    returned: dict[int, int]

    @property
    def total(self) -> int:
        """Return the sum of all pots."""
        return sum(pot.amount for pot in self.pots)


def make_pots(bets: Mapping[int, int], dead: Mapping[int, int], folded: Set[int]) -> Pots:
    """Return the pots of a hand; dead chips (antes) are the main pot's and call nothing.

    >>> make_pots({1: 50, 2: 100, 3: 140}, {3: 10}, set())
    Pots(pots=(Pot(amount=160, seats=(1, 2, 3)), Pot(amount=100, seats=(2, 3))), returned={3: 40})
    """
    returned = find_uncalled(bets)
    live = {seat: amount - returned.get(seat, 0) for seat, amount in bets.items()}
    pots: list[Pot] = []
    carried, below = sum(dead.values()), 0
    for level in sorted(
        {amount for seat, amount in live.items() if seat not in folded} | {max(live.values(), default=0)}
    ):
        amount = carried + sum(min(bet, level) - min(bet, below) for bet in live.values())
        seats = tuple(sorted(seat for seat, bet in live.items() if bet >= level and seat not in folded))
        below, carried = level, 0
        if pots and (not seats or pots[-1].seats == seats):
            pots[-1] = Pot(pots[-1].amount + amount, pots[-1].seats)
        elif amount and seats:
            pots.append(Pot(amount, seats))
        else:
            carried = amount
    return Pots(tuple(pots) or ((Pot(carried, ()),) if carried else ()), returned)


def find_uncalled(bets: Mapping[int, int]) -> dict[int, int]:
    """Return by how much the highest bet is above the next; nothing where two are the highest.

    >>> find_uncalled({1: 300, 2: 100}), find_uncalled({1: 100, 2: 100})
    ({1: 200}, {})
    """
    ordered = sorted(bets.items(), key=lambda bet: -bet[1])
    if not ordered:
        return {}
    seat, highest = ordered[0]
    called = ordered[1][1] if len(ordered) > 1 else 0
    return {seat: highest - called} if highest > called else {}
