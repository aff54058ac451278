"""What the database holds of the sheets; the only SQL of this room."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.sheets.align import StoredRow
from pokervod_pipelines.sheets.file_index import CandidateFile
from pokervod_pipelines.sheets.match import Match
from pokervod_pipelines.sheets.rows import AnnotationRow, fingerprint

_NO_CONTENT = frozenset({"tab", "row_number", "row_key", "shown", "pin"})

FILE_EVENTS = ("nas.file.added", "nas.file.moved", "nas.file.changed", "nas.file.returned", "nas.file.cleared")


def lock_sheet(connection: Connection, sheet: str) -> None:
    """Until the transaction ends no other process works on this sheet."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended('sheet/' || :sheet, 0))"), {"sheet": sheet})


@dataclass(frozen=True, slots=True)
class LastReading:
    """The last good reading of a sheet: its revision, the horizon its matches know, and what it passed over."""

    revision: str | None = None
    matched_up_to: int | None = None
    skipped: int = 0
    problems: tuple[tuple[str, str], ...] = ()


def read_last_reading(connection: Connection, sheet: str) -> LastReading:
    """The last good reading; an empty one if there was none, or if the last try failed."""
    row = connection.execute(
        text("""
            select revision, matched_up_to, coalesce((counts ->> 'skipped')::int, 0), problems
            from sheet_states where sheet = :sheet and error is null
        """),
        {"sheet": sheet},
    ).one_or_none()
    if row is None:
        return LastReading()
    return LastReading(row[0], row[1], row[2], tuple((where, what) for where, what in row[3]))


def read_revisions(connection: Connection) -> dict[str, tuple[str | None, bool]]:
    """Of every sheet ever read, the revision read last and whether the last try failed."""
    rows = connection.execute(text("select sheet, revision, error is not null from sheet_states"))
    return {row[0]: (row[1], row[2]) for row in rows}


def read_horizon(connection: Connection) -> int:
    """The transaction number below which every change is seen by whatever is read from now on."""
    horizon: int = connection.scalar(text("select (pg_snapshot_xmin(pg_current_snapshot())::text)::bigint"))
    return horizon


def have_files_changed(connection: Connection, *, since: int | None, horizon: int) -> bool:
    """Whether something happened from the horizon ``since`` on that may change which file a row speaks of.

    Ids would not do: a scan that commits late has lower ones than events that were seen already. A ``since`` beyond
    the present is of another server (a restored backup) and says nothing.
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
    problems: Sequence[tuple[str, str]],
) -> None:
    """The sheet was read whole at this revision."""
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
            "problems": json.dumps(list(problems), ensure_ascii=False),
        },
    )


def record_failure(connection: Connection, sheet: str, error: str) -> bool:
    """The sheet could not be read; its rows stay as they were. Whether this is news and not the same as last time."""
    changed = connection.execute(
        text("""
            insert into sheet_states as s (sheet, error) values (:sheet, :error)
            on conflict (sheet) do update set error = :error where s.error is distinct from :error
        """),
        {"sheet": sheet, "error": error},
    )
    return changed.rowcount > 0


def read_stored_rows(connection: Connection, sheet: str, *, except_tabs: Sequence[str] = ()) -> list[StoredRow]:
    """The rows that are in the sheet, in its order (tabs by code point, as Python sorts them)."""
    return _stored(
        connection,
        'retired_at is null and tab <> all(:tabs) order by tab collate "C", row_number, id',
        {"sheet": sheet, "tabs": list(except_tabs)},
    )


def read_retired_rows(connection: Connection, sheet: str) -> list[StoredRow]:
    """The rows that left the sheet, latest first."""
    return _stored(connection, "retired_at is not null order by retired_at desc, id", {"sheet": sheet})


def _stored(connection: Connection, condition: str, parameters: Mapping[str, object]) -> list[StoredRow]:
    rows = connection.execute(
        text(f"""
            select id, fingerprint, coalesce(row_key, ''), coalesce(source_id, ''),
                   coalesce(content ->> 'file_no', ''), file_name,
                   content ->> 'time_in', content ->> 'time_out', content ->> 'hands'
            from sheet_rows where sheet = :sheet and {condition}
        """),  # noqa: S608 - the conditions are the two above
        parameters,
    )
    names = ("id", "fingerprint", "row_key", "source_id", "file_no", "file_name", "time_in", "time_out", "hands")
    return [StoredRow(**dict(zip(names, row, strict=True))) for row in rows]


def read_contents(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What the rows said, by id."""
    rows = connection.execute(text("select id, content from sheet_rows where id = any(:ids)"), {"ids": list(ids)})
    return {row[0]: row[1] for row in rows}


def insert_rows(connection: Connection, sheet: str, rows: Sequence[AnnotationRow]) -> list[int]:
    """New rows, with their new ids in the same order."""
    result = connection.execute(
        text(f"""
            insert into sheet_rows (sheet, {_COLUMNS})
            select :sheet, {_COLUMNS} from {_RECORDS} order by place returning id
        """),  # noqa: S608 - constants
        {"sheet": sheet, "rows": _records(rows, range(len(rows)))},
    )
    return [row[0] for row in result]


def update_rows(connection: Connection, pairs: Sequence[tuple[int, AnnotationRow]]) -> None:
    """The rows with these ids say and stand where the sheet has them now, and are back if they had left."""
    ids = [row_id for row_id, _ in pairs]
    connection.execute(
        text(f"""
            update sheet_rows s set ({_COLUMNS}) =
                (n.tab, n.row_number, n.fingerprint, n.row_key, n.shown, n.source_id, n.file_name, n.folder_link,
                 n.content),
                changed_at = case when s.fingerprint = n.fingerprint and s.retired_at is null
                             then s.changed_at else now() end,
                retired_at = null
            from (select place as id, {_COLUMNS} from {_RECORDS}) n
            where s.id = n.id and (s.tab, s.row_number, s.fingerprint, s.row_key, s.shown, s.retired_at is null)
                is distinct from (n.tab, n.row_number, n.fingerprint, n.row_key, n.shown, true)
        """),  # noqa: S608 - constants
        {"rows": _records([row for _, row in pairs], ids)},
    )


def retire_rows(connection: Connection, ids: Sequence[int]) -> None:
    """The rows left their sheet; they and their clips stay on record."""
    connection.execute(text("update sheet_rows set retired_at = now() where id = any(:ids)"), {"ids": list(ids)})


_COLUMNS = "tab, row_number, fingerprint, row_key, shown, source_id, file_name, folder_link, content"
_RECORDS = """jsonb_to_recordset(cast(:rows as jsonb)) as r(
    place bigint, tab text, row_number int, fingerprint text, row_key text, shown jsonb, source_id text,
    file_name text, folder_link text, content jsonb)"""


def _records(rows: Sequence[AnnotationRow], places: Sequence[int]) -> str:
    records = [
        {
            "place": place,
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
        for place, row in zip(places, rows, strict=True)
    ]
    return json.dumps(records, ensure_ascii=False)


def content_of(row: AnnotationRow) -> dict[str, Any]:
    """What the row says, without where it stands and what stands in the columns of ours, as plain values."""
    return {name: value for name, value in asdict(row).items() if name not in _NO_CONTENT}


def read_candidate_files(connection: Connection) -> list[CandidateFile]:
    """Every video that a row may speak of; a missing one still counts, a cleared one does not."""
    rows = connection.execute(text("select id, path, size from counted_videos order by path, id"))
    return [CandidateFile(id=row[0], path=row[1], size=row[2]) for row in rows]


def read_queries(connection: Connection, sheet: str, ids: Sequence[int] | None) -> list[tuple[int, str, str]]:
    """``(id, file name, folder link)`` of the rows with these ids, or of all that are in the sheet."""
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
    """The rows' matches are these; returns how many changed."""
    records = [
        {
            "id": row_id,
            "status": match.status.value,
            "stage": match.stage or None,
            "score": match.score,
            "reason": match.reason,
            "candidates": list(match.candidates),
            "file_id": match.file_id,
        }
        for row_id, match in matches.items()
    ]
    result = connection.execute(
        text("""
            update sheet_rows s set match_status = m.status, match_stage = m.stage, match_score = m.score,
                match_reason = m.reason, candidates = m.candidates, file_id = m.file_id
            from jsonb_to_recordset(cast(:matches as jsonb)) as m(id bigint, status text, stage text,
                score double precision, reason text, candidates jsonb, file_id bigint)
            where s.id = m.id
                and (s.match_status, s.match_stage, s.match_score, s.match_reason, s.candidates, s.file_id)
                is distinct from (m.status, m.stage, m.score, m.reason, m.candidates, m.file_id)
        """),
        {"matches": json.dumps(records, ensure_ascii=False)},
    )
    return result.rowcount


def count_matches(connection: Connection, sheet: str) -> dict[str, int]:
    """How many rows of the sheet are in each match status."""
    rows = connection.execute(
        text("""
            select match_status, count(*) from sheet_rows where sheet = :sheet and retired_at is null group by 1
        """),
        {"sheet": sheet},
    )
    return {row[0]: row[1] for row in rows}


def count_keys(connection: Connection, sheet: str) -> int:
    """How many rows of the sheet bear an id of ours."""
    count: int = connection.scalar(
        text("select count(row_key) from sheet_rows where sheet = :sheet and retired_at is null"), {"sheet": sheet}
    )
    return count


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetReading:
    """What is known of a sheet: when it was read last, its rows and how many have an id, and what is wrong."""

    sheet: str
    read_at: datetime | None
    rows: int
    with_id: int
    matched: int
    error: str | None


def list_readings(connection: Connection) -> dict[str, SheetReading]:
    """What is known of every sheet ever read, by name."""
    rows = connection.execute(
        text("""
            select s.sheet, s.read_at, s.error, count(r.id) as rows, count(r.row_key) as with_id,
                   count(r.id) filter (where r.match_status = 'matched') as matched
            from sheet_states s left join sheet_rows r on r.sheet = s.sheet and r.retired_at is null
            group by s.sheet order by s.sheet
        """)
    )
    return {row.sheet: SheetReading(**row._mapping) for row in rows}


def read_match_problems(connection: Connection, sheet: str, limit: int) -> list[tuple[str, str]]:
    """``(where, reason)`` of the first rows that have no video, in the order of the sheet."""
    rows = connection.execute(
        text("""
            select tab || ' row ' || row_number, match_reason from sheet_rows
            where sheet = :sheet and retired_at is null and match_status <> 'matched'
            order by tab, row_number limit :limit
        """),
        {"sheet": sheet, "limit": limit},
    )
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """An annotation row as people look at it; ``path`` is its video's."""

    id: int
    sheet: str
    tab: str
    row_number: int
    file_name: str
    folder_link: str
    status: str
    stage: str | None
    reason: str
    path: str | None
    candidates: tuple[str, ...]


def list_rows(
    connection: Connection, *, sheet: str | None, status: str | None, limit: int, row_id: int | None = None
) -> list[ListedRow]:
    """The rows that are in their sheet and fit the filters, in the order of the sheets."""
    rows = connection.execute(
        text("""
            select r.id, r.sheet, r.tab, r.row_number, r.file_name, r.folder_link, r.match_status as status,
                   r.match_stage as stage, r.match_reason as reason, f.path, r.candidates
            from sheet_rows r left join nas_files f on f.id = r.file_id
            where r.retired_at is null and (cast(:sheet as text) is null or r.sheet = :sheet)
              and (cast(:status as text) is null or r.match_status = :status)
              and (cast(:row_id as bigint) is null or r.id = :row_id)
            order by r.sheet, r.tab, r.row_number limit :limit
        """),
        {"sheet": sheet, "status": status, "limit": limit, "row_id": row_id},
    )
    return [ListedRow(**{**row._mapping, "candidates": tuple(row.candidates)}) for row in rows]
