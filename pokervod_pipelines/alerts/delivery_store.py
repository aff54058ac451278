"""Claim deliveries and store how they ended: SQL only, no decisions, no network.

::

    pending ──claim──▶ claimed ──begin──▶ sending ──▶ delivered
       ▲                  │ lease ends      │  │
       │                  ╰── claim again   │  ╰──▶ dead        given up after days
       ╰──────── an attempt failed ─────────╯
    pending, or with an expired lease, while the channel has a later message of the same incident ──▶ superseded

Later are a graver one and any of a later opening. A message that waits until its incident is over tells so itself, and
the one that it is over is superseded.

In ``claimed`` nothing is sent yet, so a process that dies there leaves nothing behind, and a claim for a channel that
is not called now is released. One that dies in ``sending`` may have sent the message: the next claim sets
``may_have_been_delivered``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from pokervod_pipelines.alerts.sending import SendFailure

INTERRUPTED = "the sending process was interrupted; the message may have been delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryClaim:
    """Hold a delivery that this process may send, with the alert as it is now."""

    id: UUID
    claim_id: UUID
    channel: str
    severity: str
    attempts: int
    may_have_been_delivered: bool
    error: str | None
    created_at: datetime
    alert_id: int
    key: str
    title: str
    body: str
    link: str | None
    correlation_id: str
    kind: str
    incident_id: int | None
    raised_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    resolved_at: datetime | None
    resolved_by: str | None
    resolved_reason: str | None


def claim_next(connection: Connection, channel: str, *, now: datetime, lease_until: datetime) -> DeliveryClaim | None:
    """Claim the channel's oldest delivery that is due, or whose lease has expired."""
    row = connection.execute(_CLAIM, {"channel": channel, "now": now, "lease_until": lease_until}).one_or_none()
    return None if row is None else DeliveryClaim(**row._mapping)


def begin_sending(connection: Connection, claim: DeliveryClaim, lease_until: datetime) -> bool:
    """Count the attempt; from now on the message may be out. Return False when another process has the delivery."""
    values = {"id": claim.id, "claim_id": claim.claim_id, "lease_until": lease_until}
    return bool(connection.execute(_BEGIN, values).rowcount)


def release(connection: Connection, claim: DeliveryClaim) -> None:
    """Make the delivery due again as it was: it was not attempted."""
    connection.execute(_RELEASE, {"id": claim.id, "claim_id": claim.claim_id})


def record_delivered(connection: Connection, delivery_id: UUID, now: datetime) -> bool:
    """Store that the message was delivered, even if the claim was lost meanwhile; return False when it was known."""
    return bool(connection.execute(_DELIVERED, {"id": delivery_id, "now": now}).rowcount)


def record_failed(
    connection: Connection, claim: DeliveryClaim, failure: SendFailure, *, due_at: datetime, dead_at: datetime | None
) -> str | None:
    """Make the delivery due again at ``due_at``, or dead since ``dead_at``; return its state, None if not ours."""
    values: dict[str, Any] = {"id": claim.id, "claim_id": claim.claim_id, "due_at": due_at, "dead_at": dead_at}
    values |= {"reason": failure.reason, "may_have_been_delivered": failure.may_have_been_delivered}
    state: str | None = connection.scalar(_FAILED, values)
    return state


def end_superseded(connection: Connection, channel: str, now: datetime) -> int:
    """End the channel's deliveries that a later message of the same incident replaces; return how many."""
    return connection.execute(_SUPERSEDE, {"channel": channel, "now": now}).rowcount


def end_orphans(connection: Connection, channels: list[str], *, older_than: datetime, now: datetime) -> list[Row[Any]]:
    """End old deliveries to channels other than these, and return them."""
    values = {"channels": channels, "older_than": older_than, "now": now}
    return list(connection.execute(_ORPHANS, values).all())


_IS_FREE = "(d.state = 'pending' or (d.state in ('claimed', 'sending') and d.lease_until <= :now))"

# Materialized, so that it runs once: a nested loop would run it for each alert and claim another row each time.
_CLAIM = text(f"""
    with old as materialized (
        select d.id, d.state from alert_deliveries d
        where d.channel = :channel and d.ended_at is null and {_IS_FREE} and d.due_at <= :now
        order by d.due_at, d.created_at, d.id limit 1 for update skip locked)
    update alert_deliveries d set state = 'claimed', claim_id = gen_random_uuid(), lease_until = :lease_until,
        may_have_been_delivered = d.may_have_been_delivered or old.state = 'sending',
        told_end = e.resolved_at is not null,
        error = case when old.state = 'sending' then '{INTERRUPTED}' else d.error end
    from old, alerts a left join monitoring_events e on e.id = a.incident_id and e.openings = a.opening
    where d.id = old.id and a.id = d.alert_id
    returning d.id, d.claim_id, d.channel, d.severity, d.attempts, d.may_have_been_delivered, d.error, d.created_at,
        d.alert_id, a.key, a.title, a.body, a.link, a.correlation_id, a.kind, a.incident_id, a.raised_at,
        e.acknowledged_at, e.acknowledged_by, e.resolved_at, e.resolved_by, e.resolved_reason
""")  # noqa: S608 - constants

_BEGIN = text("""
    update alert_deliveries set state = 'sending', attempts = attempts + 1, lease_until = :lease_until
    where id = :id and claim_id = :claim_id and state = 'claimed'
""")

_RELEASE = text("""
    update alert_deliveries set state = 'pending', claim_id = null, lease_until = null
    where id = :id and claim_id = :claim_id and state = 'claimed'
""")

_DELIVERED = text("""
    update alert_deliveries set state = 'delivered', claim_id = null, lease_until = null, error = null,
        ended_at = :now
    where id = :id and state <> 'delivered'
""")

_FAILED = text("""
    update alert_deliveries set claim_id = null, lease_until = null, error = :reason,
        may_have_been_delivered = may_have_been_delivered or :may_have_been_delivered,
        due_at = :due_at, ended_at = :dead_at,
        state = case when cast(:dead_at as timestamptz) is null then 'pending' else 'dead' end
    where id = :id and claim_id = :claim_id returning state
""")

_RANK = "array_position(array['info', 'warning', 'error', 'critical'], cast({severity} as text))"

_SUPERSEDE = text(f"""
    update alert_deliveries o set state = 'superseded', ended_at = :now, claim_id = null, lease_until = null
    where o.id in (
        select d.id from alert_deliveries d join alerts a on a.id = d.alert_id
        where d.channel = :channel and d.ended_at is null and {_IS_FREE} and a.incident_id is not null
          and exists (select from alerts b join alert_deliveries n on n.alert_id = b.id and n.channel = d.channel
              where b.incident_id = a.incident_id and n.state <> 'dead' and (b.opening > a.opening
                  or b.opening = a.opening and case when a.kind = 'resolved' then n.state = 'pending' else
                      b.kind <> 'resolved' and {_RANK.format(severity="b.severity")}
                          > {_RANK.format(severity="a.severity")} end) and n.id <> d.id)
        for update of d skip locked)
""")  # noqa: S608 - constants

_ORPHANS = text(f"""
    update alert_deliveries d set state = 'dead', ended_at = :now, claim_id = null, lease_until = null,
        may_have_been_delivered = d.may_have_been_delivered or d.state = 'sending',
        error = 'no channel of this name is configured'
    from alerts a
    where a.id = d.alert_id and d.ended_at is null and d.channel <> all(:channels) and d.created_at <= :older_than
      and {_IS_FREE}
    returning d.id, d.alert_id, d.channel, d.severity, d.attempts, d.error, a.key, a.correlation_id
""")  # noqa: S608 - constants
