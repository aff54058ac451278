"""Read the catalog for people: the SQL behind ``tree``."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

_STREAMED = {"yield_per": 2_000}


class TreeRow(NamedTuple):
    """Hold one file of one episode, with the levels above it; an id is None where a level has nothing below it."""

    project: str
    project_title: str
    season_id: int | None
    season_title: str
    year: int | None
    event_id: int | None
    event_title: str
    number: int | None
    episode_id: int | None
    title: str
    label: str
    file_id: int | None
    path: str
    size: int
    state: str
    version: str | None
    is_preferred: bool


@dataclass(frozen=True, slots=True)
class YearStats:
    """Hold the figures of a project for one year (None: unknown); ``clips`` are annotated hands without retired ones.

    ``hours`` are those of the ``measured`` files, whose duration is known.
    """

    project: str
    year: int | None
    files: int
    episodes: int
    terabytes: float
    clips: int
    missing: int
    hours: float
    measured: int


def stream_tree(connection: Connection, project: str | None, season_id: int | None = None) -> Iterator[TreeRow]:
    """Yield the files of all projects, one, or a season, in the order of the tree; preferred files first."""
    values = {"project": project, "season_id": season_id}
    rows = connection.execute(text(_TREE), values, execution_options=_STREAMED)
    for row in rows:
        yield TreeRow(*row)


_TREE = """
    select p.code, p.title, s.id, s.title, s.year, v.id, v.title, v.number, e.id, e.title, e.facts ->> 'label',
           n.id, n.path, n.size, n.state, f.version, n.id = e.preferred_file_id
    from projects p
    left join seasons s on s.project_code = p.code
    left join catalog_events v on v.season_id = s.id
    left join episodes e on e.event_id = v.id
    left join episode_files m on m.episode_id = e.id
    left join video_files f on f.file_id = m.file_id
    left join nas_files n on n.id = m.file_id
    where p.code = coalesce(:project, p.code) and (cast(:season_id as bigint) is null or s.id = :season_id)
    order by p.code = 'OTHER', p.title, s.sort_key collate "C", s.id, v.sort_key collate "C", v.id,
             e.sort_key collate "C", e.id, n.id = e.preferred_file_id desc, n.path
"""


def read_year_stats(connection: Connection) -> list[YearStats]:
    """Return one row for each project and year, in order; unknown years last. A file counts once."""
    return [YearStats(*row) for row in connection.execute(text(_STATS))]


_STATS = """
    with placed as (
        select distinct s.project_code as project, s.year, m.file_id
        from seasons s join catalog_events v on v.season_id = s.id join episodes e on e.event_id = v.id
        join episode_files m on m.episode_id = e.id
    ), clipped as (
        select file_id, count(*) as clips from hand_clips where retired_at is null and file_id is not null group by 1
    ), programmes as (
        select s.project_code as project, s.year, count(*) as episodes
        from seasons s join catalog_events v on v.season_id = s.id join episodes e on e.event_id = v.id group by 1, 2
    )
    select p.project, p.year, count(*), max(q.episodes), sum(n.size)::float / 1e12, coalesce(sum(c.clips), 0)::bigint,
           count(*) filter (where n.state = 'missing'), coalesce(sum(t.duration_ms), 0)::float / 3600000,
           count(t.duration_ms)
    from placed p
    join programmes q on q.project = p.project and q.year is not distinct from p.year
    join nas_files n on n.id = p.file_id left join clipped c on c.file_id = p.file_id
    left join media_facts t on t.file_id = p.file_id
    group by 1, 2 order by p.project = 'OTHER', 1, 2 nulls last
"""


def find_file(connection: Connection, path_or_id: str | int) -> dict[str, Any] | None:
    """Return the inventory's row at this path or of this id, and its title in the catalog; None for an unknown one."""
    condition = "n.id = :sought" if isinstance(path_or_id, int) else _AT_PATH
    row = connection.execute(text(f"{_FILE} where {condition}"), {"sought": path_or_id}).one_or_none()
    return dict(row._mapping) if row else None


_FILE = """
    select n.id as file_id, n.path, n.category, n.is_junk, n.state, v.title, v.version, v.reason,
        v.parsed ->> 'unread' as unread
    from nas_files n left join video_files v on v.file_id = n.id
"""

_AT_PATH = """
    n.path = :sought or n.path_key = normalize(:sought, nfc) order by n.path <> :sought, n.id limit 1
"""


def list_file_episodes(connection: Connection, file_id: int) -> list[tuple[int, str, str]]:
    """Return the episodes of a file: id, title, and keys."""
    rows = connection.execute(
        text("""
            select e.id, e.title, concat_ws(' / ', s.project_code, s.key, v.key, e.key)
            from episode_files m join episodes e on e.id = m.episode_id
            join catalog_events v on v.id = e.event_id join seasons s on s.id = v.season_id
            where m.file_id = :file_id order by e.id
        """),
        {"file_id": file_id},
    )
    return [(identity, title, keys) for identity, title, keys in rows]
