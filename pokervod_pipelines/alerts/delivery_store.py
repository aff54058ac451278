"""The SQL of deliveries: who sends what, and how it ended. No decisions, no network.

::

    waiting ──claim──▶ claimed ──begin──▶ sending ──▶ delivered
       ▲                  │ lease ends      │  │
       │                  ╰── claim again   │  ╰──▶ dead        given up after days
       ╰──────── a try failed ──────────────╯
    waiting, or held past its lease, while a more severe message of the same alert and channel exists ──▶ overtaken

``claimed`` sends nothing yet: whoever dies there leaves nothing behind. Who dies while ``sending`` may have sent; the
next claim marks the delivery with ``doubt``.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

INTERRUPTED = "the process that sent it ended in the middle; it may have arrived all the same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this process may send, with the alert as it is now."""

    id: UUID
    claim_id: UUID
    channel: str
    severity: str
    attempts: int
    doubt: bool
    error: str | None
    created_at: datetime
    alert_id: int
    key: str
    title: str
    body: str
    link: str | None
    correlation_id: str
    times: int
    raised_at: datetime
    resolved_at: datetime | None
    resolved_by: str | None
    resolved_reason: str | None


def claim_next(connection: Connection, channel: str, *, now: datetime, lease_until: datetime) -> Claim | None:
    """The channel's oldest delivery that is due, or was held by somebody who is gone; nobody else has it meanwhile."""
    row = connection.execute(_CLAIM, {"channel": channel, "now": now, "lease_until": lease_until}).one_or_none()
    return None if row is None else Claim(**row._mapping)


def begin_sending(connection: Connection, claim: Claim, lease_until: datetime) -> bool:
    """The try is counted, and from now on the message may be out; False when somebody else has the delivery."""
    held = {"id": claim.id, "claim_id": claim.claim_id, "lease_until": lease_until}
    return bool(connection.execute(_BEGIN, held).rowcount)


def settle_delivered(connection: Connection, delivery_id: UUID, now: datetime) -> bool:
    """The message arrived; False when that was known. It holds even if the claim was lost meanwhile."""
    return bool(connection.execute(_DELIVERED, {"id": delivery_id, "now": now}).rowcount)


def settle_failed(
    connection: Connection, claim: Claim, *, error: str, doubt: bool, due_at: datetime, dead_at: datetime | None
) -> str | None:
    """The delivery waits again until ``due_at``, or is dead since ``dead_at``; returns its state, None if not ours."""
    said = {"id": claim.id, "claim_id": claim.claim_id, "error": error, "doubt": doubt}
    state: str | None = connection.scalar(_FAILED, said | {"due_at": due_at, "dead_at": dead_at})
    return state


def end_overtaken(connection: Connection, channel: str, now: datetime) -> int:
    """No delivery of the channel waits to be sent after a more severe message of its alert; returns how many did."""
    return connection.execute(_OVERTAKE, {"channel": channel, "now": now}).rowcount


def end_orphans(connection: Connection, channels: list[str], *, older_than: datetime, now: datetime) -> list[Row[Any]]:
    """Old deliveries to channels other than these are dead; returns them."""
    said = {"channels": channels, "older_than": older_than, "now": now}
    return list(connection.execute(_ORPHANS, said).all())


_IS_FREE = "(d.state = 'waiting' or (d.state in ('claimed', 'sending') and d.lease_until <= :now))"

_CLAIM = text(f"""
    update alert_deliveries d set state = 'claimed', claim_id = gen_random_uuid(), lease_until = :lease_until,
        doubt = d.doubt or old.state = 'sending',
        error = case when old.state = 'sending' then '{INTERRUPTED}' else d.error end
    from alerts a, (
        select d.id, d.state from alert_deliveries d
        where d.channel = :channel and d.ended_at is null and {_IS_FREE} and d.due_at <= :now
        order by d.due_at, d.created_at, d.id limit 1 for update skip locked) old
    where d.id = old.id and a.id = d.alert_id
    returning d.id, d.claim_id, d.channel, d.severity, d.attempts, d.doubt, d.error, d.created_at, d.alert_id, a.key,
        a.title, a.body, a.link, a.correlation_id, a.times, a.raised_at, a.resolved_at, a.resolved_by, a.resolved_reason
""")  # noqa: S608 - constants

_BEGIN = text("""
    update alert_deliveries set state = 'sending', attempts = attempts + 1, lease_until = :lease_until
    where id = :id and claim_id = :claim_id and state = 'claimed'
""")

_DELIVERED = text("""
    update alert_deliveries set state = 'delivered', claim_id = null, lease_until = null, error = null,
        ended_at = :now
    where id = :id and state <> 'delivered'
""")

_FAILED = text("""
    update alert_deliveries set claim_id = null, lease_until = null, error = :error, doubt = doubt or :doubt,
        due_at = :due_at, ended_at = :dead_at,
        state = case when cast(:dead_at as timestamptz) is null then 'waiting' else 'dead' end
    where id = :id and claim_id = :claim_id returning state
""")

_OVERTAKE = text(f"""
    update alert_deliveries o set state = 'overtaken', ended_at = :now, claim_id = null, lease_until = null
    where o.id in (
        select d.id from alert_deliveries d join alerts a on a.id = d.alert_id
        where d.channel = :channel and d.ended_at is null and {_IS_FREE} and d.severity <> a.severity
          and exists (select from alert_deliveries n
              where n.alert_id = d.alert_id and n.channel = d.channel and n.severity = a.severity)
        for update of d skip locked)
""")  # noqa: S608 - constants

_ORPHANS = text(f"""
    update alert_deliveries d set state = 'dead', ended_at = :now, claim_id = null, lease_until = null,
        doubt = d.doubt or d.state = 'sending', error = 'no channel of this name is set any more'
    from alerts a
    where a.id = d.alert_id and d.ended_at is null and d.channel <> all(:channels) and d.created_at <= :older_than
      and {_IS_FREE}
    returning d.id, d.alert_id, d.channel, d.severity, d.attempts, d.error, a.key, a.correlation_id
""")  # noqa: S608 - constants
