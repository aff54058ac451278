"""Describe what each type of event says: a model a type, checked when an event is appended.

Events that a person or a rule signed have ``by`` and ``reason``: they are audit records.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from pydantic import ValidationError

from pokervod_pipelines.events.payloads.access import DagsterAction, KeyFacts, LoginFacts, SessionFacts, UserFacts
from pokervod_pipelines.events.payloads.archive import (
    AcceptedRoot,
    CatalogEpisode,
    CatalogRequest,
    CatalogSummary,
    ChangedRow,
    CorrectedFact,
    FileFacts,
    NewProject,
    ProbedFiles,
    ScanRequest,
    ScanSummary,
    SheetFailure,
    SheetRequest,
    SheetSummary,
)
from pokervod_pipelines.events.payloads.base import Payload
from pokervod_pipelines.events.payloads.hands import (
    ClipReference,
    DisagreeingFacts,
    EliminatedPlayer,
    EndedLevel,
    HandReference,
    ImportedExport,
    InstructionReference,
    PausedScope,
    PlayerAlias,
    QuarantinedFile,
    RenderWorkerReference,
    SettledDisagreement,
    TaggedClip,
    TournamentChange,
)
from pokervod_pipelines.events.payloads.system import (
    AlertReference,
    BreakerFacts,
    CancelledRun,
    ClosedWeek,
    DecidedEvent,
    FailedStage,
    HealthChange,
    HeldThing,
    IncidentFacts,
    MaintenanceFacts,
    ParkedEvent,
    RemediationFacts,
    Repair,
    RequestedRun,
    ResetBreaker,
    RolloutStep,
    SyncEnd,
    SyncStart,
    WorkflowEnd,
)
from pokervod_pipelines.events.types import BLOCKS, EventType

__all__ = ["Payload", "check_payload", "find_payload", "list_types", "read_declared_types"]

_OF_TYPE: Mapping[EventType, type[Payload]] = {
    EventType.NAS_SCAN_REQUESTED: ScanRequest,
    EventType.NAS_SCAN_COMPLETED: ScanSummary,
    EventType.NAS_SCAN_FAILED: ScanSummary,
    EventType.NAS_ROOT_ACCEPTED: AcceptedRoot,
    EventType.MEDIA_FACTS_CHANGED: ProbedFiles,
    EventType.CATALOG_UPDATE_REQUESTED: CatalogRequest,
    EventType.CATALOG_UPDATED: CatalogSummary,
    EventType.CATALOG_PROJECT_CREATED: NewProject,
    EventType.CATALOG_EPISODE_CREATED: CatalogEpisode,
    EventType.CATALOG_CORRECTED: CorrectedFact,
    EventType.SHEETS_SYNC_REQUESTED: SheetRequest,
    EventType.SHEETS_SYNC_COMPLETED: SheetSummary,
    EventType.SHEETS_SYNC_FAILED: SheetFailure,
    EventType.SHEETS_ROW_CHANGED: ChangedRow,
    EventType.HAND_CLIP_TAGGED: TaggedClip,
    EventType.HAND_PLAYER_ALIASED: PlayerAlias,
    EventType.HAND_CREATED: HandReference,
    EventType.HAND_CHANGED: HandReference,
    EventType.HAND_FILE_QUARANTINED: QuarantinedFile,
    EventType.HAND_DISAGREEMENT: DisagreeingFacts,
    EventType.HAND_DISAGREEMENT_SETTLED: SettledDisagreement,
    EventType.RENDER_PAUSED: PausedScope,
    EventType.RENDER_RESUMED: PausedScope,
    EventType.RENDER_WORKER_QUARANTINED: RenderWorkerReference,
    EventType.RENDER_WORKER_REINSTATED: RenderWorkerReference,
    EventType.TOURNAMENT_CHANGED: TournamentChange,
    EventType.TOURNAMENT_IMPORTED: ImportedExport,
    EventType.TOURNAMENT_LEVEL_ENDED: EndedLevel,
    EventType.TOURNAMENT_PLAYER_ELIMINATED: EliminatedPlayer,
    EventType.MONITORING_HEALTH_CHANGED: HealthChange,
    EventType.MONITORING_WEEK_CLOSED: ClosedWeek,
    EventType.MONITORING_REPAIR_STARTED: Repair,
    EventType.MONITORING_REPAIR_ENDED: Repair,
    EventType.SYSTEM_SYNC_ALL: SyncStart,
    EventType.SYSTEM_SYNC_COMPLETED: SyncEnd,
    EventType.SYSTEM_ERROR: FailedStage,
    EventType.SYSTEM_WORKFLOW_COMPLETED: WorkflowEnd,
    EventType.SYSTEM_WORKFLOW_FAILED: WorkflowEnd,
    EventType.SYSTEM_RUN_REQUESTED: RequestedRun,
    EventType.SYSTEM_RUN_CANCELLED: CancelledRun,
    EventType.SYSTEM_BREAKER_OPENED: BreakerFacts,
    EventType.SYSTEM_BREAKER_CLOSED: BreakerFacts,
    EventType.SYSTEM_BREAKER_RESET: ResetBreaker,
    EventType.SYSTEM_EVENT_PARKED: ParkedEvent,
    EventType.SYSTEM_EVENT_RETRIED: DecidedEvent,
    EventType.SYSTEM_EVENT_DROPPED: DecidedEvent,
}

_OF_FAMILY: Mapping[str, type[Payload]] = {
    "nas.file.": FileFacts,
    "hand.clip.": ClipReference,
    "render.": InstructionReference,
    "rollout.": RolloutStep,
    "alert.": AlertReference,
    "api.user.": UserFacts,
    "api.key.": KeyFacts,
    "api.login.": LoginFacts,
    "api.session.": SessionFacts,
    "api.dagster.": DagsterAction,
    "monitoring.incident.": IncidentFacts,
    "monitoring.hold.": HeldThing,
    "monitoring.maintenance.": MaintenanceFacts,
    "monitoring.remediation.": RemediationFacts,
}
"""Payloads of the types that begin so and are not listed on their own."""


@cache
def read_declared_types() -> Mapping[str, type[Payload]]:
    """Return the payloads of the types that rooms declare themselves: ``EVENTS`` in a module ``events`` of the room.

    By this a further block brings its events without an edit here.
    """
    declared: dict[str, type[Payload]] = {}
    for room in (room for rooms in BLOCKS.values() for room in rooms):
        package = f"pokervod_pipelines.{room}"
        if find_spec(package) and find_spec(f"{package}.events"):
            declared |= import_module(f"{package}.events").EVENTS
    return declared


def list_types() -> tuple[str, ...]:
    """Return every type of events."""
    return (*EventType, *read_declared_types())


@cache
def find_payload(type_: str) -> type[Payload]:
    """Return the model of the payloads of that type. Raises ``ValueError`` for an unknown type."""
    if type_ in read_declared_types():
        return read_declared_types()[type_]
    known = EventType(type_)
    if known in _OF_TYPE:
        return _OF_TYPE[known]
    return next(model for family, model in _OF_FAMILY.items() if known.startswith(family))


def check_payload(type_: str, payload: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for a payload that the type does not have: a mistake of the room that appends it."""
    try:
        find_payload(type_).model_validate(payload)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ValueError(f"payload of {type_}: {problems}") from None
