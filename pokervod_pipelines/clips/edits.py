"""Change the tags of a clip for a person, list what people decided about clips, and undo it.

``decided_tags`` has what a decision means; ``build`` applies it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.clips.build import build_on
from pokervod_pipelines.clips.decided_tags import find_own_tag, read_person_tag, record_tag, was_added
from pokervod_pipelines.clips.store import lock_clips
from pokervod_pipelines.decisions import Decision, DecisionKind, undo
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.paging import EVERYTHING, Page


@dataclass(frozen=True, slots=True, kw_only=True)
class EditedClip:
    """Identify a clip by id, sheet and row; ``tags`` are (category, name) of those that it has."""

    id: int
    sheet: str
    row_id: int
    title: str
    is_retired: bool
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagChange:
    """Report which tags a person added and removed, with the decisions, and which the clip has now."""

    clip_id: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    tags: tuple[str, ...]
    decisions: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipDecision:
    """Hold one row of the history of clips; ``tag`` is None where the clip itself was made."""

    id: int
    at: datetime
    by: str
    reason: str
    clip_id: int
    title: str
    tag: str | None
    value: Any
    undoes: int | None
    is_in_force: bool


def tag_clip(
    engine: Engine,
    clip_id: int,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    category: str | None = None,
    actor: Actor,
) -> TagChange:
    """Give the clip tags, or take some away, until somebody undoes it; a sync of its sheet does not. Idempotent.

    A tag that only the row gives is added all the same: it stays when the row loses it. ``category`` is that of words
    which no list has. Raises ``BadInput`` for an unknown clip or tag.
    """
    with engine.begin() as connection:
        clip = lock_clip(connection, clip_id)
        had = {*clip.tags}
        asked = dict.fromkeys(read_person_tag(word, category) for word in add)
        new = [tag for tag in asked if not was_added(connection, clip_id, tag)]
        gone = [find_own_tag(word, clip.tags, clip_id) for word in remove]
        decisions = [record_tag(connection, clip_id, tag, is_on=True, actor=actor) for tag in new]
        decisions += [record_tag(connection, clip_id, tag, is_on=False, actor=actor) for tag in dict.fromkeys(gone)]
        if decisions:
            build_on(connection, clip.sheet, correlation_id=actor.correlation_id, signed={clip.row_id: actor})
        now = find_clip(connection, clip_id).tags
    return TagChange(
        clip_id=clip_id,
        added=tuple(name for key in now if key not in had for name in key[1:]),
        removed=tuple(name for key in clip.tags if key not in now for name in key[1:]),
        tags=tuple(name for _, name in now),
        decisions=tuple(each.id for each in decisions),
    )


def undo_tag(connection: Connection, decision: Decision, *, actor: Actor) -> EditedClip:
    """Undo the decision about a tag: an older one of it counts again, or the row. Return the clip."""
    clip = lock_clip(connection, int(decision.subject["clip_id"]))
    undo(connection, decision, actor=actor, value=None, before=decision.value)
    build_on(connection, clip.sheet, correlation_id=actor.correlation_id, signed={clip.row_id: actor})
    return find_clip(connection, clip.id)


def lock_clip(connection: Connection, clip_id: int) -> EditedClip:
    """Return the clip, and keep others from its sheet's clips; raise ``BadInput`` for an unknown or retired one."""
    lock_clips(connection, find_clip(connection, clip_id).sheet)
    clip = find_clip(connection, clip_id)
    if clip.is_retired:
        why = _explain_retirement(connection, clip)
        raise BadInput(f"clip {clip_id} is retired: {why}; `pokervod clips list` shows the others")
    return clip


def _explain_retirement(connection: Connection, clip: EditedClip) -> str:
    made, has_sheet = connection.execute(
        text("""
            select exists (select from decisions where kind = :kind and cast(subject ->> 'clip_id' as bigint) = :id),
                   exists (select from sheet_states where sheet = :sheet)
        """),
        {"kind": DecisionKind.CLIP, "id": clip.id, "sheet": clip.sheet},
    ).one()
    if made:
        return "its creation was undone"
    return "its row was deleted" if has_sheet else f"its sheet {clip.sheet} was retired"


def find_clip(connection: Connection, clip_id: int) -> EditedClip:
    """Return the clip; raise ``BadInput`` for an unknown one."""
    row = connection.execute(
        text("""
            select c.id, c.sheet, c.sheet_row_id as row_id, c.title, c.retired_at is not null as is_retired,
                   array(select array[t.category, t.name] from clip_tags ct join tags t on t.id = ct.tag_id
                         where ct.clip_id = c.id order by t.category, t.name) as tags
            from hand_clips c where c.id = :id
        """),
        {"id": clip_id},
    ).one_or_none()
    if row is None:
        raise BadInput(f"unknown clip {clip_id}; `pokervod clips list` shows the ids")
    return EditedClip(**{**row._mapping, "tags": tuple((category, name) for category, name in row.tags)})


def list_decisions(connection: Connection, clip_id: int | None = None, page: Page = EVERYTHING) -> list[ClipDecision]:
    """Return what people decided about clips, or about this one; oldest first."""
    rows = connection.execute(
        text("""
            select d.id, d.at, d.by, d.reason, c.id as clip_id, c.title, d.subject ->> 'tag' as tag, d.value, d.undoes,
                   d.is_in_force
            from decision_history d join hand_clips c on c.id = cast(d.subject ->> 'clip_id' as bigint)
            where d.kind = any(:kinds) and (cast(:clip_id as bigint) is null or c.id = :clip_id) and d.id > :after
            order by d.id limit :limit
        """),
        {
            "kinds": [DecisionKind.CLIP, DecisionKind.CLIP_TAG],
            "clip_id": clip_id,
            "after": page.after or 0,
            "limit": page.limit,
        },
    )
    return [ClipDecision(**row._mapping) for row in rows]
