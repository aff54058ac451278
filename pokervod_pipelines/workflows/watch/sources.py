"""Tell other processes which sources a watcher looks at, so that nobody else does meanwhile."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, text

from pokervod_pipelines.db.locks import is_locked

WATCH_LOCK = "watch"
"""The watcher that leads holds it; it ends with its process."""

FRESH = timedelta(seconds=60)
"""A look takes less: several calls to Google with their time limits."""


class Source(StrEnum):
    """Name what a watcher looks at."""

    EVENTS = "events"
    FOLDERS = "folders"
    SHEETS = "sheets"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """Tell who looks at a source, when it did last, and what it does there, for people.

    The name of a watcher begins with that of its machine.
    """

    source: str
    watcher: str
    seen_at: datetime
    doing: str

    @property
    def host(self) -> str:
        """Return the machine that the watcher runs on.

        >>> Watch(source="events", watcher="studio process 7", seen_at=datetime.min, doing="").host
        'studio'
        """
        return self.watcher.partition(" ")[0]


def record_look(connection: Connection, source: Source, watcher: str, doing: str) -> None:
    """Store that the watcher has looked at the source just now."""
    connection.execute(_RECORD, {"source": source, "watcher": watcher, "doing": doing})


_RECORD = text("""
    insert into watches (source, watcher, seen_at, doing) values (:source, :watcher, clock_timestamp(), :doing)
    on conflict (source) do update set watcher = excluded.watcher, seen_at = excluded.seen_at, doing = excluded.doing
""")


def find_watch(connection: Connection, source: Source) -> Watch | None:
    """Return the watch of the source, None where no watcher lives or it has not looked for a while."""
    return next((each for each in list_watches(connection) if each.source == source), None)


def find_last_watch(connection: Connection) -> Watch | None:
    """Return the newest look that a watcher ever took, whether it lives or not."""
    row = connection.execute(
        text("select source, watcher, seen_at, doing from watches order by seen_at desc limit 1")
    ).one_or_none()
    return None if row is None else Watch(**row._mapping)


def list_watches(connection: Connection) -> list[Watch]:
    """Return the sources that a living watcher looks at, by name."""
    if not is_locked(connection, WATCH_LOCK):
        return []
    rows = connection.execute(
        text("""
            select source, watcher, seen_at, doing from watches
            where seen_at > clock_timestamp() - cast(:fresh as interval) order by source
        """),
        {"fresh": FRESH},
    )
    return [Watch(**row._mapping) for row in rows]
