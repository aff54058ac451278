"""Record each scan in one row from its start, so that a scan that was killed is known."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, text

from pokervod_pipelines.nas.store.scope import LibraryScope
from pokervod_pipelines.problems import Problem


def start_scan(connection: Connection, scope: LibraryScope, correlation_id: str) -> int:
    """Record a running scan and return its id; an earlier one still running was killed, so it becomes failed."""
    connection.execute(_END_KILLED, scope.parameters)
    scan_id = connection.scalar(_START, scope.parameters | {"correlation_id": correlation_id})
    return int(scan_id or 0)


_END_KILLED = text("""
    update nas_scans set status = 'failed', finished_at = now(), error = 'was interrupted; the next scan repairs it'
    where library = :library and status = 'running'
""")
_START = text("""
    insert into nas_scans (library, root, correlation_id) values (:library, :root, :correlation_id) returning id
""")


def finish_scan(
    connection: Connection,
    scan_id: int,
    *,
    error: str | None,
    counts: Mapping[str, Any],
    problems: Sequence[Problem],
    mounts: Sequence[str],
    rules: str | None,
) -> None:
    """Record that the scan completed, or failed with ``error``, with its counts and problems.

    ``rules`` is the digest of the classification that every row now follows; None where nothing was stored.
    """
    connection.execute(
        _FINISH,
        {
            "id": scan_id,
            "status": "completed" if error is None else "failed",
            "error": error,
            "counts": json.dumps(dict(counts)),
            "problems": json.dumps([[each.where, each.what] for each in problems], ensure_ascii=False),
            "mounts": json.dumps(list(mounts), ensure_ascii=False),
            "rules": rules,
        },
    )


_FINISH = text("""
    update nas_scans set status = :status, error = :error, finished_at = now(), counts = cast(:counts as jsonb),
        problems = cast(:problems as jsonb), mounts = cast(:mounts as jsonb), rules = :rules
    where id = :id
""")


def read_mounts(connection: Connection, library: str) -> set[str]:
    """Return the folders that were mount points when the library was last read to the end."""
    return set(connection.scalar(_MOUNTS, {"library": library}) or [])


_MOUNTS = text("""
    select mounts from nas_scans where library = :library and status = 'completed' order by id desc limit 1
""")


def read_rules(connection: Connection, library: str) -> str | None:
    """Return the digest of the classification that the library's rows follow, None where it is not known."""
    rules: str | None = connection.scalar(_RULES, {"library": library})
    return rules


_RULES = text("select rules from nas_scans where library = :library and rules is not null order by id desc limit 1")


def read_marker(connection: Connection, root: str) -> str | None:
    """Return the id in the marker that the root has, None where no scan found or wrote one."""
    marker: str | None = connection.scalar(_MARKER, {"root": root})
    return marker


_MARKER = text("select marker from nas_scans where root = :root and marker is not null order by id desc limit 1")


def store_marker(connection: Connection, scan_id: int, marker: str | None) -> None:
    """Record the id in the root's marker as this scan found it."""
    connection.execute(_STORE_MARKER, {"id": scan_id, "marker": marker})


_STORE_MARKER = text("update nas_scans set marker = :marker where id = :id")


def replace_marker(connection: Connection, root: str, marker: str | None) -> None:
    """Expect this id in the marker of the root from now on, with None any or none."""
    connection.execute(_REPLACE_MARKER, {"root": root, "marker": marker})


_REPLACE_MARKER = text("update nas_scans set marker = :marker where root = :root and marker is not null")
