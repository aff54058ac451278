"""Pin a row of a sheet to its video, unpin it, and retire a sheet that is no longer in the settings."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api import previews
from pokervod_pipelines.api.actions import ActionRequest, Reason, Requested
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.previews import ExpectedChange
from pokervod_pipelines.api.routes.sheets import RowId
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.errors import Conflict
from pokervod_pipelines.sheets.listing import ListedRow, find_row
from pokervod_pipelines.sheets.retirement import find_unconfigured_sheet

router = APIRouter(prefix="/api", tags=["sheets"], route_class=ReadRoute)

EXAMPLES = read_examples("sheet_actions")

SheetName = Annotated[str, Path(max_length=100, description="A sheet that is no longer in the settings.")]


class PinRequest(Reason):
    """Name the video of a row by its path from the archive root, or by an end of it that no other video has."""

    path: previews.Path = Field(min_length=1, examples=["Clips/IMG_4471.MOV"])


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedRow:
    """Hold the row as it is matched now."""

    row: ListedRow
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RetiredSheet:
    """Tell how many rows and clips of a sheet were retired, or would be with ``dry_run``; ``count`` is of the rows."""

    dry_run: bool
    sheet: str
    count: int
    clips: int
    correlation_id: str


DECISION = needs(Role.OPERATOR, example=EXAMPLES["matched"], action=True)


@router.post("/rows/{row_id}/pin", **DECISION)
def pin(request: Requested, row_id: RowId, body: PinRequest) -> MatchedRow:
    """Pin a row to its video and build its clip: the pin overrides every rule until somebody unpins the row."""
    _require_row(request, row_id)

    def act(engine: Engine, actor: Actor) -> MatchedRow:
        from pokervod_pipelines.workflows import sheet_decisions  # noqa: PLC0415 - loads many rooms

        settings = request.context.settings
        row = sheet_decisions.pin_row(engine, settings, row_id=row_id, path=body.path, actor=actor)
        return MatchedRow(row=row, correlation_id=actor.correlation_id)

    return request.run_apart(MatchedRow, body.reason, act, look_at=f"/api/rows/{row_id}", is_repeatable=True)


@router.post("/rows/{row_id}/unpin", **DECISION)
def unpin(request: Requested, row_id: RowId, body: Reason) -> MatchedRow:
    """Unpin a row, match it again by the rules and build its clip."""
    _require_row(request, row_id)

    def act(engine: Engine, actor: Actor) -> MatchedRow:
        from pokervod_pipelines.workflows import sheet_decisions  # noqa: PLC0415 - loads many rooms

        row = sheet_decisions.unpin_row(engine, request.context.settings, row_id=row_id, actor=actor)
        return MatchedRow(row=row, correlation_id=actor.correlation_id)

    return request.run_apart(MatchedRow, body.reason, act, look_at=f"/api/rows/{row_id}")


def _require_row(request: ActionRequest, row_id: int) -> None:
    with request.context.database.connect() as connection, find_named():
        find_row(connection, row_id)


@router.post("/sheets/{sheet}/retire", **needs(Role.OPERATOR, example=EXAMPLES["retired_sheet"], action=True))
def retire_sheet(request: Requested, sheet: SheetName, body: ExpectedChange) -> RetiredSheet:
    """Retire the rows and clips of a sheet that was removed from the settings; in the settings again, they return."""
    settings = request.context.settings
    if any(each.name == sheet for each in settings.sheets):
        raise Conflict(f"{sheet}: the settings have this sheet, so it would be read again; remove it there first")

    def tell(rows: int, clips: int) -> RetiredSheet:
        return RetiredSheet(
            dry_run=body.dry_run, sheet=sheet, count=rows, clips=clips, correlation_id=request.correlation_id
        )

    if body.dry_run:
        with request.context.database.connect() as connection, find_named():
            found = find_unconfigured_sheet(connection, settings, sheet)
        return tell(found.rows, found.clips)

    def act(engine: Engine, actor: Actor) -> RetiredSheet:
        from pokervod_pipelines.workflows import sheet_decisions  # noqa: PLC0415 - loads many rooms

        with find_named():
            retired = sheet_decisions.retire_sheet(engine, settings, sheet, actor=actor, expected=body.expected)
        return tell(retired.rows, retired.clips)

    return request.run_apart(RetiredSheet, body.reason, act, look_at="/api/sheets")
