"""Find files that seem to be there twice, by what a listing says: size, name and time. Contents are not read.

Equal size alone proves nothing on a large archive, so each group says how much is known about it.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Row, text

from pokervod_pipelines.nas.store.scope import IS_CONFIGURED, list_scopes
from pokervod_pipelines.periods import ALWAYS, Period
from pokervod_pipelines.settings import Settings

_TOO_SMALL = 4_096
_COPY_SUFFIX = re.compile(r"(?:[ _-]*\(\d{1,2}\)|[ _-]+copy(?: \d+)?|-\d{3}| - 복사본)+$", re.IGNORECASE)
_HAND = re.compile(r"(?<![a-z])hand[ _-]*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DuplicateGroup:
    """Hold paths that belong together, and why.

    Kinds: ``copy`` (same size, same name but for a copy suffix); ``renamed_copy`` (same size and mtime, other name);
    ``mislabelled`` (same size, but the names claim different hands); ``same_size`` (nothing but the size: compare the
    contents); ``same_name`` (same name, different size: two different files). ``size`` is 0 for the last.
    """

    kind: str
    size: int
    paths: tuple[str, ...]


def find_duplicates(engine: Engine, settings: Settings, period: Period = ALWAYS) -> list[DuplicateGroup]:
    """Return the groups of present files without junk, surest first, then by size.

    Only groups with a file that was first seen in the period are returned, of files in a library of the settings.

    Hard links are one file: of names with the same inode, size and time in one root only the first is compared, since
    deleting the other frees nothing.
    """
    with engine.connect() as connection:
        return read_duplicates(connection, settings, period)


def read_duplicates(connection: Connection, settings: Settings, period: Period = ALWAYS) -> list[DuplicateGroup]:
    """Return the same within the caller's transaction."""
    rows = connection.execute(_TWICE, {"smallest": _TOO_SMALL, **list_scopes(settings)}).all()
    groups = [_classify_group(group) for group in _groups((row for row in rows if row.shares_size), "size", period)]
    groups += [
        DuplicateGroup(kind="same_name", size=0, paths=_paths(group))
        for group in _groups((row for row in rows if row.shares_name), "name", period)
        if len({row.size for row in group}) == len(group)
    ]
    order = ("copy", "mislabelled", "renamed_copy", "same_size", "same_name")
    return sorted(groups, key=lambda group: (order.index(group.kind), -group.size, group.paths))


def _groups(rows: Iterable[Row[Any]], column: str, period: Period) -> list[list[Row[Any]]]:
    groups: dict[Any, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        groups[getattr(row, column)].append(row)
    return [group for group in groups.values() if any(period.contains(row.first_seen_at) for row in group)]


def _classify_group(group: Sequence[Row[Any]]) -> DuplicateGroup:
    stems = [read_plain_stem(row.name) for row in group]
    hands = {hand[1] for row in group if (hand := _HAND.search(row.name))}
    if len(set(stems)) < len(stems):
        kind = "copy"
    elif len(hands) > 1:
        kind = "mislabelled"
    elif len({row.mtime_ns for row in group}) < len(group):
        kind = "renamed_copy"
    else:
        kind = "same_size"
    return DuplicateGroup(kind=kind, size=group[0].size, paths=_paths(group))


def read_plain_stem(name: str) -> str:
    """Return the lower-case name without extension and without what copying adds to it.

    >>> read_plain_stem("Main Event - Day 2 (1)-003.mp4"), read_plain_stem("wp23-01.mp4")
    ('main event - day 2', 'wp23-01')
    """
    return _COPY_SUFFIX.sub("", name.lower().rpartition(".")[0] or name.lower())


def _paths(group: Sequence[Row[Any]]) -> tuple[str, ...]:
    return tuple(f"{row.root}/{row.path}" for row in group)


_TWICE = text(f"""
    with candidates as (
        select distinct on (root, size, mtime_ns, inode, case when inode = 0 then id end)
            id, root, library, path, size, mtime_ns, first_seen_at,
            regexp_replace(lower(path), '^.*/', '') as name from nas_files f
        where state = 'present' and not is_junk and size > :smallest and {IS_CONFIGURED}
        order by root, size, mtime_ns, inode, case when inode = 0 then id end, path
    ), counted as (
        select *, count(*) over (partition by size) as of_size, count(*) over (partition by name) as of_name
        from candidates
    )
    select root, library, path, size, mtime_ns, first_seen_at, name,
           of_size > 1 as shares_size, of_name > 1 as shares_name
    from counted where of_size > 1 or of_name > 1 order by size, root, path
""")  # noqa: S608 - a constant condition
