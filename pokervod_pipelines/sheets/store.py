"""Store the rows of the sheets and the state of each sheet."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.sheets.file_index import CandidateFile
from pokervod_pipelines.sheets.match import Match
from pokervod_pipelines.sheets.rows import AnnotationRow, fingerprint
from pokervod_pipelines.sheets.stored_rows import StoredRow

_NOT_CONTENT = frozenset({"tab", "row_number", "row_key", "shown", "pin", "uncomputed"})

FILE_EVENTS = ("nas.file.added", "nas.file.moved", "nas.file.changed", "nas.file.returned", "nas.file.cleared")


def lock_sheet(connection: Connection, sheet: str) -> None:
    """Lock the sheet against other processes until the transaction ends."""
    lock_until_commit(connection, f"sheet/{sheet}")


@dataclass(frozen=True, slots=True)
class LastReading:
    """Describe the last reading: its revision, the last file event that its matches know, what it skipped.

    ``was_elsewhere`` means that the settings have named another sheet at Google since then.
    """

    revision: str | None = None
    matched_up_to: int | None = None
    skipped: int = 0
    problems: tuple[Problem, ...] = ()
    was_elsewhere: bool = False


def read_last_reading(connection: Connection, sheet: str, spreadsheet: str | None) -> LastReading:
    """Return the last reading; an empty one if it failed, there was none, or it was of another sheet at Google."""
    row = connection.execute(
        text("""
            select revision, matched_up_to, coalesce((counts ->> 'skipped')::int, 0), problems, error, place
            from sheet_states where sheet = :sheet
        """),
        {"sheet": sheet},
    ).one_or_none()
    if row is None or row.place not in {None, spreadsheet}:
        return LastReading(was_elsewhere=row is not None)
    if row.error is not None:
        return LastReading()
    return LastReading(row[0], row[1], row[2], tuple(Problem(where, what) for where, what in row[3]))


def read_horizon(connection: Connection) -> int:
    """Return the transaction number below which every change is visible from now on."""
    horizon: int = connection.scalar(text("select (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"))
    return horizon


def have_files_changed(connection: Connection, *, since: int | None, horizon: int) -> bool:
    """Return whether an event from the horizon ``since`` on may change the file that a row means.

    Event ids would not work: a scan that commits late has lower ids than events that were seen before. A ``since``
    beyond the present belongs to another server (a restored backup) and counts as unknown.
    """
    if since is None or since > horizon:
        return True
    changed: bool = connection.scalar(
        text("select exists (select from events where txid >= :since and type = any(:types))"),
        {"since": since, "types": list(FILE_EVENTS)},
    )
    return changed


def record_reading(
    connection: Connection,
    sheet: str,
    *,
    revision: str,
    matched_up_to: int,
    counts: Mapping[str, int],
    problems: Sequence[Problem],
) -> None:
    """Record that the sheet was read completely at this revision."""
    connection.execute(
        text("""
            insert into sheet_states (sheet, revision, matched_up_to, read_at, error, counts, problems)
            values (:sheet, :revision, :matched_up_to, now(), null, cast(:counts as jsonb), cast(:problems as jsonb))
            on conflict (sheet) do update set revision = excluded.revision, matched_up_to = excluded.matched_up_to,
                read_at = now(), error = null, counts = excluded.counts, problems = excluded.problems
        """),
        {
            "sheet": sheet,
            "revision": revision,
            "matched_up_to": matched_up_to,
            "counts": json.dumps(dict(counts)),
            "problems": json.dumps([(each.where, each.what) for each in problems], ensure_ascii=False),
        },
    )


def record_unread_tabs(connection: Connection, sheet: str, unread: Mapping[str, str]) -> None:
    """Record why tabs of the sheet could not be read, by title; their rows stay as they were."""
    connection.execute(
        text("update sheet_states set unread_tabs = cast(:unread as jsonb) where sheet = :sheet"),
        {"sheet": sheet, "unread": json.dumps(dict(unread), ensure_ascii=False)},
    )


def record_failure(connection: Connection, sheet: str, error: str) -> bool:
    """Record that the sheet could not be read; return whether the error is new. Its rows stay as they were."""
    changed = connection.execute(
        text("""
            insert into sheet_states as s (sheet, error) values (:sheet, :error)
            on conflict (sheet) do update set error = :error where s.error is distinct from :error
        """),
        {"sheet": sheet, "error": error},
    )
    return changed.rowcount > 0


def read_stored_rows(connection: Connection, sheet: str, *, except_tabs: Collection[str] = ()) -> list[StoredRow]:
    """Return the rows in the sheet, in its order (tabs by code point, as Python sorts them)."""
    return _stored(
        connection,
        'retired_at is null and tab <> all(:tabs) order by tab collate "C", row_number, id',
        {"sheet": sheet, "tabs": list(except_tabs)},
    )


def read_retired_rows(connection: Connection, sheet: str) -> list[StoredRow]:
    """Return the retired rows of the sheet, latest first."""
    return _stored(connection, "retired_at is not null order by retired_at desc, id", {"sheet": sheet})


_STORED_FIELDS = tuple(field.name for field in fields(StoredRow))


def _stored(connection: Connection, condition: str, parameters: Mapping[str, object]) -> list[StoredRow]:
    rows = connection.execute(
        text(f"""
            select id, fingerprint, tab, row_number, coalesce(row_key, ''), coalesce(source_id, ''),
                   coalesce(content ->> 'file_no', ''), file_name,
                   content ->> 'time_in', content ->> 'time_out', content ->> 'hands'
            from sheet_rows where sheet = :sheet and {condition}
        """),  # noqa: S608 - the conditions are the two above
        parameters,
    )
    return [StoredRow(**dict(zip(_STORED_FIELDS, row, strict=True))) for row in rows]


def read_contents(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """Return the content of the rows, by id."""
    rows = connection.execute(text("select id, content from sheet_rows where id = any(:ids)"), {"ids": list(ids)})
    return {row[0]: row[1] for row in rows}


def insert_rows(connection: Connection, sheet: str, rows: Sequence[AnnotationRow]) -> list[int]:
    """Insert new rows; return their ids in the same order."""
    result = connection.execute(
        text(f"""
            insert into sheet_rows (sheet, {_COLUMNS})
            select :sheet, {_COLUMNS} from {_RECORDS} order by position returning id
        """),  # noqa: S608 - constants
        {"sheet": sheet, "rows": _records(rows, range(len(rows)))},
    )
    return [row[0] for row in result]


def update_rows(connection: Connection, pairs: Sequence[tuple[int, AnnotationRow]]) -> None:
    """Update content and position of the rows with these ids; un-retire rows that reappeared.

    A change of a column that no rule reads, such as a clock, does not count, or its row would be
    written to at every reading.
    """
    ids = [row_id for row_id, _ in pairs]
    connection.execute(
        text(f"""
            update sheet_rows s set ({_COLUMNS}) =
                (n.tab, n.row_number, n.fingerprint, n.row_key, n.shown, n.source_id, n.file_name, n.folder_link,
                 n.content),
                changed_at = case when s.content - 'extra' = n.content - 'extra' and s.retired_at is null
                             then s.changed_at else now() end,
                retired_at = null
            from (select position as id, {_COLUMNS} from {_RECORDS}) n
            where s.id = n.id and (s.tab, s.row_number, s.fingerprint, s.row_key, s.shown, s.retired_at is null)
                is distinct from (n.tab, n.row_number, n.fingerprint, n.row_key, n.shown, true)
        """),  # noqa: S608 - constants
        {"rows": _records([row for _, row in pairs], ids)},
    )


def retire_rows(connection: Connection, ids: Sequence[int]) -> None:
    """Retire rows that left their sheet; they and their clips stay on record."""
    connection.execute(text("update sheet_rows set retired_at = now() where id = any(:ids)"), {"ids": list(ids)})


_COLUMNS = "tab, row_number, fingerprint, row_key, shown, source_id, file_name, folder_link, content"
_RECORDS = """jsonb_to_recordset(cast(:rows as jsonb)) as r(
    position bigint, tab text, row_number int, fingerprint text, row_key text, shown jsonb, source_id text,
    file_name text, folder_link text, content jsonb)"""


def _records(rows: Sequence[AnnotationRow], positions: Sequence[int]) -> str:
    records = [
        {
            "position": position,
            "tab": row.tab,
            "row_number": row.row_number,
            "fingerprint": fingerprint(row),
            "row_key": row.row_key or None,
            "shown": row.shown,
            "source_id": row.source_id or None,
            "file_name": row.file_name,
            "folder_link": row.folder_link,
            "content": content_of(row),
        }
        for position, row in zip(positions, rows, strict=True)
    ]
    return json.dumps(records, ensure_ascii=False)


def content_of(row: AnnotationRow) -> dict[str, Any]:
    """Return the content of the row, without its position and the PokerVOD columns, as plain values."""
    return {name: value for name, value in asdict(row).items() if name not in _NOT_CONTENT}


def read_candidate_files(connection: Connection) -> list[CandidateFile]:
    """Return every video that a row may mean; a missing one still counts, a cleared one does not."""
    rows = connection.execute(text("select id, path, size from counted_videos order by path, id"))
    return [CandidateFile(id=row[0], path=row[1], size=row[2]) for row in rows]


def read_queries(connection: Connection, sheet: str, ids: Sequence[int] | None) -> list[tuple[int, str, str]]:
    """Return ``(id, file name, folder link)`` of the rows with these ids, or of all in the sheet."""
    rows = connection.execute(
        text("""
            select id, file_name, folder_link from sheet_rows
            where sheet = :sheet and retired_at is null and (cast(:ids as bigint[]) is null or id = any(:ids))
            order by id
        """),
        {"sheet": sheet, "ids": None if ids is None else list(ids)},
    )
    return [(row[0], row[1], row[2]) for row in rows]


def store_matches(connection: Connection, matches: Mapping[int, Match]) -> int:
    """Store the matches of the rows; return how many changed."""
    records = [
        {
            "id": row_id,
            "status": match.status.value,
            "matcher": match.matcher or None,
            "score": match.score,
            "reason": match.reason,
            "candidates": list(match.candidates),
            "file_id": match.file_id,
        }
        for row_id, match in matches.items()
    ]
    result = connection.execute(
        text("""
            update sheet_rows s set match_status = m.status, matcher = m.matcher, match_score = m.score,
                match_reason = m.reason, candidates = m.candidates, file_id = m.file_id
            from jsonb_to_recordset(cast(:matches as jsonb)) as m(id bigint, status text, matcher text,
                score double precision, reason text, candidates jsonb, file_id bigint)
            where s.id = m.id
                and (s.match_status, s.matcher, s.match_score, s.match_reason, s.candidates, s.file_id)
                is distinct from (m.status, m.matcher, m.score, m.reason, m.candidates, m.file_id)
        """),
        {"matches": json.dumps(records, ensure_ascii=False)},
    )
    return result.rowcount


def count_matches(connection: Connection, sheet: str) -> dict[str, int]:
    """Count the rows of the sheet in each match status."""
    rows = connection.execute(
        text("""
            select match_status, count(*) from sheet_rows where sheet = :sheet and retired_at is null group by 1
        """),
        {"sheet": sheet},
    )
    return {row[0]: row[1] for row in rows}


def count_keys(connection: Connection, sheet: str) -> int:
    """Count the rows of the sheet that have a PokerVOD ID."""
    count: int = connection.scalar(
        text("select count(row_key) from sheet_rows where sheet = :sheet and retired_at is null"), {"sheet": sheet}
    )
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetState:
    """Describe a sheet: when it was last read, its rows, how many have an id or a video, and the last error.

    ``spreadsheet`` is the one at Google that was read. ``unread_tabs`` maps the title of a tab that was passed over to
    the reason, and ``write_problem`` tells why the last pass wrote no statuses.
    """

    sheet: str
    spreadsheet: str | None
    read_at: datetime | None
    rows: int
    with_id: int
    matched: int
    error: str | None
    write_problem: str | None
    unread_tabs: Mapping[str, str]

    @property
    def stale_since(self) -> datetime | None:
        """Return of when the rows are, where the sheet could not be read since then."""
        return None if self.error is None else self.read_at


def list_sheet_states(connection: Connection) -> dict[str, SheetState]:
    """Return the state of every sheet ever read, by name."""
    rows = connection.execute(
        text("""
            select s.sheet, s.place as spreadsheet, s.read_at, s.error, s.write_problem, s.unread_tabs,
                   count(r.id) as rows, count(r.row_key) as with_id,
                   count(r.id) filter (where r.match_status = 'matched') as matched
            from sheet_states s left join sheet_rows r on r.sheet = s.sheet and r.retired_at is null
            group by s.sheet order by s.sheet
        """)
    )
    return {row.sheet: SheetState(**row._mapping) for row in rows}


def find_last_reading(connection: Connection, sheet: str) -> datetime | None:
    """Return when the rows of the sheet were read, None for one that never was."""
    query = text("select read_at from sheet_states where sheet = :sheet")
    return connection.execute(query, {"sheet": sheet}).scalar_one_or_none()


def delete_state(connection: Connection, sheet: str) -> None:
    """Forget the last reading of the sheet; the next one begins anew."""
    connection.execute(text("delete from sheet_states where sheet = :sheet"), {"sheet": sheet})


def read_match_problems(connection: Connection, sheet: str, limit: int) -> list[Problem]:
    """Return the first rows without a video, each with the reason, in the order of the sheet."""
    rows = connection.execute(
        text("""
            select tab || ' row ' || row_number, match_reason from sheet_rows
            where sheet = :sheet and retired_at is null and match_status <> 'matched'
            order by tab, row_number limit :limit
        """),
        {"sheet": sheet, "limit": limit},
    )
    return [Problem(row[0], row[1]) for row in rows]
