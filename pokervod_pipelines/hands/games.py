"""List the games of tables: how many hole cards, how many of them count, and their code in PHH.

Other games are recorded and shown, but neither evaluated nor replayed.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Game:
    """Hold the rules that decide what a hand is worth; ``phh`` is the game's variant code in PHH, if it has one."""

    hole_cards: int
    hole_cards_used: int | None
    phh: str = ""


HOLDEM, OMAHA = "HOLDEM", "OMAHA"
NO_LIMIT, POT_LIMIT = "NOLIMIT", "POTLIMIT"
GAMES = {
    (HOLDEM, NO_LIMIT): Game(2, None, "NT"),
    (HOLDEM, POT_LIMIT): Game(2, None),
    (HOLDEM, "FIXEDLIMIT"): Game(2, None),
    (HOLDEM, "LIMIT"): Game(2, None),
    (OMAHA, POT_LIMIT): Game(4, 2, "PO"),
    (OMAHA, NO_LIMIT): Game(4, 2),
    ("OMAHA5", POT_LIMIT): Game(5, 2),
    ("OMAHA6", POT_LIMIT): Game(6, 2),
}


def find_game(variant: str, structure: str) -> Game | None:
    """Return the rules of a game by PokerGFX's names for it, None for an unknown one.

    >>> find_game("HOLDEM", "NOLIMIT")
    Game(hole_cards=2, hole_cards_used=None, phh='NT')
    """
    compact = structure.upper().replace("_", "").replace(" ", "")
    return GAMES.get((variant.upper().replace(" ", "").replace("_", ""), compact))
