"""Gather what is not worth a message of its own, and post it as one message for each channel, every so many minutes.

A line is added once. It is in one digest, which is posted in the transaction that marks the line as told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, groupby, takewhile
from typing import Any

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.alerts.alert import BODY_LIMIT, Alert, AlertKind, AlertSeverity
from pokervod_pipelines.alerts.posting import post_to
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.holds.windows import COVERS
from pokervod_pipelines.settings.alerts import AlertSettings

LOCK = "alert digests"
"""Whoever posts digests holds it, so that a line is in one."""

ROOM = BODY_LIMIT - 200
"""Characters of the lines of a digest; it says how many more there are."""

MAX_LINE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestLine:
    """Say one thing for the next digest; ``key`` identifies it, so that a channel is told once."""

    key: str
    severity: AlertSeverity
    kind: AlertKind
    text: str
    incident_id: int | None = None
    opening: int | None = None


def add_line(connection: Connection, line: DigestLine, channels: Iterable[str], *, now: datetime) -> bool:
    """Keep the line for the next digest of each channel; return whether it is new to any."""
    values = {
        "key": line.key,
        "severity": line.severity.value,
        "kind": line.kind.value,
        "text": " ".join(line.text.split())[:MAX_LINE],
        "incident_id": line.incident_id,
        "opening": line.opening,
        "channels": sorted({*channels}),
        "now": now,
    }
    return bool(connection.execute(_ADD, values).rowcount)


def post_digests(connection: Connection, alerts: AlertSettings, *, now: datetime) -> int:
    """Post the digests whose oldest line waits long enough; return how many.

    Lines for no channel stay, and so do those of incidents that a person or a maintenance window silences now.
    """
    lock_until_commit(connection, LOCK)
    channels = [each.name for each in alerts.channels]
    oldest = now - timedelta(minutes=alerts.digest_minutes)
    rows = connection.execute(_DUE, {"channels": channels, "oldest": oldest, "now": now}).all()
    count = 0
    for channel, lines in groupby(rows, key=lambda row: str(row.channel)):
        _post(connection, channel, [*lines], now)
        count += 1
    return count


def _post(connection: Connection, channel: str, rows: Sequence[Row[Any]], now: datetime) -> None:
    severity = max((AlertSeverity(row.severity) for row in rows), key=lambda each: each.rank)
    told = [*_list_incidents(rows), *(f"- {row.text}" for row in rows if row.incident_id is None)]
    shown = _select_shown(told)
    more = [f"- … and {len(told) - shown} more"] if len(told) > shown else []
    alert = Alert(
        key=f"digest {channel} {rows[0].id}",
        severity=severity,
        kind=AlertKind.DIGEST,
        title=f"Digest of {len(told)} {'thing' if len(told) == 1 else 'things'}",
        body="\n".join([*told[:shown], *more, "", "`pokervod incidents list --all` lists incidents."]),
    )
    post_to(connection, alert, [channel], now=now)
    connection.execute(_MARK, {"key": alert.key, "ids": [row.id for row in rows]})


def _select_shown(lines: Sequence[str]) -> int:
    """Return how many of the first lines fit into one message."""
    ends = accumulate(len(line) + 1 for line in lines)
    return sum(1 for _ in takewhile(lambda end: end <= ROOM, ends))


def _list_incidents(rows: Sequence[Row[Any]]) -> list[str]:
    """Return a line for each incident, with how it is now."""
    lines = []
    ordered = sorted((row for row in rows if row.incident_id is not None), key=lambda row: (row.incident_id, row.id))
    for id_, group in groupby(ordered, key=lambda row: int(row.incident_id)):
        found = [*group]
        begun = sum(row.kind != AlertKind.RESOLVED for row in found)
        state = "over" if found[-1].resolved_at else "acknowledged" if found[-1].acknowledged_at else "open"
        again = f", began {begun} times" if begun > 1 else ""
        lines.append(f"- {found[-1].severity.upper()} {found[-1].summary[:MAX_LINE]} (incident {id_}, {state}{again})")
    return lines


_ADD = text("""
    insert into alert_digest_lines (channel, key, severity, text, added_at, incident_id, opening, kind)
    select c.name, :key, :severity, :text, :now, :incident_id, :opening, :kind
    from unnest(cast(:channels as text[])) c (name) order by c.name
    on conflict (channel, key) do nothing
""")

_DUE = text(f"""
    with waiting as materialized (
        select l.id, l.channel, l.severity, l.text, l.incident_id, l.kind, l.added_at, e.summary, e.resolved_at,
            e.acknowledged_at
        from alert_digest_lines l left join monitoring_events e on e.id = l.incident_id
        where l.alert_id is null and l.channel = any(:channels) and coalesce(e.muted_until <= :now, true)
            and not exists (
                select from maintenance_coverage c where c.starts_at <= :now and c.ends_at > :now
                    and e.id is not null and {COVERS.format(kind="e.subject_kind", name="e.subject")})
    )
    select l.* from waiting l
    where exists (select from waiting o where o.channel = l.channel and o.added_at <= :oldest)
    order by l.channel, l.id
""")  # noqa: S608 - constants

_MARK = text("""
    update alert_digest_lines set alert_id = (select id from alerts where key = :key and incident_id is null)
    where id = any(:ids)
""")
