"""Describe what each type of event says: a model a type, checked when an event is appended.

A payload that changes its shape gets another ``schema_version``; the log has the version of each event beside it.
Events that a person or a rule signed have ``by`` and ``reason``: they are audit records.
"""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pokervod_pipelines.events.types import EventType


class Payload(BaseModel):
    """Hold what an event says; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
    schema_version: ClassVar[int] = 1


class SignedPayload(Payload):
    """Add who did it and why."""

    by: str
    reason: str


class ScanSummary(Payload):
    """Count what a scan found; ``error`` says why it failed."""

    library: str
    scan_id: int
    seen: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    moved: int = 0
    returned: int = 0
    held: int = 0
    links: int = 0
    unchanged: int = 0
    problem_count: int = 0
    missing: int = 0
    unseen: int = 0
    junk: int = 0
    videos: int = 0
    error: str | None = None


class FileFacts(Payload):
    """Name a file of the inventory; ``size`` in bytes. A moved one has its places ``from`` and ``to``.

    ``by`` and ``reason`` say that a person declared its absence intended, or not.
    """

    file_id: int
    library: str
    path: str
    size: int | None = None
    category: str | None = None
    version_type: str | None = None
    moved_from: str | None = Field(default=None, alias="from")
    moved_to: str | None = Field(default=None, alias="to")
    by: str | None = None
    reason: str | None = None


class ProbedFiles(Payload):
    """Name the videos of which other media facts are known now."""

    library: str
    file_ids: tuple[int, ...]


class CatalogSummary(Payload):
    """Count what the catalog has, and which rows a build changed, by table."""

    projects: int
    seasons: int
    events: int
    episodes: int
    video_files: int
    unknown: int
    reparsed: int
    created: Mapping[str, int]
    changed: Mapping[str, int]
    removed: Mapping[str, int]


class NewProject(Payload):
    """Name a project of the catalog."""

    project: str
    title: str


class CatalogEpisode(Payload):
    """Name an episode of the catalog."""

    episode_id: int
    project: str
    title: str


class CorrectedFact(SignedPayload):
    """Hold a person's correction of a fact of a name; ``undoes`` is the correction that it takes back."""

    correction_id: int
    file_id: int
    path: str
    field: str
    before: Any
    value: Any
    undoes: int | None


class SheetSummary(Payload):
    """Count the rows of a sheet after a pass that changed something."""

    sheet: str
    rows: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0
    skipped: int = 0
    matched: int = 0
    ambiguous: int = 0
    unmatched: int = 0
    with_id: int = 0


class SheetFailure(Payload):
    """Say why a sheet could not be read."""

    sheet: str
    error: str


class ChangedRow(Payload):
    """Say what happened to a row of a sheet, with its content before and after; ``by`` and ``reason`` for pins."""

    sheet: str
    row_id: int
    change: str
    tab: str | None = None
    row_number: int | None = None
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    pin: str | None = None
    by: str | None = None
    reason: str | None = None


class ClipReference(Payload):
    """Name a clip, the row that it was made of, and its video, if it is known."""

    clip_id: int
    sheet: str
    row_id: int | None = None
    file_id: int | None = None


class TaggedClip(Payload):
    """Name the tags that a clip has now."""

    clip_id: int
    sheet: str
    tags: tuple[str, ...]


class PlayerAlias(Payload):
    """Hold for which player a spelling counts; None where that was taken back."""

    alias: str
    player: str | None
    before: str | None
    by: str


class HandReference(Payload):
    """Name a hand with its grade; ``by`` and ``reason`` where a person changed it."""

    hand_id: int
    session_id: int
    hand_number: int
    started_at: datetime
    broadcast_day: date
    grade: str | None
    is_premium: bool
    is_test: bool
    is_withdrawn: bool = False
    by: str | None = None
    reason: str | None = None


class QuarantinedFile(Payload):
    """Name a session file that cannot be read, why, and where its copy is."""

    path: str
    reason: str
    kept_as: str


class DisagreeingFacts(Payload):
    """Hold what a hand says and what the sheet's row of its clip says."""

    disagreement_id: int
    hand_id: int
    clip_id: int
    field: str
    hand_says: str
    sheet_says: str


class InstructionReference(Payload):
    """Name an instruction, what happened to it, and the state before and after."""

    instruction_id: int
    template: str | None = None
    trigger_kind: str | None = None
    trigger_key: str | None = None
    version: int | None = None
    hand_id: int | None = None
    priority: int | None = None
    priority_before: int | None = None
    broadcast_day: date | None = None
    change: str | None = None
    state_before: str | None = None
    state: str | None = None
    superseded_by: int | None = None
    worker: str | None = None
    attempt: int | None = None
    outcome: str | None = None
    kind: str | None = None
    by: str | None = None
    reason: str | None = None


class PausedScope(SignedPayload):
    """Name which part of the render queue is paused or resumed; ``until`` is when it ends by itself."""

    scope: str
    until: datetime | None = None


class RenderWorkerReference(Payload):
    """Name a render worker that may not claim, or may again."""

    worker: str
    reason: str
    by: str | None = None


class TournamentChange(Payload):
    """Say what an export changed of a tournament, or of a day of the schedule."""

    what: str
    tournament_number: str | None = None
    day: date | None = None
    is_new: bool | None = None
    fields: tuple[str, ...] | None = None
    players: int | None = None
    player_key: str | None = None
    player: str | None = None


class ImportedExport(Payload):
    """Count what was read of an export."""

    path: str
    kind: str
    seen_at: datetime
    rows: int
    changed: int
    problems: int


class EndedLevel(Payload):
    """Name the level that ended; ``next_level`` is None after the last."""

    tournament_number: str
    level: int
    next_level: int | None
    ended_at: datetime


class EliminatedPlayer(Payload):
    """Name a player who is out; ``elimination`` counts those of re-entries."""

    tournament_number: str
    player_key: str
    player: str
    elimination: int
    eliminated_at: datetime
    place: int | None
    table_number: int | None
    seat_number: int | None
    was_seen_playing: bool


class AlertReference(Payload):
    """Name an alert, how often and where it is delivered, and who closed it."""

    alert_id: int
    key: str
    severity: str | None = None
    title: str | None = None
    channels: tuple[str, ...] | None = None
    delivery_id: str | None = None
    channel: str | None = None
    attempts: int | None = None
    may_have_been_delivered: bool | None = None
    error: str | None = None
    by: str | None = None
    reason: str | None = None


class RolloutStep(Payload):
    """Name a rollout, its week and what happened to it."""

    plan: str
    weeks: int | None = None
    week: int | None = None
    attempt: int | None = None
    criterion: str | None = None
    next_try_at: datetime | None = None
    fixer: str | None = None
    done: bool | None = None
    said: str | None = None
    by: str | None = None
    reason: str | None = None


class SyncStart(Payload):
    """Say which sync began, ``full`` or ``incremental``, and by which Dagster run."""

    mode: str
    run_id: str


class SyncEnd(Payload):
    """Say how a sync ended: ``failed`` names the stages that failed, each with its library or sheet."""

    mode: str
    run_id: str
    failed: tuple[str, ...]


class FailedStage(Payload):
    """Say which part of a run failed for good, and why; ``name`` is the library, sheet or day."""

    stage: str
    name: str
    error: str
    run_id: str


class ParkedEvent(Payload):
    """Name an event that a consumer could not handle, and why."""

    consumer: str
    event_id: int
    type: str
    error: str


class DecidedEvent(SignedPayload):
    """Name a parked event that a person let a consumer handle again, or gave up."""

    consumer: str
    event_id: int


_OF_TYPE: Mapping[EventType, type[Payload]] = {
    EventType.NAS_SCAN_COMPLETED: ScanSummary,
    EventType.NAS_SCAN_FAILED: ScanSummary,
    EventType.MEDIA_FACTS_CHANGED: ProbedFiles,
    EventType.CATALOG_UPDATED: CatalogSummary,
    EventType.CATALOG_PROJECT_CREATED: NewProject,
    EventType.CATALOG_EPISODE_CREATED: CatalogEpisode,
    EventType.CATALOG_CORRECTED: CorrectedFact,
    EventType.SHEETS_SYNC_COMPLETED: SheetSummary,
    EventType.SHEETS_SYNC_FAILED: SheetFailure,
    EventType.SHEETS_ROW_CHANGED: ChangedRow,
    EventType.HAND_CLIP_TAGGED: TaggedClip,
    EventType.HAND_PLAYER_ALIASED: PlayerAlias,
    EventType.HAND_CREATED: HandReference,
    EventType.HAND_CHANGED: HandReference,
    EventType.HAND_FILE_QUARANTINED: QuarantinedFile,
    EventType.HAND_DISAGREEMENT: DisagreeingFacts,
    EventType.RENDER_PAUSED: PausedScope,
    EventType.RENDER_RESUMED: PausedScope,
    EventType.RENDER_WORKER_QUARANTINED: RenderWorkerReference,
    EventType.RENDER_WORKER_REINSTATED: RenderWorkerReference,
    EventType.TOURNAMENT_CHANGED: TournamentChange,
    EventType.TOURNAMENT_IMPORTED: ImportedExport,
    EventType.TOURNAMENT_LEVEL_ENDED: EndedLevel,
    EventType.TOURNAMENT_PLAYER_ELIMINATED: EliminatedPlayer,
    EventType.SYSTEM_SYNC_ALL: SyncStart,
    EventType.SYSTEM_SYNC_COMPLETED: SyncEnd,
    EventType.SYSTEM_ERROR: FailedStage,
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
}
"""Payloads of the types that begin so and are not listed on their own."""


@cache
def find_payload(type_: EventType) -> type[Payload]:
    """Return the model of the payloads of that type."""
    if type_ in _OF_TYPE:
        return _OF_TYPE[type_]
    return next(model for family, model in _OF_FAMILY.items() if type_.startswith(family))


def check_payload(type_: EventType, payload: Mapping[str, Any]) -> None:
    """Raise ``ValueError`` for a payload that the type does not have: a mistake of the room that appends it."""
    try:
        find_payload(type_).model_validate(payload)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise ValueError(f"payload of {type_}: {problems}") from None
