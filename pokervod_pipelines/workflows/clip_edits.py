"""Make a clip that no sheet has, for a person, and undo what people decided about clips.

A clip belongs to a row, and ``clips`` never imports ``sheets``, so the row and the clip are made together here.
"""

from dataclasses import dataclass
from pathlib import PurePath

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.catalog.search import search_catalog
from pokervod_pipelines.clips.build import build_on
from pokervod_pipelines.clips.decided_tags import read_person_tag
from pokervod_pipelines.clips.edits import EditedClip, find_clip, lock_clip, undo_tag
from pokervod_pipelines.clips.grades import format_grade
from pokervod_pipelines.clips.store import find_clip_of_row, find_same_clip, lock_clips
from pokervod_pipelines.decisions import Decision, DecisionKind, find_kind, find_undoable, record, undo
from pokervod_pipelines.errors import BadInput, Conflict
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.sheets.own_rows import BY_HAND, add_own_row, find_own_row, retire_own_row
from pokervod_pipelines.sheets.pin_store import InventoryVideo, PinnedVideo
from pokervod_pipelines.sheets.pins import find_video
from pokervod_pipelines.sheets.rows import AnnotationRow
from pokervod_pipelines.sheets.store import lock_sheet
from pokervod_pipelines.text.folding import make_storable
from pokervod_pipelines.workflows.hands import link_hands

DECISIONS = "`pokervod clips decisions` lists them"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClip:
    """Describe a clip as a person writes it, by the words of a sheet's row; ``video`` is a path or the end of one."""

    video: str
    time_in: str
    time_out: str
    title: str
    players: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    category: str | None = None
    grade: int | None = None
    hands: str = ""
    winner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedClip:
    """Report the clip; ``decision`` is None where it existed. ``remark`` is what could not be read."""

    clip_id: int
    path: str
    in_ms: int
    out_ms: int
    remark: str | None
    decision: int | None


def create_clip(engine: Engine, settings: Settings, new: NewClip, *, actor: Actor) -> CreatedClip:
    """Make the clip, and link it to the hand that it shows; the same clip again is returned as it is.

    Raises ``BadInput`` for an unknown video or tag and for times that are none, or not within the video; ``Conflict``
    where another clip shows the same stretch.
    """
    with engine.begin() as connection:
        video = _find_video(engine, connection, new.video)
        lock_sheet(connection, BY_HAND)
        lock_clips(connection, BY_HAND)
        created = _create(connection, video, _make_row(new, video), actor)
    if created.decision is not None:
        link_hands(engine, settings.zone, correlation_id=actor.correlation_id)
    return created


def undo_clip_decision(engine: Engine, settings: Settings, decision_id: int, *, actor: Actor) -> EditedClip:
    """Undo a person's decision about a clip: a tag is as its row says again, a clip that was made is retired.

    Raises ``BadInput`` for an unknown decision, ``Conflict`` if it was undone already.
    """
    with engine.begin() as connection:
        kind = find_kind(connection, decision_id)
        if kind not in {DecisionKind.CLIP, DecisionKind.CLIP_TAG}:
            raise BadInput(f"unknown decision {decision_id}; {DECISIONS}")
        decision = find_undoable(connection, kind, decision_id, hint=DECISIONS)
        undo_one = _retire if decision.kind is DecisionKind.CLIP else undo_tag
        clip = undo_one(connection, decision, actor=actor)
    link_hands(engine, settings.zone, correlation_id=actor.correlation_id)
    return clip


def _create(connection: Connection, video: InventoryVideo, row: AnnotationRow, actor: Actor) -> CreatedClip:
    existing = find_own_row(connection, row, video.id)
    if existing is not None:
        return _report(connection, existing, video.path, decision=None)
    row_id = add_own_row(connection, row, PinnedVideo(video.id, video.path, actor.who, actor.reason))
    build_on(connection, BY_HAND, correlation_id=actor.correlation_id, signed={row_id: actor})
    clip = find_clip_of_row(connection, row_id)
    if clip.problem:
        raise BadInput(f"{video.path}: {clip.problem}")
    _refuse_same(connection, clip.id)
    decision = record(connection, DecisionKind.CLIP, {"clip_id": clip.id}, {"row_id": row_id}, actor=actor)
    return _report(connection, row_id, video.path, decision=decision.id)


def _retire(connection: Connection, decision: Decision, *, actor: Actor) -> EditedClip:
    lock_sheet(connection, BY_HAND)
    clip = lock_clip(connection, int(decision.subject["clip_id"]))
    undo(connection, decision, actor=actor, value=None, before=decision.value)
    retire_own_row(connection, clip.row_id)
    build_on(connection, BY_HAND, correlation_id=actor.correlation_id, signed={clip.row_id: actor})
    return find_clip(connection, clip.id)


def _find_video(engine: Engine, connection: Connection, path: str) -> InventoryVideo:
    """Return the video; raise ``BadInput`` that suggests one for a name that nearly is one."""
    try:
        return find_video(connection, path)
    except BadInput as error:
        near = search_catalog(engine, PurePath(path).stem, limit=1).hits
        if "no video has this path" not in str(error) or not near:
            raise
        raise BadInput(f"unknown video {path!r}; did you mean `{near[0].path}`?") from None


def _make_row(new: NewClip, video: InventoryVideo) -> AnnotationRow:
    tags = [read_person_tag(word, new.category) for word in new.tags]
    title, hands, winner = (" ".join(make_storable(each).split()) for each in (new.title, new.hands, new.winner))
    if not title:
        raise BadInput("--title: expected a title, got nothing")
    return AnnotationRow(
        tab=BY_HAND,
        row_number=0,
        file_name=PurePath(video.path).name,
        time_in=new.time_in.strip(),
        time_out=new.time_out.strip(),
        grade=format_grade(new.grade) if new.grade else "",
        winner=winner,
        hands=hands,
        tags=tuple((tag.category.value, tag.name) for tag in dict.fromkeys(tags)),
        players=tuple(make_storable(each) for each in new.players),
        title=title,
    )


def _refuse_same(connection: Connection, clip_id: int) -> None:
    """Raise ``Conflict`` where another clip shows the same stretch."""
    other = find_same_clip(connection, clip_id)
    if other is not None:
        where = BY_HAND if other.sheet == BY_HAND else f"of sheet {other.sheet}"
        raise Conflict(
            f"clip {other.id}, {where}, shows this stretch already; `pokervod clips tag {other.id}` changes its tags"
        )


def _report(connection: Connection, row_id: int, path: str, *, decision: int | None) -> CreatedClip:
    clip = find_clip_of_row(connection, row_id)
    return CreatedClip(
        clip_id=clip.id,  path=path, in_ms=clip.in_ms, out_ms=clip.out_ms,
        remark=clip.remark, decision=decision,
    )  # fmt: skip
