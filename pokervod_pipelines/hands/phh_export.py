"""Write hands in PHH, the open poker hand history format, through pokerkit.

PHH carries players, seats, stacks, blinds, antes, cards and actions. It has no field for the session id, who sat out,
the button of an empty seat, duration, full names, straddles apart from blinds, second boards and our findings: these
are kept as JSON in the user-defined field ``_pokervod``, which other programs ignore.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from decimal import Decimal
from functools import partial
from math import inf
from pathlib import Path
from typing import Any

from pokerkit import HandHistory

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.files import replace_file
from pokervod_pipelines.hands.actions import Street
from pokervod_pipelines.hands.cards import UNKNOWN_CARD
from pokervod_pipelines.hands.games import find_game
from pokervod_pipelines.hands.hand import Hand, HandSeat
from pokervod_pipelines.hands.phh_text import MAX_SEAT
from pokervod_pipelines.hands.records import Seat
from pokervod_pipelines.hands.replay import list_antes, list_bet_sizes, list_blinds, order_seats

OWN = "_pokervod"
KEPT = {
    "unknown_action", "unknown_seat", "pot_before_action", "amount_over_stack", "amount_below_bet", "unread_field",
}  # fmt: skip
"""Findings that only the record shows."""


class CannotExport(BadInput):
    """Raised for a hand that PHH cannot carry."""


def export_hands(hands: Iterable[tuple[int, Hand]], folder: Path) -> list[Path]:
    """Write each hand to a file of the folder, which is created if missing; return the files.

    Raises ``CannotExport`` for a game that PHH cannot carry and ``BadInput`` where the folder cannot be written.
    """
    texts = [(folder / _name_file(hand_id, hand), export_phh(hand)) for hand_id, hand in hands]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in texts:
            replace_file(file, text.encode())
    except OSError as error:
        raise BadInput(f"{folder}: cannot be written ({error.strerror}); name another folder") from error
    return [file for file, _ in texts]


def _name_file(hand_id: int, hand: Hand) -> str:
    table = re.sub(r"[^\w-]+", "_", hand.table)[:60] or "hand"
    return f"{hand.started_at:%Y-%m-%d_%H%M%S}_{table}_{hand.hand_number}_{hand_id}.phh"


def export_phh(hand: Hand) -> str:
    """Return the hand as PHH; ``phh_import`` reads an equal hand back, except for its source.

    Raises:
        CannotExport: PHH has no such game or seat, or fewer than two players were dealt in.

    """
    game = find_game(hand.variant, hand.structure)
    seats = order_seats(hand)
    if not game or not game.phh or len(seats) < 2:
        name = f"{hand.variant} {hand.structure} of {len(seats)} players"
        raise CannotExport(f"hand {hand.hand_number}: PHH cannot carry {name}")
    if wrong := [seat.number for seat in seats if not 0 < seat.number < MAX_SEAT]:
        raise CannotExport(f"hand {hand.hand_number}: PHH numbers seats from 1 to {MAX_SEAT - 1}, got seat {wrong[0]}")
    money = partial(_format_amount, decimals=hand.decimals)
    amounts: dict[str, Any] = {
        "antes": [money(ante) for ante in list_antes(hand, seats)],
        "blinds_or_straddles": [money(blind) for blind in list_blinds(hand, seats)],
        "starting_stacks": [money(seat.start_stack) if seat.is_stack_known else inf for seat in seats],
        "finishing_stacks": [money(seat.end_stack) if seat.is_stack_known else inf for seat in seats],
        **{name: money(bet) for name, bet in list_bet_sizes(hand, game).items()},
    }
    history = HandHistory(
        variant=game.phh,
        **amounts,
        actions=list(_format_actions(hand, seats)),
        event=_keep_to_line(hand.event_title) or None,
        table=_keep_to_line(hand.table) or None,
        hand=hand.hand_number,
        seats=[seat.number for seat in seats],
        players=[_keep_to_line(seat.name) for seat in seats],
        time=hand.started_at.timetz().replace(tzinfo=None),
        time_zone="UTC",
        day=hand.started_at.day,
        month=hand.started_at.month,
        year=hand.started_at.year,
        user_defined_fields={OWN: _format_own_fields(hand, seats)},
    )
    return history.dumps() + "\n"


def _format_amount(amount: int, *, decimals: int) -> float:
    """Return an amount in chips or money, whole where it is whole."""
    return amount // 10**decimals if amount % 10**decimals == 0 else float(Decimal(amount).scaleb(-decimals))


def _keep_to_line(text: str) -> str:
    """Return a text that a PHH literal can hold; ``_pokervod`` has it as it was."""
    return "".join(letter if letter.isprintable() else " " for letter in text.replace("'", "’"))


def _format_actions(hand: Hand, seats: Sequence[HandSeat]) -> Iterator[str]:
    players = {seat.number: f"p{at}" for at, seat in enumerate(seats, 1)}
    game = find_game(hand.variant, hand.structure)
    unknown = UNKNOWN_CARD * (game.hole_cards if game else 2)
    for seat in seats:
        yield f"d dh {players[seat.number]} {''.join(seat.hole_cards) or unknown}"
    last = max((at for at, street in enumerate(hand.streets) if _has_actions(street)), default=0)
    for at, street in enumerate(hand.streets):
        if street.cards:
            yield f"d db {''.join(street.cards)}"
        yield from _format_street(street, players, hand.decimals)
        if at == last and hand.is_showdown:
            yield from _format_showdown(hand, seats, players)


def _has_actions(street: Street) -> bool:
    return any(action.event is not None for action in street.actions)


def _format_showdown(hand: Hand, seats: Sequence[HandSeat], players: dict[int, str]) -> Iterator[str]:
    """Yield the shown cards, after the last action as in any all-in: readers find the winners by them."""
    for seat in seats:
        if not seat.has_folded and seat.hole_cards:
            yield f"{players[seat.number]} sm {''.join(seat.hole_cards)}"


def _format_street(street: Street, players: dict[int, str], decimals: int) -> Iterator[str]:
    for action in street.actions:
        player = players.get(action.seat)
        if action.event is None or player is None:
            continue
        if action.kind == "fold":
            yield f"{player} f"
        elif action.kind in {"bet", "raise"}:
            yield f"{player} cbr {_format_amount(action.to, decimals=decimals)}"
        else:
            yield f"{player} cc" + (f" # to {action.to}" if action.kind == "call" else "")


def _format_own_fields(hand: Hand, seats: Sequence[HandSeat]) -> str:
    """Return what PHH has no field for, as JSON without apostrophes, which would end a PHH text."""
    dealt = {seat.number for seat in seats}
    own = {
        "session_id": hand.session_id,
        "started_at": hand.started_at.isoformat(),
        "event_title": hand.event_title,
        "table": hand.table,
        "duration_seconds": hand.duration_seconds,
        "variant": hand.variant,
        "structure": hand.structure,
        "stakes": asdict(hand.stakes),
        "names": {seat.number: [seat.name, seat.long_name] for seat in seats},
        "straddles": {seat.number: seat.straddle for seat in seats if seat.straddle},
        "antes": {seat.number: seat.ante for seat in seats if seat.ante},
        "decimals": hand.decimals,
        "order": [seat.number for seat in hand.seats],
        "others": [asdict(_restore_seat(seat)) for seat in hand.seats if seat.number not in dealt],
        "boards": [list(board) for board in hand.boards[1:]],
        "runs": hand.runs,
        "unread": list(hand.unread),
        "findings": [asdict(finding) for finding in hand.findings if finding.code in KEPT],
    }
    return json.dumps(own).replace("'", "\\u0027")


def _restore_seat(seat: HandSeat) -> Seat:
    return Seat(
        number=seat.number,
        name=seat.name,
        long_name=seat.long_name,
        hole_cards=seat.hole_cards,
        start_stack=seat.start_stack,
        end_stack=seat.end_stack,
        is_sitting_out=seat.is_sitting_out,
        straddle=seat.straddle,
        ante=seat.ante,
        is_stack_known=seat.is_stack_known,
    )
