"""Group the videos of a build's scope: place, group, keep ids, write, append events.

Each step is a file of this room. Works on the scope that ``scope_store.open_scope`` opened.
"""

import itertools
from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from sqlalchemy import Connection

from pokervod_pipelines.catalog import group_store, staging_store, vocabulary
from pokervod_pipelines.catalog.facts import list_facts
from pokervod_pipelines.catalog.grouping import Grouping
from pokervod_pipelines.catalog.identity import find_season, place_video
from pokervod_pipelines.catalog.layout import LEVELS, GroupNumbers, Key, TreeLayout
from pokervod_pipelines.catalog.names import ParsedName
from pokervod_pipelines.catalog.planned import PlannedEntry
from pokervod_pipelines.catalog.planned_store import read_planned
from pokervod_pipelines.catalog.preferred import rank_file
from pokervod_pipelines.catalog.scope_store import ScopedVideo, SeasonKey, list_season_facts, stream_seasons
from pokervod_pipelines.catalog.staging_store import IdCandidate
from pokervod_pipelines.catalog.store import Changes
from pokervod_pipelines.events import EventType, NewEvent, append_events

SOURCE = "catalog"

GroupKey = TypeVar("GroupKey", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ChangeCounts:
    """Count the rows created, changed and removed so far, by table."""

    created: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    removed: dict[str, int] = field(default_factory=dict)

    def add(self, table: str, changes: Changes) -> None:
        """Add the changes of one more statement."""
        for counts, more in zip((self.created, self.changed, self.removed), changes, strict=True):
            if more:
                counts[table] = counts.get(table, 0) + more

    @property
    def is_empty(self) -> bool:
        """Return whether nothing was written."""
        return not (self.created or self.changed or self.removed)


def regroup(
    connection: Connection,
    counts: ChangeCounts,
    correlation_id: str,
    seasons: Collection[SeasonKey] | None = None,
    *,
    signature: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Write the groups of the scope, under the ids they had before wherever possible.

    ``seasons`` are the keys of the scope; None is all. ``signature`` goes into the events, where a person asked for it.
    """
    staging_store.open_staging(connection)
    counters = (itertools.count(), itertools.count(), itertools.count())
    planned = read_planned(connection)
    for layout in _lay_out(connection, seasons, planned):
        _stage(connection, layout, layout.number_groups(*counters))
    kept = {entry.season[0] for entry in planned}
    new_projects = _write_projects(connection, counts, kept)
    _give_ids(connection)
    _write(connection, counts, kept)
    _append_episode_events(connection, correlation_id, signature)
    events = [_make_project_event(code, signature) for code in new_projects]
    append_events(connection, SOURCE, correlation_id, events)


def _lay_out(
    connection: Connection, seasons: Collection[SeasonKey] | None, planned: Iterable[PlannedEntry]
) -> Iterator[TreeLayout]:
    """Yield the groups of one season after the other: those with files in the order of their keys, then others."""
    plans: dict[SeasonKey, list[PlannedEntry]] = {}
    for entry in planned:
        if seasons is None or entry.season in seasons:
            plans.setdefault(entry.season, []).append(entry)
    found = {facts: find_season(ParsedName(**facts._asdict())) for facts in list_season_facts(connection)}
    keys = {facts: (season.project, season.key) for facts, season in found.items()}
    if seasons is not None:
        keys = {facts: key for facts, key in keys.items() if key in seasons}
    for key, videos in stream_seasons(connection, keys):
        yield TreeLayout(_group(key, videos, plans.pop(key, ())))
    for key in sorted(plans):
        yield TreeLayout(_group(key, (), plans[key]))


def _group(key: SeasonKey, videos: Iterable[ScopedVideo], planned: Iterable[PlannedEntry]) -> Grouping:
    """Return the groups of one season; a video's other event may be of another."""
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
    for entry in planned:
        grouping.plan(entry)
    grouping.finish()
    return grouping


def _stage(connection: Connection, layout: TreeLayout, numbers: GroupNumbers) -> None:
    rows = (layout.make_season_rows(numbers), layout.make_event_rows(numbers), layout.make_episode_rows(numbers))
    for level, target in zip(LEVELS, rows, strict=True):
        staging_store.stage_groups(connection, level, target)
    staging_store.stage_members(connection, layout.list_members(numbers))


def _write_projects(connection: Connection, counts: ChangeCounts, planned: Collection[str]) -> list[str]:
    codes = sorted({*staging_store.list_projects(connection), *planned})
    created, changes = group_store.write_projects(
        connection, {code: vocabulary.PROJECT_TITLES.get(code, code) for code in codes}
    )
    counts.add("projects", changes)
    return created


def _give_ids(connection: Connection) -> None:
    """Give every staged group the id of the group that it continues, else a new one, in the order of keys."""
    for level in LEVELS:
        staging_store.keep_ids(connection, level)
    for level in LEVELS:
        staging_store.inherit_ids(connection, level, find_heirs(staging_store.stream_candidates(connection, level)))
    for level in LEVELS:
        staging_store.build_target_groups(connection, level)
    staging_store.build_target_members(connection)


def find_heirs(candidates: Iterable[IdCandidate]) -> dict[int, int]:
    """Return the ids that vanished groups pass on, by the number of the group that inherits one."""
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


def reconcile(
    old: Mapping[GroupKey, int],
    new: Iterable[GroupKey],
    old_members: Mapping[GroupKey, Iterable[int]],
    new_homes: Mapping[int, Iterable[GroupKey]],
) -> dict[GroupKey, int]:
    """Return the old id of every new key that gets one, so that nothing is re-numbered without need.

    A key that stays keeps its id. A vanished key passes its id to the new key that now has most of its files, if that
    key is new itself and no other vanished key brought it more; otherwise its id retires. ``old_members`` is
    needed of vanished keys only, ``new_homes`` of their members only. Ties go to the smaller key, so the order of
    input does not matter.
    """
    kept = {key: old[key] for key in new if key in old}
    claims: list[tuple[int, str, int, GroupKey]] = []
    for key in old.keys() - kept.keys():
        shares = Counter(home for member in old_members.get(key, ()) for home in new_homes.get(member, ()))
        if shares:
            heir, count = min(shares.items(), key=lambda share: (-share[1], str(share[0])))
            if heir not in old:
                claims.append((-count, str(heir), old[key], heir))
    for _, _, identity, heir in sorted(claims, key=lambda claim: claim[:3]):
        kept.setdefault(heir, identity)
    return kept


def _write(connection: Connection, counts: ChangeCounts, kept: Collection[str]) -> None:
    for level in LEVELS:
        counts.add(level.table, group_store.write_groups(connection, level))
    counts.add("episode_files", group_store.write_members(connection))
    for level in reversed(LEVELS):
        counts.add(level.table, group_store.drop_groups(connection, level))
    counts.add("projects", group_store.drop_empty_projects(connection, kept))
    counts.add("video_files", group_store.set_video_titles(connection, new=counts.created.get("video_files", 0)))


def _append_episode_events(connection: Connection, correlation_id: str, signature: Mapping[str, str]) -> None:
    for episodes in group_store.stream_new_episodes(connection):
        payloads = [{**episode._asdict(), **signature} for episode in episodes]
        events = [NewEvent(EventType.CATALOG_EPISODE_CREATED, payload) for payload in payloads]
        append_events(connection, SOURCE, correlation_id, events)


def _make_project_event(code: str, signature: Mapping[str, str]) -> NewEvent:
    payload = {"project": code, "title": vocabulary.PROJECT_TITLES.get(code, code), **signature}
    return NewEvent(EventType.CATALOG_PROJECT_CREATED, payload)
