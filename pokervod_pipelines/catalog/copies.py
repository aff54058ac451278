"""Find videos that seem to be the same content, and copies whose names contradict each other.

Contents are not read: two videos of equal size to the byte are almost always the same, and certainly so where time of
change or name agree too. ``nas`` lists duplicates of any kind of file.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import Connection, Engine, text

_TOO_SMALL = 4_096
KINDS = ("mislabelled", "copy", "other_name", "same_size")
"""In the order in which a person should look at them."""


@dataclass(frozen=True, slots=True)
class CopyFile:
    """Hold one copy: its path, its title in the catalog, and the clip, hand or event that its name claims."""

    file_id: int
    path: str
    title: str
    claim: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyGroup:
    """Hold videos of one size, in bytes.

    Kinds: ``mislabelled`` (their names claim different clips, hands or events), ``copy`` (versions of one programme
    that agree in name or time of change), ``other_name`` (changed at the same moment, but other programmes),
    ``same_size`` (nothing else agrees: compare them). ``evidence`` names what agrees.
    """

    kind: str
    size: int
    evidence: str
    files: tuple[CopyFile, ...]

    @property
    def spare(self) -> int:
        """Return the bytes that keeping one copy would free."""
        return self.size * (len(self.files) - 1)


class CopyRow(NamedTuple):
    """Hold a video that has the size of others; ``episodes`` are the ids of its episodes."""

    file_id: int
    path: str
    size: int
    mtime_ns: int
    title: str
    claim: str | None
    episodes: list[int]


def find_copies(engine: Engine) -> list[CopyGroup]:
    """Return the groups of present videos of one size, in the order in which to look at them, larger ones first."""
    with engine.connect() as connection:
        return read_copies(connection)


def read_copies(connection: Connection, *, size: int | None = None) -> list[CopyGroup]:
    """Return the groups, or the one of this size in bytes, within the caller's transaction."""
    rows = _read_rows(connection, size)
    groups = [classify_group(list(group)) for _, group in groupby(rows, key=lambda row: row.size)]
    return sorted(groups, key=lambda group: (KINDS.index(group.kind), -group.spare, group.files[0].path))


def classify_group(rows: Sequence[CopyRow]) -> CopyGroup:
    """Return the group of videos of one size, with its kind."""
    times = len({row.mtime_ns for row in rows}) < len(rows)
    names = len({_name(row) for row in rows}) < len(rows)
    episodes = len({episode for row in rows for episode in row.episodes}) < sum(len(row.episodes) for row in rows)
    agree = _join(("size", True), ("time of change", times), ("file name", names), ("programme", episodes))
    if len({row.claim for row in rows} - {None}) > 1:
        kind = "mislabelled"
    elif (episodes and (times or names)) or names:
        kind = "copy"
    else:
        kind = "other_name" if times else "same_size"
    files = tuple(CopyFile(row.file_id, row.path, row.title, row.claim) for row in rows)
    return CopyGroup(kind=kind, size=rows[0].size, evidence=f"same {agree}", files=files)


def _name(row: CopyRow) -> str:
    return row.path.rpartition("/")[2].casefold()


def _join(*features: tuple[str, bool]) -> str:
    return ", ".join(name for name, is_same in features if is_same)


def _read_rows(connection: Connection, size: int | None) -> Iterable[CopyRow]:
    return [CopyRow(*row) for row in connection.execute(text(_ROWS), {"least": _TOO_SMALL, "size": size})]


_ROWS = """
    with videos as (
        select n.id, n.root, n.path, n.size, n.mtime_ns, n.inode, v.title,
               coalesce('hand ' || (v.parsed ->> 'hand_number'), 'clip ' || (v.parsed ->> 'clip_number'),
                        'event ' || (v.parsed ->> 'event_number')) as claim
        from video_files v join nas_files n on n.id = v.file_id where n.state = 'present' and n.size > :least
        and (cast(:size as bigint) is null or n.size = :size)
    ),
    -- Hard links are one file: deleting one frees nothing. Two claims about it remain a contradiction.
    files as (
        select distinct on (root, size, mtime_ns, inode, case when inode = 0 then id end, claim) * from videos
        order by root, size, mtime_ns, inode, case when inode = 0 then id end, claim, path
    ),
    twice as (select size from files group by 1 having count(*) > 1)
    select f.id, f.path, f.size, f.mtime_ns, f.title, f.claim,
           array(select m.episode_id from episode_files m where m.file_id = f.id order by 1)
    from twice join files f using (size)
    order by f.size, f.path
"""
