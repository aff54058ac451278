"""Replay new and changed stored hands by the rules, and store what the rules find with each.

Apart from the import, because it takes longer: a hand is stored at once, the rules' findings a little later.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Engine

from pokervod_pipelines.hands import store
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.hand import BadContent, Hand
from pokervod_pipelines.hands.replay import replay_hand

BATCH = 200
MAX_SHOWN = 300


def check_hand(hand: Hand | BadContent) -> tuple[HandFinding, ...]:
    """Return the findings of the rules; a stored hand that is not valid has a finding of its own."""
    if isinstance(hand, BadContent):
        return (HandFinding("invalid_content", str(hand)[:MAX_SHOWN]),)
    try:
        return replay_hand(hand)
    except Exception as error:  # noqa: BLE001 - one hand never stops the others
        return (HandFinding("not_replayed", f"unexpected content: {error!r}"[:MAX_SHOWN]),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayReport:
    """Count the hands replayed, those of them with findings, and those ``left`` for the next call."""

    hands: int
    doubtful: int
    left: int
    seconds: float


def replay_hands(
    engine: Engine, *, seconds_limit: float = 600.0, progress: Callable[[int], None] | None = None
) -> ReplayReport:
    """Replay the hands that changed since their last replay, until ``seconds_limit``; the next call continues.

    A batch is a transaction of its own, and two callers share the work.
    """
    started = time.monotonic()
    hands = doubtful = 0
    while time.monotonic() - started < seconds_limit:
        with engine.begin() as connection:
            batch = list(store.read_unplayed(connection, BATCH))
            findings = {hand_id: check_hand(hand) for hand_id, _, hand in batch}
            if batch:
                store.replace_findings(connection, findings, "rules")
                store.mark_replayed(connection, {hand_id: digest for hand_id, digest, _ in batch})
        if not batch:
            break
        hands += len(batch)
        doubtful += sum(bool(found) for found in findings.values())
        if progress is not None:
            progress(hands)
    with engine.connect() as connection:
        left = store.count_unplayed(connection)
    return ReplayReport(hands=hands, doubtful=doubtful, left=left, seconds=time.monotonic() - started)
