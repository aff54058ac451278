"""What the database holds of hands, their sessions and files, while files are read in; the only SQL of that.

Whoever writes a session's hands holds its lock. Lists for people are read in ``listing``, links in ``moment_store``.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, text

from pokervod_pipelines.hands.choice import StoredHand
from pokervod_pipelines.hands.findings import Finding
from pokervod_pipelines.hands.hand import Hand
from pokervod_pipelines.hands.tellings import HandRow, Head, Weight

FileState = Literal["read", "waiting", "quarantined"]
FoundBy = Literal["record", "rules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """A file as it was when it was looked at; ``hands`` is how many it told."""

    path: str
    digest: str
    size: int
    mtime_ns: int
    state: FileState
    reason: str | None = None
    hands: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """A session as stored: what its head says, when it started, and the broadcast day that its hands share."""

    session_id: int
    head: Head
    started_at: datetime
    day: date
    file_id: int


def lock_session(connection: Connection, session_id: int) -> None:
    """Until the transaction ends no other process writes this session's hands."""
    connection.execute(
        text("select pg_advisory_xact_lock(hashtextextended('hands/session/' || :id, 0))"), {"id": str(session_id)}
    )


def read_files(connection: Connection, paths: Sequence[str] | None = None) -> dict[str, FileRecord]:
    """The files looked at before, by path; of these paths, or all."""
    rows = connection.execute(
        text("""
            select path, digest, size, mtime_ns, state, reason, hands from hand_files
            where cast(:paths as text[]) is null or path = any(:paths)
        """),
        {"paths": None if paths is None else list(paths)},
    )
    return {row.path: FileRecord(**row._mapping) for row in rows}


def put_file(connection: Connection, file: FileRecord) -> int:
    """The file is on record as it is now; returns its id."""
    columns = "path, digest, size, mtime_ns, state, reason, hands"
    file_id: int = connection.execute(
        text(f"""
            insert into hand_files ({columns})
            values (:path, :digest, :size, :mtime_ns, :state, :reason, :hands)
            on conflict (path) do update set ({columns}, read_at)
                = (excluded.path, excluded.digest, excluded.size, excluded.mtime_ns, excluded.state, excluded.reason,
                   excluded.hands, now())
            returning id
        """),  # noqa: S608 - constant
        {name: getattr(file, name) for name in columns.split(", ")},
    ).scalar_one()
    return file_id


def read_session_record(connection: Connection, session_id: int) -> SessionRecord | None:
    """The session as stored, None where no file told it yet."""
    row = connection.execute(
        text("""
            select session_id, table_name, event_title, created_at, started_at, broadcast_day, hands_told,
                   hands_broken, head, file_id from hand_sessions where session_id = :id
        """),
        {"id": session_id},
    ).one_or_none()
    if row is None:
        return None
    head = Head(
        hands_told=row.hands_told,
        digest=row.head,
        hands_broken=row.hands_broken,
        table=row.table_name,
        title=row.event_title,
        created_at=row.created_at,
    )
    return SessionRecord(
        session_id=row.session_id, head=head, started_at=row.started_at, day=row.broadcast_day, file_id=row.file_id
    )


def put_session(connection: Connection, session: SessionRecord) -> None:
    """The session is stored, and its hands are on its day."""
    head = session.head
    values = {
        "session_id": session.session_id,
        "table_name": head.table,
        "event_title": head.title,
        "created_at": head.created_at,
        "started_at": session.started_at,
        "broadcast_day": session.day,
        "hands_told": head.hands_told,
        "hands_broken": head.hands_broken,
        "head": head.digest,
        "file_id": session.file_id,
    }
    names = ", ".join(values)
    connection.execute(
        text(f"""
            insert into hand_sessions ({names}, is_test) values ({", ".join(f":{name}" for name in values)}, false)
            on conflict (session_id) do update set {", ".join(f"{name} = excluded.{name}" for name in values)}
        """),  # noqa: S608 - the names are constants
        values,
    )
    connection.execute(
        text("""
            update hands set broadcast_day = :broadcast_day
            where session_id = :session_id and broadcast_day <> :broadcast_day
        """),
        values,
    )


def mark_rehearsal(connection: Connection, session_id: int) -> None:
    """The session is a test if all its hands are."""
    connection.execute(
        text("""
            update hand_sessions set is_test = (
                select coalesce(bool_and(is_test), false) from hands where session_id = :id)
            where session_id = :id
        """),
        {"id": session_id},
    )


def read_stored_hands(connection: Connection, session_id: int) -> dict[datetime, StoredHand]:
    """The session's hands by start, as far as a choice between tellings needs them."""
    rows = connection.execute(
        text("select id, started_at, weight, digest, file_id from hands where session_id = :id"), {"id": session_id}
    )
    return {
        row.started_at: StoredHand(
            id=row.id, started_at=row.started_at, weight=_weight(row.weight), digest=row.digest, file_id=row.file_id
        )
        for row in rows
    }


def read_session_contents(connection: Connection, session_id: int) -> dict[int, tuple[Hand, Weight]]:
    """The session's hands in whole, by id."""
    rows = connection.execute(text("select id, content, weight from hands where session_id = :id"), {"id": session_id})
    return {row.id: (Hand.from_content(row.content), _weight(row.weight)) for row in rows}


def _weight(value: list[Any]) -> Weight:
    trust, events, milliseconds, cards, digest = value
    return trust, events, milliseconds, cards, digest


def add_hands(connection: Connection, session: SessionRecord, rows: Sequence[HandRow], file_id: int) -> list[int]:
    """The hands, none of which is stored yet, are; returns their ids in the same order."""
    ids = _draw_ids(connection, len(rows))
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - narrows the type
    with driver.cursor() as cursor, cursor.copy(f"copy hands ({_COPIED}) from stdin") as copy:
        for hand_id, row in zip(ids, rows, strict=True):
            copy.write_row((hand_id, session.session_id, session.head.table, session.day, file_id, *_list_values(row)))
    return ids


def _draw_ids(connection: Connection, count: int) -> list[int]:
    rows = connection.execute(
        text("select nextval(pg_get_serial_sequence('hands', 'id')) from generate_series(1, :count)"), {"count": count}
    )
    return [row[0] for row in rows]


_COLUMNS = (
    "hand_number, started_at, source, grade, is_premium, is_test, best_category, best_rank, pot, winners, duration_ms, "
    "content, weight, digest"
)
_COPIED = f"id, session_id, table_name, broadcast_day, file_id, {_COLUMNS}"


def _list_values(row: HandRow) -> tuple[Any, ...]:
    return (
        row.hand_number,
        row.started_at,
        row.source,
        row.grade,
        row.is_premium,
        row.is_test,
        row.best_category,
        row.best_rank,
        row.pot,
        json.dumps(row.winners),
        row.duration_ms,
        row.content,
        json.dumps(row.weight),
        row.digest,
    )


def change_hands(
    connection: Connection, session: SessionRecord, rows: Mapping[int, HandRow], file_id: int | None
) -> None:
    """The hands of these ids are what the rows tell; ``file_id`` None leaves them to the file that told them."""
    names = [name.strip() for name in _COLUMNS.split(",")]
    parameters = [
        {"id": hand_id, "table_name": session.head.table, "file_id": file_id}
        | dict(zip(names, _list_values(row), strict=True))
        for hand_id, row in rows.items()
    ]
    casts = {"winners": "jsonb", "content": "jsonb", "weight": "jsonb"}
    updates = ", ".join(f"{name} = cast(:{name} as {casts[name]})" if name in casts else f"{name} = :{name}"
                        for name in names)  # fmt: skip
    if parameters:
        connection.execute(
            text(f"""
                update hands set {updates}, table_name = :table_name,
                    file_id = coalesce(cast(:file_id as bigint), file_id), changed_at = now()
                where id = :id
            """),  # noqa: S608 - the names are constants
            parameters,
        )


def remember_weights(connection: Connection, rows: Mapping[int, HandRow], file_id: int) -> None:
    """The hands, told again by a heavier record that says the same, have its weight."""
    parameters = [{"id": each, "weight": json.dumps(row.weight), "file": file_id} for each, row in rows.items()]
    if parameters:
        connection.execute(
            text("update hands set weight = cast(:weight as jsonb), file_id = :file where id = :id"), parameters
        )


def replace_findings(connection: Connection, findings: Mapping[int, Sequence[Finding]], found_by: FoundBy) -> None:
    """The hands have these findings of that finder and no others."""
    records = [
        {"hand_id": hand_id, "position": position, "code": one.code, "street": one.street, "action": one.action,
         "message": one.message}
        for hand_id, found in findings.items()
        for position, one in enumerate(found)
    ]  # fmt: skip
    parameters = {"ids": list(findings), "found_by": found_by, "findings": json.dumps(records, ensure_ascii=False)}
    connection.execute(text("delete from hand_findings where hand_id = any(:ids) and found_by = :found_by"), parameters)
    if records:
        connection.execute(_ADD_FINDINGS, parameters)


_ADD_FINDINGS = text("""
    insert into hand_findings (hand_id, found_by, position, code, street, action, message)
    select hand_id, :found_by, position, code, street, action, message
    from jsonb_to_recordset(cast(:findings as jsonb)) as f(
        hand_id bigint, position int, code text, street text, action int, message text)
""")


def read_unplayed(connection: Connection, limit: int) -> Iterator[tuple[int, str, Hand]]:
    """Hands that the rules were not asked about as they are now, held until the transaction ends: id, digest, hand."""
    rows = connection.execute(
        text("""
            select id, digest, content from hands where replayed is distinct from digest
            order by id limit :limit for update skip locked
        """),
        {"limit": limit},
    )
    return ((row.id, row.digest, Hand.from_content(row.content)) for row in rows)


def mark_replayed(connection: Connection, digests: Mapping[int, str]) -> None:
    """The rules were asked about the hands as they are now."""
    connection.execute(
        text("""
            update hands h set replayed = d.value from jsonb_each_text(cast(:digests as jsonb)) d
            where h.id = cast(d.key as bigint)
        """),
        {"digests": json.dumps(digests)},
    )


def count_unplayed(connection: Connection) -> int:
    """How many hands wait for the rules."""
    count: int = connection.execute(
        text("select count(*) from hands where replayed is distinct from digest")
    ).scalar_one()
    return count
