"""Correct what the rules read of a video, put something into the catalog before its files are there, undo either."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import Reason, Requested
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.previews import Words
from pokervod_pipelines.api.routing import LARGEST, ReadRoute, needs
from pokervod_pipelines.catalog.correction_store import Correction, find_files
from pokervod_pipelines.catalog.creation_report import CreationReport
from pokervod_pipelines.decisions import DecisionKind, find_kind
from pokervod_pipelines.errors import BadInput

router = APIRouter(prefix="/api", tags=["catalog"], route_class=ReadRoute)

EXAMPLES = read_examples("catalog_actions")

VideoId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the video's file.")]
DecisionId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the correction or the creation.")]
FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z_]+$", max_length=40)]


class CorrectionRequest(Reason):
    """Say what a field of a video is, as a person writes it; `none` for unknown."""

    field: FieldName = Field(examples=["project"])
    value: Words = Field(examples=["WSOP"])


class EntryRequest(Reason):
    """Describe a project, season, event or episode by its fields, as corrections do."""

    fields: dict[FieldName, Words] = Field(
        min_length=1, max_length=30, examples=[{"project": "WSOP", "year": "2027", "event": "14", "day": "2"}]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectedVideo:
    """Hold the correction that is in force now; it was already where its correlation id is another one."""

    correction: Correction
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedEntry:
    """Hold the entry as the catalog has it; its ``decision`` undoes it, null where the entry existed."""

    entry: CreationReport
    correlation_id: str


class UndoneDecision(BaseModel):
    """Hold the row that undoes a correction, or the entry that was created and is undone; the other is null."""

    correction: Correction | None = None
    entry: CreationReport | None = None
    correlation_id: str


@router.post("/videos/{video_id}/correct", **needs(Role.OPERATOR, example=EXAMPLES["corrected"], action=True))
def correct(request: Requested, video_id: VideoId, body: CorrectionRequest) -> CorrectedVideo:
    """Correct a field of a video; the correction wins over every rule until somebody undoes it."""
    with request.context.database.connect() as connection, find_named():
        if not find_files(connection, video_id):
            raise BadInput(f"unknown video {video_id}; GET /api/videos lists them")

    def act(engine: Engine, actor: Actor) -> CorrectedVideo:
        from pokervod_pipelines.catalog.corrections import correct_file  # noqa: PLC0415 - loads the vocabulary

        row = correct_file(engine, path_or_id=video_id, field=body.field, value=body.value, actor=actor)
        return CorrectedVideo(correction=row, correlation_id=actor.correlation_id)

    look_at = f"/api/videos/{video_id}"
    return request.run_apart(CorrectedVideo, body.reason, act, look_at=look_at, is_repeatable=True)


@router.post("/catalog/entries", **needs(Role.OPERATOR, example=EXAMPLES["created"], action=True))
def create(request: Requested, body: EntryRequest) -> CreatedEntry:
    """Put a project, season, event or episode into the catalog before its files are there; they join it."""

    def act(engine: Engine, actor: Actor) -> CreatedEntry:
        from pokervod_pipelines.catalog.creation import create_entry  # noqa: PLC0415 - loads the vocabulary

        words = [f"{name}={value}" for name, value in body.fields.items()]
        return CreatedEntry(entry=create_entry(engine, words, actor=actor), correlation_id=actor.correlation_id)

    return request.run_apart(CreatedEntry, body.reason, act, look_at="/api/catalog/projects", is_repeatable=True)


@router.post("/catalog/decisions/{decision_id}/undo", **needs(Role.OPERATOR, example=EXAMPLES["undone"], action=True))
def undo(request: Requested, decision_id: DecisionId, body: Reason) -> UndoneDecision:
    """Undo a correction, so that an older one or the rules count again, or that something was created."""
    with request.context.database.connect() as connection, find_named():
        kind = find_kind(connection, decision_id)
        if kind not in {DecisionKind.CORRECTION, DecisionKind.CATALOG_ENTRY}:
            raise BadInput(
                f"unknown decision {decision_id} about the catalog; `pokervod catalog corrections` lists them"
            )

    def act(engine: Engine, actor: Actor) -> UndoneDecision:
        from pokervod_pipelines.catalog import corrections, creation  # noqa: PLC0415 - loads the vocabulary

        if kind is DecisionKind.CATALOG_ENTRY:
            entry = creation.undo_entry(engine, decision_id, actor=actor)
            return UndoneDecision(entry=entry, correlation_id=actor.correlation_id)
        correction = corrections.undo_correction(engine, decision_id, actor=actor)
        return UndoneDecision(correction=correction, correlation_id=actor.correlation_id)

    return request.run_apart(UndoneDecision, body.reason, act, look_at="/api/catalog/corrections")
