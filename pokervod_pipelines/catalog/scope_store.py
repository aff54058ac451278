"""Open a build's scope: the seasons that changed files were in or belong to now, or all, and their videos.

No rule looks beyond a season, so nothing outside the scope can differ. The scope is in temporary tables of the caller's
transaction, which ``group_store`` and the index of search work on.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

_STREAMED = {"yield_per": 2_000}


SeasonKey = tuple[str, str]
"""Project, and the season's key in it."""


class ScopedVideo(NamedTuple):
    """Hold a video to be placed."""

    file_id: int
    path: str
    size: int
    is_missing: bool
    version: str | None
    facts: dict[str, Any]


class SeasonFacts(NamedTuple):
    """Hold the facts that decide the season of one event of a video."""

    project_code: str | None
    sub_series: str | None
    year: int | None
    season: int | None


def open_scope(
    connection: Connection, *, files: Sequence[int] | None, seasons: Iterable[SeasonKey] = ()
) -> set[SeasonKey]:
    """Open the scope: the seasons that have these files, and those of these keys (project, season); without files all.

    Returns the keys of the seasons that exist.
    """
    keys = list(seasons)
    values = {"files": files, "projects": [key[0] for key in keys], "keys": [key[1] for key in keys]}
    for statement in _OPEN_ALL if files is None else _OPEN_SOME:
        connection.execute(text(statement), values)
    known = connection.execute(text("select project_code, key from seasons join scope_seasons using (id)"))
    return {(project, key) for project, key in known}


_SCOPE_BELOW = (
    """
    create temp table scope_catalog_events on commit drop as
    select v.id from catalog_events v join scope_seasons s on s.id = v.season_id
    """,
    """
    create temp table scope_episodes on commit drop as
    select e.id from episodes e join scope_catalog_events v on v.id = e.event_id
    """,
    "create unique index on scope_episodes (id)",
    "analyze scope_seasons, scope_catalog_events, scope_episodes",
)
_OPEN_ALL = (
    "create temp table scope_seasons on commit drop as select id from seasons",
    *_SCOPE_BELOW,
    "create temp table scope_files on commit drop as select file_id from video_files",
)
_OPEN_SOME = (
    """
    create temp table scope_seasons on commit drop as
    select v.season_id as id
    from episode_files f join episodes e on e.id = f.episode_id join catalog_events v on v.id = e.event_id
    where f.file_id = any(:files)
    union
    select s.id from seasons s
    join unnest(cast(:projects as text[]), cast(:keys as text[])) as k(project, key)
      on k.project = s.project_code and k.key = s.key
    """,
    *_SCOPE_BELOW,
    """
    create temp table scope_files on commit drop as
    select f.file_id from episode_files f join scope_episodes e on e.id = f.episode_id
    union select unnest(cast(:files as bigint[]))
    """,
)


def list_season_facts(connection: Connection) -> list[SeasonFacts]:
    """Return the season facts of the scope's videos, each once; prepare what ``stream_seasons`` reads."""
    for statement in _OPEN_SEASONS:
        connection.execute(text(statement))
    return [SeasonFacts(*row) for row in connection.scalars(text("select distinct facts from season_files"))]


_OPEN_SEASONS = (
    """
    create temp table season_files on commit drop as
    select distinct s.file_id, jsonb_build_array(
        f.facts -> 'project_code', f.facts -> 'sub_series', f.facts -> 'year', f.facts -> 'season') as facts
    from scope_files s join video_files v on v.file_id = s.file_id
    cross join lateral (values (v.parsed), (v.parsed -> 'second_event')) f(facts)
    where f.facts is not null
    """,
    "analyze season_files",
)


def stream_seasons(
    connection: Connection, seasons: Mapping[SeasonFacts, SeasonKey]
) -> Iterator[tuple[SeasonKey, Iterator[ScopedVideo]]]:
    """Yield each of these seasons in the order of their keys, with its videos.

    Reads one season at a time, so that the memory of a build does not grow with the archive.
    """
    keys = sorted(set(seasons.values()))
    numbers = {key: number for number, key in enumerate(keys)}
    values = {"facts": [json.dumps(facts) for facts in seasons], "numbers": [numbers[key] for key in seasons.values()]}
    rows = connection.execute(text(_STREAM_SEASONS), values, execution_options=_STREAMED)
    for number, videos in groupby(rows, key=itemgetter(0)):
        yield keys[number], (ScopedVideo(*row[1:]) for row in videos)


_STREAM_SEASONS = """
    select q.number, v.file_id, v.parsed_path, n.size, n.state = 'missing', v.version, v.parsed
    from (select distinct s.file_id, k.number
          from season_files s join unnest(cast(:facts as jsonb[]), cast(:numbers as int[])) as k(facts, number)
            on k.facts = s.facts) q
    join video_files v on v.file_id = q.file_id join nas_files n on n.id = q.file_id
    order by q.number
"""
