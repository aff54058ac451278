"""Pin and unpin a row of a sheet, and retire a sheet, for a person, with the clips that follow.

``clips`` never imports ``sheets``, so both are called here. Clips that were not built are built by the next sync.
"""

from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.name_identity import identify_name
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets import pins, retirement
from pokervod_pipelines.sheets.listing import ListedRow
from pokervod_pipelines.sheets.retirement import UnconfiguredSheet
from pokervod_pipelines.workflows.stages import SyncRun, run_clips_stage


def pin_row(engine: Engine, settings: Settings, *, row_id: int, path: str, actor: Actor) -> ListedRow:
    """Pin the row to its video and build its clip; raises as ``sheets.pins.pin_row``."""
    row = pins.pin_row(engine, row_id=row_id, path=path, actor=actor)
    _build_clips(engine, settings, row.sheet, actor)
    return row


def unpin_row(engine: Engine, settings: Settings, *, row_id: int, actor: Actor) -> ListedRow:
    """Unpin the row, match it by the rules and build its clip; raises as ``sheets.pins.unpin_row``."""
    row = pins.unpin_row(engine, row_id=row_id, actor=actor, parsed_identity=identify_name)
    _build_clips(engine, settings, row.sheet, actor)
    return row


def retire_sheet(
    engine: Engine, settings: Settings, sheet: str, *, actor: Actor, expected: int | None = None
) -> UnconfiguredSheet:
    """Retire the rows and the clips of the sheet; raises as ``sheets.retirement.retire_sheet``."""
    retired = retirement.retire_sheet(engine, settings, sheet, actor=actor, expected=expected)
    _build_clips(engine, settings, sheet, actor)
    return retired


def _build_clips(engine: Engine, settings: Settings, sheet: str, actor: Actor) -> None:
    run_clips_stage(SyncRun(engine=engine, settings=settings, correlation_id=actor.correlation_id), sheet)
