"""Read pins with their rows and files, and store the cells of the ``Pin`` column: the SQL behind ``pins``."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.paging import Page


class PinnedVideo(NamedTuple):
    """Hold the video that a person named for a row, who and why."""

    file_id: int
    path: str
    by: str
    reason: str


class InventoryVideo(NamedTuple):
    """Identify a video that a row can be pinned to; ``root`` is its archive root's name."""

    id: int
    root: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """Hold one row of the history: a row was pinned to the file now at ``path``, or unpinned (``file_id`` is None).

    ``file_state`` is the inventory's. ``is_in_force`` marks the pin that decides the row's video now; a row deleted
    from its sheet (``is_retired``) is pinned again when it reappears.
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


def read_in_force(connection: Connection, sheet: str) -> dict[int, PinnedVideo]:
    """Return the pins in force, by the id of their row."""
    rows = connection.execute(
        text("""
            select p.sheet_row_id, p.file_id, f.path, p.by, p.reason
            from sheet_pins p join sheet_rows r on r.id = p.sheet_row_id join nas_files f on f.id = p.file_id
            where r.sheet = :sheet and p.is_in_force
        """),
        {"sheet": sheet},
    )
    return {row[0]: PinnedVideo(*row[1:]) for row in rows}


def read_cells(connection: Connection, row_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Return the text of the rows' ``Pin`` cells at the last reading, and the problem of each."""
    rows = connection.execute(
        text("select id, pin_text, pin_problem from sheet_rows where id = any(:ids) order by id"),
        {"ids": list(row_ids)},
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def read_failed_cells(connection: Connection, sheet: str) -> list[tuple[int, str, int, str, str]]:
    """Return ``(row id, tab, row number, text, problem)`` of the cells of the sheet that name no video."""
    rows = connection.execute(
        text("""
            select id, tab, row_number, pin_text, pin_problem from sheet_rows
            where sheet = :sheet and retired_at is null and pin_problem is not null order by id
        """),
        {"sheet": sheet},
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in rows]


def store_cells(connection: Connection, cells: Mapping[int, tuple[str, str | None]]) -> None:
    """Store the text and the problem of the rows' ``Pin`` cells."""
    records = [{"id": row_id, "text": text_, "problem": problem} for row_id, (text_, problem) in cells.items()]
    connection.execute(
        text("""
            update sheet_rows s set pin_text = c.text, pin_problem = c.problem
            from jsonb_to_recordset(cast(:cells as jsonb)) as c(id bigint, text text, problem text) where s.id = c.id
        """),
        {"cells": json.dumps(records, ensure_ascii=False)},
    )


def read_history(
    connection: Connection, *, sheet: str | None, page: Page, row_id: int | None = None, in_force: bool = False
) -> list[Pin]:
    """Return every pinning and unpinning of the sheet, the row, or of all, or only those in force; oldest first."""
    rows = connection.execute(
        text("""
            select p.id, p.at, p.by, p.reason, p.sheet_row_id as row_id, r.sheet, r.tab, r.row_number, r.file_name,
                   r.retired_at is not null as is_retired, p.file_id, f.path, f.state as file_state,
                   p.is_in_force
            from sheet_pins p join sheet_rows r on r.id = p.sheet_row_id left join nas_files f on f.id = p.file_id
            where (cast(:sheet as text) is null or r.sheet = :sheet) and p.id > :after
              and (cast(:row_id as bigint) is null or p.sheet_row_id = :row_id) and (p.is_in_force or not :in_force)
            order by p.id limit :limit
        """),
        {"sheet": sheet, "after": page.after or 0, "limit": page.limit, "row_id": row_id, "in_force": in_force},
    )
    return [Pin(**row._mapping) for row in rows]


def find_videos(connection: Connection, path: str) -> list[InventoryVideo]:
    """Return the videos whose path, their archive root's name in front, ends with this one; at whole names only.

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
    return [InventoryVideo(*row) for row in rows]
