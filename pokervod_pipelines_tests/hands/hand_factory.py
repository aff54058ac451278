"""Build a ``Hand`` of one JSON hand, and load the real hands where they are available."""

from dataclasses import replace
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pokervod_pipelines.hands.build import build_hands
from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.parsed_sessions import weigh_record
from pokervod_pipelines.hands.pgfx import read_session
from pokervod_pipelines.hands.phh_import import PhhRules, read_tables
from pokervod_pipelines.hands.phh_text import split_hands
from pokervod_pipelines.hands.records import RecordedHand, Session
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines_tests.hands.sessions import write_session

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_real_sessions = pytest.mark.skipif(not (DATA / "pgfx").exists(), reason="the real sessions are not here")


def read_one(hand: Any, **session: Any) -> RecordedHand:
    """Return the record of the one hand of a session."""
    (recorded,) = read_session(write_session(hand, **session), file="table-7/s.json").hands
    return recorded


def build_one(hand: Any, rule: GradeRule | None = None, **session: Any) -> Hand:
    """Return the built hand of a session of one hand."""
    read = read_session(write_session(hand, **session), file="table-7/s.json")
    (built,) = build_hands(read, rule or GradeRule())
    return built


DAYS = BroadcastDays(ZoneInfo("UTC"), time(6))


def read_history(text: str, day: date | None = None) -> Hand:
    """Return the one hand of a PHH text."""
    hands, problems = read_tables(split_hands(text), PhhRules(GradeRule(), DAYS, day))
    assert problems == []
    (hand,) = hands
    return hand


def list_codes(hand: Hand) -> list[str]:
    """Return the codes of a hand's findings."""
    return [finding.code for finding in hand.findings]


@cache
def load_real_hands() -> tuple[Hand, ...]:
    """Return every distinct real hand once."""
    return tuple(hand for session in load_real_sessions() for hand in build_hands(session, GradeRule()))


def load_real_sessions() -> list[Session]:
    """Return each real session once, each of its hands in its most complete version."""
    sessions: dict[int, tuple[Session, dict[datetime, RecordedHand]]] = {}
    for file in sorted((DATA / "pgfx").rglob("*.json")):
        read = read_session(file.read_bytes(), file=str(file))
        _, hands = sessions.setdefault(read.session_id, (read, {}))
        for hand in read.hands:
            known = hands.setdefault(hand.started_at, hand)
            hands[hand.started_at] = max(known, hand, key=weigh_record)
    return [replace(read, hands=tuple(hands[at] for at in sorted(hands))) for read, hands in sessions.values()]
