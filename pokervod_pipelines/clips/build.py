"""The clips of one sheet, made from its rows: what a row says, read whole or kept with the reason why not.

Reading one row is pure (``read_clip``); only rows that changed, or whose video did, are read again.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine

from pokervod_pipelines.clips import store
from pokervod_pipelines.clips.grades import parse_grade
from pokervod_pipelines.clips.players import make_player_key, split_players
from pokervod_pipelines.clips.store import Clip, ClipRow
from pokervod_pipelines.clips.tags import parse_tags
from pokervod_pipelines.clips.timecode import ClipRange, parse_range
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events

RULES_VERSION = "1"
"""Raised when a rule of this room changes, so that every row is read again."""

PROBLEMS_KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipReport:
    """What the build came to; ``clips`` counts all that stand, ``failed`` those among them that cannot be cut."""

    clips: int
    usable: int
    created: int
    changed: int
    retired: int
    unchanged: int
    failed: int
    unknown_tags: int
    problems: tuple[tuple[str, str], ...]
    problem_count: int


def build_clips(
    engine: Engine, sheet: str, *, correlation_id: str, progress: Callable[[int], None] | None = None
) -> ClipReport:
    """Every row of the sheet has one clip, with the row's players and tags; a row that left has its clip retired."""
    with engine.begin() as connection:
        store.lock_clips(connection, sheet)
        rows = [row for row in store.read_clip_rows(connection, sheet) if row.input_hash != hash_input(row)]
        created = _write(connection, sheet, rows, correlation_id)
        retired = store.retire_clips(connection, sheet)
        append_events(
            connection,
            "clips",
            correlation_id,
            [NewEvent(EventType.HAND_CLIP_RETIRED, {"clip_id": each, "sheet": sheet}) for each in retired],
        )
        if progress is not None:
            progress(len(rows))
        return _report(connection, sheet, created=created, changed=len(rows) - created, retired=len(retired))


def hash_input(row: ClipRow) -> str:
    """A digest of all that the row's clip depends on."""
    text = json.dumps([RULES_VERSION, row.fingerprint, row.file_id, row.match_reason if row.file_id is None else ""])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def read_clip(row: ClipRow) -> Clip:
    """The clip that the row describes; ``problem`` holds every reason why it cannot be cut."""
    content = row.content
    stretch, problems = _read_stretch(content)
    if row.file_id is None:
        problems.insert(0, f"no video: {row.match_reason}")
    grade, grade_problem = _read_grade(content["grade"])
    return Clip(
        sheet_row_id=row.row_id,
        file_id=row.file_id,
        in_ms=stretch.in_ms if stretch else None,
        out_ms=stretch.out_ms if stretch else None,
        title=_title(content),
        grade=grade,
        winner=content["winner"],
        hands=content["hands"],
        problem="; ".join(problems) or None,
        remark=grade_problem,
        input_hash=hash_input(row),
        players=_read_players(content["players"]),
        tags=tuple((tag.category.value, tag.name, tag.is_known) for tag in parse_tags(map(tuple, content["tags"]))),
    )


def _read_stretch(content: dict[str, Any]) -> tuple[ClipRange | None, list[str]]:
    try:
        return parse_range(content["time_in"], content["time_out"]), []
    except BadInput as error:
        return None, [str(error)]


def _read_grade(text: str) -> tuple[int | None, str | None]:
    """A grade that cannot be read is no reason to lose the clip."""
    try:
        return parse_grade(text), None
    except BadInput as error:
        return None, str(error)


def _read_players(cells: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """(key, name) of each player once, under the first spelling."""
    names: dict[str, str] = {}
    for cell in cells:
        for name in split_players(cell):
            if key := make_player_key(name):
                names.setdefault(key, name)
    return tuple(names.items())


def _title(content: dict[str, Any]) -> str:
    title: str = content["title"] or content["description"] or content["file_name"]
    return " ".join(title.split())


def _write(connection: Connection, sheet: str, rows: Sequence[ClipRow], correlation_id: str) -> int:
    clips = [read_clip(row) for row in rows]
    ids = store.upsert_clips(connection, sheet, clips)
    store.replace_players(connection, ids, clips)
    store.replace_tags(connection, ids, clips)
    append_events(connection, "clips", correlation_id, [_event(row, ids[row.row_id], sheet) for row in rows])
    return sum(row.input_hash is None for row in rows)


def _event(row: ClipRow, clip_id: int, sheet: str) -> NewEvent:
    kind = EventType.HAND_CLIP_CREATED if row.input_hash is None else EventType.HAND_CLIP_CHANGED
    return NewEvent(kind, {"clip_id": clip_id, "sheet": sheet, "row_id": row.row_id, "file_id": row.file_id})


def _report(connection: Connection, sheet: str, *, created: int, changed: int, retired: int) -> ClipReport:
    clips, failed, unknown_tags = store.count_clips(connection, sheet)
    return ClipReport(
        clips=clips,
        usable=clips - failed,
        created=created,
        changed=changed,
        retired=retired,
        unchanged=clips - created - changed,
        failed=failed,
        unknown_tags=unknown_tags,
        problems=tuple(store.read_clip_problems(connection, sheet, PROBLEMS_KEPT)),
        problem_count=failed,
    )
