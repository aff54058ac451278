"""The SQL behind ``pins``: an append-only table, read as what is in force and as history."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text


class Pinned(NamedTuple):
    """The video that a person named for a row."""

    file_id: int
    path: str
    by: str
    reason: str


class Video(NamedTuple):
    """A video that a row can be pinned to; ``root`` is its archive root's name."""

    id: int
    root: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One row of the history: a row was pinned to the file now at ``path``, or unpinned where ``file_id`` is None.

    ``file_state`` is the inventory's. ``is_in_force`` says whether it decides the row's video now; a row that left its
    sheet (``is_retired``) takes its pin up again when it comes back.
    """

    id: int
    at: datetime
    by: str
    reason: str
    row_id: int
    sheet: str
    tab: str
    row_number: int
    file_name: str
    is_retired: bool
    file_id: int | None
    path: str | None
    file_state: str | None
    is_in_force: bool


def read_in_force(connection: Connection, sheet: str) -> dict[int, Pinned]:
    """The pins that nobody took back, by the id of their row."""
    rows = connection.execute(
        text("""
            select p.sheet_row_id, p.file_id, f.path, p.by, p.reason
            from sheet_pins p join sheet_rows r on r.id = p.sheet_row_id join nas_files f on f.id = p.file_id
            where r.sheet = :sheet
              and not exists (select from sheet_pins l where l.sheet_row_id = p.sheet_row_id and l.id > p.id)
        """),
        {"sheet": sheet},
    )
    return {row[0]: Pinned(*row[1:]) for row in rows}


def add_pin(connection: Connection, *, row_id: int, file_id: int | None, by: str, reason: str) -> None:
    """The row is in the history; the next matching heeds it."""
    connection.execute(
        text("insert into sheet_pins (sheet_row_id, file_id, by, reason) values (:row_id, :file_id, :by, :reason)"),
        {"row_id": row_id, "file_id": file_id, "by": by, "reason": reason},
    )


def read_cells(connection: Connection, row_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """What the rows' ``Pin`` cells said at the last reading, and why that could not be followed."""
    rows = connection.execute(
        text("select id, pin_text, pin_problem from sheet_rows where id = any(:ids) order by id"),
        {"ids": list(row_ids)},
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def read_failed_cells(connection: Connection, sheet: str) -> list[tuple[int, str, int, str, str]]:
    """``(row id, tab, row number, text, problem)`` of the cells of rows in the sheet that could not be followed."""
    rows = connection.execute(
        text("""
            select id, tab, row_number, pin_text, pin_problem from sheet_rows
            where sheet = :sheet and retired_at is null and pin_problem is not null order by id
        """),
        {"sheet": sheet},
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def store_cells(connection: Connection, cells: Mapping[int, tuple[str, str | None]]) -> None:
    """The rows' ``Pin`` cells say this, and could not be followed for that reason."""
    records = [{"id": row_id, "said": said, "problem": problem} for row_id, (said, problem) in cells.items()]
    connection.execute(
        text("""
            update sheet_rows s set pin_text = c.said, pin_problem = c.problem
            from jsonb_to_recordset(cast(:cells as jsonb)) as c(id bigint, said text, problem text) where s.id = c.id
        """),
        {"cells": json.dumps(records, ensure_ascii=False)},
    )


def list_history(connection: Connection, *, sheet: str | None) -> list[Pin]:
    """Every pinning and unpinning of the sheet, or of all; oldest first."""
    rows = connection.execute(
        text("""
            select p.id, p.at, p.by, p.reason, p.sheet_row_id as row_id, r.sheet, r.tab, r.row_number, r.file_name,
                   r.retired_at is not null as is_retired, p.file_id, f.path, f.state as file_state,
                   p.file_id is not null and p.id = max(p.id) over (partition by p.sheet_row_id) as is_in_force
            from sheet_pins p join sheet_rows r on r.id = p.sheet_row_id left join nas_files f on f.id = p.file_id
            where cast(:sheet as text) is null or r.sheet = :sheet
            order by p.id
        """),
        {"sheet": sheet},
    )
    return [Pin(**row._mapping) for row in rows]


def find_videos(connection: Connection, path: str) -> list[Video]:
    """The videos whose path, their archive root's name in front, ends with this one; at whole names only.

    A missing video counts, a cleared one does not.
    """
    rows = connection.execute(
        text("""
            select id, root, path from counted_videos
            where right('/' || root || '/' || path_key, length(cast(:path as text)) + 1) = '/' || cast(:path as text)
            order by path, root
        """),
        {"path": path},
    )
    return [Video(*row) for row in rows]
