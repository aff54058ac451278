"""List projects, seasons, events and episodes page by page, each with how much is below it."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, text

from pokervod_pipelines.paging import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedProject:
    """Hold a show by its code."""

    code: str
    title: str
    seasons: int
    episodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedSeason:
    """Hold a year or numbered season of a project."""

    id: int
    project: str
    title: str
    year: int | None
    number: int | None
    events: int
    episodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCatalogEvent:
    """Hold a tournament or strand of a season."""

    id: int
    project: str
    season_id: int
    title: str
    number: int | None
    episodes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedEpisode:
    """Hold a programme, with the number of its files and the preferred one."""

    id: int
    project: str
    season_id: int
    event_id: int
    title: str
    files: int
    preferred_file_id: int | None


def list_projects(connection: Connection) -> list[ListedProject]:
    """Return all projects by title, ``OTHER`` last."""
    return [ListedProject(**row._mapping) for row in connection.execute(_PROJECTS)]


def page_seasons(connection: Connection, page: Page, *, project: str | None = None) -> list[ListedSeason]:
    """Return a page of the seasons of all projects or one, in the order of their ids."""
    rows = connection.execute(_SEASONS, {"project": project, "after": page.after or 0, "limit": page.limit})
    return [ListedSeason(**row._mapping) for row in rows]


def page_events(
    connection: Connection, page: Page, *, project: str | None = None, season_id: int | None = None
) -> list[ListedCatalogEvent]:
    """Return a page of the events of all projects, one, or a season, in the order of their ids."""
    values = {"project": project, "season_id": season_id, "after": page.after or 0, "limit": page.limit}
    return [ListedCatalogEvent(**row._mapping) for row in connection.execute(_EVENTS, values)]


def page_episodes(
    connection: Connection,
    page: Page,
    *,
    project: str | None = None,
    season_id: int | None = None,
    event_id: int | None = None,
    without: Collection[int] = (),
) -> list[ListedEpisode]:
    """Return a page of the episodes, in the order of their ids, but for those that have only files to leave out."""
    values = {"project": project, "season_id": season_id, "event_id": event_id, "without": [*without]}
    rows = connection.execute(_EPISODES, values | {"after": page.after or 0, "limit": page.limit})
    return [ListedEpisode(**row._mapping) for row in rows]


def list_versions(connection: Connection, file_id: int) -> list[int]:
    """Return the other files of the episodes of a file."""
    return list(connection.scalars(_VERSIONS, {"id": file_id}))


_VERSIONS = text("""
    select distinct o.file_id from episode_files m join episode_files o on o.episode_id = m.episode_id
    where m.file_id = :id and o.file_id <> :id order by 1
""")

_PROJECTS = text("""
    select p.code, p.title, count(distinct s.id) as seasons, count(e.id) as episodes
    from projects p left join seasons s on s.project_code = p.code left join catalog_events v on v.season_id = s.id
    left join episodes e on e.event_id = v.id
    group by p.code order by p.code = 'OTHER', p.title
""")

_SEASONS = text("""
    select s.id, s.project_code as project, s.title, s.year, s.number,
        (select count(*) from catalog_events v where v.season_id = s.id) as events,
        (select count(*) from catalog_events v join episodes e on e.event_id = v.id where v.season_id = s.id)
            as episodes
    from seasons s where s.id > :after and (cast(:project as text) is null or s.project_code = upper(:project))
    order by s.id limit :limit
""")

_EVENTS = text("""
    select v.id, s.project_code as project, v.season_id, v.title, v.number,
        (select count(*) from episodes e where e.event_id = v.id) as episodes
    from catalog_events v join seasons s on s.id = v.season_id
    where v.id > :after and (cast(:project as text) is null or s.project_code = upper(:project))
      and (cast(:season_id as bigint) is null or v.season_id = :season_id)
    order by v.id limit :limit
""")

_EPISODES = text("""
    select e.id, s.project_code as project, v.season_id, e.event_id, e.title,
        (select count(*) from episode_files m where m.episode_id = e.id) as files, e.preferred_file_id
    from episodes e join catalog_events v on v.id = e.event_id join seasons s on s.id = v.season_id
    where e.id > :after and (cast(:project as text) is null or s.project_code = upper(:project))
      and (cast(:season_id as bigint) is null or v.season_id = :season_id)
      and (cast(:event_id as bigint) is null or e.event_id = :event_id)
      and (cast(:without as bigint[]) = '{}'
           or exists (select from episode_files m where m.episode_id = e.id and not m.file_id = any(:without))
           or not exists (select from episode_files m where m.episode_id = e.id))
    order by e.id limit :limit
""")
