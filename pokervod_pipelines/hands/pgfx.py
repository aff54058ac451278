"""Read PokerGFX 3.2 session files; each hand is read by itself, so a broken one does not affect the others.

Known traps: the ID is a 64-bit tick number; hand numbers repeat; ``10d``; one text holds all hole cards; event types
hold spaces; times have seven digits; percentages are over 100 and are not read.
"""

import re
from functools import lru_cache
from typing import Any

from pokervod_pipelines.hands.cards import UNKNOWN_CARD, BadCard, parse_cards, parse_hole_cards
from pokervod_pipelines.hands.fields import BadField, Fields
from pokervod_pipelines.hands.records import (
    BOARD_CARD,
    Action,
    RecordedHand,
    Seat,
    Session,
    Stakes,
)
from pokervod_pipelines.hands.session_json import NotASession, decode_json
from pokervod_pipelines.hands.times import BadTime, parse_duration, parse_time
from pokervod_pipelines.problems import Problem

STREETS = ("preflop", "flop", "flop", "flop", "turn", "river")
TABLE_FOLDER = re.compile(r"(?:^|[\\/])(table[^\\/]*)[\\/]", re.IGNORECASE)
MAX_SEATS = 30
MAX_EVENTS = 2_000


def name_table(file: str) -> str:
    """Return the table a file's folder names, empty for none.

    >>> name_table("drop/table-GG/1016/New/session.json"), name_table("session.json")
    ('table-GG', '')
    """
    found = TABLE_FOLDER.search(file)
    return found[1] if found else ""


def read_session(raw: bytes, *, file: str, table: str | None = None) -> Session:
    """Return the session in the bytes of a file; its broken hands are ``problems``, the others ``hands``.

    ``table`` is taken from the folders of ``file`` unless it is given.

    Raises:
        UnfinishedFile: the file is still being written.
        NotASession: it is something else; the text says why.

    """
    try:
        root = Fields(decode_json(raw, file))
        session_id = _read_id(root)
        created = root.read_text("CreatedDateTimeUTC", "")
        read = [_read_hand_or_problem(value, at, file) for at, value in enumerate(root.read_list("Hands"))]
        return Session(
            session_id=session_id,
            table=name_table(file) if table is None else table,
            event_title=root.read_text("EventTitle", ""),
            created_at=parse_time(created) if created else None,
            table_type=root.read_text("Type", ""),
            hands=tuple(one for one in read if isinstance(one, RecordedHand)),
            problems=tuple(one for one in read if isinstance(one, Problem)),
        )
    except (BadField, BadTime) as error:
        message = f"{file}: not a PokerGFX session: {error}; export the session again"
        raise NotASession(message) from error


def _read_id(root: Fields) -> int:
    try:
        return root.read_number("ID", minimum=1)
    except BadField:
        text = root.read_text("ID")
        if text.isascii() and text.isdigit() and 0 < int(text[:30]) < 2**63:
            return int(text)
        raise


def _read_hand_or_problem(value: Any, position: int, file: str) -> RecordedHand | Problem:
    try:
        return _read_hand(Fields(value))
    except BadField as error:
        number = value.get("HandNum") if isinstance(value, dict) else None
        number = number if type(number) is int and abs(number) < 2**63 else None
        return Problem(_locate(file, position, number, _name_street(value, error.field), error.field), error.reason)


def _locate(file: str, position: int, hand_number: int | None, street: str, field: str) -> str:
    number = f"hand number {hand_number}" if hand_number is not None else "no hand number"
    return f"{file}: hand {position + 1} ({number}{street and f', {street}'}), {field}"


def _read_hand(hand: Fields) -> RecordedHand:
    unread: list[str] = []
    try:
        started_at = parse_time(hand.read_text("StartDateTimeUTC"))
    except BadTime as error:
        raise BadField("StartDateTimeUTC", str(error)) from error
    return RecordedHand(
        hand_number=hand.read_number("HandNum"),
        started_at=started_at,
        duration_seconds=_read_duration(hand, unread),
        variant=hand.read_text("GameVariant", "HOLDEM"),
        structure=hand.read_text("BetStructure", "NOLIMIT"),
        stakes=_read_stakes(hand),
        seats=_read_seats(hand, unread),
        actions=_read_actions(hand, unread),
        runs=max(1, hand.read_number("RunItNumTimes", 1), hand.read_number("NumBoards", 1)),
        unread=tuple(unread),
    )


def _read_duration(hand: Fields, unread: list[str]) -> float:
    try:
        return parse_duration(hand.read_text("Duration", "PT0S") or "PT0S")
    except BadTime as error:
        unread.append(f"Duration: {error}; 0 seconds are taken")
        return 0.0


def _read_stakes(hand: Fields) -> Stakes:
    blinds = hand.read_object("FlopDrawBlinds")
    return Stakes(
        ante=hand.read_number("AnteAmt", 0),
        ante_type=blinds.read_text("AnteType", ""),
        button_seat=blinds.read_number("ButtonPlayerNum", 0),
        small_blind=blinds.read_number("SmallBlindAmt", 0),
        small_blind_seat=blinds.read_number("SmallBlindPlayerNum", 0),
        big_blind=blinds.read_number("BigBlindAmt", 0),
        big_blind_seat=blinds.read_number("BigBlindPlayerNum", 0),
        third_blind=blinds.read_number("ThirdBlindAmt", 0),
        third_blind_seat=blinds.read_number("ThirdBlindPlayerNum", 0),
        bomb_pot=hand.read_number("BombPotAmt", 0),
    )


def _read_seats(hand: Fields, unread: list[str]) -> tuple[Seat, ...]:
    seats = tuple(_read_seat(player, unread) for player in hand.read_objects("Players", is_required=True))
    numbers = [seat.number for seat in seats]
    if len(set(numbers)) < len(numbers) or len(numbers) > MAX_SEATS:
        reason = f"{len(numbers)} players sit on {len(set(numbers))} seats; each seat holds one, at most {MAX_SEATS}"
        raise BadField("Players", reason)
    return seats


def _read_seat(player: Fields, unread: list[str]) -> Seat:
    return Seat(
        number=player.read_number("PlayerNum", minimum=1),
        name=player.read_text("Name", ""),
        long_name=player.read_text("LongName", ""),
        hole_cards=_read_hole_cards(player, unread),
        start_stack=player.read_number("StartStackAmt"),
        end_stack=player.read_number("EndStackAmt"),
        is_sitting_out=player.read_flag("SittingOut"),
        straddle=player.read_number("BlindBetStraddleAmt", 0),
    )


def _read_hole_cards(player: Fields, unread: list[str]) -> tuple[str, ...]:
    try:
        return parse_hole_cards(player.read_texts("HoleCards"))
    except BadCard as error:
        unread.append(f"{player.locate('HoleCards')}: {error}; the cards are taken as unknown")
        return ()


def _read_actions(hand: Fields, unread: list[str]) -> tuple[Action, ...]:
    actions = tuple(_read_action(event, unread) for event in hand.read_objects("Events"))
    if len(actions) > MAX_EVENTS:
        raise BadField("Events", f"{len(actions):,} events in one hand; at most {MAX_EVENTS:,} are possible")
    return actions


def _read_action(event: Fields, unread: list[str]) -> Action:
    kind = _name_kind(event.read_text("EventType"))
    if kind == BOARD_CARD:
        return Action(kind, card=_read_board_card(event, unread), board=event.read_number("BoardNum", 1))
    return Action(
        kind,
        seat=event.read_number("PlayerNum", 0),
        amount=event.read_number("BetAmt", 0),
        pot=event.read_number("Pot", 0),
    )


@lru_cache(maxsize=256)
def _name_kind(text: str) -> str:
    """Return an event type as ``records`` names them: capitals, single spaces."""
    return " ".join(text.upper().replace("_", " ").split())


def _read_board_card(event: Fields, unread: list[str]) -> str:
    try:
        cards = [card for text in event.read_texts("BoardCards") for card in parse_cards(text)]
    except BadCard as error:
        unread.append(f"{event.locate('BoardCards')}: {error}; the card is taken as unknown")
        return UNKNOWN_CARD
    if len(cards) > 1:
        raise BadField(event.locate("BoardCards"), f"{len(cards)} cards in one event; a board card is one")
    return cards[0] if cards else UNKNOWN_CARD


def _name_street(value: Any, field: str) -> str:
    """Return the street of a broken event, empty for any other field."""
    found = re.match(r"Events\[(\d+)\]", field)
    if not found:
        return ""
    before = value["Events"][: int(found[1])]
    dealt = sum(isinstance(event, dict) and event.get("EventType") == BOARD_CARD for event in before)
    return STREETS[min(dealt, 5)]
