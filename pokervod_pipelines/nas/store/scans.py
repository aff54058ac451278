"""The record of scans: one row each, from its first moment, so that one that was killed is seen to have been."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.nas.store.territory import Territory


def start_scan(connection: Connection, territory: Territory, correlation_id: str) -> int:
    """A running scan is on record; returns its id. An earlier one still running was killed and is called failed."""
    connection.execute(_END_KILLED, territory.parameters)
    scan_id = connection.scalar(_START, territory.parameters | {"correlation_id": correlation_id})
    return int(scan_id or 0)


_END_KILLED = text("""
    update nas_scans set status = 'failed', finished_at = now(), error = 'was interrupted; the next scan repairs it'
    where library = :library and status = 'running'
""")
_START = text("""
    insert into nas_scans (library, correlation_id) values (:library, :correlation_id) returning id
""")


def finish_scan(
    connection: Connection,
    scan_id: int,
    *,
    error: str | None,
    counts: Mapping[str, Any],
    problems: Sequence[tuple[str, str]],
    mounts: Sequence[str],
) -> None:
    """The scan is completed, or failed with ``error``, and its record tells what it counted and met."""
    connection.execute(
        _FINISH,
        {
            "id": scan_id,
            "status": "completed" if error is None else "failed",
            "error": error,
            "counts": json.dumps(dict(counts)),
            "problems": json.dumps(list(problems), ensure_ascii=False),
            "mounts": json.dumps(list(mounts), ensure_ascii=False),
        },
    )


_FINISH = text("""
    update nas_scans set status = :status, error = :error, finished_at = now(), counts = cast(:counts as jsonb),
        problems = cast(:problems as jsonb), mounts = cast(:mounts as jsonb)
    where id = :id
""")


def read_mounts(connection: Connection, library: str) -> set[str]:
    """The folders that were mount points when the library was last read to the end."""
    return set(connection.scalar(_MOUNTS, {"library": library}) or [])


_MOUNTS = text("""
    select mounts from nas_scans where library = :library and status = 'completed' order by id desc limit 1
""")
