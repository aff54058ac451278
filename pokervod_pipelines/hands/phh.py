"""Hands in PHH, the open poker hand history format, written and read through pokerkit.

PHH carries players, seats, stacks, blinds, antes, cards and actions. It has no field for the session id, who sat out,
the button of an empty seat, duration, full names, straddles apart from blinds, second boards and our findings: these
are kept as JSON in the user-defined field ``_pokervod``, which other programs pass over.
"""

import json
import re
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, time
from hashlib import blake2b

from pokerkit import HandHistory

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.actions import Play, Street
from pokervod_pipelines.hands.build import Origin, build_hand
from pokervod_pipelines.hands.cards import UNKNOWN_CARD, BadCard, parse_cards
from pokervod_pipelines.hands.fields import BadField, Fields
from pokervod_pipelines.hands.findings import Finding
from pokervod_pipelines.hands.games import GAMES, find_game
from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand, HandSeat
from pokervod_pipelines.hands.records import BET, BOARD_CARD, CALL, CHECK, FOLD, Action, RecordedHand, Seat, Stakes
from pokervod_pipelines.hands.replay import list_antes, list_blinds, order_seats

OWN = "_pokervod"
STREET_TOTAL = re.compile(r"# to (\d{1,19})")
LONGEST_SHOWN = 160
VARIANTS = {game.phh: names for names, game in GAMES.items() if game.phh}
KEPT = {
    "unknown_action", "unknown_seat", "pot_before_action", "amount_over_stack", "amount_below_bet", "unread_field",
}  # fmt: skip


class BadPhh(BadInput):
    """A text is no hand history that can be taken over; the text says why."""


def export_phh(hand: Hand) -> str:
    """Return the hand as PHH; ``read_phh`` gives an equal hand, its source apart.

    Raises:
        BadPhh: PHH has no such game, or nobody was dealt in.

    """
    game = find_game(hand.variant, hand.structure)
    seats = order_seats(hand)
    if not game or not game.phh or len(seats) < 2:
        message = f"hand {hand.hand_number}: PHH cannot carry {hand.variant} {hand.structure} of {len(seats)} players"
        raise BadPhh(message)
    history = HandHistory(
        variant=game.phh,
        antes=list_antes(hand, seats),
        blinds_or_straddles=list_blinds(hand, seats),
        min_bet=max(1, hand.stakes.big_blind),
        starting_stacks=[seat.start_stack for seat in seats],
        finishing_stacks=[seat.end_stack for seat in seats],
        actions=list(_write_actions(hand, seats)),
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
        user_defined_fields={OWN: _write_own(hand, seats)},
    )
    return history.dumps() + "\n"


def _keep_to_line(text: str) -> str:
    """Return a text that a PHH literal can hold; ``_pokervod`` has it as it was."""
    return "".join(letter if letter.isprintable() else " " for letter in text.replace("'", "’"))


def _write_actions(hand: Hand, seats: Sequence[HandSeat]) -> Iterator[str]:
    players = {seat.number: f"p{at}" for at, seat in enumerate(seats, 1)}
    game = find_game(hand.variant, hand.structure)
    unknown = UNKNOWN_CARD * (game.hole_cards if game else 2)
    for seat in seats:
        yield f"d dh {players[seat.number]} {''.join(seat.hole_cards) or unknown}"
    for street in hand.streets:
        if street.cards:
            yield f"d db {''.join(street.cards)}"
        yield from _write_street(street, players)


def _write_street(street: Street, players: dict[int, str]) -> Iterator[str]:
    for action in street.actions:
        player = players.get(action.seat)
        if action.event is None or player is None:
            continue
        if action.kind == "fold":
            yield f"{player} f"
        elif action.kind in {"bet", "raise"}:
            yield f"{player} cbr {action.to}"
        else:
            yield f"{player} cc" + (f" # to {action.to}" if action.kind == "call" else "")


def _write_own(hand: Hand, seats: Sequence[HandSeat]) -> str:
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
    )


def read_phh(text: str, rule: GradeRule, *, started_at: datetime | None = None) -> Hand:
    """Return the hand of a PHH text, its source ``manual``; a text of our own export gives back all it carried.

    ``started_at`` is used where the text names no day. The session of a foreign text is a number made of its event
    and table, so that reading it again finds the same hand.

    Raises:
        BadPhh: the text is no PHH, of an unknown game, or has no day and none was given.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            history = HandHistory.loads(text)
        own = json.loads(history.user_defined_fields.get(OWN, "{}"))
        reading = Reading(history, Fields(own), started_at)
        hand = build_hand(reading.read(), reading.name_origin(), rule)
        kept = [Finding(**finding) for finding in own.get("findings", ())]
        missing = tuple(finding for finding in kept if finding not in hand.findings)
        return replace(hand, findings=missing + hand.findings) if missing else hand
    except (tomllib.TOMLDecodeError, TypeError, ValueError, LookupError, BadField, BadCard, AttributeError) as error:
        message = f"no PHH hand that can be taken over: {str(error)[:LONGEST_SHOWN]}"
        raise BadPhh(message) from error


class Reading:
    """One PHH text on its way to a record."""

    def __init__(self, history: HandHistory, own: Fields, started_at: datetime | None) -> None:
        self.history = history
        self.own = own
        self.given = started_at
        self.variant, self.structure = VARIANTS[history.variant]
        self.numbers = list(history.seats or range(1, len(history.starting_stacks) + 1))

    def read(self) -> RecordedHand:
        """Return the record: seats and stakes first, because the amount of a call follows from them."""
        hand = self.history.hand
        skeleton = RecordedHand(
            hand_number=hand if isinstance(hand, int) else 0,
            started_at=self._read_start(),
            duration_seconds=float(self.own.read_any("duration_seconds") or 0),
            variant=self.own.read_text("variant", self.variant),
            structure=self.own.read_text("structure", self.structure),
            stakes=self._read_stakes(),
            seats=self._read_seats(),
            actions=(),
            runs=self.own.read_number("runs", 1),
            unread=tuple(self.own.read_texts("unread")),
        )
        return replace(skeleton, actions=(*self._read_actions(skeleton), *self._read_other_boards()))

    def name_origin(self) -> Origin:
        """Return where the hand comes from."""
        event, table = self.history.event or "", str(self.history.table or "")
        digest = blake2b(f"{event}\n{table}\n{self.history.venue}".encode(), digest_size=8).digest()
        return Origin(
            session_id=self.own.read_number("session_id", int.from_bytes(digest, "big") >> 1),
            table=self.own.read_text("table", table),
            event_title=self.own.read_text("event_title", event),
            source="manual",
        )

    def _read_start(self) -> datetime:
        if written := self.own.read_text("started_at", ""):
            return datetime.fromisoformat(written)
        history = self.history
        if history.year and history.month and history.day:
            at = history.time or time()
            return datetime(history.year, history.month, history.day, *_split(at), tzinfo=UTC)
        if not self.given:
            message = "it names no day; add year, month and day"
            raise ValueError(message)
        return self.given

    def _read_stakes(self) -> Stakes:
        written = self.own.read_any("stakes")
        if written:
            return Stakes(**written)
        blinds, antes = list(self.history.blinds_or_straddles or ()), list(self.history.antes)
        if len(self.numbers) == 2:
            blinds, antes = blinds[::-1], antes[::-1]
        ordered = sorted((amount, seat) for amount, seat in zip(blinds, self.numbers, strict=True) if amount)
        named = [(0, 0)] * max(0, 2 - len(ordered)) + ordered[:2]
        payers = [seat for ante, seat in zip(antes, self.numbers, strict=True) if ante]
        return Stakes(
            ante=max(antes, default=0),
            ante_type="BB_ANTE" if payers == [named[1][1]] else "",
            button_seat=self.numbers[-1],
            small_blind=named[0][0],
            small_blind_seat=named[0][1],
            big_blind=named[1][0],
            big_blind_seat=named[1][1],
        )

    def _read_seats(self) -> tuple[Seat, ...]:
        history = self.history
        names = self.own.read_any("names") or {}
        straddles = self.own.read_any("straddles") or {}
        players = history.players or [f"Player {number}" for number in self.numbers]
        ends = history.finishing_stacks or self._play_to_end()
        cards = self._read_hole_cards()
        seats = [
            Seat(
                number=number,
                name=names.get(str(number), (player, ""))[0],
                long_name=names.get(str(number), (player, ""))[1],
                hole_cards=cards.get(number, ()),
                start_stack=start,
                end_stack=end,
                straddle=straddles.get(str(number), 0),
            )
            for number, player, start, end in zip(self.numbers, players, history.starting_stacks, ends, strict=True)
        ]
        others = [
            Seat(**seat | {"hole_cards": tuple(seat["hole_cards"])}) for seat in self.own.read_any("others") or ()
        ]
        order = self.own.read_any("order") or sorted(self.numbers)
        return tuple(sorted([*seats, *others], key=lambda seat: order.index(seat.number)))

    def _play_to_end(self) -> Sequence[int]:
        """Return the stacks that the actions lead to, for a text that does not tell them."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            *_, last = self.history
        return last.stacks

    def _read_hole_cards(self) -> dict[int, tuple[str, ...]]:
        dealt: dict[int, tuple[str, ...]] = {}
        for words in self._split_actions():
            match words:
                case ("d", "dh", player, cards) | (player, "sm", cards) if (
                    UNKNOWN_CARD[0] not in cards and cards != "-"
                ):
                    dealt[self._find_number(player)] = parse_cards(cards)
        return dealt

    def _split_actions(self) -> Iterator[list[str]]:
        for action in self.history.actions:
            yield action.partition("#")[0].split()

    def _find_number(self, player: str) -> int:
        number: int = self.numbers[int(player.removeprefix("p")) - 1]
        return number

    def _read_actions(self, skeleton: RecordedHand) -> list[Action]:
        play = Play(skeleton)
        play.post()
        actions: list[Action] = []
        for words, text in zip(self._split_actions(), self.history.actions, strict=True):
            for action in self._read_action(words, text, play):
                play.act(len(actions), action)
                actions.append(action)
        return actions

    def _read_action(self, words: list[str], text: str, play: Play) -> Iterable[Action]:
        match words:
            case "d", "db", cards:
                pairs = [cards[at : at + 2] for at in range(0, len(cards), 2)]
                return [Action(BOARD_CARD, card=card, board=1) for card in pairs]
            case player, "f":
                return [Action(FOLD, self._find_number(player))]
            case player, "cbr", amount:
                return [Action(BET, self._find_number(player), int(amount))]
            case player, "cc":
                return [self._read_call(self._find_number(player), text, play)]
        return []

    def _read_call(self, seat: int, text: str, play: Play) -> Action:
        had = play.round.in_front.get(seat, 0)
        if written := STREET_TOTAL.search(text):
            return Action(CALL, seat, int(written[1]))
        if had >= play.round.to_call:
            return Action(CHECK, seat)
        return Action(CALL, seat, min(play.round.to_call, had + play.stacks.get(seat, 0)))

    def _read_other_boards(self) -> Iterator[Action]:
        for number, board in enumerate(self.own.read_any("boards") or (), 2):
            yield from (Action(BOARD_CARD, card=card, board=number) for card in board)


def _split(at: time) -> tuple[int, int, int, int]:
    return at.hour, at.minute, at.second, at.microsecond
