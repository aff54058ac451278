"""List what triggers what: an event of a type and with a certain payload asks for a workflow with an input.

Requests of people are events, too. What follows a failed run is declared with its workflow.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.log import LoggedEvent
from pokervod_pipelines.sheets.own_rows import BY_HAND

_CHANGED_FILES = ("added", "changed", "moved", "removed", "returned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Send events of a type to a workflow.

    With ``any_of`` one at least of these fields of the payload has to be more than zero or empty. ``input`` names the
    payload's field for each field of the workflow's input; ``each_sheet`` asks for one run for every sheet that the
    query of that name finds. Events for one run that follow each other within ``debounce_seconds`` are one request.
    A higher ``priority`` leaves the queue first. ``made_by`` is the asset whose step appends such events: a run that
    has both it and the workflow's steps is not asked for them again.
    """

    on: EventType
    workflow: str
    any_of: tuple[str, ...] = ()
    input: Mapping[str, str] = field(default_factory=dict)
    each_sheet: str | None = None
    priority: int = 0
    debounce_seconds: float = 0.0
    made_by: str | None = None

    def accepts(self, payload: Mapping[str, Any]) -> bool:
        """Return whether the payload fulfils the condition."""
        return not self.any_of or any(_is_something(payload.get(name)) for name in self.any_of)

    def find_inputs(self, connection: Connection, event: LoggedEvent) -> list[dict[str, Any]]:
        """Return the input of each run that the event asks for."""
        if self.each_sheet is None:
            return [{name: event.payload[source] for name, source in self.input.items() if source in event.payload}]
        return [
            {"sheet": name} for name in connection.scalars(_SHEETS[self.each_sheet], {**event.payload, "own": BY_HAND})
        ]


REQUESTED = 10
"""Priority of what a person asks for: it goes before what was noticed."""

LAUNCH_SECONDS = 4
"""Who records a request and launches its run itself needs less: the router then finds the run, and starts none."""

ROUTES = (
    Route(
        on=EventType.NAS_SCAN_REQUESTED,
        workflow="nas_sync",
        input={"library": "library"},
        priority=REQUESTED,
        debounce_seconds=LAUNCH_SECONDS,
    ),
    Route(
        on=EventType.CATALOG_UPDATE_REQUESTED,
        workflow="catalog_update",
        priority=REQUESTED,
        debounce_seconds=LAUNCH_SECONDS,
    ),
    Route(
        on=EventType.SHEETS_SYNC_REQUESTED,
        workflow="sheets_sync",
        input={"sheet": "sheet", "statuses": "statuses"},
        priority=REQUESTED,
        debounce_seconds=LAUNCH_SECONDS,
    ),
    Route(
        on=EventType.NAS_SCAN_COMPLETED,
        any_of=_CHANGED_FILES,
        workflow="media_sync",
        input={"library": "library"},
        made_by="nas_files",
    ),
    Route(
        on=EventType.NAS_SCAN_COMPLETED,
        any_of=_CHANGED_FILES,
        workflow="catalog_update",
        debounce_seconds=5,
        made_by="nas_files",
    ),
    Route(on=EventType.NAS_FILE_CLEARED, workflow="catalog_update", debounce_seconds=5),
    Route(on=EventType.CATALOG_CORRECTED, workflow="catalog_update", debounce_seconds=5),
    Route(
        on=EventType.CATALOG_UPDATED,
        any_of=("created", "changed", "removed"),
        workflow="sheets_sync",
        each_sheet="with rows to match",
        debounce_seconds=5,
        made_by="video_files",
    ),
    Route(
        on=EventType.MEDIA_FACTS_CHANGED,
        workflow="clips_update",
        each_sheet="of these videos",
        debounce_seconds=5,
        made_by="media_facts",
    ),
    Route(
        on=EventType.SHEETS_ROW_CHANGED,
        workflow="clips_update",
        input={"sheet": "sheet"},
        debounce_seconds=2,
        made_by="sheet_rows",
    ),
)

# Clips of no sheet follow with those of any sheet: no workflow could read theirs.
_SHEETS = {
    "with rows to match": text("""
        select distinct r.sheet from sheet_rows r left join nas_files f on f.id = r.file_id
        where r.retired_at is null and r.sheet <> :own and (r.match_status <> 'matched' or f.state = 'cleared')
        order by r.sheet
    """),
    "of these videos": text("""
        select distinct sheet from sheet_rows
        where retired_at is null and sheet <> :own and file_id in (select unnest(cast(:file_ids as bigint[])))
        order by sheet
    """),
}


def list_sources() -> tuple[EventType, ...]:
    """Return the types of events that are routed."""
    return (*dict.fromkeys(route.on for route in ROUTES), EventType.SYSTEM_WORKFLOW_FAILED)


def _is_something(value: Any) -> bool:
    """Return whether a count, or one in a mapping of counts, is not zero."""
    return any(value.values()) if isinstance(value, Mapping) else bool(value)
