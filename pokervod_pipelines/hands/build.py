"""A record to a hand: the one place that puts betting, pots, winners, evaluation and grade together.

Each rule lives in its own file; here is only their order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from pokervod_pipelines.hands.actions import Betting, follow_betting
from pokervod_pipelines.hands.cards import UNKNOWN_CARD, find_repeated, pretty
from pokervod_pipelines.hands.evaluation import make_hand, rank_hole_cards
from pokervod_pipelines.hands.findings import Finding
from pokervod_pipelines.hands.games import Game, find_game
from pokervod_pipelines.hands.grade import GradeRule, grade_hand
from pokervod_pipelines.hands.hand import BestHand, Hand, HandSeat, Source
from pokervod_pipelines.hands.pots import Pots, make_pots
from pokervod_pipelines.hands.records import RecordedHand, Seat, Session
from pokervod_pipelines.hands.rehearsal import is_rehearsal
from pokervod_pipelines.hands.winners import Shown, Verdict, judge_winners, name_seats

WHOLE_BOARD = 5
LEAST_BOARD = 3
BOARD_SIZES = {0, 3, 4, 5}
UNPLAYED = Verdict((), (), None, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a hand comes from, as far as its record does not tell."""

    session_id: int
    table: str = ""
    event_title: str = ""
    source: Source = "rfid"


def build_hands(session: Session, rule: GradeRule) -> tuple[Hand, ...]:
    """Return every hand of a session, in the order of the session."""
    origin = Origin(session_id=session.session_id, table=session.table, event_title=session.event_title)
    return tuple(build_hand(recorded, origin, rule) for recorded in session.hands)


def build_hand(recorded: RecordedHand, origin: Origin, rule: GradeRule) -> Hand:
    """Return the hand of a record; all that is doubtful about it is in its findings."""
    cards = _weigh_cards(recorded, follow_betting(recorded))
    betting, pots = cards.betting, cards.pots
    shown = Shown(frozenset(seat.number for seat in cards.contenders), _rank_showdown(cards))
    verdict = _judge(recorded, cards, shown)
    is_showdown = len(cards.contenders) > 1 and len(betting.boards[0]) == WHOLE_BOARD
    best = _find_best(cards) if is_showdown or not rule.needs_showdown else None
    is_test = is_rehearsal(recorded.seats, origin.event_title)
    grade = grade_hand(rule, best.category if best else None, recorded.duration_seconds)
    return Hand(
        session_id=origin.session_id,
        started_at=recorded.started_at,
        table=origin.table,
        event_title=origin.event_title,
        source=origin.source,
        hand_number=recorded.hand_number,
        variant=recorded.variant,
        structure=recorded.structure,
        stakes=recorded.stakes,
        seats=tuple(_make_seat(seat, cards) for seat in recorded.seats),
        boards=betting.boards,
        streets=betting.streets,
        pots=pots.pots,
        pot=pots.total,
        winners=verdict.winners,
        winners_by_stack=verdict.by_stack,
        winners_by_cards=verdict.by_cards,
        is_showdown=is_showdown,
        best_hand=best,
        grade="" if is_test else grade.letter,
        is_premium=grade.is_premium and not is_test,
        is_test=is_test,
        duration_seconds=recorded.duration_seconds,
        eliminations=tuple(seat.number for seat in recorded.seats if seat.end_stack == 0 < seat.start_stack),
        runs=recorded.runs,
        unread=recorded.unread,
        findings=(*_list_doubts(recorded, cards), *verdict.findings),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What follows from a record before anybody is judged; ``game`` is None where hands cannot be ranked.

    ``paid`` is what each seat put in for good; ``contenders`` held cards to the end.
    """

    betting: Betting
    pots: Pots
    paid: Mapping[int, int]
    contenders: tuple[Seat, ...]
    repeated: tuple[str, ...]
    game: Game | None


def _weigh_cards(recorded: RecordedHand, betting: Betting) -> Weighed:
    pots = make_pots(betting.bets, betting.dead, betting.folded)
    contenders = _list_contenders(recorded, betting)
    repeated = find_repeated(_list_cards(recorded.seats, betting))
    is_spoilt = _is_spoilt(repeated, contenders, betting)
    return Weighed(
        betting=betting,
        pots=pots,
        paid={seat: bet + betting.dead.get(seat, 0) - pots.returned.get(seat, 0) for seat, bet in betting.bets.items()},
        contenders=contenders,
        repeated=repeated,
        game=None if is_spoilt else find_game(recorded.variant, recorded.structure),
    )


def _judge(recorded: RecordedHand, cards: Weighed, shown: Shown) -> Verdict:
    """Return who won; nobody wins a hand that holds no action."""
    if not recorded.actions:
        return UNPLAYED
    odd_chips = max(1, recorded.stakes.big_blind)
    return judge_winners(recorded.seats, cards.paid, cards.pots, shown, odd_chips=odd_chips)


def _list_doubts(recorded: RecordedHand, cards: Weighed) -> Iterable[Finding]:
    yield from cards.betting.findings
    yield from _check_record(recorded, find_game(recorded.variant, recorded.structure))
    yield from _check_cards(recorded, cards.betting, cards.contenders, cards.repeated)
    yield from _check_chips(recorded.seats, cards.paid)


def _list_contenders(recorded: RecordedHand, betting: Betting) -> tuple[Seat, ...]:
    """Return the players who held cards to the end: dealt in, with chips at the start, and not folded."""
    return tuple(
        seat
        for seat in recorded.seats
        if not seat.is_sitting_out and seat.number not in betting.folded and seat.start_stack > 0
    )


def _list_cards(seats: Iterable[Seat], betting: Betting) -> list[str]:
    """Return every known card once for each place it was read at; boards that share cards share the place."""
    first, *others = betting.boards
    own = [board[at] for board in others for at in range(len(board)) if board[at : at + 1] != first[at : at + 1]]
    cards = chain(first, own, chain.from_iterable(seat.hole_cards for seat in seats))
    return [card for card in cards if card != UNKNOWN_CARD]


def _is_spoilt(repeated: tuple[str, ...], contenders: tuple[Seat, ...], betting: Betting) -> bool:
    """Tell whether a misread card, or one not read, is among those that decide."""
    deciding = set(chain(chain.from_iterable(betting.boards), *(seat.hole_cards for seat in contenders)))
    return UNKNOWN_CARD in deciding or not deciding.isdisjoint(repeated)


def _rank_showdown(cards: Weighed) -> tuple[Mapping[int, int], ...] | None:
    game, boards = cards.game, cards.betting.boards
    if not game or any(len(seat.hole_cards) != game.hole_cards for seat in cards.contenders):
        return None
    if any(len(board) != WHOLE_BOARD for board in boards):
        return None
    return tuple(
        {seat.number: rank_hole_cards(game, seat.hole_cards, board) for seat in cards.contenders} for board in boards
    )


def _find_best(cards: Weighed) -> BestHand | None:
    """Return the best hand that was held to the end; from the flop on there is one."""
    game = cards.game
    if not game:
        return None
    ranked = [
        (rank_hole_cards(game, seat.hole_cards, board), seat, board)
        for board in cards.betting.boards
        if len(board) >= LEAST_BOARD
        for seat in cards.contenders
        if len(seat.hole_cards) == game.hole_cards
    ]
    if not ranked:
        return None
    rank, holder, board = min(ranked, key=lambda one: (one[0], one[1].number))
    made = make_hand(game, holder.hole_cards, board)
    seats = sorted({seat.number for other, seat, _ in ranked if other == rank})
    return BestHand(category=made.category, rank=rank, cards=made.cards, seats=tuple(seats))


def _make_seat(seat: Seat, cards: Weighed) -> HandSeat:
    return HandSeat(
        number=seat.number,
        name=seat.name,
        long_name=seat.long_name,
        hole_cards=seat.hole_cards,
        start_stack=seat.start_stack,
        end_stack=seat.end_stack,
        contribution=cards.paid.get(seat.number, 0),
        is_sitting_out=seat.is_sitting_out,
        has_folded=seat.number in cards.betting.folded,
        straddle=seat.straddle,
    )


def _check_record(recorded: RecordedHand, game: Game | None) -> Iterable[Finding]:
    if not recorded.actions:
        yield Finding("no_actions", "the record holds no action; the hand was not played or not recorded")
    if not game:
        game_name = f"{recorded.variant} {recorded.structure}"[:60]
        yield Finding("game_not_evaluated", f"{game_name} is not known; hands are neither ranked nor replayed")
    for field in recorded.unread:
        yield Finding("unread_field", field)


def _check_cards(
    recorded: RecordedHand, betting: Betting, contenders: tuple[Seat, ...], repeated: tuple[str, ...]
) -> Iterable[Finding]:
    if repeated:
        yield Finding("duplicated_card", f"{pretty(repeated)} was read at two places; look at the hand")
    for board in betting.boards:
        if len(board) not in BOARD_SIZES or UNKNOWN_CARD in board:
            known = sum(card != UNKNOWN_CARD for card in board)
            yield Finding("missing_card", f"the board has {known} known of {len(board)} cards")
    without = frozenset(seat.number for seat in contenders if not seat.hole_cards)
    if without and len(contenders) > 1 and recorded.actions:
        yield Finding("missing_card", f"the hole cards of {name_seats(without)} were not read")
    counts = {len(seat.hole_cards) for seat in recorded.seats if seat.hole_cards}
    game = find_game(recorded.variant, recorded.structure)
    if game and counts - {game.hole_cards}:
        yield Finding("missing_card", f"a player holds {min(counts - {game.hole_cards})} cards, not {game.hole_cards}")
    if len(contenders) > 1 and len(betting.boards[0]) != WHOLE_BOARD and recorded.actions:
        message = f"{name_seats(frozenset(seat.number for seat in contenders))} still hold cards, without a whole board"
        yield Finding("unfinished_hand", message, betting.streets[-1].name)


def _check_chips(seats: tuple[Seat, ...], paid: Mapping[int, int]) -> Iterable[Finding]:
    start, end = sum(seat.start_stack for seat in seats), sum(seat.end_stack for seat in seats)
    if start != end:
        yield Finding("chips_not_conserved", f"{start:,} chips at the start, {end:,} at the end: {end - start:+,}")
    for seat in seats:
        lost, put_in = seat.start_stack - seat.end_stack, paid.get(seat.number, 0)
        if lost > put_in:
            yield Finding("loser_paid_otherwise", f"seat {seat.number} put in {put_in:,} and is {lost:,} down")
