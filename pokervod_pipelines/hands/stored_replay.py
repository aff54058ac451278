"""Replay new and changed stored hands by the rules, and store what the rules find with each.

Apart from the import, because it takes longer: a hand is stored at once, the rules' findings a little later.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Engine

from pokervod_pipelines.hands import store
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.hand import BadContent, Hand
from pokervod_pipelines.processes.streams import StreamLimits, ask_in_order
from pokervod_pipelines.processes.supervised import ChildProgram

BATCH = 200
WORTH_HANDS, WORTH_SECONDS = 1_000, 1.0
"""Fewer hands, or less time, are not worth the start of a child process."""

MAX_CHILDREN, POLL_SECONDS = 4, 0.2
PROGRAM = ChildProgram(name="hand replay")
Batch = tuple[dict[int, str], dict[int, tuple[HandFinding, ...]]]
MAX_SHOWN = 300


def check_hand(hand: Hand | BadContent) -> tuple[HandFinding, ...]:
    """Return the findings of replaying the hand; invalid content, or a failure of the replay, is one finding."""
    if isinstance(hand, BadContent):
        return (HandFinding("invalid_content", str(hand)[:MAX_SHOWN]),)
    from pokervod_pipelines.hands.replay import replay_hand  # noqa: PLC0415 - loads the rules engine

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


@dataclass(slots=True)
class ReplayCount:
    """Count hands replayed, and those of them with findings."""

    hands: int = 0
    doubtful: int = 0

    def add(self, findings: Mapping[int, Sequence[HandFinding]]) -> None:
        """Add a batch."""
        self.hands += len(findings)
        self.doubtful += sum(bool(found) for found in findings.values())


def replay_hands(
    engine: Engine,
    *,
    seconds_limit: float = 600.0,
    progress: Callable[[int], None] | None = None,
    before: ReplayCount | None = None,
) -> ReplayReport:
    """Replay the hands that changed since their last replay, until ``seconds_limit``; the next call continues.

    A batch is a transaction of its own, and two callers share the work; many hands are replayed in child processes.
    ``before`` counts hands of the same import that ``replay_beside`` has replayed.
    """
    started = time.monotonic()
    count = before or ReplayCount()
    ends_at = started + seconds_limit
    with engine.connect() as connection:
        is_much = store.count_unplayed(connection) >= WORTH_HANDS
    if is_much and seconds_limit >= WORTH_SECONDS:
        _replay_in_children(engine, count, lambda: time.monotonic() >= ends_at, waits=False)
    while time.monotonic() < ends_at:
        with engine.begin() as connection:
            batch = list(store.read_unplayed(connection, BATCH))
            findings = {hand_id: check_hand(hand) for hand_id, _, hand in batch}
            if batch:
                _store_findings(connection, findings, {hand_id: digest for hand_id, digest, _ in batch})
        if not batch:
            break
        count.add(findings)
        if progress is not None:
            progress(count.hands)
    with engine.connect() as connection:
        left = store.count_unplayed(connection)
    return ReplayReport(hands=count.hands, doubtful=count.doubtful, left=left, seconds=time.monotonic() - started)


@contextmanager
def replay_beside(engine: Engine) -> Iterator[ReplayCount]:
    """Replay stored hands in a child process while the caller imports more; what is left is the caller's to replay.

    The child starts only when an import lasts: a short one is over before.
    """
    count, is_over = ReplayCount(), threading.Event()

    def work() -> None:
        if not is_over.wait(WORTH_SECONDS):
            with suppress(Exception):  # whatever fails here is replayed after the import
                _replay_in_children(engine, count, is_over.is_set, waits=True)

    thread = threading.Thread(target=work, name="replay-beside", daemon=True)
    thread.start()
    try:
        yield count
    finally:
        is_over.set()
        thread.join()


def _replay_in_children(engine: Engine, count: ReplayCount, is_over: Callable[[], bool], *, waits: bool) -> None:
    """Replay batches until it ``is_over``, or until no hand is left, unless it ``waits`` for more."""

    def list_batches() -> Iterator[Callable[[], Batch]]:
        last = 0
        while not is_over():
            with engine.connect() as connection:
                rows = store.read_unplayed_after(connection, last, BATCH)
            if rows:
                last = rows[-1][0]
                yield partial(check_batch, rows)
            elif waits:
                time.sleep(POLL_SECONDS)
            else:
                return

    children = 1 if waits else min(os.cpu_count() or 1, MAX_CHILDREN)
    with closing(ask_in_order(PROGRAM, list_batches(), StreamLimits(children=children))) as answers:
        for answer in answers:
            if isinstance(answer, Exception):
                raise answer
            digests, findings = answer
            with engine.begin() as connection:
                locked = store.lock_hands(connection, [*findings])
                done = {hand_id: found for hand_id, found in findings.items() if hand_id in locked}
                _store_findings(connection, done, {hand_id: digests[hand_id] for hand_id in done})
            count.add(done)


def check_batch(rows: Sequence[tuple[int, str, Any]]) -> Batch:
    """Return the digests and the findings of a batch; runs in a child process."""
    digests = {hand_id: digest for hand_id, digest, _ in rows}
    return digests, {hand_id: check_hand(store.read_content(content)) for hand_id, _, content in rows}


def _store_findings(
    connection: Connection, findings: Mapping[int, tuple[HandFinding, ...]], digests: Mapping[int, str]
) -> None:
    store.replace_findings(connection, findings, "rules")
    store.mark_replayed(connection, digests)
