"""What is doubtful about a hand: a code that stays, the place, and a sentence for a person.

A finding never stops a hand. The codes are listed here and nowhere else, each with what it means.
"""

from dataclasses import dataclass

CODES = {
    "duplicated_card": "one card stands in two places: a misread",
    "missing_card": "hole cards or a board card that the hand needs were not read",
    "no_actions": "the record holds no action",
    "unread_field": "a field of the record cannot be read",
    "unknown_seat": "an action or a blind names a seat that holds no player",
    "unknown_action": "an action of a name that is not known",
    "unfinished_hand": "the record stops before the hand is over",
    "pot_before_action": "the recorded pot is not what the players had put in",
    "amount_over_stack": "a player bets more than the stack holds",
    "amount_below_bet": "a call, bet or raise to less than the player had in already",
    "chips_not_conserved": "the stacks at the end are not the chips of the start",
    "loser_paid_otherwise": "a player's stack fell by another amount than was put in",
    "winner_disagrees": "the stacks name other winners than the cards",
    "winner_folded": "chips went to a player who had folded",
    "no_winner": "no stack tells who won",
    "game_not_evaluated": "the game is not known, so hands are neither ranked nor replayed",
    "illegal_action": "the rules of the game do not allow this action here",
    "out_of_turn": "a fold was recorded before it was the player's turn",
    "not_replayed": "the rules engine does not know the game, the ante or the number of boards",
    "wrong_stack": "by the rules a player ends with another stack",
    "wrong_pot": "by the rules the pot is another",
}
SETUP = ""
"""The street of a finding that is about the hand as a whole."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One doubt; ``action`` is the index of the record's event, None where it is about a street or the whole hand."""

    code: str
    message: str
    street: str = SETUP
    action: int | None = None

    def __post_init__(self) -> None:
        """Refuse a code that nobody could look up."""
        if self.code not in CODES:
            message = f"{self.code!r} is no finding"
            raise ValueError(message)

    def __str__(self) -> str:
        """Return code, place and sentence in one line."""
        place = " ".join(filter(None, [self.street, "" if self.action is None else f"event {self.action}"]))
        return f"{self.code}{f' ({place})' if place else ''}: {self.message}"
