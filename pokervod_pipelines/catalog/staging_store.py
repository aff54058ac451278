"""Give groups their ids: groups are staged by number, and become target rows with ids.

Groups come season by season, numbered in the order of their keys. Once all are staged, those that the catalog has keep
their ids, others inherit one or get a new one; the ``target_…`` tables have the rows for ``group_store``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text

from pokervod_pipelines.catalog.layout import LEVELS, Level
from pokervod_pipelines.catalog.store import copy_rows

_GROUP = {"seasons": "v.season_id", "catalog_events": "e.event_id", "episodes": "e.id"}
_HOME = {"seasons": "r.id", "catalog_events": "q.id", "episodes": "p.id"}
_HOME_KEYS = {"seasons": "r.key", "catalog_events": "r.key, q.key", "episodes": "r.key, q.key, p.key"}


class IdCandidate(NamedTuple):
    """Hold a file of a vanished group, and a staged group that has it now; ``kept`` is the id of the latter."""

    vanished: int
    file_id: int
    number: int
    kept: int | None
    key: tuple[str, ...]


def open_staging(connection: Connection) -> None:
    """Create the temporary tables for the groups and files of a build."""
    for level in LEVELS:
        connection.execute(text(f"create temp table staged_{level.table} ({level.types}) on commit drop"))
    connection.execute(text("create temp table staged_members (staged bigint, file_id bigint) on commit drop"))


def stage_groups(connection: Connection, level: Level, rows: Iterable[Sequence[Any]]) -> None:
    """Stage the rows of a level, with numbers for their own ids and those of their parents."""
    copy_rows(connection, f"staged_{level.table} ({level.columns})", rows)


def stage_members(connection: Connection, pairs: Iterable[tuple[int, int]]) -> None:
    """Stage the files of episodes, given as (number of the episode, file)."""
    copy_rows(connection, "staged_members (staged, file_id)", pairs)


def list_projects(connection: Connection) -> list[str]:
    """Return the codes of the projects that have a staged season, sorted."""
    return sorted(connection.scalars(text("select distinct project_code from staged_seasons")))


def keep_ids(connection: Connection, level: Level) -> None:
    """Keep the ids of staged groups whose key the catalog has. Parents first: a key is unique below its parent."""
    for statement in (_STAGED, _KEPT, _VANISHED, _COMPARED):
        connection.execute(text(_fill(statement, level)))


_STAGED = "analyze staged_{table}"
_KEPT = """
    create temp table kept_{table} on commit drop as
    select w.id as staged, t.id from staged_{table} w {kept_above}
    join {table} t on t.{parent} = {parent_id} and t.key = w.key
"""
_VANISHED = """
    create temp table vanished_{table} on commit drop as
    select s.id from scope_{table} s where not exists (select from kept_{table} k where k.id = s.id)
"""
_COMPARED = "analyze kept_{table}, vanished_{table}"


def _fill(statement: str, level: Level) -> str:
    """Return the statement for a level; a season's parent is a project, which needs no id."""
    above = "" if level.above is None else "join {}_" + f"{level.above.table} u on u.staged = w.{level.parent}"
    return statement.format(
        table=level.table,
        parent=level.parent,
        parent_id="u.id" if above else f"w.{level.parent}",
        kept_above=above.format("kept"),
        target_above=above.format("target"),
        names=", ".join(f"w.{name}" for name in level.names.split(", ")),
    )


def stream_candidates(connection: Connection, level: Level) -> Iterator[IdCandidate]:
    """Yield the files of vanished groups, with the staged groups that have them now."""
    home = _HOME[level.table]
    rows = connection.execute(
        text(f"""
            select distinct o.id, m.file_id, {home}, k.id, r.project_code, {_HOME_KEYS[level.table]}
            from vanished_{level.table} o
            join (episode_files f join episodes e on e.id = f.episode_id join catalog_events v on v.id = e.event_id)
              on {_GROUP[level.table]} = o.id
            join staged_members m on m.file_id = f.file_id join staged_episodes p on p.id = m.staged
            join staged_catalog_events q on q.id = p.event_id join staged_seasons r on r.id = q.season_id
            left join kept_{level.table} k on k.staged = {home}
        """),  # noqa: S608 - built of constants
        execution_options={"yield_per": 2_000},
    )
    for vanished, file_id, number, kept, *key in rows:
        yield IdCandidate(vanished, file_id, number, kept, tuple(key))


def inherit_ids(connection: Connection, level: Level, heirs: Mapping[int, int]) -> None:
    """Give the staged groups of these numbers these ids."""
    connection.execute(
        text(f"insert into kept_{level.table} select * from unnest(cast(:heirs as bigint[]), cast(:ids as bigint[]))"),  # noqa: S608
        {"heirs": list(heirs), "ids": list(heirs.values())},
    )


def build_target_groups(connection: Connection, level: Level) -> None:
    """Create the target rows of a level, with ids; those of the level above must exist.

    Frees at once the keys that other groups will take.
    """
    for statement in (_TARGET, _INDEX, _ANALYZE, _FREE_KEYS):
        connection.execute(text(_fill(statement, level)))


_TARGET = """
    create temp table target_{table} on commit drop as
    select coalesce(o.kept, nextval(pg_get_serial_sequence('{table}', 'id'))) as id, o.kept is null as is_new, o.*
    from (select w.id as staged, k.id as kept, {parent_id} as {parent}, {names}
          from staged_{table} w {target_above} left join kept_{table} k on k.staged = w.id
          order by w.id) o
"""
_INDEX = "create unique index on target_{table} (id)"
_ANALYZE = "analyze target_{table}"
# A unique key is checked row by row, so two groups that swap places must not meet on the way.
_FREE_KEYS = """
    update {table} t set key = '~' || t.id from scope_{table} s
    where s.id = t.id and not exists (
        select from target_{table} w where w.id = t.id and w.{parent} = t.{parent} and w.key = t.key)
"""


def build_target_members(connection: Connection) -> None:
    """Create the target files of episodes, as pairs of ids."""
    for statement in (
        """
        create temp table target_members on commit drop as
        select w.id as episode_id, m.file_id from staged_members m join target_episodes w on w.staged = m.staged
        """,
        "create index on target_members (file_id, episode_id)",
        "analyze target_members",
    ):
        connection.execute(text(statement))
