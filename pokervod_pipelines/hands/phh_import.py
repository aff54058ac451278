"""Read hands from PHH, the open poker hand history format, through pokerkit: our own exports and foreign ones."""

import json
import re
import tomllib
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from hashlib import blake2b

from pokerkit import HandHistory

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.hands.actions import BettingState
from pokervod_pipelines.hands.build import Origin, build_hand
from pokervod_pipelines.hands.cards import UNKNOWN_CARD, BadCard, parse_cards
from pokervod_pipelines.hands.fields import BadField, Fields
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.games import GAMES
from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.phh_export import OWN
from pokervod_pipelines.hands.records import BET, BOARD_CARD, CALL, CHECK, FOLD, Action, RecordedHand, Seat, Stakes

STREET_TOTAL = re.compile(r"# to (\d{1,19})")
MAX_SHOWN = 160
VARIANTS = {game.phh: names for names, game in GAMES.items() if game.phh}


class BadPhh(BadInput):
    """Raised for a text that is not a hand history of a known game; it says why."""


def read_phh(text: str, rule: GradeRule, *, started_at: datetime | None = None) -> Hand:
    """Return the hand of a PHH text, its source ``manual``; of our own export with everything that the hand had.

    ``started_at`` is used where the text names no day. The session of a foreign text is a number made of its event
    and table, so that reader it again finds the same hand.

    Raises:
        BadPhh: the text is not PHH, the game is unknown, or it has no day and none was given.

    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            history = HandHistory.loads(text)
        own = json.loads(history.user_defined_fields.get(OWN, "{}"))
        reader = PhhReader(history, Fields(own), started_at)
        hand = build_hand(reader.read(), reader.name_origin(), rule)
        kept = [HandFinding(**finding) for finding in own.get("findings", ())]
        missing = tuple(finding for finding in kept if finding not in hand.findings)
        return replace(hand, findings=missing + hand.findings) if missing else hand
    except (tomllib.TOMLDecodeError, TypeError, ValueError, LookupError, BadField, BadCard, AttributeError) as error:
        message = f"not a PHH hand of a known game: {str(error)[:MAX_SHOWN]}"
        raise BadPhh(message) from error


class PhhReader:
    """Turn one PHH text into a record."""

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
            raise ValueError("the day is missing; add year, month and day")
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
        """Return the stacks that the actions lead to, for a text without finishing stacks."""
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
        betting = BettingState(skeleton)
        betting.post()
        actions: list[Action] = []
        for words, text in zip(self._split_actions(), self.history.actions, strict=True):
            for action in self._read_action(words, text, betting):
                betting.act(len(actions), action)
                actions.append(action)
        return actions

    def _read_action(self, words: list[str], text: str, betting: BettingState) -> Iterable[Action]:
        match words:
            case "d", "db", cards:
                pairs = [cards[at : at + 2] for at in range(0, len(cards), 2)]
                return [Action(BOARD_CARD, card=card, board=1) for card in pairs]
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
        if had >= betting.round.to_call:
            return Action(CHECK, seat)
        return Action(CALL, seat, min(betting.round.to_call, had + betting.stacks.get(seat, 0)))

    def _read_other_boards(self) -> Iterator[Action]:
        for number, board in enumerate(self.own.read_any("boards") or (), 2):
            yield from (Action(BOARD_CARD, card=card, board=number) for card in board)


def _split(at: time) -> tuple[int, int, int, int]:
    return at.hour, at.minute, at.second, at.microsecond
