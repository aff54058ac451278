"""The inventory's rows as a scan changes them. No function here deletes one."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.nas.classify import Kind, classify
from pokervod_pipelines.nas.store.bulk import copy_lines, escape
from pokervod_pipelines.nas.store.territory import IN_TERRITORY, Territory

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Difference:
    """A file as it was seen, its row where it has one, and in what it differs (the kinds are those of ``compare``).

    ``told`` is what path and size tell.
    """

    path: str
    path_key: str
    size: int
    mtime_ns: int
    inode: int
    file_id: int | None
    old_path: str | None
    kind: str
    told: Kind


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A row that was not found; ``state`` is the one it still has."""

    file_id: int
    path: str
    path_key: str
    size: int
    is_junk: bool
    state: str


def store_moves(connection: Connection, territory: Territory, moves: Sequence[tuple[int, str]]) -> list[Difference]:
    """The files with these ids have the paths given; their rows leave ``nas_diff``.

    A missing or cleared row that had one of the paths keeps its id and history but gives the path up.
    """
    if not moves:
        return []
    parameters = {"root": territory.root, "ids": [id_ for id_, _ in moves], "paths": [path for _, path in moves]}
    for statement in (_GIVE_UP_PATHS, _LEAVE_PATHS, _FREE_PATHS):
        connection.execute(statement, parameters)
    moved = [_read_difference(row) for row in connection.execute(_TAKE_MOVED, parameters)]
    update_files(connection, territory, moved)
    return sorted(moved, key=lambda each: each.path)


# A path may pass from row to row in a circle, so all leave before one arrives; no file name holds chr(1) and an id.
_GIVE_UP_PATHS = text("""
    update nas_files f set path_key = f.path_key || chr(1) || f.id from nas_diff d
    where d.path = any(:paths) and f.id = d.file_id and not d.was_there and f.id <> all(:ids)
""")
_LEAVE_PATHS = text("update nas_files set path_key = chr(1) || id where id = any(:ids)")
_FREE_PATHS = text("""
    update nas_diff set file_id = null, old_path = null, kind = 'added'
    where file_id = any(:ids) or (path = any(:paths) and not was_there)
""")
_TAKE_MOVED = text("""
    with moved as (select * from unnest(cast(:ids as bigint[]), cast(:paths as text[])) as m(id, path)),
    taken as (delete from nas_diff d using moved m where d.path = m.path
        returning d.path, d.path_key, d.size, d.mtime_ns, d.inode, m.id as file_id)
    select t.*, f.path as old_path, 'moved' as kind from taken t join nas_files f on f.id = t.file_id
""")


def settle_quietly(connection: Connection, territory: Territory) -> None:
    """Rows that were seen as they were are present, of this library, with the inode of now."""
    connection.execute(_SETTLE, territory.parameters)


_SETTLE = text("""
    update nas_files f set state = 'present', library = :library, inode = d.inode,
        state_since = case when f.state = 'present' then f.state_since else now() end
    from nas_diff d where d.kind = 'quiet' and f.id = d.file_id
""")


def read_differences(connection: Connection) -> Iterator[list[Difference]]:
    """What is to be stored file by file, in the order of the paths, in chunks that memory does not notice."""
    result = connection.execute(_DIFFERENCES, execution_options={"yield_per": _CHUNK})
    for chunk in result.partitions(_CHUNK):
        yield [_read_difference(row) for row in chunk]


def _read_difference(row: Row[Any]) -> Difference:
    return Difference(**row._mapping, told=classify(row.path, row.size))


_DIFFERENCES = text("""
    select path, path_key, size, mtime_ns, inode, file_id, old_path, kind from nas_diff
    where kind <> 'quiet' order by path
""")


def insert_files(connection: Connection, territory: Territory, added: Sequence[Difference]) -> dict[str, int]:
    """The files have rows; returns each path's new id."""
    if not added:
        return {}
    _bring(connection, added)
    return {path: id_ for id_, path in connection.execute(_INSERT, territory.parameters)}


_INSERT = text("""
    insert into nas_files (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk)
    select :root, :library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk from nas_rows
    returning id, path
""")


def update_files(connection: Connection, territory: Territory, seen: Sequence[Difference]) -> None:
    """The rows are present, of this library, and as the files were seen."""
    if seen:
        _bring(connection, seen)
        connection.execute(_UPDATE, territory.parameters)


_UPDATE = text("""
    update nas_files f set library = :library, path = u.path, path_key = u.path_key, size = u.size,
        mtime_ns = u.mtime_ns, inode = u.inode, category = u.category, version_type = u.version_type,
        is_junk = u.is_junk, state = 'present', changed_at = now(),
        state_since = case when f.state = 'present' then f.state_since else now() end
    from nas_rows u where f.id = u.id
""")


def _bring(connection: Connection, files: Sequence[Difference]) -> None:
    """``nas_rows`` holds exactly these files."""
    connection.execute(text("truncate nas_rows"))
    columns = "nas_rows (id, path, path_key, size, mtime_ns, inode, category, version_type, is_junk)"
    lines = (
        f"{file.file_id or chr(92) + 'N'}\t{escape(file.path)}\t{escape(file.path_key)}\t{file.size}\t{file.mtime_ns}"
        f"\t{file.inode}\t{file.told.category}\t{file.told.version_type}\t{file.told.is_junk}\n"
        for file in files
    )
    copy_lines(connection, columns, lines)


def count_expected(connection: Connection, territory: Territory) -> int:
    """How many files the library is believed to have."""
    count = connection.scalar(_EXPECTED, territory.parameters)
    return int(count or 0)


_EXPECTED = text(f"select count(*) from nas_files f where {IN_TERRITORY} and f.state in ('present', 'unseen')")  # noqa: S608


def list_vanished(connection: Connection, territory: Territory) -> list[KnownFile]:
    """Files of the library that are believed to be there and were not seen."""
    return [KnownFile(*row) for row in connection.execute(_VANISHED, territory.parameters)]


_VANISHED = text(f"""
    select f.id, f.path, f.path_key, f.size, f.is_junk, f.state from nas_files f
    where {IN_TERRITORY} and f.state in ('present', 'unseen')
    and not exists (select from nas_look l where l.path_key = f.path_key)
    order by f.path
""")  # noqa: S608 - a constant condition


def set_state(connection: Connection, file_ids: Sequence[int], state: str) -> None:
    """The files are in ``state`` since now; those that were already keep their since."""
    if file_ids:
        connection.execute(_SET_STATE, {"ids": list(file_ids), "state": state})


_SET_STATE = text("""
    update nas_files set state = :state, state_since = now() where id = any(:ids) and state <> :state
""")


def set_all_unseen(connection: Connection, territory: Territory) -> None:
    """Every file of the library that was believed to be there and that this scan has not met is unseen."""
    connection.execute(_ALL_UNSEEN, territory.parameters)


_ALL_UNSEEN = text(f"""
    update nas_files f set state = 'unseen', state_since = now() where {IN_TERRITORY} and f.state = 'present'
    and not exists (select from nas_look l where l.path_key = f.path_key)
""")  # noqa: S608 - a constant condition


def count_totals(connection: Connection, territory: Territory) -> dict[str, int | None]:
    """How the library stands: missing, unseen, junk, videos, and the oldest and newest mtime in ns of its videos."""
    return dict(connection.execute(_TOTALS, territory.parameters).one()._mapping)


_TOTALS = text(f"""
    select count(*) filter (where f.state = 'missing') as missing, count(*) filter (where f.state = 'unseen') as unseen,
        count(*) filter (where f.state = 'present' and f.is_junk) as junk,
        count(*) filter (where f.state = 'present' and f.category = 'video' and not f.is_junk) as videos,
        min(f.mtime_ns) filter (where f.state = 'present' and f.category = 'video' and not f.is_junk) as oldest_ns,
        max(f.mtime_ns) filter (where f.state = 'present' and f.category = 'video' and not f.is_junk) as newest_ns
    from nas_files f where {IN_TERRITORY}
""")  # noqa: S608 - a constant condition
