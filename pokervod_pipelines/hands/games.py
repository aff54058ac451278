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
NO_LIMIT, POT_LIMIT, FIXED_LIMIT = "NOLIMIT", "POTLIMIT", "FIXEDLIMIT"
GAMES = {
    (HOLDEM, NO_LIMIT): Game(2, None, "NT"),
    (HOLDEM, POT_LIMIT): Game(2, None),
    (HOLDEM, FIXED_LIMIT): Game(2, None, "FT"),
    (HOLDEM, "LIMIT"): Game(2, None),
    (OMAHA, POT_LIMIT): Game(4, 2, "PO"),
    (OMAHA, NO_LIMIT): Game(4, 2),
    ("OMAHA5", POT_LIMIT): Game(5, 2),
    ("OMAHA6", POT_LIMIT): Game(6, 2),
}


PHH_ONLY = {
    "NS": ("SHORTDECK", NO_LIMIT),
    "FO/8": ("OMAHA8", FIXED_LIMIT),
    "F7S": ("STUD", FIXED_LIMIT),
    "F7S/8": ("STUD8", FIXED_LIMIT),
    "FR": ("RAZZ", FIXED_LIMIT),
    "N2L1D": ("27SINGLEDRAW", NO_LIMIT),
    "F2L3D": ("27TRIPLEDRAW", FIXED_LIMIT),
    "FB": ("BADUGI", FIXED_LIMIT),
}
"""Games of PHH that are stored and shown, but neither evaluated nor replayed."""

BOARDLESS = {"STUD", "STUD8", "RAZZ", "27SINGLEDRAW", "27TRIPLEDRAW", "BADUGI"}


def find_phh_names(variant: str) -> tuple[str, str] | None:
    """Return game and structure of a variant code of PHH, None for an unknown one.

    >>> find_phh_names("PO"), find_phh_names("F7S")
    (('OMAHA', 'POTLIMIT'), ('STUD', 'FIXEDLIMIT'))
    """
    return next((names for names, game in GAMES.items() if game.phh and game.phh == variant), PHH_ONLY.get(variant))


def has_board(variant: str) -> bool:
    """Return whether the game has community cards."""
    return variant not in BOARDLESS


def find_game(variant: str, structure: str) -> Game | None:
    """Return the rules of a game by PokerGFX's names for it, None for an unknown one.

    >>> find_game("HOLDEM", "NOLIMIT")
    Game(hole_cards=2, hole_cards_used=None, phh='NT')
    """
    compact = structure.upper().replace("_", "").replace(" ", "")
    return GAMES.get((variant.upper().replace(" ", "").replace("_", ""), compact))
