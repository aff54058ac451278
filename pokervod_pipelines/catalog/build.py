"""Brings the catalog up to date with the inventory, in one transaction and only where something changed.

What changed is read anew and corrected as people said; ``regroup`` does the rest for the seasons that this touches. No
rule looks beyond a season, so the others need no look.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import Connection, Engine

from pokervod_pipelines.catalog import store, words
from pokervod_pipelines.catalog.corrected import Value, apply_corrections
from pokervod_pipelines.catalog.correction_store import read_in_force
from pokervod_pipelines.catalog.facts import list_facts, read_facts
from pokervod_pipelines.catalog.identity import NO_SHOW, find_season
from pokervod_pipelines.catalog.names import PARSER_VERSION
from pokervod_pipelines.catalog.regroup import SOURCE, Tally, regroup
from pokervod_pipelines.catalog.scope_store import SeasonKey, open_scope
from pokervod_pipelines.catalog.search.store import has_moved_clips
from pokervod_pipelines.catalog.search.update import is_outdated, update_search
from pokervod_pipelines.events import EventType, NewEvent, append_events

BUILD_VERSION = "1"
"""Raised when ``identity``, ``grouping``, ``titles`` or ``preferred`` answer differently: the next build redoes all."""

_RULES = f"{PARSER_VERSION}+{BUILD_VERSION}"
_FEW, _SHARE = 100, 4
"""So many changed files, or one in so many: only the seasons they touch are redone."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogReport:
    """What a build found and did. ``unknown`` are the videos in ``OTHER``, ``reasons`` says why, with counts.

    ``created``, ``changed`` and ``removed`` count rows by table; all empty means that nothing was written.
    ``reparsed`` is how many names were read, ``seconds`` the time of the whole build.
    """

    projects: int
    seasons: int
    events: int
    episodes: int
    video_files: int
    created: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)
    reparsed: int = 0
    unknown: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0


def build_catalog(
    engine: Engine, *, correlation_id: str, full: bool = False, progress: Progress | None = None
) -> CatalogReport:
    """The catalog holds every video of the inventory once, under ids it had before wherever that can be.

    Reads the names of new, moved, renamed and otherwise changed files and of those read by other rules; with ``full``
    of all. Two builds at once do the work once: the second waits, then finds nothing to do. ``progress`` is told how
    many names were read so far.
    """
    started, tally, reparsed = monotonic(), Tally(), 0
    with engine.begin() as connection:
        store.lock_catalog(connection)
        staleness = store.measure_staleness(connection, _RULES)
        if full or not staleness.is_fresh:
            reparsed = _update(connection, tally, correlation_id, None if full else staleness, progress)
        elif is_outdated(connection) or has_moved_clips(connection):
            update_search(connection, everything=True)
        report = CatalogReport(
            **store.count_catalog(connection),
            created=tally.created,
            changed=tally.changed,
            removed=tally.removed,
            reparsed=reparsed,
            reasons=(reasons := store.count_reasons(connection)),
            unknown=sum(reasons.values()),
            seconds=monotonic() - started,
        )
        if not tally.is_empty:
            append_events(connection, SOURCE, correlation_id, [_summarise(report)])
    return report


def _update(
    connection: Connection, tally: Tally, correlation_id: str, stale: store.Staleness | None, progress: Progress | None
) -> int:
    """The catalog is as inventory, rules and people say; returns how many names were read: those stale, None is all."""
    is_partial = stale is not None and _are_few(connection, stale.unread)
    departed = store.list_departed(connection)
    files, seasons = list(departed), set[SeasonKey]()
    with closing(store.stream_unread(connection, _RULES, full=stale is None)) as unread:
        names = _read_names(unread, read_in_force(connection), progress)
        noted = _note_touched(names, files, seasons) if is_partial else names
        count, read = store.store_names(connection, _RULES, noted)
    seasons |= open_scope(connection, files=files if is_partial else None, seasons=seasons)
    tally.note("video_files", store.drop_videos(connection, departed))
    tally.note("video_files", read)
    regroup(connection, tally, correlation_id, seasons if is_partial else None)
    update_search(connection, everything=not is_partial)
    return count


def _are_few(connection: Connection, unread: int) -> bool:
    return unread <= _FEW or unread * _SHARE < store.count_catalog(connection)["video_files"]


def _note_touched(
    batches: Iterable[list[store.NameRead]], files: list[int], seasons: set[SeasonKey]
) -> Iterator[list[store.NameRead]]:
    """The names as they come; the files read so far, and the seasons that they go to, are added to the collections."""
    for names in batches:
        files += (name.file_id for name in names)
        seasons.update(key for name in names for key in _list_seasons(name))
        yield names


def _list_seasons(name: store.NameRead) -> Iterator[SeasonKey]:
    for facts in list_facts(name.path, name.facts):
        season = find_season(facts.parsed)
        yield season.project, season.key


def _read_names(
    batches: Iterable[Sequence[store.Unread]],
    corrections: Mapping[int, list[tuple[str, Value]]],
    progress: Progress | None,
) -> Iterator[list[store.NameRead]]:
    count = 0
    for videos in batches:
        yield [_read_name(video, corrections.get(video.file_id, ())) for video in videos]
        count += len(videos)
        if progress:
            progress(count)


def _read_name(video: store.Unread, corrections: Iterable[tuple[str, Value]]) -> store.NameRead:
    facts = apply_corrections(read_facts(video.path), corrections)
    version = facts.get("version")
    is_told = video.version_type not in {"", "generic"} and "version" not in facts.get("corrected", ())
    if version is None and is_told:
        version = video.version_type
    reason = None if facts.get("project_code", words.OTHER) != words.OTHER else NO_SHOW
    return store.NameRead(video.file_id, video.path, version, facts, reason)


def _summarise(report: CatalogReport) -> NewEvent:
    counts: Iterable[str] = ("projects", "seasons", "events", "episodes", "video_files", "unknown", "reparsed")
    payload = {name: getattr(report, name) for name in counts}
    changes = {"created": report.created, "changed": report.changed, "removed": report.removed}
    return NewEvent(EventType.CATALOG_UPDATED, payload | changes)
