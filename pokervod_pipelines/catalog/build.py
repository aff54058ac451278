"""Build the catalog from the inventory, in one transaction and only where something changed.

Names that changed are read again and corrected as people decided; ``regroup`` does the rest for the seasons that this
touches. No rule looks beyond a season.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import Connection, Engine

from pokervod_pipelines.catalog import store, vocabulary
from pokervod_pipelines.catalog.correctable import Value, apply_corrections
from pokervod_pipelines.catalog.correction_store import read_corrections_in_force
from pokervod_pipelines.catalog.facts import list_facts, read_facts
from pokervod_pipelines.catalog.identity import UNKNOWN_SHOW, find_season
from pokervod_pipelines.catalog.names import PARSER_VERSION
from pokervod_pipelines.catalog.regroup import SOURCE, ChangeCounts, regroup
from pokervod_pipelines.catalog.scope_store import SeasonKey, open_scope
from pokervod_pipelines.catalog.search.store import has_changed_players
from pokervod_pipelines.catalog.search.update import is_outdated, update_search
from pokervod_pipelines.decisions import Decision
from pokervod_pipelines.events import EventType, NewEvent, append_events

BUILD_VERSION = "3"
"""Raised when ``identity``, ``grouping``, ``titles`` or ``preferred`` answer differently: the next build redoes all."""

_RULES = f"{PARSER_VERSION}+{BUILD_VERSION}"
_FEW_FILES, _SMALL_SHARE = 100, 1 / 4
"""Up to this number or share of changed files, a build redoes only the seasons that they touch."""

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogReport:
    """Report what a build found and did. ``unknown`` are the videos in ``OTHER``, ``reasons`` says why, with counts.

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
    """Add every video of the inventory to the catalog once, under the ids it had before wherever possible.

    Reads the names of new, moved, renamed and otherwise changed files and of those read by other rules; with ``full``
    of all. Of two builds at the same time the second waits, then finds nothing to do. ``progress`` is called with the
    number of names read so far.
    """
    started, counts, reparsed = monotonic(), ChangeCounts(), 0
    with engine.begin() as connection:
        store.lock_catalog(connection)
        staleness = store.measure_staleness(connection, _RULES)
        if full or not staleness.is_fresh:
            reparsed = _update(connection, counts, correlation_id, None if full else staleness, progress)
        elif is_outdated(connection) or has_changed_players(connection):
            update_search(connection, everything=True)
        report = CatalogReport(
            **store.count_catalog(connection),
            created=counts.created,
            changed=counts.changed,
            removed=counts.removed,
            reparsed=reparsed,
            reasons=(reasons := store.count_reasons(connection)),
            unknown=sum(reasons.values()),
            seconds=monotonic() - started,
        )
        if not counts.is_empty:
            append_events(connection, SOURCE, correlation_id, [_summarise(report)])
    return report


def _update(
    connection: Connection,
    counts: ChangeCounts,
    correlation_id: str,
    stale: store.Staleness | None,
    progress: Progress | None,
) -> int:
    """Update the catalog for the stale names (None: all); return how many names were read."""
    is_partial = stale is not None and _are_few(connection, stale.unread)
    removed = store.list_removed(connection)
    files, seasons = list(removed), set[SeasonKey]()
    with closing(store.stream_unread(connection, _RULES, full=stale is None)) as unread:
        names = _read_names(unread, read_corrections_in_force(connection), progress)
        noted = _note_touched(names, files, seasons) if is_partial else names
        count, read = store.store_names(connection, _RULES, noted)
    seasons |= open_scope(connection, files=files if is_partial else None, seasons=seasons)
    counts.add("video_files", store.drop_videos(connection, removed))
    counts.add("video_files", read)
    regroup(connection, counts, correlation_id, seasons if is_partial else None)
    update_search(connection, everything=not is_partial)
    return count


def rebuild_season(connection: Connection, season: SeasonKey, decision: Decision) -> None:
    """Group the videos of the season again after a person's decision; the caller holds the catalog's lock."""
    counts, seasons = ChangeCounts(), {season}
    seasons |= open_scope(connection, files=[], seasons=seasons)
    signature = {"by": decision.by, "reason": decision.reason}
    regroup(connection, counts, decision.correlation_id, seasons, signature=signature)
    update_search(connection, everything=False)


def _are_few(connection: Connection, unread: int) -> bool:
    return unread <= _FEW_FILES or unread < store.count_catalog(connection)["video_files"] * _SMALL_SHARE


def _note_touched(
    batches: Iterable[list[store.ReadName]], files: list[int], seasons: set[SeasonKey]
) -> Iterator[list[store.ReadName]]:
    """Yield the names, and add their files and the seasons that they belong to to the collections."""
    for names in batches:
        files += (name.file_id for name in names)
        seasons.update(key for name in names for key in _list_seasons(name))
        yield names


def _list_seasons(name: store.ReadName) -> Iterator[SeasonKey]:
    for facts in list_facts(name.path, name.facts):
        season = find_season(facts.parsed)
        yield season.project, season.key


def _read_names(
    batches: Iterable[Sequence[store.UnreadVideo]],
    corrections: Mapping[int, list[tuple[str, Value]]],
    progress: Progress | None,
) -> Iterator[list[store.ReadName]]:
    count = 0
    for videos in batches:
        yield [_read_video_name(video, corrections.get(video.file_id, ())) for video in videos]
        count += len(videos)
        if progress:
            progress(count)


def _read_video_name(video: store.UnreadVideo, corrections: Iterable[tuple[str, Value]]) -> store.ReadName:
    facts = apply_corrections(read_facts(video.path), corrections)
    version = facts.get("version")
    has_version_type = video.version_type not in {"", "generic"} and "version" not in facts.get("corrected", ())
    if version is None and has_version_type:
        version = video.version_type
    reason = None if facts.get("project_code", vocabulary.OTHER) != vocabulary.OTHER else UNKNOWN_SHOW
    return store.ReadName(video.file_id, video.path, version, facts, reason)


def _summarise(report: CatalogReport) -> NewEvent:
    counts: Iterable[str] = ("projects", "seasons", "events", "episodes", "video_files", "unknown", "reparsed")
    payload = {name: getattr(report, name) for name in counts}
    changes = {"created": report.created, "changed": report.changed, "removed": report.removed}
    return NewEvent(EventType.CATALOG_UPDATED, payload | changes)
