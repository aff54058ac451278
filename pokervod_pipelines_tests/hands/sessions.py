"""Make PokerGFX session files of the shapes that tables write; nothing here was copied from a real one.

``write_session`` gives bytes, the other functions plain JSON objects that a test may damage before.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

Json = dict[str, Any]
FIRST_START = datetime(2031, 5, 4, 18, 0, 0, tzinfo=UTC)
SESSION_ID = 640_000_000_123_456_789
NAMES = ("Abel", "Brun", "Cruz", "Dahl", "Eder", "Faro", "Gade", "Holm", "Ivic")


def make_player(number: int, stack: int = 100_000, end: int | None = None, cards: str = "", **overrides: Any) -> Json:
    """Return a player on a seat; ``end`` is the stack after the hand."""
    name = NAMES[(number - 1) % len(NAMES)]
    return {
        "AggressionFrequencyPercent": 125,
        "BlindBetStraddleAmt": 0,
        "CumulativeWinningsAmt": -500,
        "EliminationRank": -1,
        "EndStackAmt": stack if end is None else end,
        "HoleCards": [cards],
        "LongName": f"Otto {name}",
        "Name": name,
        "PlayerNum": number,
        "PreFlopRaisePercent": 0,
        "SittingOut": False,
        "StartStackAmt": stack,
        "VPIPPercent": 100,
        "WentToShowDownPercent": 0,
        **overrides,
    }


def make_events(played: str) -> list[Json]:
    """Return events of a short parsed: ``2 bet 600``, ``3 call 600``, ``4 fold``, ``board 10d``; separated by commas.

    ``pot`` may follow the amount: ``2 bet 600 900``.
    """
    return [_make_event(words.split()) for words in played.split(",") if words.strip()]


def _make_event(words: list[str]) -> Json:
    event: Json = {"BetAmt": 0, "BoardCards": None, "BoardNum": 0, "DateTimeUTC": None, "NumCardsDrawn": 0, "Pot": 0}
    if words[0].startswith("board"):
        number = int(words[0].removeprefix("board") or 1)
        return event | {"EventType": "BOARD CARD", "BoardCards": words[1], "BoardNum": number, "PlayerNum": 0}
    kind = {"allin": "ALL IN"}.get(words[1], words[1].upper())
    amounts = [int(word) for word in words[2:]] + [0, 0]
    return event | {"EventType": kind, "PlayerNum": int(words[0]), "BetAmt": amounts[0], "Pot": amounts[1]}


def make_hand(players: Sequence[Json], played: str, *, number: int = 1, at: int = 0, **overrides: Any) -> Json:
    """Return a hand with blinds 100/200 and a big blind ante of 200: button 1, small blind 2, big blind 3.

    ``at`` is the minutes after ``FIRST_START``; ``overrides`` replace fields, ``blinds`` those of the blinds.
    """
    blinds = {
        "AnteType": "BB_ANTE_BB1ST",
        "BigBlindAmt": 200,
        "BigBlindPlayerNum": 3,
        "BlindLevel": 0,
        "ButtonPlayerNum": 1,
        "SmallBlindAmt": 100,
        "SmallBlindPlayerNum": 2,
        "ThirdBlindAmt": 0,
        "ThirdBlindPlayerNum": 0,
    }
    start = FIRST_START + timedelta(minutes=at)
    return {
        "AnteAmt": 200,
        "BetStructure": "NOLIMIT",
        "BombPotAmt": 0,
        "Description": "",
        "Duration": "PT2M5.2477537S",
        "Events": make_events(played),
        "FlopDrawBlinds": blinds | overrides.pop("blinds", {}),
        "GameClass": "FLOP",
        "GameVariant": "HOLDEM",
        "HandNum": number,
        "NumBoards": 1,
        "Players": list(players),
        "RecordingOffsetStart": "P741741DT20H",
        "RunItNumTimes": 1,
        "StartDateTimeUTC": f"{start:%Y-%m-%dT%H:%M:%S}.9005907Z",
        "StudLimits": {"BringInAmt": 0, "BringInPlayerNum": 1, "HighLimitAmt": 0, "LowLimitAmt": 0},
        **overrides,
    }


def make_showdown(*, number: int = 1, at: int = 0, **overrides: Any) -> Json:
    """Return a valid hand: seat 1 wins 2,300 with quads against a full house; the ante is seat 3's."""
    players = [
        make_player(1, end=101_300, cards="as ah"),
        make_player(2, end=99_900, cards="7c 2d"),
        make_player(3, end=98_800, cards="ks 10h"),
    ]
    played = (
        "1 bet 600 500, 2 fold, 3 call 600 1100, board ad, board ac, board kh, 3 check 0 1500, 1 check 0 1500, "
        "board kd, 3 check 0 1500, 1 bet 400 1500, 3 call 400 1900, board 5s, 3 check 0 2300, 1 check 0 2300"
    )
    return make_hand(players, played, number=number, at=at, **overrides)


def make_walk(*, number: int = 1, at: int = 0, **overrides: Any) -> Json:
    """Return the shortest valid hand: everybody folds to the big blind."""
    players = [make_player(1, cards="9c 4s"), make_player(2, end=99_900, cards="7c 3h"), make_player(3, end=100_100)]
    return make_hand(players, "1 fold, 2 fold", number=number, at=at, **overrides)


def make_side_pot(*, number: int = 1, at: int = 0) -> Json:
    """Return a hand of three all-ins: seat 1 (1,000) wins the main pot, seat 2 the side pot, seat 3 goes out."""
    players = [
        make_player(1, 1_000, 3_200, "as ad"),
        make_player(2, 5_000, 6_000, "ks kd"),
        make_player(3, 3_200, 0, "qs qd"),
    ]
    played = "1 allin 1000, 2 allin 5000, 3 allin 3000, board 2c, board 3d, board 7h, board 8s, board 9c"
    return make_hand(players, played, number=number, at=at)


def make_split(*, number: int = 1, at: int = 0) -> Json:
    """Return a hand whose board plays: seats 1 and 3 share 1,500, which does not pay seat 3's ante."""
    players = [
        make_player(1, end=100_150, cards="2s 3d"),
        make_player(2, end=99_900, cards="9s 8s"),
        make_player(3, end=99_950, cards="2h 3c"),
    ]
    played = "1 bet 600, 2 fold, 3 call 600, board as, board ks, board qd, 3 check, 1 check, "
    return make_hand(players, played + "board jd, 3 check, 1 check, board 10c, 3 check, 1 check", number=number, at=at)


def make_session(hands: Sequence[Any], **overrides: Any) -> Json:
    """Return a session of the hands."""
    return {
        "CreatedDateTimeUTC": "2031-05-04T17:30:00.3397879Z",
        "EventTitle": "",
        "Hands": list(hands),
        "ID": SESSION_ID,
        "Payouts": [0] * 10,
        "SoftwareVersion": "PokerGFX 3.2",
        "Type": "FEATURE_TABLE",
        **overrides,
    }


def write_session(*hands: Any, **overrides: Any) -> bytes:
    """Return the bytes of a session file, in one line as the tables write it."""
    return json.dumps(make_session(hands, **overrides), ensure_ascii=False, separators=(",", ":")).encode()
