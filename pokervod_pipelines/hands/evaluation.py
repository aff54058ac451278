"""Evaluate hands: the best five cards, their rank from 1 (royal flush) to 7462, and its category.

Ranks come from phevaluator's compiled core, called on whole numbers: reading card names costs it more than ranking.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from phevaluator import _pheval

from pokervod_pipelines.hands.cards import RANKS, SUITS
from pokervod_pipelines.hands.games import Game

LAST_RANKS = (1, 10, 166, 322, 1599, 1609, 2467, 3325, 6185, 7462)
"""Worst rank of each category, best category first (of the 7,462 classes of five-card hands)."""

CATEGORIES = (
    "royal_flush",
    "straight_flush",
    "four_of_a_kind",
    "full_house",
    "flush",
    "straight",
    "three_of_a_kind",
    "two_pair",
    "one_pair",
    "high_card",
)
FIVE = 5
RANK_NAMES = dict(
    zip(RANKS, "Two Three Four Five Six Seven Eight Nine Ten Jack Queen King Ace".split(), strict=True)  # noqa: SIM905
)
NUMBERS = {rank + suit: 4 * at + SUITS.index(suit) for at, rank in enumerate(RANKS) for suit in SUITS}
EVALUATORS = {5: _pheval.evaluate_5cards, 6: _pheval.evaluate_6cards, 7: _pheval.evaluate_7cards}


@dataclass(frozen=True, slots=True)
class MadeHand:
    """Hold a made hand: its rank (1 is best), its category, and the five cards that make it."""

    rank: int
    category: str
    cards: tuple[str, ...]


def rank_cards(cards: Sequence[str]) -> int:
    """Return the rank of the best five of five to seven different cards; 1 is best, 7462 worst.

    >>> rank_cards(["As", "Ks", "Qs", "Js", "Ts", "2c", "2d"])
    1
    """
    rank: int = EVALUATORS[len(cards)](*[NUMBERS[card] for card in cards])
    return rank


def name_rank(rank: int) -> str:
    """Return the category a rank belongs to.

    >>> name_rank(1), name_rank(166), name_rank(7462)
    ('royal_flush', 'four_of_a_kind', 'high_card')
    """
    return CATEGORIES[bisect_left(LAST_RANKS, rank)]


def rank_hole_cards(game: Game, hole: Sequence[str], board: Sequence[str]) -> int:
    """Return the rank of the best hand a player can make by the rules of the game; the board has three to five cards.

    >>> rank_hole_cards(Game(2, None), ["As", "Ad"], ["Ah", "Kd", "Kc"])
    167
    """
    if game.hole_cards_used is None:
        return rank_cards([*hole, *board])
    return min(rank_cards(five) for five in _list_fives(game, hole, board))


def make_hand(game: Game, hole: Sequence[str], board: Sequence[str]) -> MadeHand:
    """Return the best hand a player can make, with the five cards that make it, highest rank first."""
    rank = rank_hole_cards(game, hole, board)
    five = next(five for five in _list_fives(game, hole, board) if rank_cards(five) == rank)
    return MadeHand(rank, name_rank(rank), _order(five))


def describe_hand(category: str, cards: Sequence[str]) -> str:
    """Return what players call a made hand, by its category and its five cards in order.

    >>> describe_hand("full_house", ["9c", "9d", "9s", "Qh", "Qc"])
    'Nines full of Queens'
    >>> describe_hand("four_of_a_kind", ["6c", "6d", "6h", "6s", "Ah"])
    'Four of a Kind, Sixes'
    """
    first, _, third, fourth, _ = (RANK_NAMES[card[0]] for card in cards)
    if category in {"straight_flush", "flush", "straight"}:
        return f"{category.replace('_', ' ').title()}, {first} High"
    if category in {"four_of_a_kind", "three_of_a_kind"}:
        return f"{category.partition('_')[0].title()} of a Kind, {_pluralise(first)}"
    if category == "full_house":
        return f"{_pluralise(first)} full of {_pluralise(fourth)}"
    if category == "two_pair":
        return f"Two Pair, {_pluralise(first)} and {_pluralise(third)}"
    return {"royal_flush": "Royal Flush", "one_pair": f"Pair of {_pluralise(first)}"}.get(category, f"{first} High")


def _pluralise(rank: str) -> str:
    return rank + ("es" if rank == "Six" else "s")


def _list_fives(game: Game, hole: Sequence[str], board: Sequence[str]) -> Iterator[tuple[str, ...]]:
    if game.hole_cards_used is None:
        yield from combinations([*hole, *board], FIVE)
        return
    for own in combinations(hole, game.hole_cards_used):
        for shared in combinations(board, FIVE - game.hole_cards_used):
            yield own + shared


def _order(five: tuple[str, ...]) -> tuple[str, ...]:
    """Put the cards that make the hand before the kickers: by how many share the rank, then by rank."""
    ranks = [card[0] for card in five]
    if set(ranks) == set("A2345"):
        return tuple(sorted(five, key=lambda card: "5432A".index(card[0])))
    return tuple(sorted(five, key=lambda card: (-ranks.count(card[0]), -RANKS.index(card[0]), card[1])))
