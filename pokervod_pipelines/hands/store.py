"""Store hands, their sessions and files: the SQL of imports.

Whoever writes a session's hands holds its lock. ``listing`` reads lists for people, ``clip_link_store`` links.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from sqlalchemy import Connection, text

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.hands.findings import HandFinding
from pokervod_pipelines.hands.hand import BadContent, Hand
from pokervod_pipelines.hands.parsed_sessions import HandRow, SessionHead, Weight
from pokervod_pipelines.hands.versions import StoredHand

FileState = Literal["read", "waiting", "quarantined"]
FoundBy = Literal["record", "rules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecord:
    """Hold a file as it was last read; ``hands`` is how many it reported."""

    path: str
    digest: str
    size: int
    mtime_ns: int
    state: FileState
    reason: str | None = None
    hands: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRecord:
    """Hold a session as stored; ``day`` is the broadcast day of its hands."""

    session_id: int
    head: SessionHead
    started_at: datetime
    day: date
    file_id: int


def lock_session(connection: Connection, session_id: int) -> None:
    """Lock this session's hands for writing until the transaction ends."""
    lock_until_commit(connection, f"hands/session/{session_id}")


def read_files(connection: Connection, paths: Sequence[str] | None = None) -> dict[str, FileRecord]:
    """Return the files read before, by path; of these paths, or all."""
    rows = connection.execute(
        text("""
            select path, digest, size, mtime_ns, state, reason, hands from hand_files
            where cast(:paths as text[]) is null or path = any(:paths)
        """),
        {"paths": None if paths is None else list(paths)},
    )
    return {row.path: FileRecord(**row._mapping) for row in rows}


def put_file(connection: Connection, file: FileRecord) -> int:
    """Store the file as it is now; return its id."""
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
    """Return the stored session, None for an unknown one."""
    row = connection.execute(
        text("""
            select session_id, table_name, event_title, created_at, started_at, broadcast_day, hands_reported,
                   hands_broken, head, file_id from hand_sessions where session_id = :id
        """),
        {"id": session_id},
    ).one_or_none()
    if row is None:
        return None
    head = SessionHead(
        hands_reported=row.hands_reported,
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
    """Store the session, and move its hands to its day."""
    head = session.head
    values = {
        "session_id": session.session_id,
        "table_name": head.table,
        "event_title": head.title,
        "created_at": head.created_at,
        "started_at": session.started_at,
        "broadcast_day": session.day,
        "hands_reported": head.hands_reported,
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


def mark_test_session(connection: Connection, session_id: int) -> None:
    """Mark the session as a test if all its hands are tests."""
    connection.execute(
        text("""
            update hand_sessions set is_test = (
                select coalesce(bool_and(is_test), false) from hands where session_id = :id)
            where session_id = :id
        """),
        {"id": session_id},
    )


def read_stored_hands(connection: Connection, session_id: int) -> dict[datetime, StoredHand]:
    """Return the session's hands by start, as far as a choice between versions needs them."""
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
    """Return the session's whole hands, by id, without those that are not valid."""
    rows = connection.execute(text("select id, content, weight from hands where session_id = :id"), {"id": session_id})
    hands = {row.id: (read_content(row.content), _weight(row.weight)) for row in rows}
    return {hand_id: (hand, weight) for hand_id, (hand, weight) in hands.items() if isinstance(hand, Hand)}


def read_content(content: Any) -> Hand | BadContent:
    """Return a stored hand, or why it is not valid: one such row never stops the work on others."""
    try:
        return Hand.from_content(content)
    except BadContent as error:
        return error


def _weight(value: list[Any]) -> Weight:
    trust, events, milliseconds, cards, digest = value
    return trust, events, milliseconds, cards, digest


def add_hands(
    connection: Connection,
    session: SessionRecord,
    rows: Sequence[HandRow],
    file_id: int,
    *,
    ids: Sequence[int] | None = None,
) -> list[int]:
    """Insert hands that are not stored yet; return their ids in the same order, those given or new ones."""
    ids = _draw_ids(connection, len(rows)) if ids is None else [*ids]
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
    """Replace the hands of these ids by the rows; ``file_id`` None keeps the file that each came from."""
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


def withdraw_unreported(connection: Connection, file_id: int, reported: Sequence[tuple[int, datetime]]) -> list[int]:
    """Withdraw the hands of a history file that it does not report any more; return their ids.

    A hand that it reports again is restored, unless a person withdrew it.
    """
    parameters = {"file": file_id, "sessions": [each[0] for each in reported], "starts": [each[1] for each in reported]}
    reported_rows = "select * from unnest(cast(:sessions as bigint[]), cast(:starts as timestamptz[]))"
    connection.execute(
        text(f"""
            update hands set withdrawn_by = null
            where withdrawn_by = 'file' and (session_id, started_at) in ({reported_rows})
        """),  # noqa: S608 - constant
        parameters,
    )
    rows = connection.execute(
        text(f"""
            update hands set withdrawn_by = 'file', changed_at = now()
            where file_id = :file and source <> 'rfid' and withdrawn_by is null
              and (session_id, started_at) not in ({reported_rows}) returning id
        """),  # noqa: S608 - constant
        parameters,
    )
    return [row.id for row in rows]


def update_weights(connection: Connection, rows: Mapping[int, HandRow], file_id: int) -> None:
    """Store the weight of a more complete record that reports the same hand."""
    parameters = [{"id": each, "weight": json.dumps(row.weight), "file": file_id} for each, row in rows.items()]
    if parameters:
        connection.execute(
            text("update hands set weight = cast(:weight as jsonb), file_id = :file where id = :id"), parameters
        )


def replace_findings(connection: Connection, findings: Mapping[int, Sequence[HandFinding]], found_by: FoundBy) -> None:
    """Replace the findings of the hands that came from ``found_by``."""
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


def read_unplayed(connection: Connection, limit: int) -> Iterator[tuple[int, str, Hand | BadContent]]:
    """Lock and yield hands that changed since their last replay: id, digest, hand or why it is not valid."""
    rows = connection.execute(
        text("""
            select id, digest, content from hands where replayed is distinct from digest
            order by id limit :limit for update skip locked
        """),
        {"limit": limit},
    )
    return ((row.id, row.digest, read_content(row.content)) for row in rows)


def read_unplayed_after(connection: Connection, hand_id: int, limit: int) -> list[tuple[int, str, Any]]:
    """Return the next hands that changed since their last replay, without a lock: id, digest, content."""
    rows = connection.execute(
        text("""
            select id, digest, content from hands where replayed is distinct from digest and id > :after
            order by id limit :limit
        """),
        {"after": hand_id, "limit": limit},
    )
    return [(row.id, row.digest, row.content) for row in rows]


def lock_hands(connection: Connection, ids: Sequence[int]) -> set[int]:
    """Lock these hands, except those that another transaction has; return which."""
    rows = connection.execute(
        text("select id from hands where id = any(:ids) order by id for update skip locked"), {"ids": list(ids)}
    )
    return {row.id for row in rows}


def mark_replayed(connection: Connection, digests: Mapping[int, str]) -> None:
    """Record that the hands were replayed as they are now."""
    connection.execute(
        text("""
            update hands h set replayed = d.value from jsonb_each_text(cast(:digests as jsonb)) d
            where h.id = cast(d.key as bigint)
        """),
        {"digests": json.dumps(digests)},
    )


def count_unplayed(connection: Connection) -> int:
    """Return how many hands changed since their last replay."""
    count: int = connection.execute(
        text("select count(*) from hands where replayed is distinct from digest")
    ).scalar_one()
    return count
