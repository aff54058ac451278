"""List the sheets, their rows with the video of each or the reason why it has none, and the pins of rows."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.sheet_visibility import show_pins, show_problems, show_rows
from pokervod_pipelines.api.visibility import VisibilityOf
from pokervod_pipelines.paging import EVERYTHING
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.sheets.listing import (
    ListedRow,
    ListedSheet,
    count_states,
    find_row,
    find_sheet,
    list_rows,
    list_sheets,
    read_reading_problems,
)
from pokervod_pipelines.sheets.match import MatchStatus
from pokervod_pipelines.sheets.pin_store import Pin, read_history
from pokervod_pipelines.sheets.statuses import RowState

router = APIRouter(prefix="/api", tags=["sheets"], route_class=ReadRoute)

EXAMPLES = read_examples("sheets")

SheetName = Annotated[str, Path(max_length=100, description="The name of the sheet in the settings.")]
RowId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the row, as lists of rows have it.")]
SheetQuery = Annotated[str | None, Query(max_length=100, description="Only of this sheet.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetDetails:
    """Hold a sheet, its rows counted by state, and what its last complete reading found wrong, row by row."""

    sheet: ListedSheet
    states: dict[RowState, int]
    problems: list[Problem]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowDetails:
    """Hold a row with every pinning and unpinning of it, the oldest first."""

    row: ListedRow
    pins: list[Pin]


@router.get("/sheets", **needs(Role.VIEWER, example=[EXAMPLES["sheet"]]))
def list_all(connection: Reading, context: ContextOf) -> list[ListedSheet]:
    """List the sheets: where each is, when it was read, how many rows have a video, the last error."""
    return list_sheets(connection, context.settings)


@router.get("/sheets/{sheet}", **needs(Role.VIEWER, example=EXAMPLES["sheet_details"]))
def read_one(connection: Reading, context: ContextOf, visibility: VisibilityOf, sheet: SheetName) -> SheetDetails:
    """Return a sheet, its rows counted by state, and what its last reading found wrong; for rows ask `/api/rows`."""
    with find_named():
        found = find_sheet(connection, context.settings, sheet)
    states = count_states(connection, sheet)
    problems = show_problems(read_reading_problems(connection, sheet), found.read_at, visibility)
    return SheetDetails(sheet=found, states=states, problems=problems)


@router.get("/rows", **needs(Role.VIEWER, example={"items": [EXAMPLES["row"]], "next": 17}))
def list_all_rows(
    connection: Reading,
    visibility: VisibilityOf,
    page: PageOf,
    sheet: SheetQuery = None,
    status: Annotated[MatchStatus | None, Query(description="Only rows with this match.")] = None,
    state: Annotated[RowState | None, Query(description="Only rows in this state, as their sheet shows it.")] = None,
) -> Items[ListedRow]:
    """List annotation rows in the order of the sheets, each with its video or with the candidates and the reason."""
    found = list_rows(connection, page=page, sheet=sheet, status=status, state=state)
    return make_items(show_rows(connection, found, visibility), page, lambda each: each.id)


@router.get("/rows/{row_id}", **needs(Role.VIEWER, example=EXAMPLES["row_details"]))
def read_row(connection: Reading, visibility: VisibilityOf, row_id: RowId) -> RowDetails:
    """Return a row with the history of its pins."""
    with find_named():
        found = find_row(connection, row_id)
    pins = read_history(connection, sheet=None, page=EVERYTHING, row_id=row_id)
    [row] = show_rows(connection, [found], visibility)
    return RowDetails(row=row, pins=show_pins(connection, pins, visibility))


@router.get("/pins", **needs(Role.VIEWER, example={"items": [EXAMPLES["pin"]], "next": None}))
def list_pins(
    connection: Reading,
    visibility: VisibilityOf,
    page: PageOf,
    sheet: SheetQuery = None,
    history: Annotated[bool | None, Query(description="True: also superseded pins, and every unpinning.")] = None,
) -> Items[Pin]:
    """List the pins of rows to videos, the oldest first: who, when and why."""
    found = read_history(connection, sheet=sheet, page=page, in_force=not history)
    return make_items(show_pins(connection, found, visibility), page, lambda each: each.id)
