"""Make the clips of one sheet from its rows; a row that cannot be cut has a clip with the problem.

Reading one row is pure (``read_clip``); only rows that changed, or whose video did, are read again.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.clips import store
from pokervod_pipelines.clips.aliases import resolve_aliases
from pokervod_pipelines.clips.decided_tags import DecidedTag, DecidedTags, apply_decided, read_decided_tags
from pokervod_pipelines.clips.grades import parse_grade
from pokervod_pipelines.clips.players import MAX_NAME, make_player_key, split_players
from pokervod_pipelines.clips.store import Clip, ClipRow
from pokervod_pipelines.clips.tags import parse_tags
from pokervod_pipelines.clips.timecode import ClipRange, have_frames, parse_range, show_text
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.problems import Problem
from pokervod_pipelines.text.folding import make_storable

RULES_VERSION = "3"
"""Raise it when a rule of this room changes, so that every row is read again."""

PROBLEMS_KEPT = 200

MAX_PLAYERS_CELL = 1_000
"""Characters; a longer text is a remark in the wrong column, and too long for an index of the database."""

Aliases = Mapping[str, tuple[str, str]]
"""The (key, name) of the player whom another key means, by that key."""

NO_ALIASES: Aliases = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipReport:
    """Report a build; ``clips`` counts all but retired ones, ``failed`` those among them that cannot be cut.

    ``problems`` are the first ``PROBLEMS_KEPT`` of ``problem_count``: clips that cannot be cut, then clips with a
    remark.
    """

    clips: int
    usable: int
    created: int
    changed: int
    retired: int
    unchanged: int
    failed: int
    unknown_tags: int
    problems: tuple[Problem, ...]
    problem_count: int


def build_clips(
    engine: Engine, sheet: str, *, correlation_id: str, progress: Callable[[int], None] | None = None
) -> ClipReport:
    """Make one clip for every row of the sheet, with its players and tags; retire the clips of deleted rows."""
    with engine.begin() as connection:
        report = build_on(connection, sheet, correlation_id=correlation_id)
    if progress is not None:
        progress(report.created + report.changed)
    return report


def build_on(
    connection: Connection, sheet: str, *, correlation_id: str, signed: Mapping[int, Actor] = MappingProxyType({})
) -> ClipReport:
    """Do the same within the caller's transaction; ``signed`` is who decided the clips of some rows, by row."""
    store.lock_clips(connection, sheet)
    decided = read_decided(connection)
    rows = list_due_rows(connection, sheet, decided)
    events = _write(connection, sheet, rows, decided)
    retired = store.retire_clips(connection, sheet)
    events += [
        (row_id, NewEvent(EventType.HAND_CLIP_RETIRED, {"clip_id": clip_id, "sheet": sheet}))
        for clip_id, row_id in retired
    ]
    append_events(connection, "clips", correlation_id, [_sign(event, signed.get(row_id)) for row_id, event in events])
    created = sum(row.input_hash is None for row in rows)
    return _report(connection, sheet, created=created, changed=len(rows) - created, retired=len(retired))


@dataclass(frozen=True, slots=True)
class Decided:
    """Hold what people decided about clips."""

    aliases: Aliases
    tags: DecidedTags

    def find_tags(self, row: ClipRow) -> Sequence[DecidedTag]:
        """Return the decided tags of the row's clip."""
        return self.tags.get(row.clip_id, ()) if row.clip_id is not None else ()


def read_decided(connection: Connection) -> Decided:
    """Return what counts now."""
    return Decided(resolve_aliases(connection), read_decided_tags(connection))


def list_due_rows(connection: Connection, sheet: str, decided: Decided) -> list[ClipRow]:
    """Return the rows of the sheet whose clips a build would make or change."""
    return [
        row
        for row in store.read_clip_rows(connection, sheet)
        if row.input_hash != hash_input(row, decided.aliases, decided.find_tags(row))
    ]


def hash_input(row: ClipRow, aliases: Aliases = NO_ALIASES, tags: Sequence[DecidedTag] = ()) -> str:
    """Return a digest of all that the row's clip depends on; of the aliases only those of its own players."""
    reason = row.match_reason if row.file_id is None else ""
    used = [*(_list_used(row.content["players"], aliases) if aliases else []), *map(astuple, tags)]
    text = json.dumps([RULES_VERSION, row.fingerprint, row.file_id, reason, row.video_ms, row.rate, *used])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _list_used(cells: Sequence[str], aliases: Aliases) -> list[tuple[str, tuple[str, str]]]:
    names = (name for cell in cells if len(cell) <= MAX_PLAYERS_CELL for name in split_players(cell))
    return sorted((key, aliases[key]) for key in {make_player_key(name) for name in names} if key in aliases)


def read_clip(row: ClipRow, aliases: Aliases = NO_ALIASES, decided: Sequence[DecidedTag] = ()) -> Clip:
    """Return the clip of the row; ``problem`` has every reason why it cannot be cut.

    ``remark`` lists cells that could not be read, but do not prevent the cut.
    """
    content = row.content
    clip_range, problems = _read_range(row)
    if row.file_id is None:
        problems.insert(0, f"no video: {row.match_reason}")
    grade, grade_remarks = _read_grade(content["grade"])
    players, player_remarks = _read_players(content["players"], aliases)
    tags, tag_remarks = _read_tags(content["tags"])
    return Clip(
        sheet_row_id=row.row_id,
        file_id=row.file_id,
        in_ms=clip_range.in_ms if clip_range else None,
        out_ms=clip_range.out_ms if clip_range else None,
        title=_make_title(content),
        grade=grade,
        winner=content["winner"],
        hands=content["hands"],
        problem="; ".join(problems) or None,
        remark="; ".join((*_remark_frames(row), *grade_remarks, *player_remarks, *tag_remarks)) or None,
        input_hash=hash_input(row, aliases, decided),
        players=players,
        tags=apply_decided(tags, decided),
    )


def _read_range(row: ClipRow) -> tuple[ClipRange | None, list[str]]:
    try:
        ends = row.content["time_in"], row.content["time_out"]
        return parse_range(*ends, video_ms=row.video_ms, rate=row.rate), []
    except BadInput as error:
        return None, [str(error)]


def _remark_frames(row: ClipRow) -> list[str]:
    has_frames = any(have_frames(row.content[name]) for name in ("time_in", "time_out"))
    unknown = row.rate is None and row.file_id is not None and has_frames
    return ["frames are not counted: the video's frame rate is unknown"] if unknown else []


def _read_grade(text: str) -> tuple[int | None, list[str]]:
    try:
        return parse_grade(text), []
    except BadInput as error:
        return None, [str(error)]


def _read_players(cells: Sequence[str], aliases: Aliases) -> tuple[tuple[tuple[str, str], ...], list[str]]:
    """Return (key, name) of each player once, in the first spelling, and a remark on each text that is not a name."""
    names: dict[str, str] = {}
    remarks = [_remark_length("Players", cell) for cell in cells if len(cell) > MAX_PLAYERS_CELL]
    for cell in cells:
        for name in split_players(cell) if len(cell) <= MAX_PLAYERS_CELL else ():
            key = make_player_key(name)
            if max(len(name), len(key)) > MAX_NAME:
                remarks.append(_remark_length("Players", name))
            elif key:
                names.setdefault(*aliases.get(key, (key, name)))
    return tuple(names.items()), remarks


def _read_tags(cells: Sequence[Sequence[str]]) -> tuple[tuple[tuple[str, str, bool], ...], list[str]]:
    """Return (category, name, is known) of each tag once, and a remark on each text that is not a tag."""
    remarks = [_remark_length(f"Tag ({category})", text) for category, text in cells if len(text) > MAX_NAME]
    tags = parse_tags((category, text) for category, text in cells if len(text) <= MAX_NAME)
    return tuple((tag.category.value, tag.name[:MAX_NAME], tag.is_known) for tag in tags), remarks


def _remark_length(column: str, text: str) -> str:
    return f"{column}: {show_text(text)} is too long and was ignored; move it to the description"


def _make_title(content: dict[str, Any]) -> str:
    title: str = content["title"] or content["description"] or content["file_name"]
    return " ".join(title.split())


def _write(connection: Connection, sheet: str, rows: Sequence[ClipRow], decided: Decided) -> list[tuple[int, NewEvent]]:
    """Store the clips of the rows; return the events, each with its row."""
    clips = [read_clip(row, decided.aliases, decided.find_tags(row)) for row in rows]
    ids = store.upsert_clips(connection, sheet, clips)
    store.replace_players(connection, ids, clips)
    before = store.read_tags(connection, [*ids.values()])
    store.replace_tags(connection, ids, clips)
    after = store.read_tags(connection, [*ids.values()])
    row_ids = {clip_id: row_id for row_id, clip_id in ids.items()}
    tagged = [(row_ids[event.payload["clip_id"]], event) for event in _make_tag_events(sheet, before, after)]
    return [*((row.row_id, _make_event(row, ids[row.row_id], sheet)) for row in rows), *tagged]


def _sign(event: NewEvent, actor: Actor | None) -> NewEvent:
    if actor is None:
        return event
    by, reason = (make_storable(each, "\ufffd").strip() for each in (actor.who, actor.reason))
    return replace(event, payload=event.payload | {"by": by, "reason": reason})


def _make_event(row: ClipRow, clip_id: int, sheet: str) -> NewEvent:
    kind = EventType.HAND_CLIP_CREATED if row.input_hash is None else EventType.HAND_CLIP_CHANGED
    return NewEvent(kind, {"clip_id": clip_id, "sheet": sheet, "row_id": row.row_id, "file_id": row.file_id})


def _make_tag_events(sheet: str, before: dict[int, list[str]], after: dict[int, list[str]]) -> Iterator[NewEvent]:
    """Yield an event for each clip that has other tags now."""
    for clip_id in sorted({*before, *after}):
        if before.get(clip_id) != (tags := after.get(clip_id, [])):
            yield NewEvent(EventType.HAND_CLIP_TAGGED, {"clip_id": clip_id, "sheet": sheet, "tags": tags})


def _report(connection: Connection, sheet: str, *, created: int, changed: int, retired: int) -> ClipReport:
    clips, failed, with_problem, unknown_tags = store.count_clips(connection, sheet)
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
        problem_count=with_problem,
    )
