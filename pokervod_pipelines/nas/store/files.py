"""Read and change the inventory's rows. No function here deletes one."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.nas.classify import Category, FileClass, VersionType, classify
from pokervod_pipelines.nas.path_rules import PathRules
from pokervod_pipelines.nas.store.scope import IN_SCOPE, IS_CONFIGURED, LibraryScope, list_scopes
from pokervod_pipelines.nas.store.staging import copy_lines, escape
from pokervod_pipelines.paging import EVERYTHING, Page
from pokervod_pipelines.periods import Period, filter_period
from pokervod_pipelines.settings import Settings

_CHUNK = 5_000


@dataclass(frozen=True, slots=True)
class Difference:
    """Hold a file as it was seen, its row where it has one, and in what it differs (a kind of ``compare``).

    ``file_class`` is what path and size say now, ``old_class`` what its row says, if it has one.
    """

    path: str
    path_key: str
    size: int
    mtime_ns: int
    inode: int
    file_id: int | None
    old_path: str | None
    kind: str
    file_class: FileClass
    old_class: FileClass | None


@dataclass(frozen=True, slots=True)
class KnownFile:
    """Hold a row whose file was not found."""

    file_id: int
    path: str
    path_key: str
    size: int
    mtime_ns: int
    inode: int
    is_junk: bool
    is_video: bool


def store_moves(
    connection: Connection, scope: LibraryScope, moves: Sequence[tuple[int, str]], rules: PathRules
) -> list[Difference]:
    """Give the files with these ids their new paths, and remove them from ``nas_diff``.

    A missing or cleared row that had one of the paths keeps its id and history but gives the path up.
    """
    if not moves:
        return []
    parameters = {"root": scope.root, "ids": [id_ for id_, _ in moves], "paths": [path for _, path in moves]}
    for statement in (_GIVE_UP_PATHS, _LEAVE_PATHS, _FREE_PATHS):
        connection.execute(statement, parameters)
    moved = [_read_difference(row, rules) for row in connection.execute(_TAKE_MOVED, parameters)]
    update_files(connection, scope, moved)
    return sorted(moved, key=lambda each: each.path)


# A path may pass from row to row in a circle, so all leave before one arrives; no file name has chr(1) and an id.
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
    select t.*, f.path as old_path, 'moved' as kind, f.category, f.version_type, f.is_junk
    from taken t join nas_files f on f.id = t.file_id
""")


def update_bookkeeping(connection: Connection, scope: LibraryScope) -> None:
    """Mark rows whose file is as it was as present and of this library, with the inode of now."""
    connection.execute(_BOOKKEEPING, scope.parameters)


_BOOKKEEPING = text("""
    update nas_files f set state = 'present', library = :library, inode = d.inode,
        state_since = case when f.state = 'present' then f.state_since else now() end
    from nas_diff d where d.kind in ('bookkeeping', 'reclassified') and f.id = d.file_id
    and (f.state, f.library, f.inode) <> ('present', :library, d.inode)
""")


def read_differences(connection: Connection, rules: PathRules) -> Iterator[list[Difference]]:
    """Yield what is stored file by file, in the order of the paths, in small chunks."""
    result = connection.execute(_DIFFERENCES, execution_options={"yield_per": _CHUNK})
    for chunk in result.partitions(_CHUNK):
        yield [_read_difference(row, rules) for row in chunk]


def _read_difference(row: Row[Any], rules: PathRules) -> Difference:
    values = dict(row._mapping)
    category, version_type, is_junk = (values.pop(name) for name in ("category", "version_type", "is_junk"))
    old = None if category is None else FileClass(Category(category), VersionType(version_type), is_junk)
    return Difference(**values, file_class=classify(row.path, row.size, rules), old_class=old)


_DIFFERENCES = text("""
    select path, path_key, size, mtime_ns, inode, file_id, old_path, kind, category, version_type, is_junk from nas_diff
    where kind <> 'bookkeeping' order by path
""")


def insert_files(connection: Connection, scope: LibraryScope, added: Sequence[Difference]) -> dict[str, int]:
    """Insert rows for the files; return each path's new id."""
    if not added:
        return {}
    _load_rows(connection, added)
    return {path: id_ for id_, path in connection.execute(_INSERT, scope.parameters)}


_INSERT = text("""
    insert into nas_files (root, library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk)
    select :root, :library, path, path_key, size, mtime_ns, inode, category, version_type, is_junk from nas_rows
    returning id, path
""")


def update_files(connection: Connection, scope: LibraryScope, seen: Sequence[Difference]) -> None:
    """Mark the rows as present, of this library, and as the files were seen."""
    if seen:
        _load_rows(connection, seen)
        connection.execute(_UPDATE, scope.parameters)


_UPDATE = text("""
    update nas_files f set library = :library, path = u.path, path_key = u.path_key, size = u.size,
        mtime_ns = u.mtime_ns, inode = u.inode, category = u.category, version_type = u.version_type,
        is_junk = u.is_junk, state = 'present', changed_at = now(),
        state_since = case when f.state = 'present' then f.state_since else now() end
    from nas_rows u where f.id = u.id
""")


def _load_rows(connection: Connection, files: Sequence[Difference]) -> None:
    """Replace the content of ``nas_rows`` by these files."""
    connection.execute(text("truncate nas_rows"))
    columns = "nas_rows (id, path, path_key, size, mtime_ns, inode, category, version_type, is_junk)"
    lines = (
        f"{file.file_id or chr(92) + 'N'}\t{escape(file.path)}\t{escape(file.path_key)}\t{file.size}\t{file.mtime_ns}"
        f"\t{file.inode}\t{file.file_class.category}\t{file.file_class.version_type}\t{file.file_class.is_junk}\n"
        for file in files
    )
    copy_lines(connection, columns, lines)


def count_expected(connection: Connection, scope: LibraryScope) -> int:
    """Count the files that the library is believed to have."""
    count = connection.scalar(_EXPECTED, scope.parameters)
    return int(count or 0)


_EXPECTED = text(f"select count(*) from nas_files f where {IN_SCOPE} and f.state in ('present', 'unseen')")  # noqa: S608


def list_vanished(connection: Connection, scope: LibraryScope) -> list[KnownFile]:
    """Return the files of the library that are believed to be there and were not seen."""
    return [KnownFile(*row) for row in connection.execute(_VANISHED, scope.parameters)]


_VANISHED = text(f"""
    select f.id, f.path, f.path_key, f.size, f.mtime_ns, f.inode, f.is_junk,
        f.category = 'video' from nas_files f
    where {IN_SCOPE} and f.state in ('present', 'unseen')
    and not exists (select from nas_staging l where l.path_key = f.path_key)
    order by f.path
""")  # noqa: S608 - a constant condition


def set_state(connection: Connection, file_ids: Sequence[int], state: str) -> None:
    """Put the files into ``state`` as of now; those that were in it already keep their since."""
    if file_ids:
        connection.execute(_SET_STATE, {"ids": list(file_ids), "state": state})


_SET_STATE = text("""
    update nas_files set state = :state, state_since = now() where id = any(:ids) and state <> :state
""")


def mark_as_system(connection: Connection, file_ids: Sequence[int]) -> None:
    """Mark the files as junk that is missing: they are in a folder that is not read, or got their old name back."""
    if file_ids:
        set_state(connection, file_ids, "missing")
        connection.execute(_MARK_AS_SYSTEM, {"ids": list(file_ids)})


_MARK_AS_SYSTEM = text("""
    update nas_files set category = 'system', version_type = '', is_junk = true, changed_at = now()
    where id = any(:ids) and not is_junk
""")


def set_all_unseen(connection: Connection, scope: LibraryScope) -> None:
    """Mark every file of the library that was believed to be there and that this scan has not met as unseen."""
    connection.execute(_ALL_UNSEEN, scope.parameters)


_ALL_UNSEEN = text(f"""
    update nas_files f set state = 'unseen', state_since = now() where {IN_SCOPE} and f.state = 'present'
    and not exists (select from nas_staging l where l.path_key = f.path_key)
""")  # noqa: S608 - a constant condition


def count_totals(connection: Connection, scope: LibraryScope) -> dict[str, int | None]:
    """Count the library's missing, unseen, junk and video files; add its videos' oldest and newest mtime in ns."""
    return dict(connection.execute(_TOTALS, scope.parameters).one()._mapping)


_TOTALS = text(f"""
    select count(*) filter (where f.state = 'missing' and not f.is_junk) as missing,
        count(*) filter (where f.state = 'unseen' and not f.is_junk) as unseen,
        count(*) filter (where f.state = 'present' and f.is_junk) as junk,
        count(*) filter (where f.state = 'present' and f.category = 'video' and not f.is_junk) as videos,
        min(f.mtime_ns) filter (where f.state = 'present' and f.category = 'video' and not f.is_junk) as oldest_ns,
        max(f.mtime_ns) filter (where f.state = 'present' and f.category = 'video' and not f.is_junk) as newest_ns
    from nas_files f where {IN_SCOPE}
""")  # noqa: S608 - a constant condition


def has_rows(connection: Connection) -> bool:
    """Return whether the inventory has any file."""
    return bool(connection.scalar(text("select exists (select from nas_files)")))


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFile:
    """Say where a file is: its path below which archive root, and since when its bytes are as they are."""

    root: str
    library: str
    path: str
    size: int
    category: str
    is_junk: bool
    state: str
    first_seen_at: datetime
    changed_at: datetime


def place_file(connection: Connection, file_id: int) -> PlacedFile | None:
    """Return where the file of this id is, None for an unknown one."""
    row = connection.execute(_PLACE, {"id": file_id}).one_or_none()
    return None if row is None else PlacedFile(**row._mapping)


_PLACE = text("""
    select root, library, path, size, category, is_junk, state, first_seen_at, changed_at
    from nas_files where id = :id
""")


def list_paths(connection: Connection, ids: Collection[int]) -> list[str]:
    """Return the paths of the files of these ids, each below the name of its root."""
    paths = text("select root || '/' || path from nas_files where id = any(:ids)")
    return list(connection.scalars(paths, {"ids": [*ids]}))


def read_missing(
    connection: Connection,
    library: str | None,
    period: Period,
    ids: Sequence[int] | None = None,
    page: Page = EVERYTHING,
) -> Sequence[Row[Any]]:
    """Return missing and unseen files without junk, or those with these ids, with what refers to each; oldest first."""
    return connection.execute(_MISSING, {"library": library, "ids": ids} | asdict(period) | asdict(page)).all()


_MISSING = text(f"""
    select f.id as file_id, f.library, f.path, f.state, f.state_since as since, f.size,
        (select count(*) from episode_files e where e.file_id = f.id) as episodes,
        (select count(*) from hand_clips c where c.file_id = f.id and c.retired_at is null) as clips,
        (select count(*) from sheet_rows r where r.file_id = f.id and r.retired_at is null) as sheet_rows
    from nas_files f
    where (f.id = any(:ids) or cast(:ids as bigint[]) is null and f.state in ('missing', 'unseen') and not f.is_junk)
    and (cast(:library as text) is null or f.library = :library) and {filter_period("f.state_since")}
    and (cast(:after as bigint) is null or (f.state_since, f.library, f.path, f.id) > (
        select a.state_since, a.library, a.path, a.id from nas_files a where a.id = :after))
    order by f.state_since, f.library, f.path, f.id limit :limit
""")  # noqa: S608 - constants

_LOCK = " for update of f"
"""A scan that sees one of the rows again waits, and then finds it in its new state."""

_IN_STATE = """
    select f.id, f.path, f.is_junk from nas_files f
    where f.library = :library and f.state = :state
    and (cast(:below as text) is null or :below = '' or normalize(f.path, NFC) = :below
        or starts_with(normalize(f.path, NFC), :below || '/'))
    and (cast(:paths as text[]) is null or normalize(f.path, NFC) = any(:paths))
    order by f.path
"""


def read_in_state(
    connection: Connection,
    library: str,
    state: str,
    *,
    below: str | None = None,
    paths: Sequence[str] | None = None,
    lock: bool = False,
) -> Sequence[Row[Any]]:
    """Return the library's files in that state, at or below the folder ('' is all) or at the paths, in NFC.

    ``lock`` them to change them.
    """
    parameters = {"library": library, "state": state, "below": below, "paths": None if paths is None else list(paths)}
    return connection.execute(text(_IN_STATE + _LOCK * lock), parameters).all()


def read_unconfigured(
    connection: Connection, settings: Settings, library: str, *, lock: bool = False
) -> Sequence[Row[Any]]:
    """Return the library's files that no library of the settings contains and nobody cleared; ``lock`` to change."""
    parameters = list_scopes(settings) | {"library": library}
    return connection.execute(text(_UNCONFIGURED + _LOCK * lock), parameters).all()


_UNCONFIGURED = f"""
    select f.id, f.path, f.is_junk from nas_files f
    where f.library = :library and f.state <> 'cleared' and not {IS_CONFIGURED}
    order by f.path
"""  # noqa: S608 - a constant condition
