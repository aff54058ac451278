"""Retire a sheet that is no longer in the settings: its rows are retired as if deleted, and its clips follow.

Rows, pins and decisions stay on record, what became of its directives does not: in the settings again the sheet is read
anew, and its rows return with them.
"""

from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.decisions import DecisionKind, record, require_expected
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import append_events
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets import store
from pokervod_pipelines.sheets.directive_store import delete_all_applied
from pokervod_pipelines.sheets.own_rows import BY_HAND
from pokervod_pipelines.sheets.row_changes import RowChanges, make_row_events
from pokervod_pipelines.suggestions import suggest_name

UNCONFIGURED_SHEETS = """
    (select sheet, (select count(*) from sheet_rows r where r.sheet = s.sheet and r.retired_at is null) as rows,
            (select count(*) from hand_clips c where c.sheet = s.sheet and c.retired_at is null) as clips
     from (select sheet from sheet_rows where retired_at is null
           union select sheet from hand_clips where retired_at is null) s
     where sheet <> all(cast(:sheets as text[])))
"""
"""The sheets with rows or clips that are not among ``sheets``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnconfiguredSheet:
    """Name a sheet that is no longer in the settings, with how many rows and clips it still has."""

    sheet: str
    rows: int
    clips: int


def list_unconfigured_sheets(connection: Connection, settings: Settings) -> list[UnconfiguredSheet]:
    """Return the sheets with rows or clips that are not in the settings, by name."""
    rows = connection.execute(
        text(f"select * from {UNCONFIGURED_SHEETS} l order by sheet"),  # noqa: S608 - a constant
        {"sheets": [*(each.name for each in settings.sheets), BY_HAND]},
    )
    return [UnconfiguredSheet(**row._mapping) for row in rows]


def find_unconfigured_sheet(connection: Connection, settings: Settings, sheet: str) -> UnconfiguredSheet:
    """Return the sheet; ``BadInput`` if it is in the settings, or unknown."""
    unconfigured = {each.sheet: each for each in list_unconfigured_sheets(connection, settings)}
    if sheet in unconfigured:
        return unconfigured[sheet]
    if any(each.name == sheet for each in settings.sheets):
        raise BadInput(f"{sheet}: the settings have this sheet, so it would be read again. Remove it there first.")
    raise BadInput(f"unknown sheet {sheet!r}; {suggest_name(sheet, unconfigured)}")


def retire_sheet(
    engine: Engine, settings: Settings, sheet: str, *, actor: Actor, expected: int | None = None
) -> UnconfiguredSheet:
    """Retire every row of the sheet, for a build of its clips to follow; return what it had.

    Raises ``BadInput``, and ``Conflict`` where it does not have the ``expected`` number of rows.
    """
    with engine.begin() as connection:
        store.lock_sheet(connection, sheet)
        retired = find_unconfigured_sheet(connection, settings, sheet)
        require_expected(retired.rows, expected, f"rows of {sheet}")
        ids = tuple(row.id for row in store.read_stored_rows(connection, sheet))
        before = store.read_contents(connection, ids)
        store.retire_rows(connection, ids)
        store.delete_state(connection, sheet)
        delete_all_applied(connection, sheet)
        decision = record(connection, DecisionKind.RETIREMENT, {"sheet": sheet}, {"row_ids": list(ids)}, actor=actor)
        signed = {"by": decision.by, "reason": decision.reason}
        events = make_row_events(sheet, RowChanges(removed=ids), before)
        signed_events = [replace(event, payload={**event.payload, **signed}) for event in events]
        append_events(connection, "sheets", decision.correlation_id, signed_events)
    return retired
