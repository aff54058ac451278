"""Store the hands that programs wrote: each in a transaction of its own, with its event, like one of a file."""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.events import append_events
from pokervod_pipelines.hands import store
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.imports import UNSTORABLE, make_hand_event, make_rules
from pokervod_pipelines.hands.parsed_sessions import HandRules, SessionHead, make_row, weigh_hand
from pokervod_pipelines.hands.program_hands import ProgramHand, build_program_hand
from pokervod_pipelines.hands.store import FileRecord, SessionRecord
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings import Settings

MAX_HANDS = 1_000
"""So many of one call; the next takes the others."""

MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class ProgramImport:
    """Tell the ids of the hands that were stored, and why others cannot be."""

    stored: tuple[int, ...]
    problems: tuple[Problem, ...]


def import_program_hands(engine: Engine, settings: Settings, *, correlation_id: str) -> ProgramImport:
    """Store what programs wrote and is not stored yet; one that cannot be stored keeps its reason and stops no other.

    Raises ``BadSettings`` for a wrong grade rule.
    """
    rules = make_rules(settings)
    with engine.connect() as connection:
        waiting = _read_waiting(connection)
    stored: list[int] = []
    problems: list[Problem] = []
    for written in waiting:
        try:
            if _store_one(engine, written, rules, correlation_id):
                stored.append(written.id)
        except UNSTORABLE as error:
            reason = (read_first_line(error) if isinstance(error, DBAPIError) else str(error))[:MAX_REASON]
            problems.append(Problem(f"hub.hands {written.id} of {written.written_by}", reason))
            with engine.begin() as connection:
                connection.execute(_REFUSE, {"id": written.id, "problem": reason})
    return ProgramImport(tuple(stored), tuple(problems))


_REFUSE = text("update hub_hands set problem = :problem where id = :id and stored_at is null")
_LOCK = text("select from hub_hands where id = :id and stored_at is null and problem is null for update")
_DONE = text("update hub_hands set stored_at = now(), stored_digest = :digest where id = :id")


def _read_waiting(connection: Connection) -> list[ProgramHand]:
    names = ", ".join(field.name for field in fields(ProgramHand))
    rows = connection.execute(
        text(f"""
            select {names} from hub_hands where stored_at is null and problem is null order by id limit :limit
        """),  # noqa: S608 - the names are fields
        {"limit": MAX_HANDS},
    )
    return [ProgramHand(**row._mapping) for row in rows]


def _store_one(engine: Engine, written: ProgramHand, rules: HandRules, correlation_id: str) -> bool:
    """Store the hand; return whether nobody else did."""
    hand = build_program_hand(written, rules)
    with engine.begin() as connection:
        if connection.execute(_LOCK, {"id": written.id}).one_or_none() is None:
            return False
        store.lock_session(connection, hand.session_id)
        starts = [*store.read_stored_hands(connection, hand.session_id)]
        hand = _find_free_start(hand, starts)
        row = make_row(hand, weigh_hand(hand))
        file_id = _put_source(connection, written.written_by)
        session = _make_session(hand, rules, starts, file_id)
        store.put_session(connection, session)
        store.add_hands(connection, session, [row], file_id, ids=[written.id])
        store.replace_findings(connection, {written.id: row.findings}, "record")
        store.mark_replayed(connection, {written.id: row.digest})  # without betting there is nothing to replay
        store.mark_test_session(connection, session.session_id)
        append_events(connection, "hands", correlation_id, [make_hand_event(session, written.id, row, is_new=True)])
        connection.execute(_DONE, {"id": written.id, "digest": row.digest})
    return True


def _find_free_start(hand: Hand, starts: Collection[datetime]) -> Hand:
    """Return the hand with a start that no other of the session has: programs write whole seconds."""
    while hand.started_at in starts:
        hand = replace(hand, started_at=hand.started_at + timedelta(microseconds=1))
    return hand


def _put_source(connection: Connection, role: str) -> int:
    """Return the id of what stands for a file: the program that wrote the hand."""
    source = FileRecord(path=f"hub.hands of {role}", digest="hub", size=0, mtime_ns=0, state="read")
    return store.put_file(connection, source)


def _make_session(hand: Hand, rules: HandRules, starts: Collection[datetime], file_id: int) -> SessionRecord:
    head = SessionHead(
        hands_reported=len(starts) + 1, digest="hub", hands_broken=0, table=hand.table, title="", created_at=None
    )
    return SessionRecord(
        session_id=hand.session_id,
        head=head,
        started_at=min([hand.started_at, *starts]),
        day=rules.days.find_day(hand.started_at),
        file_id=file_id,
    )
