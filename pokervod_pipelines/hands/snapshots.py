"""The growing files of a session to one session: every hand once, in its longest telling, in any order of files.

The weight of a telling needs nothing but the hand, so a store can keep it and choose as the files come in.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from pokervod_pipelines.hands.records import RecordedHand, Session

Weight = tuple[int, int, int, str]


def weigh(hand: RecordedHand) -> Weight:
    """Return how far a telling of a hand had got: events, milliseconds, cards known; a digest breaks a tie."""
    known = sum(len(seat.hole_cards) for seat in hand.seats)
    digest = blake2b(repr(hand).encode(), digest_size=8).hexdigest()
    return len(hand.actions), int(hand.duration_seconds * 1000), known, digest


def choose(first: RecordedHand, second: RecordedHand) -> RecordedHand:
    """Return the telling that had got further; which one comes first makes no difference."""
    return first if first == second else max(first, second, key=weigh)


def merge_snapshots(sessions: Iterable[Session]) -> tuple[Session, ...]:
    """Return each session once, by session id, with every hand once, by the time it started.

    Title, table and problems are those of the file that tells the most hands.
    """
    files: dict[int, list[Session]] = {}
    for session in sessions:
        files.setdefault(session.session_id, []).append(session)
    return tuple(_merge(files[session_id]) for session_id in sorted(files))


def _merge(files: list[Session]) -> Session:
    hands: dict[datetime, RecordedHand] = {}
    for hand in (hand for session in files for hand in session.hands):
        known = hands.get(hand.started_at)
        hands[hand.started_at] = choose(known, hand) if known else hand
    head = files[0] if len(files) == 1 else max(files, key=_measure)
    return replace(head, hands=tuple(hands[started_at] for started_at in sorted(hands)))


def _measure(session: Session) -> tuple[int, str]:
    return len(session.hands) + len(session.problems), repr(session)
