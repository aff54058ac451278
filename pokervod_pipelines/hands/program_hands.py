"""Make hands of what programs of the shared library wrote into ``hub.hands``; each keeps the id that it was given.

They know players, cards, pot and winner, not the betting: the cards decide the rank, the program who won.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from pokervod_pipelines.hands.build import Origin, build_hand
from pokervod_pipelines.hands.cards import BadCard, parse_card, parse_hole_cards
from pokervod_pipelines.hands.fields import MAX_CHIPS
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.games import HOLDEM, NO_LIMIT, OMAHA, POT_LIMIT
from pokervod_pipelines.hands.grade import grade_hand
from pokervod_pipelines.hands.hand import Hand, Source
from pokervod_pipelines.hands.parsed_sessions import HandRules
from pokervod_pipelines.hands.records import BOARD_CARD, FOLD, Action, RecordedHand, Seat, Stakes

GAMES = {4: (OMAHA, POT_LIMIT), 5: ("OMAHA5", POT_LIMIT), 6: ("OMAHA6", POT_LIMIT)}
"""The game by the number of hole cards; any other number is hold'em."""

KEPT_FINDINGS = frozenset({"game_not_evaluated", "unread_field", "missing_card", "duplicated_card"})
"""What is worth a person's look; without betting, what is said of chips and of the end is not."""

ACTION_WORDS = ("action", "action_type", "type", "kind")
ACTORS = ("seat", "player", "player_name", "name")
UNKNOWN_CARDS = frozenset({"", "?", "??", "X", "XX"})
MAX_SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramHand:
    """Hold a row of ``hub_hands`` as a program wrote it."""

    id: int
    table_id: str
    hand_number: int
    source: Source
    hand_rank: str | None
    pot_size: int
    winner: str | None
    players_json: Any
    community_cards_json: Any
    actions_json: Any
    duration_seconds: int
    created_at: datetime
    written_by: str

    @property
    def started_at(self) -> datetime:
        """Return when it began: programs write a hand when it has ended."""
        return self.created_at - timedelta(seconds=self.duration_seconds)


def build_program_hand(written: ProgramHand, rules: HandRules) -> Hand:
    """Return the hand; what cannot be read of it is a finding."""
    unread: list[str] = []
    seats = _read_seats(written.players_json, unread)
    board = tuple(_read_cards(written.community_cards_json, "community_cards_json", unread))
    winners = _find_winners(written.winner, seats, unread)
    hand = build_hand(_make_record(written, seats, board, unread), _name_origin(written, rules), rules.grade)
    rank, differing = _choose_rank(written, hand)
    grade = grade_hand(rules.grade, rank, written.duration_seconds)
    return replace(
        hand,
        pot=written.pot_size,
        winners=winners or hand.winners_by_cards or (),
        winners_by_stack=winners,
        is_over=True,
        grade="" if hand.is_test else grade.letter,
        is_premium=grade.is_premium and not hand.is_test,
        findings=(*(each for each in hand.findings if each.code in KEPT_FINDINGS), *differing),
    )


def _make_record(
    written: ProgramHand, seats: Sequence[Seat], board: Sequence[str], unread: Sequence[str]
) -> RecordedHand:
    held = max((len(seat.hole_cards) for seat in seats), default=0)
    variant, structure = GAMES.get(held, (HOLDEM, NO_LIMIT))
    return RecordedHand(
        hand_number=written.hand_number,
        started_at=written.started_at,
        duration_seconds=float(written.duration_seconds),
        variant=variant,
        structure=structure,
        stakes=Stakes(),
        seats=tuple(seats),
        actions=(
            *(Action(FOLD, number) for number in _find_folded(written.actions_json, seats)),
            *(Action(BOARD_CARD, card=card, board=1) for card in board),
        ),
        unread=tuple(unread),
    )


def _name_origin(written: ProgramHand, rules: HandRules) -> Origin:
    """Return where the hand comes from: the session of programs at its table, of its broadcast day."""
    name = f"hub\n{written.table_id}\n{rules.days.find_day(written.started_at)}"
    digest = blake2b(name.encode(), digest_size=8).digest()
    return Origin(session_id=int.from_bytes(digest, "big") >> 1, table=written.table_id, source=written.source)


def _choose_rank(written: ProgramHand, hand: Hand) -> tuple[str | None, Sequence[HandFinding]]:
    """Return the rank to grade: that of the cards, where they are known, else that of the program."""
    if hand.best_hand is None:
        return written.hand_rank, ()
    if written.hand_rank in {None, hand.best_rank}:
        return hand.best_rank, ()
    message = f"hand_rank: the program wrote {written.hand_rank}, the cards make {hand.best_rank}"
    return hand.best_rank, (HandFinding("unread_field", message),)


def _read_seats(players: Any, unread: list[str]) -> list[Seat]:
    seats: dict[int, Seat] = {}
    for place, player in enumerate(players if isinstance(players, list) else (), 1):
        if not isinstance(player, Mapping):
            unread.append(f"players_json: entry {place}: expected an object; it is left out")
            continue
        number = _read_count(player.get("seat"), place)
        if number in seats or number < 1:
            unread.append(f"players_json: entry {place}: expected a seat of its own from 1, got {number}; left out")
            continue
        stack = _read_count(player.get("stack"), 0) or 1  # a player without chips was not dealt in
        seats[number] = Seat(
            number=number,
            name=str(player.get("name") or "").strip(),
            hole_cards=tuple(_read_cards(player.get("hole_cards"), f"hole cards of seat {number}", unread)),
            start_stack=stack,
            end_stack=stack,
            is_stack_known=False,
        )
    return [seats[number] for number in sorted(seats)]


def _read_count(value: Any, default: int) -> int:
    try:
        return min(max(int(value), 0), MAX_CHIPS)
    except (TypeError, ValueError, OverflowError):
        return default


def _read_cards(written: Any, what: str, unread: list[str]) -> Iterable[str]:
    """Return the cards; where one cannot be read, none of them, and a note of it."""
    texts = [written] if isinstance(written, str) else written if isinstance(written, list) else []
    known = [str(each) for each in texts if str(each).strip().upper() not in UNKNOWN_CARDS]
    try:
        return parse_hole_cards(known) if len(known) == 1 else [parse_card(each) for each in known]
    except BadCard as error:
        unread.append(f"{what}: {error}; no card is used")
        return ()


def _find_winners(winner: str | None, seats: Sequence[Seat], unread: list[str]) -> tuple[int, ...]:
    """Return the seats of the players whom the text names, one or several parted by a stroke or comma."""
    if not (written := (winner or "").strip()):
        return ()
    names = {seat.name.casefold(): seat.number for seat in seats if seat.name}
    names |= {f"seat {seat.number}": seat.number for seat in seats}
    parts = [written] if written.casefold() in names else written.replace(",", "/").split("/")
    found = [names.get(part.strip().casefold()) for part in parts]
    if None in found:
        unread.append(f"winner: {written[:MAX_SHOWN]!r} is none of the players; the cards decide")
        return ()
    return tuple(sorted({number for number in found if number is not None}))


def _find_folded(actions: Any, seats: Sequence[Seat]) -> list[int]:
    """Return the seats that folded, in order."""
    names = {seat.name.casefold(): seat.number for seat in seats if seat.name}
    numbers = {seat.number for seat in seats}
    folded: dict[int, None] = {}
    for action in actions if isinstance(actions, list) else ():
        if isinstance(action, Mapping) and any("fold" in str(action.get(word)).casefold() for word in ACTION_WORDS):
            given = [action[actor] for actor in ACTORS if action.get(actor) is not None]
            found = [names.get(str(each).casefold(), _read_count(each, 0)) for each in given]
            folded |= dict.fromkeys([number for number in found if number in numbers][:1])
    return [*folded]
