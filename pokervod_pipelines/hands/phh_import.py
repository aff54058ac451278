"""Read hands from PHH, the open poker hand history format: our own exports and foreign ones, one or many in a file."""

import json
import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from hashlib import blake2b
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pokerkit import HandHistory, State

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.actions import BettingState
from pokervod_pipelines.hands.boardless import read_boardless_actions, read_boardless_cards
from pokervod_pipelines.hands.build import Origin, build_hand
from pokervod_pipelines.hands.cards import UNKNOWN_CARD, BadCard, parse_card, parse_cards
from pokervod_pipelines.hands.fields import MAX_CHIPS, BadField, Fields
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.games import find_phh_names, has_board
from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand, Source
from pokervod_pipelines.hands.phh_export import OWN
from pokervod_pipelines.hands.phh_text import BadPhh, PhhFields, read_fields, split_hands
from pokervod_pipelines.hands.records import BET, BOARD_CARD, CALL, CHECK, FOLD, Action, RecordedHand, Seat, Stakes
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.processes.share_reader import Report, access_path

STREET_TOTAL = re.compile(r"# to (\d{1,19})")
MAX_SHOWN = 160
MAX_DIGITS = 30
NUMBERS = re.compile(r"\d+")
SPREAD = 10**9
"""Hands without a time start within so many microseconds of their day's begin, in order of their numbers."""


@dataclass(frozen=True, slots=True)
class PhhRules:
    """Hold how to grade hands, the broadcast days, and the ``day`` of hands that name none."""

    grade: GradeRule
    days: BroadcastDays
    day: date | None = None
    source: Source = "manual"


def read_one(file: Path, grade: GradeRule, days: BroadcastDays) -> Hand:
    """Return the one hand of a PHH file; raise ``BadInput`` for a file without exactly one valid hand."""
    try:
        text = access_path(file, _read_text)
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{file}: cannot be read: {error}") from error
    return read_one_text(text, str(file), grade, days)


def read_one_text(text: str, where: str, grade: GradeRule, days: BroadcastDays) -> Hand:
    """Return the one hand of a PHH text, which is ``where``; raise ``BadInput`` without exactly one valid hand."""
    tables = split_hands(text)
    if len(tables) != 1:
        raise BadInput(f"{where}: expected one hand, got {len(tables)}")
    return read_hand(*tables[0], PhhRules(grade, days, date(2000, 1, 1)))


def _read_text(file: Path, _: Report) -> str:
    return file.read_text(encoding="utf-8-sig")


def read_tables(tables: Iterable[tuple[str, dict[str, Any]]], rules: PhhRules) -> tuple[list[Hand], list[str]]:
    """Return the hands of tables of PHH fields, and what is wrong with each other one; ``BadPhh`` without any hand."""
    hands: list[Hand] = []
    problems: list[str] = []
    for key, table in tables:
        try:
            hands.append(read_hand(key, table, rules))
        except BadPhh as error:
            problems.append(f"hand {key}: {error}" if key else str(error))
    if not hands:
        raise BadPhh(problems[0] if problems else "not a hand history: the file has no hand")
    return hands, problems


def read_hand(key: str, table: dict[str, Any], rules: PhhRules) -> Hand:
    """Return one hand; raise ``BadPhh`` with the reason for one that cannot be read."""
    try:
        own = _read_own(table)
        fields = read_fields(key, table, least_decimals=int(own.get("decimals", 0)))
        reader = PhhReader(fields, Fields(own), rules)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pokerkit warns of what players do without need
            hand = build_hand(reader.read(), reader.name_origin(), rules.grade)
        kept = [HandFinding(**finding) for finding in own.get("findings", ())]
    except BadPhh:
        raise
    except (TypeError, ValueError, LookupError, ArithmeticError, BadField, BadCard, AttributeError) as error:
        raise BadPhh(f"not a valid PHH hand: {str(error)[:MAX_SHOWN]}") from error
    missing = tuple(finding for finding in kept if finding not in hand.findings)
    return replace(hand, findings=missing + hand.findings) if missing else hand


def _read_own(table: dict[str, Any]) -> dict[str, Any]:
    """Return what our own export keeps beside the fields of PHH; a foreign text has nothing."""
    own = json.loads(table.get(OWN, "{}"))
    if not isinstance(own, dict):
        raise BadPhh(f"not a valid PHH hand: {OWN}: expected a JSON object")
    return own


class PhhReader:
    """Turn the fields of one hand into a record."""

    def __init__(self, fields: PhhFields, own: Fields, rules: PhhRules) -> None:
        self.fields = fields
        self.values = fields.values
        self.own = own
        self.rules = rules
        names = find_phh_names(self.values["variant"])
        if not names:
            raise BadPhh(f"not a valid PHH hand: unknown variant {str(self.values['variant'])[:20]!r}")
        self.variant, self.structure = names
        self.stacks: list[int] = self.values["starting_stacks"]
        self.numbers: list[int] = list(self.values.get("seats") or range(1, len(self.stacks) + 1))
        self.unread = list(own.read_texts("unread"))
        self.hand_number = self._read_hand_number()
        self.started_at = self._read_start()

    def read(self) -> RecordedHand:
        """Return the record: seats and stakes first, because the amount of a call follows from them."""
        seats = self._read_seats()
        skeleton = RecordedHand(
            hand_number=self.hand_number,
            started_at=self.started_at,
            duration_seconds=float(self.own.read_any("duration_seconds") or 0),
            variant=self.own.read_text("variant", self.variant),
            structure=self.own.read_text("structure", self.structure),
            stakes=self._read_stakes(),
            seats=seats,
            actions=(),
            runs=self.own.read_number("runs", 1),
            decimals=self.fields.decimals,
            unread=tuple(self.unread),
        )
        return replace(skeleton, actions=(*self._read_actions(skeleton), *self._read_other_boards()))

    def name_origin(self) -> Origin:
        """Return where the hand comes from; the session of a foreign hand is of one broadcast day."""
        event, table = str(self.values.get("event", "")), str(self.values.get("table", ""))
        name = f"{event}\n{table}\n{self.values.get('venue')}\n{self.rules.days.find_day(self.started_at)}"
        digest = blake2b(name.encode(), digest_size=8).digest()
        return Origin(
            session_id=self.own.read_number("session_id", int.from_bytes(digest, "big") >> 1),
            table=self.own.read_text("table", table),
            event_title=self.own.read_text("event_title", event),
            source=self.rules.source,
        )

    def _read_hand_number(self) -> int:
        """Return the number of the hand, or of its place in the file, 0 for none."""
        written = self.values.get("hand", self.fields.key)
        found = NUMBERS.findall(str(written))
        number = int(found[-1][:MAX_DIGITS]) if found else 0
        return number if number <= MAX_CHIPS else 0

    def _read_start(self) -> datetime:
        """Return the start; without a time it is the begin of the broadcast day plus the number in microseconds."""
        if written := self.own.read_text("started_at", ""):
            return datetime.fromisoformat(written)
        year, month, day_of_month = (self.values.get(name) for name in ("year", "month", "day"))
        day = date(year, month, day_of_month) if year and month and day_of_month else self.rules.day
        if day is None:
            raise BadPhh("the day is missing: add year, month and day, or import the file with --day")
        if isinstance(at := self.values.get("time"), time):
            return datetime.combine(day, at, tzinfo=self._read_zone()).astimezone(UTC)
        offset = self.hand_number % SPREAD if self.hand_number else SPREAD + self._digest_deal() % SPREAD
        begin = datetime.combine(day, self.rules.days.starts_at, tzinfo=self.rules.days.zone)
        return begin.astimezone(UTC) + timedelta(microseconds=offset)

    def _read_zone(self) -> tzinfo:
        name = self.values.get("time_zone") or "UTC"
        try:
            return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
            self.unread.append(f"time_zone: unknown time zone {str(name)[:40]!r}; UTC is used")
            return UTC

    def _digest_deal(self) -> int:
        """Return a number by which a hand without one is known: players, stacks and cards."""
        dealt = [action for action in self.values["actions"] if action.startswith("d dh")]
        text = repr((self.values.get("players"), self.stacks, self.numbers, dealt))
        return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big")

    def _read_stakes(self) -> Stakes:
        written = self.own.read_any("stakes")
        if written:
            return Stakes(**written)
        blinds = self._read_posts("blinds_or_straddles")
        ordered = sorted((amount, seat) for seat, amount in blinds.items() if amount)
        named = [(0, 0)] * max(0, 2 - len(ordered)) + ordered[:2]
        antes = self._read_posts("antes")
        payers = [seat for seat, ante in antes.items() if ante]
        is_big_blind_ante = payers == [named[1][1]]
        is_even = is_big_blind_ante or len(set(antes.values())) == 1
        return Stakes(
            ante=max(antes.values()) if is_even else 0,
            ante_type="BB_ANTE" if is_big_blind_ante else "",
            button_seat=self.numbers[-1],
            small_blind=named[0][0],
            small_blind_seat=named[0][1],
            big_blind=named[1][0],
            big_blind_seat=named[1][1],
        )

    def _read_posts(self, name: str) -> dict[int, int]:
        """Return what each seat posts; for two players PHH names the small blind first, who is the second player."""
        amounts = [abs(amount) for amount in self.values.get(name) or [0] * len(self.numbers)]
        return dict(zip(self.numbers, amounts[::-1] if len(amounts) == 2 else amounts, strict=True))

    def _read_seats(self) -> tuple[Seat, ...]:
        stakes = self._read_stakes()
        names = self.own.read_any("names") or {}
        players = self.values.get("players") or [f"Player {number}" for number in self.numbers]
        straddles, antes = self._read_straddles(stakes), self._read_own_antes(stakes)
        ends, cards = self._read_ends(), self._read_hole_cards()
        seats = [
            Seat(
                number=number,
                name=names.get(str(number), (player, ""))[0],
                long_name=names.get(str(number), (player, ""))[1],
                hole_cards=cards.get(number, ()),
                start_stack=start,
                end_stack=end,
                straddle=straddles.get(number, 0),
                ante=antes.get(number, 0),
                is_stack_known=at not in self.fields.unknown,
            )
            for at, (number, player, start, end) in enumerate(
                zip(self.numbers, players, self.stacks, ends, strict=True)
            )
        ]
        others = [
            Seat(**seat | {"hole_cards": tuple(seat["hole_cards"])}) for seat in self.own.read_any("others") or ()
        ]
        order = self.own.read_any("order") or sorted(self.numbers)
        return tuple(sorted([*seats, *others], key=lambda seat: order.index(seat.number)))

    def _read_straddles(self, stakes: Stakes) -> dict[int, int]:
        """Return the blinds beyond small and big blind: straddles, and late posts."""
        if self.own.read_any("stakes"):
            return {int(seat): amount for seat, amount in (self.own.read_any("straddles") or {}).items()}
        named = {stakes.small_blind_seat, stakes.big_blind_seat}
        blinds = self._read_posts("blinds_or_straddles")
        return {seat: amount for seat, amount in blinds.items() if amount and seat not in named}

    def _read_own_antes(self, stakes: Stakes) -> dict[int, int]:
        """Return the antes of the seats where they differ."""
        if self.own.read_any("stakes"):
            return {int(seat): amount for seat, amount in (self.own.read_any("antes") or {}).items()}
        return {} if stakes.ante else self._read_posts("antes")

    def _read_ends(self) -> Sequence[int]:
        """Return the stacks at the end, from the actions where the text has none."""
        written = self.values.get("finishing_stacks")
        if written is not None and not self.fields.unknown:
            ends: list[int] = written
            return ends
        *_, last = self._play()
        return [int(stack) for stack in last.stacks]

    def _play(self) -> Iterator[State]:
        """Yield the states of the hand; raise ``BadPhh`` with the first action that the rules do not allow."""
        names = HandHistory.required_field_names[self.values["variant"]]
        fields = {name: self.values[name] for name in names}
        history = HandHistory(ante_trimming_status=bool(self.values.get("ante_trimming_status", False)), **fields)
        done = 0
        try:
            for state, action in history.state_actions:
                done += action is not None
                yield state
        except ValueError as error:
            if "repair" not in str(error):
                raise
            words = self.values["actions"][done].split()
            refused = " ".join(words[:2] if self.fields.decimals else words)[:MAX_SHOWN]  # amounts are scaled
            raise BadPhh(f"not a valid PHH hand: action {done + 1}, {refused!r}, is not possible there") from error

    def _read_hole_cards(self) -> dict[int, tuple[str, ...]]:
        if not has_board(self.variant):
            return read_boardless_cards(self._play(), self.numbers)
        dealt: dict[int, tuple[str, ...]] = {}
        for words in self._split_actions():
            match words:
                case ("d", "dh", player, cards) | (player, "sm", cards) if (
                    UNKNOWN_CARD[0] not in cards and cards != "-"
                ):
                    dealt[self._find_number(player)] = parse_cards(cards)
        return dealt

    def _split_actions(self) -> Iterator[list[str]]:
        for action in self.values["actions"]:
            yield action.partition("#")[0].split()

    def _find_number(self, player: str) -> int:
        return self.numbers[int(player.removeprefix("p")) - 1]

    def _read_actions(self, skeleton: RecordedHand) -> list[Action]:
        betting = BettingState(skeleton)
        betting.post()
        actions: list[Action] = []
        for action in self._list_actions(betting):
            betting.act(len(actions), action)
            actions.append(action)
        return actions

    def _list_actions(self, betting: BettingState) -> Iterator[Action]:
        """Yield the actions; the amount of a call follows from what ``betting`` has seen so far."""
        if not has_board(self.variant):
            yield from read_boardless_actions(self._play(), self.numbers, betting)
            return
        for words, text in zip(self._split_actions(), self.values["actions"], strict=True):
            yield from self._read_action(words, text, betting)

    def _read_action(self, words: list[str], text: str, betting: BettingState) -> Iterable[Action]:
        match words:
            case "d", "db", cards:
                return [Action(BOARD_CARD, card=card, board=1) for card in parse_board(cards)]
            case player, "f":
                return [Action(FOLD, self._find_number(player))]
            case player, "cbr", amount:
                return [Action(BET, self._find_number(player), int(amount))]
            case player, "cc":
                return [self._read_call(self._find_number(player), text, betting)]
        return []

    def _read_call(self, seat: int, text: str, betting: BettingState) -> Action:
        had = betting.round.in_front.get(seat, 0)
        if written := STREET_TOTAL.search(text):
            return Action(CALL, seat, int(written[1]))
        to_call = max(betting.round.in_front.values(), default=0)  # as pokerkit: what a short blind really posted
        if had >= to_call:
            return Action(CHECK, seat)
        return Action(CALL, seat, min(to_call, had + betting.stacks.get(seat, 0)))

    def _read_other_boards(self) -> Iterator[Action]:
        for number, board in enumerate(self.own.read_any("boards") or (), 2):
            yield from (Action(BOARD_CARD, card=card, board=number) for card in board)


def parse_board(cards: str) -> list[str]:
    """Return the cards of a deal, unknown ones included."""
    pairs = [cards[at : at + 2] for at in range(0, len(cards), 2)]
    return [pair if pair == UNKNOWN_CARD else parse_card(pair) for pair in pairs]
