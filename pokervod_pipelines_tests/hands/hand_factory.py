"""One JSON hand to a built ``Hand``, for tests that ask about a single hand; and the real hands, where they are."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.hands.build import build_hands
from pokervod_pipelines.hands.grade import GradeRule
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.pgfx import read_session
from pokervod_pipelines.hands.records import RecordedHand
from pokervod_pipelines.hands.snapshots import merge_snapshots
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


def list_codes(hand: Hand) -> list[str]:
    """Return the codes of a hand's findings."""
    return [finding.code for finding in hand.findings]


@cache
def load_real_hands() -> tuple[Hand, ...]:
    """Return every distinct real hand once."""
    files = sorted((DATA / "pgfx").rglob("*.json"))
    sessions = merge_snapshots(read_session(file.read_bytes(), file=str(file)) for file in files)
    return tuple(hand for session in sessions for hand in build_hands(session, GradeRule()))
