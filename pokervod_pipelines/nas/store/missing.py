"""Read missing and unseen files: the SQL behind ``missing``."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, text


def read_missing(connection: Connection, library: str | None) -> Sequence[Row[Any]]:
    """Return missing and unseen files, longest missing first, with how many episodes, clips and sheet rows each has."""
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
    """Return and lock the library's files in that state, at or below the folder ('' is all) or at the paths, in NFC."""
    parameters = {"library": library, "state": state, "below": below, "paths": None if paths is None else list(paths)}
    return connection.execute(_IN_STATE, parameters).all()
