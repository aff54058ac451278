"""Define findings: what is questionable about a hand, with a stable code, the place, and a sentence for a person.

A finding never stops a hand.
"""

from dataclasses import dataclass

CODES = {
    "duplicated_card": "one card is in two places: a misread",
    "missing_card": "hole cards or a board card that the hand needs were not read",
    "no_actions": "the record has no action",
    "unread_field": "a field of the record cannot be read",
    "unknown_seat": "an action or a blind names a seat without a player",
    "unknown_action": "unknown name of an action",
    "unfinished_hand": "the record stops before the hand is over",
    "pot_before_action": "the recorded pot is not what the players had put in",
    "amount_over_stack": "a player bets more than the stack holds",
    "amount_below_bet": "a call, bet or raise to less than the player had in already",
    "chips_not_conserved": "the stacks at the end are not the chips of the start",
    "loser_paid_otherwise": "a player's stack fell by another amount than was put in",
    "winner_disagrees": "the stacks name other winners than the cards",
    "winner_folded": "chips went to a player who had folded",
    "no_winner": "no stack shows who won",
    "game_not_evaluated": "the game is not supported: hands are neither ranked nor replayed",
    "illegal_action": "the rules of the game do not allow this action here",
    "out_of_turn": "a fold was recorded before it was the player's turn",
    "not_replayed": "the rules engine does not support the game, the ante or the number of boards",
    "invalid_content": "the stored hand is not valid: import its file again",
    "wrong_stack": "by the rules a player ends with another stack",
    "wrong_pot": "by the rules the pot is another",
}
SETUP = ""
"""Street of a finding about the hand as a whole."""


@dataclass(frozen=True, slots=True)
class HandFinding:
    """Describe one finding; ``action`` is the index of the record's event, None for a street or the whole hand."""

    code: str
    message: str
    street: str = SETUP
    action: int | None = None

    def __post_init__(self) -> None:
        """Refuse an unknown code."""
        if self.code not in CODES:
            message = f"{self.code!r} is not a finding code"
            raise ValueError(message)

    def __str__(self) -> str:
        """Return code, place and sentence in one line."""
        place = " ".join(filter(None, [self.street, "" if self.action is None else f"event {self.action}"]))
        return f"{self.code}{f' ({place})' if place else ''}: {self.message}"
