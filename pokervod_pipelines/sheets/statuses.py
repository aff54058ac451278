"""Tell the people of a sheet the state of each row: read it from the database, and put it into words."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum

from sqlalchemy import Connection, text

from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.column_setup import ManagedColumns
from pokervod_pipelines.sheets.match import MatchStatus
from pokervod_pipelines.sheets.store import SheetState


class RowState(StrEnum):
    """List the words of the state column."""

    READY = "ready"
    """The row has its clip."""

    CHECK = "check"
    """It has its clip, but a part of the row could not be read or applied."""

    NOT_CUT = "not cut"
    """The video is found, but no clip can be made of it."""

    SEVERAL_VIDEOS = "several videos"
    """More than one video fits; a person chooses one in the Pin column."""

    NO_VIDEO = "no video"
    """No video fits."""

    WAITING = "waiting"
    """The row was read; its clip is pending."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFacts:
    """Describe a row in its sheet, what our columns show, and its match and clip; ``path`` is its video's.

    ``is_read_since`` tells that people changed the row, and it was read, after its status was last written.
    """

    id: int
    tab: str
    row_number: int
    row_key: str | None
    shown: tuple[str, ...]
    match_status: str
    match_reason: str
    path: str | None
    candidates: tuple[str, ...]
    pin_problem: str | None
    has_clip: bool
    clip_problem: str | None
    clip_remark: str | None
    is_read_since: bool


Status = tuple[str, str, str]
"""State, matched file and problem."""

_NO_VIDEO = "no video: "


def describe_row(row: RowFacts) -> Status:
    """Return the text of the status columns, without the time."""
    problems = [row.pin_problem, _find_problem(row), row.clip_remark]
    state = find_state(
        row.match_status,
        has_clip=row.has_clip,
        clip_problem=row.clip_problem,
        clip_remark=row.clip_remark,
        pin_problem=row.pin_problem,
    )
    return state.value, row.path or "", "; ".join(filter(None, problems))


def find_state(
    match_status: str, *, has_clip: bool, clip_problem: str | None, clip_remark: str | None, pin_problem: str | None
) -> RowState:
    """Return the state of a row with this match and clip; ``STATE`` is the same in SQL."""
    if match_status == MatchStatus.AMBIGUOUS:
        return RowState.SEVERAL_VIDEOS
    if match_status == MatchStatus.NONE:
        return RowState.NO_VIDEO
    if not has_clip:
        return RowState.WAITING
    if clip_problem:
        return RowState.NOT_CUT
    return RowState.CHECK if clip_remark or pin_problem else RowState.READY


STATE = """
    case r.match_status when 'ambiguous' then 'several videos' when 'none' then 'no video' else case
        when c.id is null then 'waiting' when c.problem <> '' then 'not cut'
        when c.remark <> '' or r.pin_problem <> '' then 'check' else 'ready' end end
"""
"""SQL: the state of the row ``r`` with the clip ``c``."""


def _find_problem(row: RowFacts) -> str | None:
    if row.match_status == MatchStatus.MATCHED:
        return row.clip_problem
    fitting = f" (write one of these into Pin: {' | '.join(row.candidates)})" if row.candidates else ""
    others = (row.clip_problem or "").removeprefix(_NO_VIDEO).removeprefix(row.match_reason)
    return f"{row.match_reason}{fitting}{others}"


def store_managed_columns(connection: Connection, sheet: str, columns: Mapping[str, ManagedColumns]) -> None:
    """Store where our columns are, by tab."""
    plain = {tab: asdict(each) for tab, each in columns.items()}
    connection.execute(
        text("update sheet_states set own_columns = cast(:columns as jsonb) where sheet = :sheet"),
        {"sheet": sheet, "columns": json.dumps(plain, ensure_ascii=False)},
    )


def read_managed_columns(connection: Connection, sheet: str, spreadsheet: str | None) -> dict[str, ManagedColumns]:
    """Return where our columns were at the last reading, by tab; none where that was another sheet at Google."""
    found = connection.scalar(
        text("select own_columns from sheet_states where sheet = :sheet and coalesce(place, :place) = :place"),
        {"sheet": sheet, "place": spreadsheet},
    )
    return {tab: ManagedColumns(**values) for tab, values in (found or {}).items()}


def read_row_facts(connection: Connection, sheet: str) -> list[RowFacts]:
    """Return every row in the sheet, in its order."""
    rows = connection.execute(
        text("""
            select r.id, r.tab, r.row_number, r.row_key, r.shown, r.match_status, r.match_reason, f.path, r.candidates,
                   r.pin_problem, c.id is not null as has_clip, c.problem as clip_problem, c.remark as clip_remark,
                   r.status_at is null or r.status_at < r.changed_at as is_read_since
            from sheet_rows r left join nas_files f on f.id = r.file_id
            left join hand_clips c on c.sheet_row_id = r.id and c.retired_at is null
            where r.sheet = :sheet and r.retired_at is null order by r.tab, r.row_number
        """),
        {"sheet": sheet},
    )
    return [
        RowFacts(**{**row._mapping, "shown": tuple(row.shown), "candidates": tuple(row.candidates)}) for row in rows
    ]


def store_shown(connection: Connection, shown: Mapping[int, Sequence[str]]) -> None:
    """Store what the sheet now shows of the rows whose status was written, by their ids."""
    records = [{"id": row_id, "shown": list(cells)} for row_id, cells in shown.items()]
    connection.execute(
        text("""
            update sheet_rows s set shown = n.shown, status_at = now()
            from jsonb_to_recordset(cast(:shown as jsonb)) as n(id bigint, shown jsonb) where s.id = n.id
        """),
        {"shown": json.dumps(records, ensure_ascii=False)},
    )


def store_write_problem(connection: Connection, sheet: str, problem: str | None) -> None:
    """Store why the last pass wrote no statuses; None if it wrote them."""
    connection.execute(
        text("update sheet_states set write_problem = :problem where sheet = :sheet"),
        {"sheet": sheet, "problem": problem},
    )


def explain_missing_status(source: SheetSource, state: SheetState | None) -> str:
    """Return why no status, or not every status, is in the sheet; "" where all are."""
    if source.spreadsheet is None:
        return "Workbook files are never written to."
    if not source.write_back:
        return "`write_back` is off. Set `write_back: true` and share the sheet with the account as Editor."
    if state is None or state.spreadsheet not in {None, source.spreadsheet}:
        return "The sheet was not read yet. Run `pokervod sheets sync`."
    if problem := "The sheet could not be read." if state.error else state.write_problem:
        return problem
    if state.with_id < state.rows:
        return f"Rows without an ID: {state.rows - state.with_id:,}. The next sync writes it."
    return ""
