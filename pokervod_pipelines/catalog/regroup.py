"""From what was read of names to the groups in the database: place, group, keep ids, write, announce.

Each step is a file of this room; here stands their order. Works on the scope that ``scope_store.open_scope`` opened.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from sqlalchemy import Connection

from pokervod_pipelines.catalog import group_store, staging_store, words
from pokervod_pipelines.catalog.bulk import Changes
from pokervod_pipelines.catalog.facts import list_facts
from pokervod_pipelines.catalog.grouping import Grouping
from pokervod_pipelines.catalog.identity import find_season, place_video
from pokervod_pipelines.catalog.layout import GroupNumbers, Key, Layout
from pokervod_pipelines.catalog.levels import LEVELS
from pokervod_pipelines.catalog.names import ParsedName
from pokervod_pipelines.catalog.preferred import rank_file
from pokervod_pipelines.catalog.reconcile import reconcile
from pokervod_pipelines.catalog.scope_store import SeasonKey, Video, list_season_facts, stream_seasons
from pokervod_pipelines.catalog.staging_store import Candidate
from pokervod_pipelines.events import EventType, NewEvent, append_events

SOURCE = "catalog"


@dataclass(frozen=True, slots=True)
class Tally:
    """Rows made, altered and taken away so far, by table."""

    created: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)

    def note(self, table: str, changes: Changes) -> None:
        """One more statement's changes are counted."""
        for counts, more in zip((self.created, self.changed, self.removed), changes, strict=True):
            if more:
                counts[table] = counts.get(table, 0) + more

    @property
    def is_empty(self) -> bool:
        """Whether nothing was written."""
        return not (self.created or self.changed or self.removed)


def regroup(
    connection: Connection, tally: Tally, correlation_id: str, seasons: Collection[SeasonKey] | None = None
) -> None:
    """The groups of the scope are as the names say, under ids they had before wherever that can be.

    ``seasons`` are the keys of the scope; None is all.
    """
    staging_store.open_staging(connection)
    counters = (count(), count(), count())
    for layout in _lay_out(connection, seasons):
        _stage(connection, layout, layout.number_groups(*counters))
    new_projects = _write_projects(connection, tally)
    _give_ids(connection)
    _write(connection, tally)
    _announce_episodes(connection, correlation_id)
    append_events(connection, SOURCE, correlation_id, [_greet_project(code) for code in new_projects])


def _lay_out(connection: Connection, seasons: Collection[SeasonKey] | None) -> Iterator[Layout]:
    """The groups of one season after the other, in the order of their keys."""
    found = {facts: find_season(ParsedName(**facts._asdict())) for facts in list_season_facts(connection)}
    keys = {facts: (season.project, season.key) for facts, season in found.items()}
    if seasons is not None:
        keys = {facts: key for facts, key in keys.items() if key in seasons}
    for key, videos in stream_seasons(connection, keys):
        yield Layout(_group(key, videos))


def _group(key: SeasonKey, videos: Iterable[Video]) -> Grouping:
    """The groups of one season; a video's other event may be of another."""
    grouping = Grouping()
    for video in videos:
        name = video.path.rpartition("/")[2]
        rank = rank_file(
            is_missing=video.is_missing, version=video.version, name=name, size=video.size, file_id=video.file_id
        )
        for facts in list_facts(video.path, video.facts):
            place = place_video(facts)
            if (place.season.project, place.season.key) == key:
                grouping.add(video.file_id, place, rank, facts.title)
    grouping.finish()
    return grouping


def _stage(connection: Connection, layout: Layout, numbers: GroupNumbers) -> None:
    rows = (layout.season_rows(numbers), layout.event_rows(numbers), layout.episode_rows(numbers))
    for level, wanted in zip(LEVELS, rows, strict=True):
        staging_store.stage_groups(connection, level, wanted)
    staging_store.stage_members(connection, layout.list_members(numbers))


def _write_projects(connection: Connection, tally: Tally) -> list[str]:
    codes = staging_store.list_projects(connection)
    created, changes = group_store.write_projects(
        connection, {code: words.PROJECT_TITLES.get(code, code) for code in codes}
    )
    tally.note("projects", changes)
    return created


def _give_ids(connection: Connection) -> None:
    """Every staged group has an id: that of the group it carries on, else a fresh one, in the order of keys."""
    for level in LEVELS:
        staging_store.keep_ids(connection, level)
    for level in LEVELS:
        staging_store.inherit_ids(connection, level, find_heirs(staging_store.stream_candidates(connection, level)))
    for level in LEVELS:
        staging_store.want_groups(connection, level)
    staging_store.want_members(connection)


def find_heirs(candidates: Iterable[Candidate]) -> dict[int, int]:
    """The ids that groups which are no more hand on, by the number of the group that carries one on."""
    old: dict[Key, int] = {}
    numbers: dict[Key, int] = {}
    members: dict[Key, set[int]] = {}
    homes: dict[int, set[Key]] = {}
    for candidate in candidates:
        # A key that no group has: that of the vanished group decides nothing.
        vanished: Key = (str(candidate.vanished),)
        old[vanished] = candidate.vanished
        members.setdefault(vanished, set()).add(candidate.file_id)
        homes.setdefault(candidate.file_id, set()).add(candidate.key)
        numbers[candidate.key] = candidate.number
        if candidate.kept is not None:
            old[candidate.key] = candidate.kept
    heirs = reconcile(old, numbers, members, homes)
    return {numbers[key]: identity for key, identity in heirs.items() if key not in old}


def _write(connection: Connection, tally: Tally) -> None:
    for level in LEVELS:
        tally.note(level.table, group_store.write_groups(connection, level))
    tally.note("episode_files", group_store.write_members(connection))
    for level in reversed(LEVELS):
        tally.note(level.table, group_store.drop_groups(connection, level))
    tally.note("projects", group_store.drop_empty_projects(connection))
    tally.note("video_files", group_store.title_videos(connection, new=tally.created.get("video_files", 0)))


def _announce_episodes(connection: Connection, correlation_id: str) -> None:
    for episodes in group_store.stream_new_episodes(connection):
        events = [NewEvent(EventType.CATALOG_EPISODE_CREATED, episode._asdict()) for episode in episodes]
        append_events(connection, SOURCE, correlation_id, events)


def _greet_project(code: str) -> NewEvent:
    return NewEvent(EventType.CATALOG_PROJECT_CREATED, {"project": code, "title": words.PROJECT_TITLES.get(code, code)})
