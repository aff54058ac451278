"""From what was read of names to the groups in the database: place, group, keep ids, write, announce.

Each step is a file of this room; here stands their order. Works on the scope that ``scope_store.open_scope`` opened.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from pokervod_pipelines.catalog import group_store, words
from pokervod_pipelines.catalog.bulk import Changes
from pokervod_pipelines.catalog.facts import list_facts
from pokervod_pipelines.catalog.grouping import EpisodeDraft, Grouping
from pokervod_pipelines.catalog.identity import place_video
from pokervod_pipelines.catalog.layout import GroupIds, Key, Layout, find_homes
from pokervod_pipelines.catalog.preferred import rank_file
from pokervod_pipelines.catalog.reconcile import reconcile
from pokervod_pipelines.catalog.scope_store import stream_videos
from pokervod_pipelines.events import EventType, NewEvent, append_events

SOURCE = "catalog"

_BATCH = 5_000
_TREE = (group_store.SEASONS, group_store.EVENTS, group_store.EPISODES)


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows made, altered and taken away so far, by table."""

    created: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)

    def note(self, table: str, changes: Changes) -> None:
        """One more statement's changes are counted."""
        for counts, count in zip((self.created, self.changed, self.removed), changes, strict=True):
            if count:
                counts[table] = counts.get(table, 0) + count

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return not (self.created or self.changed or self.removed)


def regroup(
    connection: Connection, tally: Tally, correlation_id: str, seasons: Collection[tuple[str, str]] | None = None
) -> None:
    """The groups of the scope are as the names say, under ids they had before wherever that can be.

    ``seasons`` are the keys (project, season) of the scope; None is all.
    """
    _write(connection, Layout(_group(connection, seasons)), tally, correlation_id)


def _group(connection: Connection, seasons: Collection[tuple[str, str]] | None) -> Grouping:
    grouping = Grouping()
    for video in stream_videos(connection):
        name = video.path.rpartition("/")[2]
        rank = rank_file(
            is_missing=video.is_missing, version=video.version, name=name, size=video.size, file_id=video.file_id
        )
        for facts in list_facts(video.path, video.facts):
            place = place_video(facts)
            if seasons is None or (place.season.project, place.season.key) in seasons:
                grouping.add(video.file_id, place, rank, facts.title)
    grouping.finish()
    return grouping


def _write(connection: Connection, layout: Layout, tally: Tally, correlation_id: str) -> None:
    new_projects = _write_projects(connection, layout, tally)
    known = group_store.read_group_ids(connection)
    all_wanted: tuple[Mapping[Key, object], ...] = (layout.seasons, layout.events, layout.episodes)
    ids = GroupIds(
        *(
            _keep_ids(connection, level, old, wanted, layout.episodes)
            for level, old, wanted in zip(_TREE, known, all_wanted, strict=True)
        )
    )
    rows = (layout.season_rows(ids), layout.event_rows(ids), layout.episode_rows(ids))
    for level, wanted in zip(_TREE, rows, strict=True):
        group_store.want_groups(connection, level, wanted)
    for level in _TREE:
        tally.note(level.table, group_store.write_groups(connection, level))
    members = ((ids.episodes[key], file_id) for key, draft in layout.episodes.items() for file_id in draft.files)
    tally.note("episode_files", group_store.write_members(connection, members))
    for level in reversed(_TREE):
        tally.note(level.table, group_store.drop_groups(connection, level))
    tally.note("projects", group_store.drop_empty_projects(connection))
    tally.note("video_files", group_store.title_videos(connection, new=tally.created.get("video_files", 0)))
    _announce_episodes(connection, layout, ids, known[2], correlation_id)
    append_events(connection, SOURCE, correlation_id, [_greet_project(code) for code in new_projects])


def _write_projects(connection: Connection, layout: Layout, tally: Tally) -> list[str]:
    codes = sorted({project for project, _ in layout.seasons})
    created, changes = group_store.write_projects(
        connection, {code: words.PROJECT_TITLES.get(code, code) for code in codes}
    )
    tally.note("projects", changes)
    return created


def _keep_ids(
    connection: Connection,
    level: group_store.Level,
    old: Mapping[Key, int],
    wanted: Mapping[Key, object],
    episodes: Mapping[Key, EpisodeDraft],
) -> dict[Key, int]:
    """An id for every wanted group: that of the group it carries on, else a fresh one, in the order of keys."""
    vanished = {identity: key for key, identity in old.items() if key not in wanted}
    members: dict[Key, list[int]] = {}
    if vanished:
        for group, file_id in group_store.read_members(connection, level, list(vanished)):
            members.setdefault(vanished[group], []).append(file_id)
    depth = len(next(iter(wanted), ()))
    homes = find_homes(episodes, depth, (file_id for files in members.values() for file_id in files)) if members else {}
    kept = reconcile(old, wanted, members, homes)
    fresh = sorted(key for key in wanted if key not in kept)
    return kept | dict(zip(fresh, group_store.take_ids(connection, level, len(fresh)), strict=True))


def _announce_episodes(
    connection: Connection, layout: Layout, ids: GroupIds, old: Mapping[Key, int], correlation_id: str
) -> None:
    known = set(old.values())
    created = sorted(key for key, identity in ids.episodes.items() if identity not in known)
    for start in range(0, len(created), _BATCH):
        events = [_greet_episode(layout, ids, key) for key in created[start : start + _BATCH]]
        append_events(connection, SOURCE, correlation_id, events)


def _greet_project(code: str) -> NewEvent:
    return NewEvent(EventType.CATALOG_PROJECT_CREATED, {"project": code, "title": words.PROJECT_TITLES.get(code, code)})


def _greet_episode(layout: Layout, ids: GroupIds, key: Key) -> NewEvent:
    payload = {"episode_id": ids.episodes[key], "project": key[0], "title": layout.title_episode(key)}
    return NewEvent(EventType.CATALOG_EPISODE_CREATED, payload)
