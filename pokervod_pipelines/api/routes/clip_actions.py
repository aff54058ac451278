"""Make a clip that is in no sheet, change the tags of a clip, and undo what a person decided about clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field, model_validator
from sqlalchemy import Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api import previews
from pokervod_pipelines.api.actions import Reason, Requested
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.previews import Words
from pokervod_pipelines.api.routing import LARGEST, ReadRoute, needs
from pokervod_pipelines.clips.edits import EditedClip, find_clip, tag_clip
from pokervod_pipelines.decisions import DecisionKind, find_kind
from pokervod_pipelines.errors import BadInput

router = APIRouter(prefix="/api/clips", tags=["clips"], route_class=ReadRoute)

EXAMPLES = read_examples("clip_actions")

MOST_WORDS = 50

ClipId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the clip.")]
DecisionId = Annotated[int, Path(ge=1, le=LARGEST, description="The number of the decision about a clip.")]
Category = Annotated[Words | None, Field(description="Of a word that no list has, such as emotion or adjective.")]


class ClipRequest(Reason):
    """Describe a clip as a row of a sheet would; times are 0:12:34, or 0:12:34:05 with frames."""

    video: previews.Path = Field(min_length=1, description="Its path from the archive root, or the end of it.")
    time_in: Words = Field(examples=["0:12:34"])
    time_out: Words = Field(examples=["0:13:01:05"])
    title: Words = Field(min_length=1, examples=["Fold"])
    players: tuple[Words, ...] = Field(default=(), max_length=MOST_WORDS)
    tags: tuple[Words, ...] = Field(default=(), max_length=MOST_WORDS)
    category: Category = None
    grade: int | None = Field(default=None, ge=1, le=3, description="Stars.")
    hands: Words = Field(default="", description="The hole cards, as in a sheet.", examples=["AA vs KK"])
    winner: Words = Field(default="", description="The cards that won.")


class TagRequest(Reason):
    """Name the tags that a clip gets and those that it loses, in any spelling."""

    add: tuple[Words, ...] = Field(default=(), max_length=MOST_WORDS, examples=[["big fold"]])
    remove: tuple[Words, ...] = Field(default=(), max_length=MOST_WORDS)
    category: Category = None

    @model_validator(mode="after")
    def _has_a_tag(self) -> "TagRequest":
        if not (self.add or self.remove):
            raise ValueError("name a tag to add or to remove")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeClip:
    """Tell where the clip is; ``decision`` undoes it, null where it existed. ``remark`` is what could not be read."""

    clip_id: int
    path: str
    in_ms: int
    out_ms: int
    remark: str | None
    decision: int | None
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedClip:
    """Tell which tags a clip got and lost, with the decisions that undo it, and which it has now."""

    clip_id: int
    added: Sequence[str]
    removed: Sequence[str]
    tags: Sequence[str]
    decisions: Sequence[int]
    correlation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoneClip:
    """Hold the clip as it is without the decision."""

    clip: EditedClip
    correlation_id: str


@router.post("", **needs(Role.OPERATOR, example=EXAMPLES["made"], action=True))
def create(request: Requested, body: ClipRequest) -> MadeClip:
    """Make a clip that is in no sheet; syncs leave it as it is. The same clip again is returned as it is."""

    def act(engine: Engine, actor: Actor) -> MadeClip:
        from pokervod_pipelines.workflows.clip_edits import NewClip, create_clip  # noqa: PLC0415 - loads four rooms

        new = NewClip(**body.model_dump(exclude={"reason"}))
        made = create_clip(engine, request.context.settings, new, actor=actor)
        return MadeClip(
            clip_id=made.clip_id,
            path=made.path,
            in_ms=made.in_ms,
            out_ms=made.out_ms,
            remark=made.remark,
            decision=made.decision,
            correlation_id=actor.correlation_id,
        )

    return request.run_apart(MadeClip, body.reason, act, look_at="/api/clips", is_repeatable=True)


@router.post("/{clip_id}/tag", **needs(Role.OPERATOR, example=EXAMPLES["tagged"], action=True))
def tag(request: Requested, clip_id: ClipId, body: TagRequest) -> TaggedClip:
    """Add tags to a clip or remove some; a person's decision wins over the sheet until somebody undoes it."""
    with request.context.database.connect() as connection, find_named():
        find_clip(connection, clip_id)

    def act(engine: Engine, actor: Actor) -> TaggedClip:
        done = tag_clip(engine, clip_id, add=body.add, remove=body.remove, category=body.category or None, actor=actor)
        return TaggedClip(
            clip_id=done.clip_id,
            added=done.added,
            removed=done.removed,
            tags=done.tags,
            decisions=done.decisions,
            correlation_id=actor.correlation_id,
        )

    return request.run_apart(TaggedClip, body.reason, act, look_at=f"/api/clips/{clip_id}")


@router.post("/decisions/{decision_id}/undo", **needs(Role.OPERATOR, example=EXAMPLES["undone"], action=True))
def undo(request: Requested, decision_id: DecisionId, body: Reason) -> UndoneClip:
    """Undo a decision: a tag is as the sheet says again, a clip that was made by hand is retired."""
    with request.context.database.connect() as connection, find_named():
        if find_kind(connection, decision_id) not in {DecisionKind.CLIP, DecisionKind.CLIP_TAG}:
            raise BadInput(f"unknown decision {decision_id} about a clip; `pokervod clips decisions` lists them")

    def act(engine: Engine, actor: Actor) -> UndoneClip:
        from pokervod_pipelines.workflows.clip_edits import undo_clip_decision  # noqa: PLC0415 - loads four rooms

        clip = undo_clip_decision(engine, request.context.settings, decision_id, actor=actor)
        return UndoneClip(clip=clip, correlation_id=actor.correlation_id)

    return request.run_apart(UndoneClip, body.reason, act, look_at="/api/clips/decisions")
