"""Sending what is due: called by a sensor, a loop or a command, by as many as like to at once.

A delivery is claimed, made ready, noted as being sent, sent, and settled, each step in a transaction of its own. What
that means when everything is killed at any moment:

- before it is noted as being sent: nothing was sent; it is sent once its lease is over;
- while it is sent, until the answer of the service is settled: it is sent again once its lease is over, with the same
  delivery id and a sentence that it may be a repetition. It is there twice only if the service had taken the first one;
- after that: never again.

A missing message is worse than a repeated one, so doubt means another try. Each channel is served on its own; after a
failed try the rest of its messages wait for the next call.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import Engine

from pokervod_pipelines.alerts import delivery_store as store
from pokervod_pipelines.alerts.channels import Channel
from pokervod_pipelines.alerts.delivery_store import Claim
from pokervod_pipelines.alerts.message import compose_message
from pokervod_pipelines.alerts.told import tell
from pokervod_pipelines.alerts.transport import START_SECONDS, Fault, OpenTransport, Transport, open_transport
from pokervod_pipelines.events import EventType
from pokervod_pipelines.settings.rooms import AlertSettings

MOST_AT_ONCE = 100
"""Messages a channel is sent in one call."""

SECONDS_OF_A_CALL = 30.0
"""No next message is begun after this: some services ask for seconds between two."""

MOST_CHANNELS_AT_ONCE = 4
LEASE_MARGIN_SECONDS = 30.0
"""A lease outlives whatever a sender, even one whose parent is gone, may still do."""


@dataclass(slots=True)
class DeliveryReport:
    """What one call did: counts, and the last fault of each channel that had one."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0
    overtaken: int = 0
    faults: dict[str, str] = field(default_factory=dict)

    def add(self, other: "DeliveryReport") -> None:
        """Both together."""
        self.delivered += other.delivered
        self.failed += other.failed
        self.dead += other.dead
        self.overtaken += other.overtaken
        self.faults |= other.faults


@dataclass(frozen=True, slots=True)
class _Clock:
    """The caller's time, which goes on while the call lasts."""

    start: datetime
    started: float = field(default_factory=time.monotonic)

    def read(self) -> datetime:
        return self.start + timedelta(seconds=self.count_seconds())

    def count_seconds(self) -> float:
        return time.monotonic() - self.started


@dataclass(frozen=True, slots=True)
class _Desk:
    engine: Engine
    limits: AlertSettings
    clock: _Clock

    def find_lease_end(self) -> datetime:
        seconds = START_SECONDS + self.limits.timeout_seconds + LEASE_MARGIN_SECONDS
        return self.clock.read() + timedelta(seconds=seconds)


def deliver_pending(
    engine: Engine,
    channels: Sequence[Channel],
    *,
    now: datetime,
    limits: AlertSettings | None = None,
    open_way: OpenTransport = open_transport,
) -> DeliveryReport:
    """Everything that is due at ``now`` on these channels was tried; what failed has its next time or is dead.

    A channel of the ``limits`` that is not among these has no address yet: its messages wait for it. No service's doing
    raises anything; the database's does.
    """
    desk = _Desk(engine, limits or AlertSettings(), _Clock(now))
    report = DeliveryReport(dead=_end_orphans(desk, channels))
    if channels:
        with ThreadPoolExecutor(min(len(channels), MOST_CHANNELS_AT_ONCE), "alerts") as pool:
            for each in pool.map(lambda channel: _serve_channel(desk, channel, open_way), channels):
                report.add(each)
    return report


def find_wait(limits: AlertSettings, attempts: int) -> timedelta:
    """Return how long to wait after so many failed tries.

    >>> [find_wait(Alerts(), attempts).seconds for attempts in (1, 2, 3, 9)]
    [30, 60, 120, 900]
    """
    grown = limits.retry_seconds * 2.0 ** min(max(attempts, 1) - 1, 30)
    return timedelta(seconds=min(limits.max_retry_seconds, grown))


def _serve_channel(desk: _Desk, channel: Channel, open_way: OpenTransport) -> DeliveryReport:
    report = DeliveryReport()
    way = open_way(channel, desk.limits.timeout_seconds)
    try:
        for number in range(MOST_AT_ONCE):
            if number and desk.clock.count_seconds() > SECONDS_OF_A_CALL:
                break
            claim = _claim_next(desk, channel, report)
            if claim is None or not _deliver(desk, channel, claim, way, report):
                break
    finally:
        way.close()
    return report


def _claim_next(desk: _Desk, channel: Channel, report: DeliveryReport) -> Claim | None:
    now = desk.clock.read()
    with desk.engine.begin() as connection:
        report.overtaken += store.end_overtaken(connection, channel.name, now)
        return store.claim_next(connection, channel.name, now=now, lease_until=desk.find_lease_end())


def _deliver(desk: _Desk, channel: Channel, claim: Claim, way: Transport, report: DeliveryReport) -> bool:
    """Whether the channel may be given the next."""
    fault = way.prepare(compose_message(claim))
    with desk.engine.begin() as connection:
        if not store.begin_sending(connection, claim, desk.find_lease_end()):
            return True
    fault = fault or way.send()
    if fault is None:
        report.delivered += _settle_delivered(desk, claim)
        return True
    state = _settle_failed(desk, claim, fault)
    report.failed += 1
    report.dead += state == "dead"
    report.faults[channel.name] = fault.reason
    return False


def _settle_delivered(desk: _Desk, claim: Claim) -> bool:
    with desk.engine.begin() as connection:
        is_news = store.settle_delivered(connection, claim.id, desk.clock.read())
        if is_news:
            payload = _name(claim) | {"attempts": claim.attempts + 1, "doubt": claim.doubt}
            tell(connection, EventType.ALERT_DELIVERED, claim.correlation_id, payload)
    return is_news


def _settle_failed(desk: _Desk, claim: Claim, fault: Fault) -> str | None:
    """A fault is told when it differs from the one before, not at every try of days."""
    now = desk.clock.read()
    attempts = claim.attempts + 1
    is_over = now - claim.created_at >= timedelta(days=desk.limits.give_up_days)
    with desk.engine.begin() as connection:
        state = store.settle_failed(
            connection,
            claim,
            error=fault.reason,
            doubt=fault.doubt,
            due_at=now + find_wait(desk.limits, attempts),
            dead_at=now if is_over else None,
        )
        payload = _name(claim) | {"attempts": attempts, "error": fault.reason}
        if state == "dead":
            tell(connection, EventType.ALERT_DELIVERY_ENDED, claim.correlation_id, payload)
        elif state is not None and fault.reason != claim.error:
            tell(connection, EventType.ALERT_DELIVERY_FAILED, claim.correlation_id, payload)
    return state


def _end_orphans(desk: _Desk, channels: Sequence[Channel]) -> int:
    now = desk.clock.read()
    oldest = now - timedelta(days=desk.limits.give_up_days)
    known = {each.name for each in channels} | {each.name for each in desk.limits.channels}
    with desk.engine.begin() as connection:
        gone = store.end_orphans(connection, sorted(known), older_than=oldest, now=now)
        for row in gone:
            payload = {name: getattr(row, name) for name in ("alert_id", "key", "channel", "severity", "error")}
            told = payload | {"delivery_id": str(row.id), "attempts": row.attempts}
            tell(connection, EventType.ALERT_DELIVERY_ENDED, row.correlation_id, told)
    return len(gone)


def _name(claim: Claim) -> dict[str, object]:
    return {
        "delivery_id": str(claim.id),
        "alert_id": claim.alert_id,
        "key": claim.key,
        "channel": claim.channel,
        "severity": claim.severity,
    }
