"""List the session files that could not be read, each with its reason."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from pokervod_pipelines.paging import Page


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantinedFile:
    """Hold a session file that is no session; ``read_at`` is when that was found."""

    id: int
    path: str
    size: int
    reason: str
    read_at: datetime


def list_quarantined(connection: Connection, page: Page) -> list[QuarantinedFile]:
    """Return a page of the quarantined files, the last one first."""
    rows = connection.execute(_QUARANTINED, {"after": page.after, "limit": page.limit})
    return [QuarantinedFile(**row._mapping) for row in rows]


_QUARANTINED = text("""
    select id, path, size, coalesce(reason, '') as reason, read_at from hand_files
    where state = 'quarantined' and (cast(:after as bigint) is null or id < :after)
    order by id desc limit :limit
""")
