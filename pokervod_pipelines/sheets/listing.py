"""List the sheets with how each is, and their rows with the video of each or the reason why it has none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.paging import Page
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.rooms import SheetSource
from pokervod_pipelines.sheets.match import MatchStatus
from pokervod_pipelines.sheets.retirement import UnconfiguredSheet, list_unconfigured_sheets
from pokervod_pipelines.sheets.statuses import STATE, RowState, explain_missing_status, find_state
from pokervod_pipelines.sheets.store import SheetState, list_sheet_states
from pokervod_pipelines.suggestions import suggest_name

UNCONFIGURED = "not in the settings"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSheet:
    """Show a sheet to people: where it is, when it was read, and what is wrong with it, "" where nothing is.

    ``no_status`` says why no status is written into it, "" where it is. ``stale_since`` is of when its rows are, where
    it cannot be read now; ``unread_tabs`` maps the title of a tab that was passed over to the reason.
    """

    sheet: str
    place: str
    read_at: datetime | None = None
    rows: int = 0
    matched: int = 0
    with_id: int = 0
    write_back: bool = False
    no_status: str = ""
    error: str | None = None
    stale_since: datetime | None = None
    unread_tabs: Mapping[str, str] = field(default_factory=dict)
    is_configured: bool = True


def list_sheets(connection: Connection, settings: Settings) -> list[ListedSheet]:
    """Return the sheets of the settings in their order, then those that only have rows still."""
    states, others = list_sheet_states(connection), list_unconfigured_sheets(connection, settings)
    listed = [_list_sheet(each, states.get(each.name)) for each in settings.sheets]
    return [*listed, *(_list_unconfigured(each, states.get(each.sheet)) for each in others)]


def find_sheet(connection: Connection, settings: Settings, name: str) -> ListedSheet:
    """Return the sheet of that name. Raises ``BadInput`` with the one that was meant."""
    sheets = {each.sheet: each for each in list_sheets(connection, settings)}
    if name not in sheets:
        raise BadInput(f"unknown sheet {name!r}; {suggest_name(name, sheets)}")
    return sheets[name]


def _list_sheet(source: SheetSource, state: SheetState | None) -> ListedSheet:
    no_status = explain_missing_status(source, state)
    if state is None:
        return ListedSheet(
            sheet=source.name,
            place=source.place,
            write_back=source.write_back,
            no_status=no_status,
            error="not read yet",
        )
    return ListedSheet(
        sheet=source.name,
        place=source.place,
        read_at=state.read_at,
        rows=state.rows,
        matched=state.matched,
        with_id=state.with_id,
        write_back=source.write_back,
        no_status=no_status,
        error=state.error,
        stale_since=state.stale_since,
        unread_tabs=dict(state.unread_tabs),
    )


def _list_unconfigured(sheet: UnconfiguredSheet, state: SheetState | None) -> ListedSheet:
    retire = f"retire them with `pokervod sheets retire {sheet.sheet} --reason …` (first --preview)"
    return ListedSheet(
        sheet=sheet.sheet,
        place=UNCONFIGURED,
        read_at=state.read_at if state else None,
        rows=sheet.rows,
        matched=state.matched if state else 0,
        with_id=state.with_id if state else 0,
        no_status="It is not in the settings.",
        error=f"no longer in the settings: {describe_contents(sheet)} are stored; {retire}, or add the sheet again",
        is_configured=False,
    )


def describe_contents(sheet: UnconfiguredSheet) -> str:
    """Return how many rows and clips the sheet still has."""
    counts = ((sheet.rows, "row"), (sheet.clips, "clip"))
    return " and ".join(f"{count:,} {noun}{'' if count == 1 else 's'}" for count, noun in counts)


def read_reading_problems(connection: Connection, sheet: str) -> list[Problem]:
    """Return what the last complete reading of the sheet found wrong; none for one that was never read."""
    found = connection.scalar(text("select problems from sheet_states where sheet = :sheet"), {"sheet": sheet})
    return [Problem(where, what) for where, what in found or ()]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedRow:
    """Show an annotation row to people; ``path`` is its video's, ``problem`` why it has no clip, or what of it is not.

    ``reason`` says why the row has this video, or none.
    """

    id: int
    sheet: str
    tab: str
    row_number: int
    file_name: str
    folder_link: str
    status: str
    matcher: str | None
    reason: str
    path: str | None
    candidates: tuple[str, ...]
    state: RowState
    problem: str
    clip_id: int | None


def list_rows(
    connection: Connection,
    *,
    page: Page,
    sheet: str | None = None,
    status: str | None = None,
    row_id: int | None = None,
    state: RowState | None = None,
) -> list[ListedRow]:
    """Return the rows that are in their sheet and match the filters, in the order of the sheets."""
    values = {"sheet": sheet, "status": status, "limit": page.limit, "after": page.after, "row_id": row_id}
    return [_make_row(dict(row._mapping)) for row in connection.execute(_ROWS, {**values, "state": state})]


def _make_row(row: dict[str, Any]) -> ListedRow:
    problem, remark, pin_problem = (row.pop(name) for name in ("clip_problem", "clip_remark", "pin_problem"))
    state = find_state(
        row["status"],
        has_clip=row["clip_id"] is not None,
        clip_problem=problem,
        clip_remark=remark,
        pin_problem=pin_problem,
    )
    told = "; ".join(filter(None, (pin_problem, problem if row["status"] == MatchStatus.MATCHED else "", remark)))
    return ListedRow(**{**row, "candidates": tuple(row["candidates"]), "state": state, "problem": told})


_CLIPS = "left join hand_clips c on c.sheet_row_id = r.id and c.retired_at is null"

_ROWS = text(f"""
    select r.id, r.sheet, r.tab, r.row_number, r.file_name, r.folder_link, r.match_status as status,
           r.matcher, r.match_reason as reason, f.path, r.candidates, c.id as clip_id, c.problem as clip_problem,
           c.remark as clip_remark, r.pin_problem
    from sheet_rows r left join nas_files f on f.id = r.file_id {_CLIPS}
    where r.retired_at is null and (cast(:sheet as text) is null or r.sheet = :sheet)
      and (cast(:status as text) is null or r.match_status = :status)
      and (cast(:state as text) is null or {STATE} = :state)
      and (cast(:row_id as bigint) is null or r.id = :row_id)
      and (cast(:after as bigint) is null or (r.sheet, r.tab, r.row_number, r.id) > (
           (select a.sheet from sheet_rows a where a.id = :after), (select a.tab from sheet_rows a where a.id = :after),
           (select a.row_number from sheet_rows a where a.id = :after), :after))
    order by r.sheet, r.tab, r.row_number, r.id limit :limit
""")  # noqa: S608 - constants


def count_states(connection: Connection, sheet: str) -> dict[RowState, int]:
    """Count the rows of the sheet in each state."""
    counts = {row.state: row.number for row in connection.execute(_COUNT, {"sheet": sheet})}
    return {state: counts.get(state, 0) for state in RowState}


_COUNT = text(f"""
    select {STATE} as state, count(*) as number from sheet_rows r {_CLIPS}
    where r.retired_at is null and r.sheet = :sheet group by 1
""")  # noqa: S608 - constants


def find_row(connection: Connection, row_id: int) -> ListedRow:
    """Return the row with that id that is in its sheet. Raises ``BadInput``."""
    rows = list_rows(connection, page=Page(limit=1), row_id=row_id)
    if not rows:
        raise BadInput(f"unknown row {row_id}; `pokervod sheets rows` shows the ids")
    return rows[0]
