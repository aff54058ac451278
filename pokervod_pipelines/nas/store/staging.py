"""Stage what a scan saw in temporary tables of its own session, and compare it with the inventory.

``nas_staging`` has every file seen, ``nas_diff`` only those that differ. Set against set, so that a scan in which
nothing changed brings nothing to Python and writes no row.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg import Connection as DriverConnection
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.db.locks import hold_lock, lock_until_commit
from pokervod_pipelines.nas.scan import Entry, to_key
from pokervod_pipelines.nas.store.scope import IN_SCOPE, LibraryScope

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


@contextmanager
def open_scan_session(engine: Engine, scope: LibraryScope) -> Iterator[Connection]:
    """Open a session in which this process alone scans the library; a second scanner waits here.

    The lock and the temporary tables end with the session, however it ends. No transaction stays open while the disk is
    read: an open one would hold back every reader of the event log.
    """
    with hold_lock(engine, f"nas.scan:{scope.root}:{scope.library}"), engine.connect() as connection:
        connection.detach()
        with connection.begin():
            connection.execute(_CREATE_STAGING)
        yield connection


_CREATE_STAGING = text("""
    create temporary table nas_staging
    (path text not null, path_key text not null, size bigint, mtime_ns bigint, inode bigint, held text)
""")


def lock_root(connection: Connection, root: str) -> None:
    """Keep other scans from changing rows of the root until the transaction ends: files move between its libraries."""
    lock_until_commit(connection, f"nas.root:{root}")


def copy_lines(connection: Connection, target: str, lines: Iterable[str]) -> None:
    """Copy the lines, in COPY's text format, into ``target``, a constant such as ``table (column, column)``.

    psycopg takes ten times as long over arrays of text.
    """
    driver = connection.connection.dbapi_connection
    assert isinstance(driver, DriverConnection)  # noqa: S101 - narrows the type
    with driver.cursor().copy(f"copy {target} from stdin".encode()) as copy:
        copy.write("".join(lines))


def escape(value: str) -> str:
    """Return the text as COPY's text format wants it; nearly every path comes back as it is."""
    return value if value.isprintable() and "\\" not in value else value.translate(_ESCAPES)


def add_entries(connection: Connection, entries: Iterable[Entry]) -> None:
    """Add the entries to ``nas_staging``."""
    columns = "nas_staging (path, path_key, size, mtime_ns, inode)"
    copy_lines(
        connection,
        columns,
        (
            f"{escape(path)}\t{escape(to_key(path))}\t{size}\t{mtime_ns}\t{inode}\n"
            for path, size, mtime_ns, inode in entries
        ),
    )


def separate_spellings(connection: Connection, root: str) -> list[str]:
    """Give names that differ only in normalisation a key each, their own spelling; return those spellings.

    A row keeps its id: the one that had the common key keeps it if its spelling is still there.
    """
    connection.execute(text("analyze nas_staging"))
    if connection.scalar(text("select not exists (select from nas_staging where path <> path_key)")):
        return []
    apart = connection.scalars(_KEEP_OWN_KEY, {"root": root}).all()
    known = connection.scalars(_STILL_SEPARATE, {"paths": list(apart), "keys": [to_key(path) for path in apart]}).all()
    parted = connection.execute(_SEPARATE).all()
    if parted:
        parameters = {"root": root, "paths": [path for path, _ in parted], "keys": [key for _, key in parted]}
        connection.execute(_SEPARATE_ROWS, parameters)
    return sorted({*known, *(path for path, _ in parted)})


_KEEP_OWN_KEY = text("""
    update nas_staging l set path_key = l.path from nas_files f
    where l.path <> l.path_key and f.root = :root and f.path_key = l.path
    returning l.path
""")
_STILL_SEPARATE = text("""
    select twin.path from unnest(cast(:paths as text[]), cast(:keys as text[])) as twin(path, path_key)
    where twin.path_key in (select path_key from nas_staging)
""")
_SEPARATE = text("""
    with twins as (select path_key from nas_staging group by path_key having count(*) > 1)
    update nas_staging l set path_key = l.path from twins t
    where l.path_key = t.path_key and l.path <> l.path_key
    returning l.path, t.path_key
""")
_SEPARATE_ROWS = text("""
    update nas_files f set path_key = f.path
    from unnest(cast(:paths as text[]), cast(:keys as text[])) as twin(path, path_key)
    where f.root = :root and f.path_key = twin.path_key and f.path = twin.path
""")


def list_recent(connection: Connection, root: str, since_ns: int) -> list[tuple[str, int, int]]:
    """Return path, size and mtime of what is new or rewritten and was written to after ``since_ns``."""
    return [tuple(row) for row in connection.execute(_RECENT, {"root": root, "since": since_ns})]


_RECENT = text("""
    select l.path, l.size, l.mtime_ns from nas_staging l
    left join nas_files f on f.root = :root and f.path_key = l.path_key
    where l.mtime_ns > :since and l.held is null
    and (f.id is null or f.state in ('missing', 'cleared') or (f.size, f.mtime_ns) <> (l.size, l.mtime_ns))
    order by l.path
""")


def hold_entries(connection: Connection, held: Sequence[tuple[str, str]]) -> None:
    """Hold the paths, each with its reason: they are seen but not compared, so their rows stay as they are."""
    if held:
        paths, reasons = [path for path, _ in held], [reason for _, reason in held]
        connection.execute(_HOLD, {"paths": paths, "reasons": reasons})


_HOLD = text("""
    update nas_staging l set held = h.reason
    from unnest(cast(:paths as text[]), cast(:reasons as text[])) as h(path, reason) where l.path = h.path
""")


def hold_targets(connection: Connection, targets: Sequence[tuple[str, bool]], reason: str) -> int:
    """Hold the files that unfinished or control files stand for: empty ones, or with a control file any; count them."""
    if not targets:
        return 0
    paths, controlled = [path for path, _ in targets], [is_controlled for _, is_controlled in targets]
    parameters = {"paths": paths, "controlled": controlled, "reason": reason}
    return connection.execute(_HOLD_TARGETS, parameters).rowcount


_HOLD_TARGETS = text("""
    update nas_staging l set held = :reason
    from unnest(cast(:paths as text[]), cast(:controlled as boolean[])) as t(path, is_controlled)
    where l.path = t.path and l.held is null and (t.is_controlled or l.size = 0)
""")


def remove_entries(connection: Connection, paths: Sequence[str]) -> None:
    """Remove the paths from ``nas_staging``: they vanished after the walk had met them."""
    if paths:
        connection.execute(text("delete from nas_staging where path = any(:paths)"), {"paths": list(paths)})


def store_held_files(connection: Connection, scope: LibraryScope) -> None:
    """Replace ``held_files`` by what is held of the library now; a file that was held before keeps its since."""
    connection.execute(_FORGET_HELD, scope.parameters)
    connection.execute(_STORE_HELD, scope.parameters)


_FORGET_HELD = text("""
    delete from held_files h where h.root = :root and h.library = :library
    and not exists (select from nas_staging l where l.path = h.path and l.held is not null)
""")
_STORE_HELD = text("""
    insert into held_files as h (root, path, library, size, reason)
    select :root, path, :library, size, held from nas_staging where held is not null
    on conflict (root, path) do update set library = excluded.library, size = excluded.size, reason = excluded.reason
    where (h.library, h.size, h.reason) is distinct from (excluded.library, excluded.size, excluded.reason)
""")


def compare(connection: Connection, scope: LibraryScope, *, reclassify: bool) -> None:
    """Fill ``nas_diff`` with what differs from the inventory, each with its kind.

    Kinds: ``added``; ``returned`` (was missing); ``revived`` (was cleared); ``changed`` (size or mtime); ``respelled``
    (same name, other normalisation); ``bookkeeping`` (not a change to a person: unseen before, library renamed, inode
    renumbered by a remount); ``reclassified`` (all else, with ``reclassify``: its class may differ).
    """
    connection.execute(_COMPARE, scope.parameters | {"reclassify": reclassify})
    connection.execute(text("analyze nas_diff"))
    connection.execute(_CREATE_ROWS)


_COMPARE = text("""
    create temporary table nas_diff on commit drop as
    select l.path, l.path_key, l.size, l.mtime_ns, l.inode, f.id as file_id, f.path as old_path,
        f.category, f.version_type, f.is_junk,
        f.id is null or (f.size, f.mtime_ns) <> (l.size, l.mtime_ns) as is_fresh,
        f.state in ('present', 'unseen') as was_there,
        case when f.id is null then 'added'
            when f.state = 'cleared' then 'revived' when f.state = 'missing' then 'returned'
            when (f.size, f.mtime_ns) <> (l.size, l.mtime_ns) then 'changed' when f.path <> l.path then 'respelled'
            when :reclassify then 'reclassified' else 'bookkeeping' end as kind
    from nas_staging l left join nas_files f on f.root = :root and f.path_key = l.path_key
    where l.held is null and (:reclassify or f.id is null or (f.state, f.library) <> ('present', :library)
        or (f.size, f.mtime_ns, f.inode, f.path) <> (l.size, l.mtime_ns, l.inode, l.path))
""")


@dataclass(frozen=True, slots=True)
class MoveCandidate:
    """Hold a known file that is not where it was as it was; ``is_here``: this library's scan looked for it."""

    file_id: int
    path: str
    path_key: str
    size: int
    mtime_ns: int
    inode: int
    library: str
    state: str
    is_here: bool


def list_move_candidates(connection: Connection, scope: LibraryScope) -> list[MoveCandidate]:
    """Return known files of the root that may have moved to a new path: size and mtime agree with one."""
    return [MoveCandidate(*row) for row in connection.execute(_MOVE_CANDIDATES, scope.parameters)]


_MOVE_CANDIDATES = text(f"""
    select f.id, f.path, f.path_key, f.size, f.mtime_ns, f.inode, f.library, f.state,
        ({IN_SCOPE}) as is_here
    from nas_files f
    where f.root = :root and f.state <> 'cleared'
    and (f.size, f.mtime_ns) in (select size, mtime_ns from nas_diff where is_fresh)
    and not exists (select from nas_staging l where l.path_key = f.path_key
        and (l.held is not null or (l.size, l.mtime_ns) = (f.size, f.mtime_ns)))
    order by f.path
""")  # noqa: S608 - a constant condition


_CREATE_ROWS = text("""
    create temporary table nas_rows
    (id bigint, path text, path_key text, size bigint, mtime_ns bigint, inode bigint, category text, version_type text,
        is_junk boolean)
    on commit drop
""")


def list_new_contents(connection: Connection, sizes: Iterable[int]) -> list[tuple[str, int, int, int, int | None]]:
    """Return path, size, mtime, inode and occupying row of the new contents of one of these sizes."""
    rows = connection.execute(_NEW_CONTENTS, {"sizes": sorted(set(sizes))})
    return [tuple(row) for row in rows]


_NEW_CONTENTS = text("""
    select path, size, mtime_ns, inode, case when was_there then file_id end from nas_diff
    where is_fresh and size = any(cast(:sizes as bigint[])) order by path
""")
