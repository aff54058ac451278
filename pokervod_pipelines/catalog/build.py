"""Brings the catalog up to date with the inventory, in one transaction and only where something changed.

Read names, place, group, keep ids, write: each step is a file of this room; here stands their order.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic

from sqlalchemy import Connection, Engine

from pokervod_pipelines.catalog import store, words
from pokervod_pipelines.catalog.facts import list_facts, read_facts
from pokervod_pipelines.catalog.grouping import EpisodeDraft, Grouping
from pokervod_pipelines.catalog.identity import NO_SHOW, place_video
from pokervod_pipelines.catalog.layout import GroupIds, Key, Layout, find_homes
from pokervod_pipelines.catalog.names import PARSER_VERSION
from pokervod_pipelines.catalog.preferred import rank_file
from pokervod_pipelines.catalog.reconcile import reconcile
from pokervod_pipelines.events import EventType, NewEvent, append_events

BUILD_VERSION = "1"
"""Raised when ``identity``, ``grouping``, ``titles`` or ``preferred`` answer differently: the next build redoes all."""

_RULES = f"{PARSER_VERSION}+{BUILD_VERSION}"
_SOURCE = "catalog"
_BATCH = 5_000
_TREE = (store.SEASONS, store.EVENTS, store.EPISODES)

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


@dataclass(frozen=True, slots=True)
class _Tally:
    """Rows made, altered and taken away so far, by table."""

    created: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)

    def note(self, table: str, changes: store.Changes) -> None:
        for counts, count in zip((self.created, self.changed, self.removed), changes, strict=True):
            if count:
                counts[table] = counts.get(table, 0) + count

    @property
    def is_empty(self) -> bool:
        return not (self.created or self.changed or self.removed)


def build_catalog(
    engine: Engine, *, correlation_id: str, full: bool = False, progress: Progress | None = None
) -> CatalogReport:
    """The catalog holds every video of the inventory once, under ids it had before wherever that can be.

    Reads the names of new, moved, renamed and otherwise changed files and of those read by other rules; with ``full``
    of all. Two builds at once do the work once: the second waits, then finds nothing to do. ``progress`` is told how
    many names were read so far.
    """
    started, tally, reparsed = monotonic(), _Tally(), 0
    with engine.begin() as connection:
        store.lock_catalog(connection)
        if full or not store.measure_staleness(connection, _RULES).is_fresh:
            tally.note("video_files", store.drop_departed(connection))
            # Listed before the first is read: the COPY that takes the answers keeps the connection from reading on.
            unread = list(store.stream_unread(connection, _RULES, full=full))
            reparsed, read = store.store_names(connection, _RULES, _read_names(unread, progress))
            tally.note("video_files", read)
            _write(connection, Layout(_group(connection)), tally, correlation_id)
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
            append_events(connection, _SOURCE, correlation_id, [_summarise(report)])
    return report


def _read_names(videos: Iterable[store.Unread], progress: Progress | None) -> Iterator[store.NameRead]:
    for count, video in enumerate(videos, 1):
        facts = read_facts(video.path)
        version = facts.get("version") or (video.version_type if video.version_type != "generic" else None)
        reason = None if "project_code" in facts else NO_SHOW
        yield store.NameRead(video.file_id, video.path, version, facts, reason)
        if progress and count % 1_000 == 0:
            progress(count)


def _group(connection: Connection) -> Grouping:
    grouping = Grouping()
    for video in store.stream_videos(connection):
        name = video.path.rpartition("/")[2]
        rank = rank_file(
            is_missing=video.is_missing, version=video.version, name=name, size=video.size, file_id=video.file_id
        )
        for facts in list_facts(video.path, video.facts):
            grouping.add(video.file_id, place_video(facts), rank)
    grouping.finish()
    return grouping


def _write(connection: Connection, layout: Layout, tally: _Tally, correlation_id: str) -> None:
    new_projects = _write_projects(connection, layout, tally)
    known = store.read_group_ids(connection)
    all_wanted: tuple[Mapping[Key, object], ...] = (layout.seasons, layout.events, layout.episodes)
    ids = GroupIds(
        *(
            _keep_ids(connection, level, old, wanted, layout.episodes)
            for level, old, wanted in zip(_TREE, known, all_wanted, strict=True)
        )
    )
    rows = (layout.season_rows(ids), layout.event_rows(ids), layout.episode_rows(ids))
    for level, wanted in zip(_TREE, rows, strict=True):
        store.want_groups(connection, level, wanted)
    for level in _TREE:
        tally.note(level.table, store.write_groups(connection, level))
    members = ((ids.episodes[key], file_id) for key, draft in layout.episodes.items() for file_id in draft.files)
    tally.note("episode_files", store.write_members(connection, members))
    for level in reversed(_TREE):
        tally.note(level.table, store.drop_groups(connection, level))
    tally.note("projects", store.drop_empty_projects(connection))
    tally.note("video_files", store.title_videos(connection, new=tally.created.get("video_files", 0)))
    _announce_episodes(connection, layout, ids, known[2], correlation_id)
    append_events(connection, _SOURCE, correlation_id, [_greet_project(code) for code in new_projects])


def _write_projects(connection: Connection, layout: Layout, tally: _Tally) -> list[str]:
    codes = sorted({project for project, _ in layout.seasons})
    created, changes = store.write_projects(connection, {code: words.PROJECT_TITLES.get(code, code) for code in codes})
    tally.note("projects", changes)
    return created


def _keep_ids(
    connection: Connection,
    level: store.Level,
    old: Mapping[Key, int],
    wanted: Mapping[Key, object],
    episodes: Mapping[Key, EpisodeDraft],
) -> dict[Key, int]:
    """An id for every wanted group: that of the group it carries on, else a fresh one, in the order of keys."""
    vanished = {identity: key for key, identity in old.items() if key not in wanted}
    members: dict[Key, list[int]] = {}
    if vanished:
        for group, file_id in store.read_members(connection, level, list(vanished)):
            members.setdefault(vanished[group], []).append(file_id)
    depth = len(next(iter(wanted), ()))
    homes = find_homes(episodes, depth, (file_id for files in members.values() for file_id in files)) if members else {}
    kept = reconcile(old, wanted, members, homes)
    fresh = sorted(key for key in wanted if key not in kept)
    return kept | dict(zip(fresh, store.take_ids(connection, level, len(fresh)), strict=True))


def _announce_episodes(
    connection: Connection, layout: Layout, ids: GroupIds, old: Mapping[Key, int], correlation_id: str
) -> None:
    known = set(old.values())
    created = sorted(key for key, identity in ids.episodes.items() if identity not in known)
    for start in range(0, len(created), _BATCH):
        events = [_greet_episode(layout, ids, key) for key in created[start : start + _BATCH]]
        append_events(connection, _SOURCE, correlation_id, events)


def _greet_project(code: str) -> NewEvent:
    return NewEvent(EventType.CATALOG_PROJECT_CREATED, {"project": code, "title": words.PROJECT_TITLES.get(code, code)})


def _greet_episode(layout: Layout, ids: GroupIds, key: Key) -> NewEvent:
    payload = {"episode_id": ids.episodes[key], "project": key[0], "title": layout.title_episode(key)}
    return NewEvent(EventType.CATALOG_EPISODE_CREATED, payload)


def _summarise(report: CatalogReport) -> NewEvent:
    counts: Iterable[str] = ("projects", "seasons", "events", "episodes", "video_files", "unknown", "reparsed")
    payload = {name: getattr(report, name) for name in counts}
    changes = {"created": report.created, "changed": report.changed, "removed": report.removed}
    return NewEvent(EventType.CATALOG_UPDATED, payload | changes)
