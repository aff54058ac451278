"""What a scan saw, in temporary tables of the scan's own session, and how it differs from the inventory.

``nas_look`` holds every file seen, ``nas_diff`` only those that differ. Set against set, so that a scan in which
nothing changed brings nothing to Python and writes no row.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.nas.moves import Gone
from pokervod_pipelines.nas.scan import Entry, to_key
from pokervod_pipelines.nas.store.bulk import copy_lines, escape
from pokervod_pipelines.nas.store.territory import IN_TERRITORY, Territory


@contextmanager
def open_scan_session(engine: Engine, territory: Territory) -> Iterator[Connection]:
    """A session of its own in which this process alone scans the library; a second scanner waits here.

    The lock and the temporary tables end with the session, however it ends. No transaction stays open while the disk is
    read: an open one would hold back every reader of the event log.
    """
    with engine.connect() as connection:
        connection.detach()
        with connection.begin():
            name = f"nas.scan:{territory.root}:{territory.library}"
            connection.execute(text("select pg_advisory_lock(hashtextextended(:name, 0))"), {"name": name})
            connection.execute(_CREATE_LOOK)
        yield connection


_CREATE_LOOK = text("""
    create temporary table nas_look
    (path text not null, path_key text not null, size bigint, mtime_ns bigint, inode bigint, held text)
""")


def lock_root(connection: Connection, root: str) -> None:
    """Until the transaction ends no other scan changes rows of the root: files move between its libraries."""
    connection.execute(text("select pg_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": f"nas.root:{root}"})


def add_entries(connection: Connection, entries: Iterable[Entry]) -> None:
    """The entries are in ``nas_look``."""
    columns = "nas_look (path, path_key, size, mtime_ns, inode)"
    copy_lines(
        connection,
        columns,
        (
            f"{escape(path)}\t{escape(to_key(path))}\t{size}\t{mtime_ns}\t{inode}\n"
            for path, size, mtime_ns, inode in entries
        ),
    )


def part_twins(connection: Connection, root: str) -> list[str]:
    """Names that differ only in normalisation have a key each: their own spelling. Returns those spellings.

    A row keeps its id: the one that had the common key keeps it if its spelling is still there.
    """
    connection.execute(text("analyze nas_look"))
    if connection.scalar(text("select not exists (select from nas_look where path <> path_key)")):
        return []
    apart = connection.scalars(_KEEP_OWN_KEY, {"root": root}).all()
    known = connection.scalars(_STILL_TWINS, {"paths": list(apart), "keys": [to_key(path) for path in apart]}).all()
    parted = connection.execute(_PART_TWINS).all()
    if parted:
        parameters = {"root": root, "paths": [path for path, _ in parted], "keys": [key for _, key in parted]}
        connection.execute(_PART_ROWS, parameters)
    return sorted({*known, *(path for path, _ in parted)})


_KEEP_OWN_KEY = text("""
    update nas_look l set path_key = l.path from nas_files f
    where l.path <> l.path_key and f.root = :root and f.path_key = l.path
    returning l.path
""")
_STILL_TWINS = text("""
    select twin.path from unnest(cast(:paths as text[]), cast(:keys as text[])) as twin(path, path_key)
    where twin.path_key in (select path_key from nas_look)
""")
_PART_TWINS = text("""
    with twins as (select path_key from nas_look group by path_key having count(*) > 1)
    update nas_look l set path_key = l.path from twins t
    where l.path_key = t.path_key and l.path <> l.path_key
    returning l.path, t.path_key
""")
_PART_ROWS = text("""
    update nas_files f set path_key = f.path
    from unnest(cast(:paths as text[]), cast(:keys as text[])) as twin(path, path_key)
    where f.root = :root and f.path_key = twin.path_key and f.path = twin.path
""")


def list_young(connection: Connection, root: str, since_ns: int) -> list[tuple[str, int, int]]:
    """Path, size and mtime of what is new or rewritten and was written to after ``since_ns``."""
    return [tuple(row) for row in connection.execute(_YOUNG, {"root": root, "since": since_ns})]


_YOUNG = text("""
    select l.path, l.size, l.mtime_ns from nas_look l
    left join nas_files f on f.root = :root and f.path_key = l.path_key
    where l.mtime_ns > :since and l.held is null
    and (f.id is null or f.state in ('missing', 'cleared') or (f.size, f.mtime_ns) <> (l.size, l.mtime_ns))
    order by l.path
""")


def hold(connection: Connection, held: Sequence[tuple[str, str]]) -> None:
    """The paths, each with its reason, are seen but not compared: their rows stay as they are."""
    if held:
        paths, reasons = [path for path, _ in held], [reason for _, reason in held]
        connection.execute(_HOLD, {"paths": paths, "reasons": reasons})


_HOLD = text("""
    update nas_look l set held = h.reason
    from unnest(cast(:paths as text[]), cast(:reasons as text[])) as h(path, reason) where l.path = h.path
""")


def forget(connection: Connection, paths: Sequence[str]) -> None:
    """The paths count as not seen: they vanished after the walk had met them."""
    if paths:
        connection.execute(text("delete from nas_look where path = any(:paths)"), {"paths": list(paths)})


def store_held(connection: Connection, territory: Territory) -> None:
    """``held_files`` holds exactly what is held of the library now; a file that was held before keeps its since."""
    connection.execute(_FORGET_HELD, territory.parameters)
    connection.execute(_STORE_HELD, territory.parameters)


_FORGET_HELD = text("""
    delete from held_files h where h.root = :root and h.library = :library
    and not exists (select from nas_look l where l.path = h.path and l.held is not null)
""")
_STORE_HELD = text("""
    insert into held_files as h (root, path, library, size, reason)
    select :root, path, :library, size, held from nas_look where held is not null
    on conflict (root, path) do update set library = excluded.library, size = excluded.size, reason = excluded.reason
    where (h.library, h.size, h.reason) is distinct from (excluded.library, excluded.size, excluded.reason)
""")


def compare(connection: Connection, territory: Territory) -> None:
    """``nas_diff`` holds what differs from the inventory, each with its kind.

    Kinds: ``added``; ``returned`` (was missing); ``revived`` (was cleared); ``changed`` (size or mtime); ``respelled``
    (same name, other normalisation); ``quiet`` (nothing a person would call a change: unseen before, library renamed,
    inode renumbered by a remount).
    """
    connection.execute(_COMPARE, territory.parameters)
    connection.execute(text("analyze nas_diff"))
    connection.execute(_CREATE_ROWS)


_COMPARE = text("""
    create temporary table nas_diff on commit drop as
    select l.path, l.path_key, l.size, l.mtime_ns, l.inode, f.id as file_id, f.path as old_path,
        f.id is null or (f.size, f.mtime_ns) <> (l.size, l.mtime_ns) as is_fresh,
        f.state in ('present', 'unseen') as was_there,
        case when f.id is null then 'added'
            when f.state = 'cleared' then 'revived' when f.state = 'missing' then 'returned'
            when (f.size, f.mtime_ns) <> (l.size, l.mtime_ns) then 'changed' when f.path <> l.path then 'respelled'
            else 'quiet' end as kind
    from nas_look l left join nas_files f on f.root = :root and f.path_key = l.path_key
    where l.held is null and (f.id is null or (f.state, f.library) <> ('present', :library)
        or (f.size, f.mtime_ns, f.inode, f.path) <> (l.size, l.mtime_ns, l.inode, l.path))
""")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known file that is not where it was as it was; ``is_here``: this library's scan looked for it."""

    gone: Gone
    path_key: str
    library: str
    state: str
    is_here: bool


def list_candidates(connection: Connection, territory: Territory) -> list[Candidate]:
    """Known files of the root that may have moved to a fresh path: size and mtime agree with one."""
    return [
        Candidate(
            gone=Gone(row.id, row.path, row.size, row.mtime_ns, row.inode, row.is_junk),
            path_key=row.path_key,
            library=row.library,
            state=row.state,
            is_here=row.is_here,
        )
        for row in connection.execute(_CANDIDATES, territory.parameters)
    ]


_CANDIDATES = text(f"""
    select f.id, f.path, f.path_key, f.size, f.mtime_ns, f.inode, f.is_junk, f.library, f.state,
        ({IN_TERRITORY}) as is_here
    from nas_files f
    where f.root = :root and f.state <> 'cleared'
    and (f.size, f.mtime_ns) in (select size, mtime_ns from nas_diff where is_fresh)
    and not exists (select from nas_look l where l.path_key = f.path_key
        and (l.held is not null or (l.size, l.mtime_ns) = (f.size, f.mtime_ns)))
    order by f.path
""")  # noqa: S608 - a constant condition


_CREATE_ROWS = text("""
    create temporary table nas_rows
    (id bigint, path text, path_key text, size bigint, mtime_ns bigint, inode bigint, category text, version_type text,
        is_junk boolean)
    on commit drop
""")


def list_fresh(connection: Connection, sizes: Iterable[int]) -> list[tuple[str, int, int, int, int | None]]:
    """Path, size, mtime, inode and occupying row of the fresh contents of one of these sizes."""
    rows = connection.execute(_FRESH, {"sizes": sorted(set(sizes))})
    return [tuple(row) for row in rows]


_FRESH = text("""
    select path, size, mtime_ns, inode, case when was_there then file_id end from nas_diff
    where is_fresh and size = any(cast(:sizes as bigint[])) order by path
""")
