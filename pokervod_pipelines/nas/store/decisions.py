"""What an operator reads and decides about files that are not there, and the audit of it."""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text


def read_missing(connection: Connection, library: str | None) -> Sequence[Row[Any]]:
    """Missing and unseen files, longest gone first, with how many episodes, clips and sheet rows hang on each."""
    return connection.execute(_MISSING, {"library": library}).all()


_MISSING = text("""
    select f.id as file_id, f.library, f.path, f.state, f.state_since as since, f.size,
        (select count(*) from episode_files e where e.file_id = f.id) as episodes,
        (select count(*) from hand_clips c where c.file_id = f.id and c.retired_at is null) as clips,
        (select count(*) from sheet_rows r where r.file_id = f.id and r.retired_at is null) as sheet_rows
    from nas_files f
    where f.state in ('missing', 'unseen') and not f.is_junk
    and (cast(:library as text) is null or f.library = :library)
    order by f.state_since, f.library, f.path
""")

# The rows are locked: a scan that sees one of them again waits, and then finds it in its new state.
_IN_STATE = text("""
    select f.id, f.path, f.is_junk from nas_files f
    where f.library = :library and f.state = :state
    and (cast(:below as text) is null or :below = '' or normalize(f.path, NFC) = :below
        or starts_with(normalize(f.path, NFC), :below || '/'))
    and (cast(:paths as text[]) is null or normalize(f.path, NFC) = any(:paths))
    order by f.path
    for update
""")


def read_in_state(
    connection: Connection, library: str, state: str, *, below: str | None = None, paths: Sequence[str] | None = None
) -> Sequence[Row[Any]]:
    """The library's files in that state, at or below the folder ('' is everything) or at the paths, all in NFC."""
    parameters = {"library": library, "state": state, "below": below, "paths": None if paths is None else list(paths)}
    return connection.execute(_IN_STATE, parameters).all()


def audit(
    connection: Connection, *, action: str, by: str, reason: str, library: str, below: str, file_ids: Sequence[int]
) -> None:
    """The decision is on record for ever."""
    connection.execute(
        _AUDIT,
        {
            "action": action,
            "by": by,
            "reason": reason,
            "library": library,
            "below": below,
            "file_ids": json.dumps(list(file_ids)),
        },
    )


_AUDIT = text("""
    insert into archive_clearances (action, by, reason, library, below, file_ids)
    values (:action, :by, :reason, :library, :below, cast(:file_ids as jsonb))
""")


def read_twice(connection: Connection, smallest: int) -> Sequence[Row[Any]]:
    """Present files larger than ``smallest`` whose size another one has, or whose name another one has."""
    return connection.execute(_TWICE, {"smallest": smallest}).all()


_TWICE = text("""
    with candidates as (
        select id, root, library, path, size, mtime_ns, regexp_replace(lower(path), '^.*/', '') as name from nas_files
        where state = 'present' and not is_junk and size > :smallest
    ), counted as (
        select *, count(*) over (partition by size) as of_size, count(*) over (partition by name) as of_name
        from candidates
    )
    select root, library, path, size, mtime_ns, name, of_size > 1 as shares_size, of_name > 1 as shares_name
    from counted where of_size > 1 or of_name > 1 order by size, root, path
""")
