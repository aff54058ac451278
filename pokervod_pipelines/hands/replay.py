"""Replay a hand by the rules of poker (pokerkit): what the rules do not allow becomes a finding at its place.

A hand that cannot be followed to its end gets a finding that says why. A fold recorded before its turn is noted and
made when the turn comes, because a table's operator clicks seats in any order.
"""

import warnings
from collections.abc import Sequence
from typing import Any

from pokerkit import Automation, FixedLimitTexasHoldem, Mode, NoLimitTexasHoldem, PotLimitOmahaHoldem, State
from pokerkit.state import ChipsPushing

from pokervod_pipelines.hands.actions import PlayedAction, Street
from pokervod_pipelines.hands.cards import UNKNOWN_CARD, find_repeated
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.games import Game, find_game
from pokervod_pipelines.hands.hand import Hand, HandSeat

AUTOMATIONS = (
    Automation.ANTE_POSTING,
    Automation.BET_COLLECTION,
    Automation.BLIND_OR_STRADDLE_POSTING,
    Automation.RUNOUT_COUNT_SELECTION,
    Automation.HAND_KILLING,
    Automation.CHIPS_PUSHING,
    Automation.CHIPS_PULLING,
)
Rules = type[NoLimitTexasHoldem] | type[FixedLimitTexasHoldem] | type[PotLimitOmahaHoldem]
GAMES: dict[str, Rules] = {"NT": NoLimitTexasHoldem, "FT": FixedLimitTexasHoldem, "PO": PotLimitOmahaHoldem}
MAX_SHOWN = 200
BLINDS = {"small_blind", "big_blind", "third_blind", "straddle"}


class ReplayStopped(Exception):
    """Raised to end a replay; the finding says why."""

    def __init__(self, finding: HandFinding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def replay_hand(hand: Hand) -> tuple[HandFinding, ...]:
    """Return what violates the rules, in the order of the hand."""
    game = find_game(hand.variant, hand.structure)
    if not game or game.phh not in GAMES or hand.runs > 1 or hand.stakes.ante_type.upper() == "LIVE_ANTE":
        return (HandFinding("not_replayed", f"{hand.variant} {hand.structure}, {hand.runs} board(s)"[:MAX_SHOWN]),)
    if not hand.board and not any(action.event is not None for street in hand.streets for action in street.actions):
        return (HandFinding("not_replayed", "the hand has no action"),)
    replay = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            replay = Replay(hand, GAMES[game.phh])
            replay.run()
    except ReplayStopped as stop:
        return (*(replay.findings if replay else ()), stop.finding)
    except (ValueError, AssertionError, ArithmeticError, LookupError) as error:
        reason = f"the hand cannot be set up: {str(error)[:MAX_SHOWN]}"
        return (*(replay.findings if replay else ()), HandFinding("not_replayed", reason))
    return tuple(replay.findings)


def order_seats(hand: Hand) -> tuple[HandSeat, ...]:
    """Return the dealt-in seats in the order of the rules: small blind first, button last; heads-up big blind first."""
    dealt = sorted((seat for seat in hand.seats if not seat.is_sitting_out and seat.start_stack), key=_number)
    numbers = [seat.number for seat in dealt]
    stakes = hand.stakes
    if len(dealt) == 2 and stakes.big_blind_seat in numbers:
        return tuple(sorted(dealt, key=lambda seat: seat.number != stakes.big_blind_seat))
    firsts = [number for number in (stakes.small_blind_seat, stakes.big_blind_seat) if number in numbers]
    first = firsts[0] if firsts else stakes.button_seat + 1
    return tuple(sorted(dealt, key=lambda seat: (seat.number < first, seat.number)))


def list_blinds(hand: Hand, seats: Sequence[HandSeat]) -> list[int]:
    """Return the blind or straddle of each seat as PHH lists them; for two players PHH names the small blind first."""
    stakes = hand.stakes
    due = {
        stakes.small_blind_seat: stakes.small_blind,
        stakes.big_blind_seat: stakes.big_blind,
        stakes.third_blind_seat: stakes.third_blind,
    }
    blinds = [max(due.get(seat.number, 0), seat.straddle) for seat in seats]
    return blinds[::-1] if len(blinds) == 2 else blinds


def list_bet_sizes(hand: Hand, game: Game) -> dict[str, int]:
    """Return the bet sizes that the game's rules need, by their names in PHH; a big bet is twice the small one."""
    big_blind = max(1, hand.stakes.big_blind)
    return {"small_bet": big_blind, "big_bet": 2 * big_blind} if game.phh == "FT" else {"min_bet": big_blind}


def list_antes(hand: Hand, seats: Sequence[HandSeat]) -> list[int]:
    """Return the dead chips each seat really put in, as PHH lists them."""
    posts = [action for action in hand.streets[0].actions if action.kind in {"ante", "bomb_pot"}]
    antes = [sum(post.added for post in posts if post.seat == seat.number) for seat in seats]
    return antes[::-1] if len(antes) == 2 else antes


def _number(seat: HandSeat) -> int:
    return seat.number


class Replay:
    """Play one hand on the rules engine."""

    def __init__(self, hand: Hand, game: Rules) -> None:
        self.hand = hand
        self.findings: list[HandFinding] = []
        self.seats = order_seats(hand)
        self.index = {seat.number: at for at, seat in enumerate(self.seats)}
        self.early: dict[int, PlayedAction] = {}
        self.pot_at_fold = 0
        self.is_bomb_pot = bool(hand.stakes.bomb_pot) and not any(
            action.event is not None or action.kind in BLINDS for action in hand.streets[0].actions
        )
        sizes: dict[str, Any] = list_bet_sizes(hand, find_game(hand.variant, hand.structure) or Game(2, None))
        self.state: State = game.create_state(
            automations=AUTOMATIONS,
            ante_trimming_status=False,
            raw_antes=list_antes(hand, self.seats),
            raw_blinds_or_straddles=list_blinds(hand, self.seats) if not self.is_bomb_pot else [0] * len(self.seats),
            **sizes,
            raw_starting_stacks=[seat.start_stack for seat in self.seats],
            player_count=len(self.seats),
            mode=Mode.CASH_GAME,
        )

    def run(self) -> None:
        """Play every street, then compare pot and stacks."""
        self._deal_hole_cards()
        for street in self.hand.streets:
            if street.cards:
                self._deal_board(street)
            for action in street.actions:
                if action.event is not None:
                    self._act(street, action)
                self._fold_early()
        self._close()
        self._compare()

    def _deal_hole_cards(self) -> None:
        known = [card for seat in self.seats for card in seat.hole_cards]
        repeated = find_repeated([*known, *self.hand.board])
        game = find_game(self.hand.variant, self.hand.structure)
        count = game.hole_cards if game else 2
        for at, seat in enumerate(self.seats):
            is_sure = len(seat.hole_cards) == count and not set(seat.hole_cards) & set(repeated)
            self.state.deal_hole("".join(seat.hole_cards) if is_sure else UNKNOWN_CARD * count, at)

    def _deal_board(self, street: Street) -> None:
        state = self.state
        if self.is_bomb_pot and street.name == "flop":
            while state.actor_index is not None and not state.checking_or_calling_amount:
                state.check_or_call()
        if state.actor_index is not None:
            number = self.seats[state.actor_index].number
            self._stop("illegal_action", f"the {street.name} comes while seat {number} still has to act", street)
        self._show()
        try:
            if state.can_burn_card(UNKNOWN_CARD):
                state.burn_card(UNKNOWN_CARD)
            state.deal_board("".join(street.cards))
        except ValueError as error:
            self._stop("illegal_action", f"the {street.name} cannot be dealt: {error}", street)

    def _act(self, street: Street, action: PlayedAction) -> None:
        at = self.index.get(action.seat)
        if at is None or self.state.actor_index != at:
            self._handle_out_of_turn(street, action, at)
            return
        try:
            self._apply(street, action)
        except ValueError as error:
            self._stop("illegal_action", f"{_describe(action)}: {error}", street, action)

    def _handle_out_of_turn(self, street: Street, action: PlayedAction, at: int | None) -> None:
        """Keep an early fold for its turn; any other action out of turn ends the replay."""
        turn = self.state.actor_index
        whose = f"it is seat {self.seats[turn].number}'s turn" if turn is not None else "no action is open"
        is_early_fold = action.kind == "fold" and at is not None and turn is not None and self.state.statuses[at]
        if not is_early_fold or at is None:
            self._stop("illegal_action", f"{_describe(action)}, but {whose}", street, action)
        self.findings.append(HandFinding("out_of_turn", f"{_describe(action)}, but {whose}", street.name, action.event))
        self.early[at or 0] = action

    def _fold_early(self) -> None:
        while (at := self.state.actor_index) is not None and at in self.early:
            del self.early[at]
            self._fold()

    def _fold(self) -> None:
        """Fold, and remember the pot: after the last fold the engine has given it away."""
        bets = sorted(self.state.bets)
        self.pot_at_fold = self.state.total_pot_amount - (bets[-1] - bets[-2])
        self.state.fold()

    def _apply(self, street: Street, action: PlayedAction) -> None:
        state = self.state
        if action.kind == "fold":
            self._fold()
        elif action.kind in {"bet", "raise"}:
            state.complete_bet_or_raise_to(action.to)
        else:
            due = state.checking_or_calling_amount
            if due != action.added:
                self._stop("illegal_action", f"{_describe(action)}, but {due:,} is due", street, action)
            state.check_or_call()

    def _close(self) -> None:
        """Show the remaining hands, so that the engine can award the pots."""
        if self.state.actor_index is not None:
            number = self.seats[self.state.actor_index].number
            message = f"the record ends while seat {number} still has to act"
            self._stop("illegal_action", message, self.hand.streets[-1])
        self._show()

    def _show(self) -> None:
        """Show the hands that the rules require: at the end, or when all chips are in."""
        while (at := self.state.showdown_index) is not None:
            if any(card.unknown_status for card in self.state.get_down_cards(at)):
                message = f"seat {self.seats[at].number} has to show unknown cards; the rest is not checked"
                self._stop("missing_card", message, self.hand.streets[-1])
            self.state.show_or_muck_hole_cards(status_or_hole_cards=True)

    def _compare(self) -> None:
        """Compare pot and final stacks; the odd chip of a split pot can go to any winner."""
        if self.state.status:
            message = "the record ends before the board is complete"
            self._stop("unfinished_hand", message, self.hand.streets[-1])
        pushed = sum(one.total_amount for one in self.state.operations if isinstance(one, ChipsPushing))
        pot = pushed if sum(self.state.statuses) > 1 or self.hand.is_showdown else self.pot_at_fold
        if pot != self.hand.pot:
            self._find("wrong_pot", f"the pot is {pot:,} by the rules, {self.hand.pot:,} by the record")
        odd = max(1, self.hand.stakes.big_blind) if self.hand.is_split else 0
        for seat, stack in zip(self.seats, self.state.stacks, strict=True):
            if abs(stack - seat.end_stack) > odd:
                message = f"seat {seat.number} ends with {stack:,} by the rules, {seat.end_stack:,} by the record"
                self._find("wrong_stack", message)

    def _find(self, code: str, message: str) -> None:
        self.findings.append(HandFinding(code, message))

    def _stop(self, code: str, message: str, street: Street, action: PlayedAction | None = None) -> None:
        raise ReplayStopped(HandFinding(code, message, street.name, action.event if action else None))


def _describe(action: PlayedAction) -> str:
    amount = f" to {action.to:,}" if action.added else ""
    return f"seat {action.seat}: {action.kind}{amount}"
