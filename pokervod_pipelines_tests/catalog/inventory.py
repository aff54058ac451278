"""Make an inventory as a scan leaves it, and read the catalog built from it."""

from collections.abc import Iterable
from itertools import count

from sqlalchemy import Engine, text

from pokervod_pipelines.catalog.facts import VideoFacts, list_facts, read_facts
from pokervod_pipelines.catalog.grouping import Grouping
from pokervod_pipelines.catalog.identity import CatalogPlace, place_video
from pokervod_pipelines.catalog.preferred import rank_file

_inode = count(1)


def facts_of(path: str) -> VideoFacts:
    """Return the facts of the first event of a path."""
    return list_facts(path, read_facts(path))[0]


def place_of(path: str) -> CatalogPlace:
    """Return the place of the first event of a path."""
    return place_video(facts_of(path))


def group_paths(paths: Iterable[tuple[int, str]]) -> Grouping:
    """Return the groups of these files, equal but for their names."""
    grouping = Grouping()
    for file_id, path in paths:
        facts = read_facts(path)
        rank = rank_file(is_missing=False, version=facts.get("version"), name=path, size=1, file_id=file_id)
        for event in list_facts(path, facts):
            grouping.add(file_id, place_video(event), rank)
    grouping.finish()
    return grouping


def add_file(engine: Engine, path: str, **overrides: object) -> int:
    """Add a file to the inventory; return its id."""
    row = {
        "root": "/archive", "library": "all", "path": path, "size": 10**9, "mtime_ns": 0, "inode": next(_inode),
        "category": "video", "version_type": "generic", "is_junk": False, "state": "present", **overrides,
    }  # fmt: skip
    names, values = ", ".join(row), ", ".join(f":{name}" for name in row)
    with engine.begin() as connection:
        return connection.execute(
            text(f"insert into nas_files ({names}, path_key) values ({values}, :path) returning id"), row
        ).scalar_one()


def change_file(engine: Engine, file_id: int, **values: object) -> None:
    """Update columns of an inventory row."""
    assignments = ", ".join(f"{name} = :{name}" for name in values)
    if "path" in values:
        assignments += ", path_key = :path"
    with engine.begin() as connection:
        connection.execute(text(f"update nas_files set {assignments} where id = :id"), {"id": file_id, **values})


def episodes_by_file(engine: Engine) -> dict[int, list[int]]:
    """Return the ids of the episodes of every file."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("select file_id, array_agg(episode_id order by episode_id) from episode_files group by 1")
        )
        return {file_id: list(episodes) for file_id, episodes in rows}


def snapshot(engine: Engine) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of the catalog without the time of its creation, in a fixed order."""
    with engine.connect() as connection:
        return {
            table: [
                tuple(value for name, value in row._mapping.items() if name != "created_at")
                for row in connection.execute(text(f"select * from {table} order by 1, 2"))
            ]
            for table in ("projects", "seasons", "catalog_events", "episodes", "video_files", "episode_files")
        }


def shape(engine: Engine) -> set[tuple[object, ...]]:
    """Return the catalog without its ids: the keys and titles of every file."""
    with engine.connect() as connection:
        rows = connection.execute(
            text("""
                select s.project_code, s.key, s.title, s.sort_key, v.key, v.title, v.sort_key, e.key, e.title,
                       e.catalog_title, e.sort_key, p.path, n.path, f.title, f.version, f.reason
                from episode_files m join episodes e on e.id = m.episode_id
                join catalog_events v on v.id = e.event_id join seasons s on s.id = v.season_id
                join nas_files n on n.id = m.file_id join video_files f on f.file_id = m.file_id
                join nas_files p on p.id = e.preferred_file_id
            """)
        )
        return {tuple(row) for row in rows}


def events_of(engine: Engine, kind: str) -> list[dict[str, object]]:
    """Return the payloads of the events of a type, oldest first."""
    with engine.connect() as connection:
        return list(
            connection.scalars(text("select payload from events where type = :kind order by id"), {"kind": kind})
        )
