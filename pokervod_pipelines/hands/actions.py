"""Follow the betting street by street: posted blinds and antes, then every action with its chips.

Records hold street totals ("raise to"); here they become chips added, and a record that cannot be followed becomes
findings. Whether an action is allowed is decided in ``replay``; who wins in ``winners``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pokervod_pipelines.hands.cards import pretty
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.pots import find_uncalled
from pokervod_pipelines.hands.records import (
    ALL_IN,
    BET,
    BOARD_CARD,
    CALL,
    CHECK,
    FOLD,
    NEXT_STREET,
    Action,
    RecordedHand,
)

PREFLOP = "preflop"
STREET_OF_CARD = {1: "flop", 4: "turn", 5: "river"}
MAX_BOARD_CARDS = 5
WAGERS = {CALL, BET, ALL_IN}
POSTED = ("ante", "bomb_pot", "small_blind", "big_blind", "third_blind", "straddle")


@dataclass(frozen=True, slots=True)
class PlayedAction:
    """Describe what a seat did: ``added`` chips, which makes ``to`` on this street; ``event`` is its record index.

    ``kind`` is a word of ``POSTED`` (then ``event`` is None), or fold, check, call, bet, raise.
    """

    kind: str
    seat: int
    added: int = 0
    to: int = 0
    is_all_in: bool = False
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Street:
    """Hold one betting round: cards and actions, in order; ``pot`` is what was called before it."""

    name: str
    cards: tuple[str, ...]
    pot: int
    actions: tuple[PlayedAction, ...]


@dataclass(frozen=True, slots=True)
class Betting:
    """Hold a hand's chips by seat: ``bets`` are live, ``dead`` are antes that call nothing; nothing is returned yet."""

    streets: tuple[Street, ...]
    boards: tuple[tuple[str, ...], ...]
    bets: dict[int, int]
    dead: dict[int, int]
    folded: frozenset[int]
    findings: tuple[HandFinding, ...]


@dataclass(slots=True)
class BettingRound:
    """Hold a street while it is played."""

    name: str
    pot: int
    cards: list[str] = field(default_factory=list)
    actions: list[PlayedAction] = field(default_factory=list)
    in_front: dict[int, int] = field(default_factory=dict)
    to_call: int = 0


def is_bomb_pot(hand: RecordedHand) -> bool:
    """Return whether the hand goes to the flop at once: then nobody posts a blind, whatever the stakes name."""
    return bool(hand.stakes.bomb_pot and hand.actions and hand.actions[0].kind == BOARD_CARD)


def follow_betting(hand: RecordedHand) -> Betting:
    """Return the chips of a hand as recorded, with what contradicts itself as findings."""
    betting = BettingState(hand)
    betting.post()
    for at, action in enumerate(hand.actions):
        betting.act(at, action)
    return betting.close()


class BettingState:
    """Follow one record, event by event."""

    def __init__(self, hand: RecordedHand) -> None:
        self.hand = hand
        self.stacks = {seat.number: seat.start_stack for seat in hand.seats if not seat.is_sitting_out}
        self.bets = dict.fromkeys(self.stacks, 0)
        self.dead = dict.fromkeys(self.stacks, 0)
        self.folded: set[int] = set()
        self.boards: dict[int, list[str]] = {}
        self.rounds = [BettingRound(PREFLOP, 0)]
        self.findings: list[HandFinding] = []

    @property
    def round(self) -> BettingRound:
        """Return the street that is being played."""
        return self.rounds[-1]

    @property
    def pot(self) -> int:
        """Return all chips in the pot."""
        return sum(self.bets.values()) + sum(self.dead.values())

    def post(self) -> None:
        """Post blinds, antes and straddles in the order of the ante type; short stacks post what they have.

        A small blind whose seat is empty is dead: its player was eliminated the hand before.
        """
        kind = self.hand.stakes.ante_type.upper().replace(" ", "_")
        if is_bomb_pot(self.hand):
            self._post_antes(kind)
            return
        if kind.endswith("1ST"):
            self._post_blinds()
            self._post_antes(kind)
        else:
            self._post_antes(kind)
            self._post_blinds()
        for seat in self.hand.seats:
            if seat.straddle and seat.number in self.stacks:
                self._put("straddle", seat.number, max(seat.straddle, self.round.in_front.get(seat.number, 0)))

    def _post_blinds(self) -> None:
        stakes = self.hand.stakes
        for kind, number, amount in (
            ("small_blind", stakes.small_blind_seat, stakes.small_blind),
            ("big_blind", stakes.big_blind_seat, stakes.big_blind),
            ("third_blind", stakes.third_blind_seat, stakes.third_blind),
        ):
            if amount and number in self.stacks:
                self._put(kind, number, amount)
            elif amount and kind == "big_blind":
                self._find("unknown_seat", f"the big blind is seat {number}'s, where no player is dealt in", None)

    def _post_antes(self, kind: str) -> None:
        stakes = self.hand.stakes
        for number in _list_ante_payers(kind, self.hand) if stakes.ante else ():
            if number in self.stacks:
                if kind == "LIVE_ANTE":
                    self._put("ante", number, stakes.ante)
                else:
                    self._post_dead_money("ante", number, stakes.ante)
        for seat in self.hand.seats:
            if seat.ante and seat.number in self.stacks:
                self._post_dead_money("ante", seat.number, seat.ante)
        for number in self.stacks if stakes.bomb_pot else ():
            self._post_dead_money("bomb_pot", number, stakes.bomb_pot)

    def _post_dead_money(self, kind: str, seat: int, amount: int) -> None:
        paid = min(amount, self.stacks[seat])
        self.stacks[seat] -= paid
        self.dead[seat] += paid
        if paid:
            self.round.actions.append(PlayedAction(kind, seat, paid, 0, self.stacks[seat] == 0))

    def _put(self, kind: str, seat: int, to: int, event: int | None = None) -> None:
        """Move chips so that the seat has ``to`` in front of it; what the stack cannot give is a finding."""
        had = self.round.in_front.get(seat, 0)
        due, added = to - had, min(to - had, self.stacks[seat])
        if due < 0:
            self._find("amount_below_bet", f"seat {seat} has {had:,} in already and goes to {to:,}", event)
            added = 0
        elif added < due and event is not None:
            message = f"seat {seat} puts in {due:,} and has {self.stacks[seat]:,}"
            self._find("amount_over_stack", message, event)
        self.stacks[seat] -= added
        self.bets[seat] += added
        self.round.in_front[seat] = had + added
        self.round.actions.append(PlayedAction(kind, seat, added, had + added, self.stacks[seat] == 0, event))
        self.round.to_call = max(self.round.to_call, had + added, to if event is None else 0)

    def act(self, at: int, action: Action) -> None:
        """Apply one event of the record."""
        if action.kind == BOARD_CARD:
            self._deal(at, action)
        elif action.kind == NEXT_STREET:
            self._begin_street(f"street {action.board}")
        elif action.seat not in self.stacks:
            self._find("unknown_seat", f"{action.kind} of seat {action.seat}, where no player is dealt in", at)
        elif action.kind == FOLD:
            self.folded.add(action.seat)
            self._note("fold", at, action)
        elif action.kind == CHECK:
            self._note("check", at, action)
        elif action.kind in WAGERS:
            self._check_pot(at, action)
            kind = "call" if action.amount <= self.round.to_call else "raise" if self.round.to_call else "bet"
            self._put(kind, action.seat, action.amount, at)
        else:
            self._find(
                "unknown_action", f"{action.kind[:40]!r} of seat {action.seat} is not a known action; it is ignored", at
            )

    def _note(self, kind: str, at: int, action: Action) -> None:
        self._check_pot(at, action)
        self.round.actions.append(PlayedAction(kind, action.seat, 0, self.round.in_front.get(action.seat, 0), event=at))

    def _check_pot(self, at: int, action: Action) -> None:
        """Compare with the recorded pot, which is 0 where the table PC did not write it."""
        if action.pot and action.pot != self.pot:
            message = f"the record says {action.pot:,} before this action, the players had put in {self.pot:,}"
            self._find("pot_before_action", message, at)

    def _deal(self, at: int, action: Action) -> None:
        board = self.boards.setdefault(max(1, action.board), [])
        if len(board) >= MAX_BOARD_CARDS:
            self._find("illegal_action", f"{pretty([action.card])} is a sixth board card; it is ignored", at)
            return
        board.append(action.card)
        if action.board > 1:
            return
        if name := STREET_OF_CARD.get(len(board)):
            self._begin_street(name)
        self.round.cards.append(action.card)

    def _begin_street(self, name: str) -> None:
        self.rounds.append(BettingRound(name, self.pot - sum(find_uncalled(self.bets).values())))

    def _find(self, code: str, message: str, at: int | None) -> None:
        self.findings.append(HandFinding(code, message, self.round.name, at))

    def close(self) -> Betting:
        """Return the chips, streets, boards and findings so far."""
        return Betting(
            streets=tuple(Street(one.name, tuple(one.cards), one.pot, tuple(one.actions)) for one in self.rounds),
            boards=tuple(self._complete_boards()),
            bets=self.bets,
            dead=self.dead,
            folded=frozenset(self.folded),
            findings=tuple(self.findings),
        )

    def _complete_boards(self) -> Iterator[tuple[str, ...]]:
        """Yield every board; a later one that holds only its own cards shares the earlier ones with the first."""
        first = self.boards.get(1, [])
        yield tuple(first)
        for number in sorted(set(self.boards) - {1}):
            own = self.boards[number]
            yield tuple(first[: max(0, len(first) - len(own))] + own)


def _list_ante_payers(kind: str, hand: RecordedHand) -> tuple[int, ...]:
    """Return the seats that pay the ante, by PokerGFX's seven ante types; an unknown type is everybody's ante."""
    stakes = hand.stakes
    if kind.startswith("BB_ANTE"):
        return (stakes.big_blind_seat,)
    if kind.startswith("TB_ANTE"):
        return (stakes.third_blind_seat,)
    if kind.startswith("BUTTON"):
        return (stakes.button_seat,)
    return tuple(seat.number for seat in hand.seats if not seat.is_sitting_out)
