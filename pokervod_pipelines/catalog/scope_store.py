"""The SQL of a build's scope: the seasons that changed files were in or go to, or all, and the videos in them.

No rule looks beyond a season, so nothing outside the scope can differ. It lives in temporary tables of the caller's
transaction, which ``group_store`` and the index of search work on.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

_STREAMED = {"yield_per": 2_000}


class Video(NamedTuple):
    """A video to be placed."""

    file_id: int
    path: str
    size: int
    is_missing: bool
    version: str | None
    facts: dict[str, Any]


def open_scope(
    connection: Connection, *, files: Sequence[int] | None, seasons: Iterable[tuple[str, str]] = ()
) -> set[tuple[str, str]]:
    """The scope is the seasons that hold these files and those of these keys (project, season); without files all.

    Returns the keys of those that exist.
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


def stream_videos(connection: Connection) -> Iterator[Video]:
    """Every video of the scope with what was read of it, a few at a time."""
    rows = connection.execute(
        text("""
            select v.file_id, v.parsed_path, n.size, n.state = 'missing', v.version, v.parsed
            from scope_files s join video_files v on v.file_id = s.file_id join nas_files n on n.id = v.file_id
        """),
        execution_options=_STREAMED,
    )
    for row in rows:
        yield Video(*row)
