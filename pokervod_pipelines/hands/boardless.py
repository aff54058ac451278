"""Read the actions and cards of stud and draw hands from pokerkit's play: their deals, not a board, end a street."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from pokerkit.state import BringInPosting, CheckingOrCalling, CompletionBettingOrRaisingTo, Folding, State

from pokervod_pipelines.hands.actions import BettingState
from pokervod_pipelines.hands.cards import UNKNOWN_CARD
from pokervod_pipelines.hands.records import BET, CALL, CHECK, FOLD, NEXT_STREET, Action


def read_boardless_cards(states: Iterable[State], seats: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the last known cards of each seat, after all deals and discards."""
    held: dict[int, tuple[str, ...]] = {}
    for state in states:
        for seat, cards in zip(seats, state.hole_cards, strict=True):
            known = tuple(f"{card.rank}{card.suit}" for card in cards)
            if known and not any(UNKNOWN_CARD[0] in card for card in known):
                held[seat] = known
    return held


def read_boardless_actions(states: Iterable[State], seats: Sequence[int], betting: BettingState) -> Iterator[Action]:
    """Yield the actions with street totals, and an event where a street begins."""
    done, street = 0, 0
    for state in states:
        for operation in islice(state.operations, done, None):
            done += 1
            if action := _read_operation(operation, seats, betting):
                yield action
        if _find_street(state) > street:
            street = _find_street(state)
            yield Action(NEXT_STREET, board=street + 1)


def _find_street(state: State) -> int:
    return state.street_index or 0


def _read_operation(operation: object, seats: Sequence[int], betting: BettingState) -> Action | None:
    match operation:
        case Folding():
            return Action(FOLD, seats[operation.player_index])
        case CheckingOrCalling():
            seat = seats[operation.player_index]
            total = betting.round.in_front.get(seat, 0) + int(operation.amount)
            return Action(CALL, seat, total) if operation.amount else Action(CHECK, seat)
        case CompletionBettingOrRaisingTo() | BringInPosting():
            return Action(BET, seats[operation.player_index], int(operation.amount))
    return None
