"""Export lists as CSV: each as its route lists it for whoever asks, whole, a batch at a time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.alerts.listing import ListedAlert, list_alerts
from pokervod_pipelines.api.context import ContextOf
from pokervod_pipelines.api.guard import lift_limit
from pokervod_pipelines.api.hand_visibility import show_disagreement, show_hands, show_quarantined
from pokervod_pipelines.api.routes.alerts import show_alert
from pokervod_pipelines.api.routing import Asking, needs
from pokervod_pipelines.api.sheet_visibility import show_rows
from pokervod_pipelines.api.tables import write_table
from pokervod_pipelines.api.visibility import (
    ShownInstruction,
    Visibility,
    VisibilityOf,
    list_hidden_types,
    show_event,
    show_incidents,
    show_instruction,
)
from pokervod_pipelines.clips.delay import find_young_clips
from pokervod_pipelines.clips.roster import ListedPlayer, page_players
from pokervod_pipelines.clips.search import ClipFilter, ListedClip, list_clips
from pokervod_pipelines.events.log import EventFilter, LoggedEvent, page_events
from pokervod_pipelines.hands.clip_link_store import Disagreement, list_disagreements
from pokervod_pipelines.hands.listing import HandFilter, ListedHand, page_hands
from pokervod_pipelines.hands.quarantined import QuarantinedFile, list_quarantined
from pokervod_pipelines.monitoring.audit import AuditFilter, page_audit
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident
from pokervod_pipelines.paging import Page
from pokervod_pipelines.periods import FORMS, PARAMETERS, Period, read_period
from pokervod_pipelines.render.listing import InstructionFilter, page_instructions
from pokervod_pipelines.sheets.listing import ListedRow, list_rows

router = APIRouter(prefix="/api/exports", tags=["exports"])


class ExportTable(StrEnum):
    """Name the lists that can be exported."""

    INSTRUCTIONS = "instructions"
    HANDS = "hands"
    ROWS = "rows"
    CLIPS = "clips"
    INCIDENTS = "incidents"
    LOG = "log"
    AUDIT = "audit"
    ALERTS = "alerts"
    PLAYERS = "players"
    DISAGREEMENTS = "disagreements"
    QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Hold of which time, and as whom a list is read."""

    connection: Connection
    visibility: Visibility
    role: Role
    period: Period


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedList:
    """Say what an entry of the list is, how a page of it is read, and which field names an entry."""

    entry: type[Any]
    read: Callable[[Wanted, Page], Sequence[Any]]
    key: str = "id"


def _read_instructions(wanted: Wanted, page: Page) -> Sequence[ShownInstruction]:
    found = page_instructions(wanted.connection, InstructionFilter(period=wanted.period), page=page)
    return [show_instruction(each, wanted.visibility) for each in found]


def _read_hands(wanted: Wanted, page: Page) -> Sequence[ListedHand]:
    found = page_hands(wanted.connection, HandFilter(period=wanted.period), page)
    return show_hands(wanted.connection, found, wanted.visibility)


def _read_rows(wanted: Wanted, page: Page) -> Sequence[ListedRow]:
    return show_rows(wanted.connection, list_rows(wanted.connection, page=page), wanted.visibility)


def _read_clips(wanted: Wanted, page: Page) -> Sequence[ListedClip]:
    since = wanted.visibility.since
    hidden: frozenset[int] = frozenset() if since is None else find_young_clips(wanted.connection, since)
    return list_clips(wanted.connection, ClipFilter(period=wanted.period, without=hidden), page)


def _read_incidents(wanted: Wanted, page: Page) -> Sequence[Incident]:
    found = list_incidents(wanted.connection, IncidentFilter(changed_since=wanted.period.since), page=page)
    return show_incidents(found, wanted.visibility)


def _read_log(wanted: Wanted, page: Page) -> Sequence[LoggedEvent]:
    filters = EventFilter(period=wanted.period, without=list_hidden_types(wanted.role))
    return [show_event(each, wanted.visibility) for each in page_events(wanted.connection, filters, page)]


def _read_audit(wanted: Wanted, page: Page) -> Sequence[LoggedEvent]:
    filters = AuditFilter(period=wanted.period, without=list_hidden_types(wanted.role))
    return [show_event(each, wanted.visibility) for each in page_audit(wanted.connection, filters, page)]


def _read_alerts(wanted: Wanted, page: Page) -> Sequence[ListedAlert]:
    return [show_alert(each, wanted.visibility) for each in list_alerts(wanted.connection, page=page)]


def _read_players(wanted: Wanted, page: Page) -> Sequence[ListedPlayer]:
    return page_players(wanted.connection, page)


def _read_disagreements(wanted: Wanted, page: Page) -> Sequence[Disagreement]:
    found = list_disagreements(wanted.connection, settled=None, page=page)
    return [show_disagreement(each, wanted.visibility) for each in found]


def _read_quarantine(wanted: Wanted, page: Page) -> Sequence[QuarantinedFile]:
    return [show_quarantined(each, wanted.visibility) for each in list_quarantined(wanted.connection, page)]


LISTS: Mapping[ExportTable, ExportedList] = {
    ExportTable.INSTRUCTIONS: ExportedList(entry=ShownInstruction, read=_read_instructions),
    ExportTable.HANDS: ExportedList(entry=ListedHand, read=_read_hands, key="hand_id"),
    ExportTable.ROWS: ExportedList(entry=ListedRow, read=_read_rows),
    ExportTable.CLIPS: ExportedList(entry=ListedClip, read=_read_clips),
    ExportTable.INCIDENTS: ExportedList(entry=Incident, read=_read_incidents),
    ExportTable.LOG: ExportedList(entry=LoggedEvent, read=_read_log),
    ExportTable.AUDIT: ExportedList(entry=LoggedEvent, read=_read_audit),
    ExportTable.ALERTS: ExportedList(entry=ListedAlert, read=_read_alerts),
    ExportTable.PLAYERS: ExportedList(entry=ListedPlayer, read=_read_players),
    ExportTable.DISAGREEMENTS: ExportedList(entry=Disagreement, read=_read_disagreements),
    ExportTable.QUARANTINE: ExportedList(entry=QuarantinedFile, read=_read_quarantine),
}


@router.get("/{table}.csv", response_class=StreamingResponse, **needs(Role.VIEWER, example=None, texts=["text/csv"]))
def export_table(
    request: Request,
    principal: Asking,
    context: ContextOf,
    visibility: VisibilityOf,
    table: Annotated[ExportTable, Path(description="The list.")],
    since: Annotated[
        str,
        Query(description=f"Of instructions, hands, clips, incidents, events from then on: {FORMS}.", max_length=40),
    ] = "",
    until: Annotated[str, Query(description="Of these, but incidents: until then.", max_length=40)] = "",
    bom: Annotated[bool | None, Query(description="True: begin with the mark by which Excel knows UTF-8.")] = None,
) -> StreamingResponse:
    """Export a list as CSV in UTF-8, in the order of its route, with what whoever asks may see."""
    period, wanted = read_period(since, until, context.settings.zone, names=PARAMETERS), LISTS[table]

    def write() -> Iterator[str]:
        def read(page: Page) -> Sequence[Any]:
            with context.database.connect() as connection:
                asked = Wanted(connection=connection, visibility=visibility, role=principal.role, period=period)
                return wanted.read(asked, page)

        yield from write_table(wanted.entry, read, lambda each: getattr(each, wanted.key), marked=bom is True)

    context.database.require()  # 503 before the answer begins
    lift_limit(request.scope)
    name = {"Content-Disposition": f'attachment; filename="{table}.csv"'}
    return StreamingResponse(write(), media_type="text/csv; charset=utf-8", headers=name)
