"""The SQL behind ``write_back``: what became of each row, and what the sheet shows of it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from sqlalchemy import Connection, text

from pokervod_pipelines.sheets.own_places import OwnColumns
from pokervod_pipelines.sheets.statuses import RowFacts


def store_own_columns(connection: Connection, sheet: str, columns: Mapping[str, OwnColumns]) -> None:
    """The columns of ours stand there, by tab."""
    plain = {tab: asdict(each) for tab, each in columns.items()}
    connection.execute(
        text("update sheet_states set own_columns = cast(:columns as jsonb) where sheet = :sheet"),
        {"sheet": sheet, "columns": json.dumps(plain, ensure_ascii=False)},
    )


def read_own_columns(connection: Connection, sheet: str) -> dict[str, OwnColumns]:
    """Where the columns of ours stood at the last reading, by tab."""
    found = connection.scalar(text("select own_columns from sheet_states where sheet = :sheet"), {"sheet": sheet})
    return {tab: OwnColumns.from_plain(values) for tab, values in (found or {}).items()}


def read_row_facts(connection: Connection, sheet: str) -> list[RowFacts]:
    """Every row in the sheet, in its order."""
    rows = connection.execute(
        text("""
            select r.id, r.tab, r.row_number, r.row_key, r.shown, r.match_status, r.match_reason, f.path, r.candidates,
                   r.pin_problem, c.id is not null as has_clip, c.problem as clip_problem, c.remark as clip_remark
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
    """The sheet shows this of the rows now, by their ids."""
    records = [{"id": row_id, "shown": list(cells)} for row_id, cells in shown.items()]
    connection.execute(
        text("""
            update sheet_rows s set shown = n.shown
            from jsonb_to_recordset(cast(:shown as jsonb)) as n(id bigint, shown jsonb) where s.id = n.id
        """),
        {"shown": json.dumps(records, ensure_ascii=False)},
    )
