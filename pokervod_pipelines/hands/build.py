"""Build a hand from a record: betting, pots, winners, evaluation and grade, in this order.

Each rule has its own module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from pokervod_pipelines.hands.actions import Betting, follow_betting
from pokervod_pipelines.hands.cards import UNKNOWN_CARD, find_repeated, pretty
from pokervod_pipelines.hands.evaluation import describe_hand, make_hand, rank_hole_cards
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.games import Game, find_game, has_board
from pokervod_pipelines.hands.grade import GradeRule, grade_hand
from pokervod_pipelines.hands.hand import BestHand, Hand, HandSeat, Source
from pokervod_pipelines.hands.pots import Pots, make_pots
from pokervod_pipelines.hands.records import RecordedHand, Seat, Session
from pokervod_pipelines.hands.table_tests import is_test_hand
from pokervod_pipelines.hands.winners import HandWinners, ShowdownRanks, find_winners, name_seats

WHOLE_BOARD = 5
MIN_BOARD = 3
BOARD_SIZES = {0, 3, 4, 5}
NO_WINNERS = HandWinners((), (), None, ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Hold what the record of a hand does not say about its origin."""

    session_id: int
    table: str = ""
    event_title: str = ""
    source: Source = "rfid"


def build_hands(session: Session, rule: GradeRule) -> tuple[Hand, ...]:
    """Return every hand of a session, in the order of the session."""
    origin = Origin(session_id=session.session_id, table=session.table, event_title=session.event_title)
    return tuple(build_hand(recorded, origin, rule) for recorded in session.hands)


def build_hand(recorded: RecordedHand, origin: Origin, rule: GradeRule) -> Hand:
    """Return the hand of a record, with what is questionable about it as findings."""
    analysis = _analyse(recorded, follow_betting(recorded))
    betting, pots = analysis.betting, analysis.pots
    shown = ShowdownRanks(frozenset(seat.number for seat in analysis.contenders), _rank_showdown(analysis))
    found = _find_winners(recorded, analysis, shown)
    is_showdown = len(analysis.contenders) > 1 and _is_board_complete(recorded, betting)
    best = _find_best(analysis) if is_showdown or not rule.needs_showdown else None
    is_test = is_test_hand(recorded.seats, origin.event_title)
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
        seats=tuple(_make_seat(seat, analysis) for seat in recorded.seats),
        boards=betting.boards,
        streets=betting.streets,
        pots=pots.pots,
        pot=pots.total,
        winners=found.winners,
        winners_by_stack=found.by_stack,
        winners_by_cards=found.by_cards,
        is_showdown=is_showdown,
        best_hand=best,
        grade="" if is_test else grade.letter,
        is_premium=grade.is_premium and not is_test,
        is_test=is_test,
        duration_seconds=recorded.duration_seconds,
        eliminations=tuple(seat.number for seat in recorded.seats if seat.end_stack == 0 < seat.start_stack),
        runs=recorded.runs,
        is_over=_is_over(recorded, analysis),
        decimals=recorded.decimals,
        unread=recorded.unread,
        findings=(*_list_findings(recorded, analysis), *found.findings),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class HandAnalysis:
    """Hold what follows from a record; ``game`` is None where hands cannot be ranked.

    ``paid`` is what each seat put in, less what was returned; ``contenders`` held cards to the end.
    """

    betting: Betting
    pots: Pots
    paid: Mapping[int, int]
    contenders: tuple[Seat, ...]
    repeated: tuple[str, ...]
    game: Game | None


def _analyse(recorded: RecordedHand, betting: Betting) -> HandAnalysis:
    playing = {seat.number for seat in recorded.seats if seat.start_stack}
    bets = {seat: bet for seat, bet in betting.bets.items() if bet or seat in playing}
    pots = make_pots(bets, betting.dead, betting.folded)
    contenders = _list_contenders(recorded, betting)
    repeated = find_repeated(_list_cards(recorded.seats, betting))
    is_undecidable = _is_undecidable(repeated, contenders, betting)
    return HandAnalysis(
        betting=betting,
        pots=pots,
        paid={seat: bet + betting.dead.get(seat, 0) - pots.returned.get(seat, 0) for seat, bet in betting.bets.items()},
        contenders=contenders,
        repeated=repeated,
        game=None if is_undecidable else find_game(recorded.variant, recorded.structure),
    )


def _find_winners(recorded: RecordedHand, analysis: HandAnalysis, shown: ShowdownRanks) -> HandWinners:
    """Return who won; a hand without actions has no winner."""
    if not recorded.actions:
        return NO_WINNERS
    odd_chips = max(1, recorded.stakes.big_blind)
    return find_winners(recorded.seats, analysis.paid, analysis.pots, shown, odd_chips=odd_chips)


def _list_findings(recorded: RecordedHand, analysis: HandAnalysis) -> Iterable[HandFinding]:
    yield from analysis.betting.findings
    yield from _check_record(recorded, find_game(recorded.variant, recorded.structure))
    yield from _check_cards(recorded, analysis.betting, analysis.contenders, analysis.repeated)
    yield from _check_chips(recorded.seats, analysis.paid)


def _is_over(recorded: RecordedHand, analysis: HandAnalysis) -> bool:
    """Return whether one player is left, or the last bet is called and every board is complete."""
    if len(analysis.contenders) < 2:
        return bool(recorded.actions)
    if not all(_is_board_complete(recorded, analysis.betting, at) for at in range(len(analysis.betting.boards))):
        return False
    return any(seat.end_stack > seat.start_stack for seat in recorded.seats) or _is_last_bet_called(analysis)


def _is_board_complete(recorded: RecordedHand, betting: Betting, at: int = 0) -> bool:
    return len(betting.boards[at]) == WHOLE_BOARD or not has_board(recorded.variant)


def _is_last_bet_called(analysis: HandAnalysis) -> bool:
    betting = analysis.betting
    able = [seat.number for seat in analysis.contenders if seat.start_stack > analysis.paid.get(seat.number, 0)]
    last = {action.seat: action.to for action in betting.streets[-1].actions if action.event is not None}
    return len(able) < 2 or (able[0] in last and len({last.get(number) for number in able}) == 1)


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


def _is_undecidable(repeated: tuple[str, ...], contenders: tuple[Seat, ...], betting: Betting) -> bool:
    """Return whether a misread card, or one not read, is among those that decide the hand."""
    deciding = set(chain(chain.from_iterable(betting.boards), *(seat.hole_cards for seat in contenders)))
    return UNKNOWN_CARD in deciding or not deciding.isdisjoint(repeated)


def _rank_showdown(analysis: HandAnalysis) -> tuple[Mapping[int, int], ...] | None:
    game, boards = analysis.game, analysis.betting.boards
    if not game or any(len(seat.hole_cards) != game.hole_cards for seat in analysis.contenders):
        return None
    if any(len(board) != WHOLE_BOARD for board in boards):
        return None
    return tuple(
        {seat.number: rank_hole_cards(game, seat.hole_cards, board) for seat in analysis.contenders} for board in boards
    )


def _find_best(analysis: HandAnalysis) -> BestHand | None:
    """Return the best hand that was held to the end, None before the flop."""
    game = analysis.game
    if not game:
        return None
    ranked = [
        (rank_hole_cards(game, seat.hole_cards, board), seat, at)
        for at, board in enumerate(analysis.betting.boards)
        if len(board) >= MIN_BOARD
        for seat in analysis.contenders
        if len(seat.hole_cards) == game.hole_cards
    ]
    if not ranked:
        return None
    rank, holder, at = min(ranked, key=lambda one: (one[0], one[1].number))
    made = make_hand(game, holder.hole_cards, analysis.betting.boards[at])
    seats = sorted({seat.number for other, seat, _ in ranked if other == rank})
    return BestHand(
        category=made.category,
        rank=rank,
        cards=made.cards,
        seats=tuple(seats),
        board=at,
        name=describe_hand(made.category, made.cards),
    )


def _make_seat(seat: Seat, analysis: HandAnalysis) -> HandSeat:
    return HandSeat(
        number=seat.number,
        name=seat.name,
        long_name=seat.long_name,
        hole_cards=seat.hole_cards,
        start_stack=seat.start_stack,
        end_stack=seat.end_stack,
        contribution=analysis.paid.get(seat.number, 0),
        is_sitting_out=seat.is_sitting_out,
        has_folded=seat.number in analysis.betting.folded,
        straddle=seat.straddle,
        ante=seat.ante,
        is_stack_known=seat.is_stack_known,
    )


def _check_record(recorded: RecordedHand, game: Game | None) -> Iterable[HandFinding]:
    if not recorded.actions:
        yield HandFinding("no_actions", "the record has no action; the hand was not played or not recorded")
    if not game:
        game_name = f"{recorded.variant} {recorded.structure}"[:60]
        yield HandFinding("game_not_evaluated", f"{game_name} is not supported; hands are neither ranked nor replayed")
    for field in recorded.unread:
        yield HandFinding("unread_field", field)


def _check_cards(
    recorded: RecordedHand, betting: Betting, contenders: tuple[Seat, ...], repeated: tuple[str, ...]
) -> Iterable[HandFinding]:
    if repeated:
        yield HandFinding("duplicated_card", f"{pretty(repeated)} was read at two places; check the hand")
    for board in betting.boards:
        if len(board) not in BOARD_SIZES or UNKNOWN_CARD in board:
            known = sum(card != UNKNOWN_CARD for card in board)
            yield HandFinding("missing_card", f"the board has {known} known of {len(board)} cards")
    without = frozenset(seat.number for seat in contenders if not seat.hole_cards)
    if without and len(contenders) > 1 and recorded.actions:
        yield HandFinding("missing_card", f"the hole cards of {name_seats(without)} were not read")
    counts = {len(seat.hole_cards) for seat in recorded.seats if seat.hole_cards}
    game = find_game(recorded.variant, recorded.structure)
    if game and counts - {game.hole_cards}:
        yield HandFinding(
            "missing_card", f"a player holds {min(counts - {game.hole_cards})} cards, not {game.hole_cards}"
        )
    if len(contenders) > 1 and not _is_board_complete(recorded, betting) and recorded.actions:
        names = name_seats(frozenset(seat.number for seat in contenders))
        message = f"{names} still hold cards, but the board is not complete"
        yield HandFinding("unfinished_hand", message, betting.streets[-1].name)


def _check_chips(seats: tuple[Seat, ...], paid: Mapping[int, int]) -> Iterable[HandFinding]:
    start, end = sum(seat.start_stack for seat in seats), sum(seat.end_stack for seat in seats)
    if start != end:
        yield HandFinding("chips_not_conserved", f"{start:,} chips at the start, {end:,} at the end: {end - start:+,}")
    for seat in seats:
        lost, put_in = seat.start_stack - seat.end_stack, paid.get(seat.number, 0)
        if lost > put_in:
            yield HandFinding("loser_paid_otherwise", f"seat {seat.number} put in {put_in:,} and is {lost:,} down")
