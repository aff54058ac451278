"""Find what needs a person, kind by kind: one that cannot be read hides none of the others, and is named.

A detector that could not judge is one of them: that it has no incident says nothing.
"""

from datetime import UTC, datetime

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.db.failures import read_first_line
from pokervod_pipelines.monitoring.needs.kinds import KINDS
from pokervod_pipelines.monitoring.needs.shape import Need, Needs, UnreadKind

LATEST = datetime.max.replace(tzinfo=UTC)


def find_needs(engine: Engine, *, now: datetime | None = None) -> Needs:
    """Return what needs a person now, the oldest first."""
    now = now or datetime.now(UTC)
    needs: list[Need] = []
    looked_at: list[str] = []
    unread: list[UnreadKind] = []
    for kind in KINDS:
        try:
            with engine.connect() as connection:
                found = [*kind.read(connection, now)]
            needs += [each for each in found if isinstance(each, Need)]
            unread += [each for each in found if isinstance(each, UnreadKind)]
            looked_at.append(kind.title)
        except DBAPIError as error:
            unread.append(UnreadKind(kind=kind.title, reason=read_first_line(error)))
    needs.sort(key=lambda each: each.since or LATEST)
    return Needs(at=now, needs=tuple(needs), looked_at=tuple(looked_at), unread=tuple(unread))
