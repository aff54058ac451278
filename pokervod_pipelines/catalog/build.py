"""Brings the catalog up to date with the inventory, in one transaction and only where something changed.

What changed is read anew and corrected as people said; ``regroup`` does the rest for the seasons that this touches. No
rule looks beyond a season, so the others need no look.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
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
from pokervod_pipelines.catalog.scope_store import open_scope
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
        if full or not store.measure_staleness(connection, _RULES).is_fresh:
            reparsed = _update(connection, tally, correlation_id, full=full, progress=progress)
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


def _update(connection: Connection, tally: Tally, correlation_id: str, *, full: bool, progress: Progress | None) -> int:
    """The catalog is as inventory, rules and people say; returns how many names were read."""
    # Listed before the first is read: the COPY that takes the answers keeps the connection from reading on.
    unread, departed = list(store.stream_unread(connection, _RULES, full=full)), store.list_departed(connection)
    names = _read_names(unread, read_in_force(connection), progress)
    seasons: set[tuple[str, str]] | None = None
    is_few = len(unread) <= _FEW or len(unread) * _SHARE < store.count_catalog(connection)["video_files"]
    if is_few and not full:
        known = list(names)
        names, seasons = iter(known), {key for name in known for key in _list_seasons(name)}
    count, read = store.store_names(connection, _RULES, names)
    if seasons is None:
        open_scope(connection, files=None)
    else:
        touched = [*departed, *(video.file_id for video in unread)]
        seasons |= open_scope(connection, files=touched, seasons=seasons)
    tally.note("video_files", store.drop_videos(connection, departed))
    tally.note("video_files", read)
    regroup(connection, tally, correlation_id, seasons)
    update_search(connection, everything=seasons is None)
    return count


def _list_seasons(name: store.NameRead) -> Iterator[tuple[str, str]]:
    for facts in list_facts(name.path, name.facts):
        season = find_season(facts.parsed)
        yield season.project, season.key


def _read_names(
    videos: Iterable[store.Unread], corrections: Mapping[int, list[tuple[str, Value]]], progress: Progress | None
) -> Iterator[store.NameRead]:
    for count, video in enumerate(videos, 1):
        facts = apply_corrections(read_facts(video.path), corrections.get(video.file_id, ()))
        version = facts.get("version")
        is_told = video.version_type not in {"", "generic"} and "version" not in facts.get("corrected", ())
        if version is None and is_told:
            version = video.version_type
        reason = None if facts.get("project_code", words.OTHER) != words.OTHER else NO_SHOW
        yield store.NameRead(video.file_id, video.path, version, facts, reason)
        if progress and count % 1_000 == 0:
            progress(count)


def _summarise(report: CatalogReport) -> NewEvent:
    counts: Iterable[str] = ("projects", "seasons", "events", "episodes", "video_files", "unknown", "reparsed")
    payload = {name: getattr(report, name) for name in counts}
    changes = {"created": report.created, "changed": report.changed, "removed": report.removed}
    return NewEvent(EventType.CATALOG_UPDATED, payload | changes)
