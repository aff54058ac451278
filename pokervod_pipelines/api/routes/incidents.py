"""List incidents, show one, and let people decide about it: acknowledge, mute, resolve, judge."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, model_validator
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.api.actions import MAX_REASON, ActionRequest, Reason, Requested
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import LARGEST, Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import VisibilityOf, show_details, show_incidents
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.incidents import lifecycle
from pokervod_pipelines.monitoring.incidents.announcing import announce
from pokervod_pipelines.monitoring.incidents.details import IncidentDetails, read_details
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, find_incident, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState, Verdict
from pokervod_pipelines.periods import FORMS, read_coming, read_moment
from pokervod_pipelines.subjects import MAX_SUBJECT, Subject, SubjectKind

router = APIRouter(prefix="/api/events", tags=["incidents"], route_class=ReadRoute)

EXAMPLES = read_examples("incidents")

UNRESOLVED = tuple(each for each in IncidentState if each is not IncidentState.RESOLVED)

IncidentId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the incident.")]


@router.get("", **needs(Role.VIEWER, example={"items": [EXAMPLES["incident"]], "next": None}))
def list_all(
    connection: Reading,
    context: ContextOf,
    page: PageOf,
    visibility: VisibilityOf,
    severity: Annotated[list[AlertSeverity] | None, Query(description="Of these severities.")] = None,
    resolved: Annotated[bool | None, Query(description="Only those that are over, or only the others.")] = None,
    state: Annotated[list[IncidentState] | None, Query(description="In these states; wins over `resolved`.")] = None,
    detector: Annotated[list[str] | None, Query(description="Of these detectors, or `person`.", max_length=50)] = None,
    since: Annotated[str, Query(description=f"Changed from then on: {FORMS}.", max_length=40)] = "",
) -> Items[Incident]:
    """List incidents, the last opened first. The event log is at `/api/log`."""
    by_end: tuple[IncidentState, ...] = ()
    if resolved is not None:
        by_end = (IncidentState.RESOLVED,) if resolved else UNRESOLVED
    wanted = IncidentFilter(
        states=tuple(state or by_end),
        severities=tuple(severity or ()),
        detectors=tuple(detector or ()),
        changed_since=read_moment("since", since, context.settings.zone) if since else None,
    )
    found = show_incidents(list_incidents(connection, wanted, page=page), visibility)
    return make_items(found, page, lambda each: each.id)


@router.get("/{incident_id}", **needs(Role.VIEWER, example=EXAMPLES["incident_details"]))
def read_one(connection: Reading, visibility: VisibilityOf, incident_id: IncidentId) -> IncidentDetails:
    """Return an incident with its effects, timeline, messages, and what was done without a person."""
    with find_named():
        return show_details(read_details(connection, incident_id), visibility)


class IncidentSubject(BaseModel, extra="forbid"):
    """Name what an incident is about."""

    kind: SubjectKind
    name: str = Field(min_length=1, max_length=MAX_SUBJECT, pattern=r"\S", examples=["Final table"])


class NewIncident(BaseModel, extra="forbid"):
    """Say what is wrong that no detector found; without a reason the sentence is the reason."""

    summary: str = Field(min_length=1, max_length=MAX_REASON, pattern=r"\S", examples=["No hands since 19:40"])
    subject: IncidentSubject
    severity: AlertSeverity = AlertSeverity.WARNING
    missed: Detector | None = Field(default=None, description="The detector that ought to have found it.")
    reason: str = Field(default="", max_length=MAX_REASON)


class MuteRequest(Reason):
    """Say until when an incident is silent: a time with its zone, or a length from now on."""

    until: str = Field(max_length=40, examples=["2h", "2026-05-04T18:00:00+02:00"])


class Resolution(BaseModel, extra="forbid"):
    """Say why an incident is over; older programs name who says so, and their notes."""

    reason: str = Field(default="", max_length=MAX_REASON, examples=["the cable was out"])
    resolved_by: str = Field(default="", max_length=100, description="Of older programs: for whom they say it.")
    notes: str = Field(default="", max_length=MAX_REASON, description="Of older programs: the reason.")

    @model_validator(mode="after")
    def _has_a_reason(self) -> Self:
        if not self.told.strip():
            raise ValueError("a reason is required for the audit log; give it as `reason` or `notes`")
        return self

    @property
    def told(self) -> str:
        """Return the reason, with for whom it was said."""
        told = self.reason.strip() or self.notes.strip()
        return f"{told} (for {self.resolved_by.strip()})" if told and self.resolved_by.strip() else told


class VerdictRequest(Reason):
    """Say whether an incident was real, expected or noise."""

    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedIncident:
    """Tell whether the decision changed anything, and how the incident is now.

    ``correlation_id`` is that of the incident: its events are in the log under it, this decision too.
    """

    changed: bool
    incident: Incident
    correlation_id: str


DECISION: dict[str, Any] = needs(Role.OPERATOR, example=EXAMPLES["decided"], action=True)


@router.post("", **DECISION)
def open_by_hand(request: Requested, body: NewIncident) -> DecidedIncident:
    """Open an incident that no detector found; you resolve it."""
    subject = Subject(kind=body.subject.kind, name=body.subject.name)

    def act(connection: Connection, actor: Actor) -> DecidedIncident:
        number = lifecycle.open_by_hand(
            connection,
            subject,
            severity=body.severity,
            summary=body.summary,
            actor=actor,
            missed=body.missed or "",
        )
        announce(connection, request.context.settings, now=datetime.now(UTC))
        found = find_incident(connection, number)
        return DecidedIncident(changed=True, incident=found, correlation_id=found.correlation_id)

    return request.run(DecidedIncident, body.reason.strip() or body.summary, act)


@router.post("/{incident_id}/acknowledge", **DECISION)
def acknowledge(request: Requested, incident_id: IncidentId, body: Reason) -> DecidedIncident:
    """Say that you work on an incident: its message is not repeated, and nothing asks for a person."""
    return _decide(request, incident_id, body.reason, partial(lifecycle.acknowledge, incident_id=incident_id))


@router.post("/{incident_id}/mute", **DECISION)
def mute(request: Requested, incident_id: IncidentId, body: MuteRequest) -> DecidedIncident:
    """Silence an incident until a time, also when it comes back meanwhile."""
    until = read_coming("until", body.until, request.context.settings.zone)
    return _decide(request, incident_id, body.reason, partial(lifecycle.mute, incident_id=incident_id, until=until))


@router.post("/{incident_id}/unmute", **DECISION)
def unmute(request: Requested, incident_id: IncidentId, body: Reason) -> DecidedIncident:
    """End the silence of an incident."""
    return _decide(request, incident_id, body.reason, partial(lifecycle.unmute, incident_id=incident_id))


@router.post("/{incident_id}/resolve", **DECISION)
def resolve(request: Requested, incident_id: IncidentId, body: Resolution) -> DecidedIncident:
    """Say that an incident is over; one whose cause lasts longer than the grace of the settings comes back."""
    return _decide(request, incident_id, body.told, partial(lifecycle.resolve, incident_id=incident_id))


@router.post("/{incident_id}/verdict", **DECISION)
def give_verdict(request: Requested, incident_id: IncidentId, body: VerdictRequest) -> DecidedIncident:
    """Say whether an incident was real, expected or noise: the scoreboard of its detector counts it."""
    decide = partial(lifecycle.give_verdict, incident_id=incident_id, verdict=body.verdict)
    return _decide(request, incident_id, body.reason, decide)


def _decide(request: ActionRequest, incident_id: int, reason: str, decide: Callable[..., bool]) -> DecidedIncident:
    def act(connection: Connection, actor: Actor) -> DecidedIncident:
        with find_named():
            find_incident(connection, incident_id)
        changed = decide(connection, actor=actor)
        announce(connection, request.context.settings, now=datetime.now(UTC))
        found = find_incident(connection, incident_id)
        return DecidedIncident(changed=changed, incident=found, correlation_id=found.correlation_id)

    return request.run(DecidedIncident, reason, act)
