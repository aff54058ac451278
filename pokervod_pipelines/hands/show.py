"""Format a hand as plain text: seats and stacks, a line for each street, the showdown, the pot, who won."""

from collections.abc import Iterator

from pokervod_pipelines.hands.actions import POSTED, PlayedAction, Street
from pokervod_pipelines.hands.cards import pretty
from pokervod_pipelines.hands.hand import Hand, HandSeat

POSTS = {
    "ante": "ante",
    "bomb_pot": "bomb pot",
    "small_blind": "SB",
    "big_blind": "BB",
    "third_blind": "3rd blind",
    "straddle": "straddle",
}
VERBS = {"fold": "folds", "check": "checks", "call": "calls", "bet": "bets", "raise": "raises to"}


def show_hand(hand: Hand) -> str:
    """Return the hand in lines of plain text."""
    return "\n".join(line for part in (_show_head, _show_seats, _show_streets, _show_end) for line in part(hand))


def show_hand_in_line(hand: Hand) -> str:
    """Return the hand in one line: number, board, pot, winners, grade."""
    names = ", ".join(_name(hand, number) for number in hand.winners) or "nobody"
    board = pretty(hand.made_board) or "no board"
    best = f" with {_format_best(hand)}" if hand.best_hand and hand.is_showdown else ""
    return f"#{hand.hand_number} {board} · pot {_format(hand, hand.pot)} · {names}{best} · {_format_grade(hand)}"


def _show_head(hand: Hand) -> Iterator[str]:
    place = " · ".join(filter(None, [hand.table, hand.event_title]))
    start = f"{hand.started_at:%Y-%m-%d %H:%M:%S} UTC"
    duration = _format_duration(hand.duration_seconds)
    yield f"Hand #{hand.hand_number}{f' · {place}' if place else ''} · {start} · {duration}"
    stakes = hand.stakes
    ante = f" ante {_format(hand, stakes.ante)}" if stakes.ante else ""
    blinds = f"{_format(hand, stakes.small_blind)}/{_format(hand, stakes.big_blind)}"
    yield f"{_format_game(hand)} · {blinds}{ante} · session {hand.session_id}"


def _format_game(hand: Hand) -> str:
    return {"NOLIMIT": "No-Limit ", "POTLIMIT": "Pot-Limit "}.get(hand.structure, "") + {
        "HOLDEM": "Hold’em",
        "OMAHA": "Omaha",
    }.get(hand.variant, hand.variant)


def _format_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d}"


def _show_seats(hand: Hand) -> Iterator[str]:
    width = max((len(seat.shown_name) for seat in hand.seats), default=0)
    for seat in hand.seats:
        cards = "sitting out" if seat.is_sitting_out else pretty(seat.hole_cards) or "cards unknown"
        button = "  (button)" if seat.number == hand.stakes.button_seat else ""
        yield f"  seat {seat.number:>2}  {seat.shown_name:<{width}}  {_format_stack(hand, seat):>12}  {cards}{button}"


def _show_streets(hand: Hand) -> Iterator[str]:
    dealt = 0
    for street in hand.streets:
        dealt += len(street.cards)
        board = f" [{pretty(hand.board[:dealt])}]" if dealt else ""
        actions = ", ".join(_format_street(hand, street)) or "no action"
        pot = f" (pot {_format(hand, street.pot)})" if street.cards else ""
        yield f"{street.name.capitalize()}{board}{pot}: {actions}"
    for number, cards in enumerate(hand.boards[1:], 2):
        yield f"Board {number}: {pretty(cards)}"


def _format_street(hand: Hand, street: Street) -> Iterator[str]:
    for action in street.actions:
        if action.added or action.kind not in POSTED:
            yield _format_action(hand, action)


def _format_action(hand: Hand, action: PlayedAction) -> str:
    name = _name(hand, action.seat)
    all_in = " all-in" if action.is_all_in and action.added else ""
    if action.kind in POSTS:
        return f"{name} {POSTS[action.kind]} {_format(hand, action.added)}{all_in}"
    amount = {
        "bet": f" {_format(hand, action.to)}",
        "raise": f" {_format(hand, action.to)}",
        "call": f" {_format(hand, action.added)}",
    }.get(action.kind, "")
    return f"{name} {VERBS[action.kind]}{amount}{all_in}"


def _show_end(hand: Hand) -> Iterator[str]:
    if hand.is_showdown:
        shown = [seat for seat in hand.seats if not (seat.has_folded or seat.is_sitting_out) and seat.start_stack]
        yield "Showdown: " + ", ".join(f"{seat.shown_name} {pretty(seat.hole_cards) or '?'}" for seat in shown)
    if hand.best_hand:
        yield f"Best hand: {_name(hand, hand.best_hand.seat)}, {_format_best(hand)} ({pretty(hand.best_hand.cards)})"
    side = f" ({', '.join(f'{_format(hand, pot.amount)}' for pot in hand.pots)})" if len(hand.pots) > 1 else ""
    winners = ", ".join(_format_gain(hand, hand.find_seat(number)) for number in hand.winners) or "nobody"
    yield f"Pot {_format(hand, hand.pot)}{side} · {'split: ' if hand.is_split else 'won by '}{winners}"
    if hand.eliminations:
        yield "Out: " + ", ".join(_name(hand, number) for number in hand.eliminations)
    yield f"{_format_grade(hand)}{' · premium' if hand.is_premium else ''} · {hand.source}"
    yield from (f"! {finding}" for finding in hand.findings)


def _format_gain(hand: Hand, seat: HandSeat | None) -> str:
    if seat is None:
        return "?"
    if not (seat.net or seat.is_stack_known):
        return seat.shown_name
    return f"{seat.shown_name} {'+' if seat.net >= 0 else ''}{_format(hand, seat.net)}"


def _format_stack(hand: Hand, seat: HandSeat) -> str:
    return _format(hand, seat.start_stack) if seat.is_stack_known else "stack unknown"


def _format(hand: Hand, amount: int) -> str:
    return format_amount(amount, hand.decimals)


def format_amount(amount: int, decimals: int) -> str:
    """Return an amount of the smallest unit in chips or money.

    >>> format_amount(1250, 0), format_amount(1250, 2), format_amount(120000, 2)
    ('1,250', '12.50', '1,200')
    """
    whole, rest = divmod(abs(amount), 10**decimals)
    fraction = f".{rest:0{decimals}d}" if rest else ""
    return f"{'-' if amount < 0 else ''}{whole:,}{fraction}"


def _format_best(hand: Hand) -> str:
    return f"{hand.best_rank.replace('_', ' ')}, rank {hand.best_hand.rank:,}" if hand.best_hand else ""


def _format_grade(hand: Hand) -> str:
    return "test hand" if hand.is_test else f"grade {hand.grade}"


def _name(hand: Hand, number: int) -> str:
    seat = hand.find_seat(number)
    return seat.shown_name if seat else f"seat {number}"
