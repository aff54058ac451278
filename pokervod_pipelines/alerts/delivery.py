"""Send what is due; a sensor, a loop and commands may do so at the same time.

A delivery is claimed, prepared, marked as sending, sent and recorded, each step in a transaction of its own. When the
process is killed

- before it is marked as sending: nothing was sent, and it is sent when its lease has expired;
- from then until its result is recorded: it is sent again when its lease has expired, with the same delivery id and a
  sentence that it may be a repetition. It is a repetition only if the service had accepted the first one;
- after that: it is never sent again.

A missing message is worse than a repeated one, so one that may have been delivered is retried. Each channel is served
on its own; after a failure the rest of its messages are left to the next call.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.alerts import delivery_store as store
from pokervod_pipelines.alerts.channels import Channel, find_channels
from pokervod_pipelines.alerts.delivery_store import DeliveryClaim
from pokervod_pipelines.alerts.message import compose_message
from pokervod_pipelines.alerts.posting import append_event
from pokervod_pipelines.alerts.sending import SendFailure
from pokervod_pipelines.alerts.transport import PREPARE_SECONDS, OpenTransport, Transport, open_transport
from pokervod_pipelines.events import EventType
from pokervod_pipelines.events.breakers import make_breaker
from pokervod_pipelines.policies.backoff import Backoff
from pokervod_pipelines.policies.blocks import find_channel_service
from pokervod_pipelines.policies.breaker_store import read_states
from pokervod_pipelines.policies.breakers import Breaker, BreakerOpen, BreakerOptions, GuardedCall
from pokervod_pipelines.processes.supervised import START_SECONDS
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.alerts import AlertSettings

MAX_MESSAGES = 100
"""Messages that a channel is sent in one call."""

MAX_CALL_SECONDS = 30.0
"""No further message is begun after this: some services ask for a pause of seconds between two."""

OVERDUE_SECONDS = 60.0
"""The sensor sends what is due within half a minute; what is due for longer nobody sends."""

MAX_CHANNELS = 4
LEASE_MARGIN_SECONDS = 30.0
"""A lease outlives whatever a sender may still do, even one whose parent was killed."""


@dataclass(slots=True)
class DeliveryReport:
    """Count what one call did, and name the last failure of each channel that had one."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0
    superseded: int = 0
    failures: dict[str, str] = field(default_factory=dict)

    def add(self, other: "DeliveryReport") -> None:
        """Add the other report to this one."""
        self.delivered += other.delivered
        self.failed += other.failed
        self.dead += other.dead
        self.superseded += other.superseded
        self.failures |= other.failures


@dataclass(frozen=True, slots=True)
class _Call:
    """Carry what all deliveries of one call share; its time starts at the caller's and runs with the call."""

    engine: Engine
    limits: AlertSettings
    start: datetime
    zone: tzinfo
    started: float = field(default_factory=time.monotonic)

    def count_seconds(self) -> float:
        return time.monotonic() - self.started

    def read_time(self) -> datetime:
        return self.start + timedelta(seconds=self.count_seconds())

    def find_lease_seconds(self) -> float:
        return START_SECONDS + PREPARE_SECONDS + self.limits.timeout_seconds + LEASE_MARGIN_SECONDS

    def find_lease_end(self) -> datetime:
        return self.read_time() + timedelta(seconds=self.find_lease_seconds())

    def make_breaker(self, channel: Channel) -> Breaker:
        options = BreakerOptions(zone=self.zone, probe_seconds=self.find_lease_seconds(), read_clock=self.read_time)
        return make_breaker(self.engine, find_channel_service(channel.name), options)

    def find_retry(self, attempts: int) -> datetime:
        backoff = Backoff(first_seconds=self.limits.retry_seconds, limit_seconds=self.limits.max_retry_seconds)
        return self.read_time() + timedelta(seconds=backoff.find_wait(attempts))


def deliver_alerts(engine: Engine, settings: Settings) -> Mapping[str, str]:
    """Send what is due once; return the failure of each channel that failed, which is retried later.

    A channel without an address is one of them; it does not stop the others.
    """
    channels, missing = find_channels(settings)
    report = deliver_pending(engine, channels, now=datetime.now(UTC), limits=settings.alerts, zone=settings.zone)
    return missing | report.failures


def deliver_overdue(engine: Engine, settings: Settings) -> Mapping[str, str]:
    """Send what is due where nobody has sent it, as when Dagster's daemon has stopped."""
    with engine.connect() as connection:
        count = count_due(connection, settings, since_seconds=OVERDUE_SECONDS)
    return deliver_alerts(engine, settings) if count else {}


def count_due(connection: Connection, settings: Settings, *, since_seconds: float = 0.0) -> int:
    """Count the deliveries that could be sent now, and have been due for so long."""
    # A delivery to a channel without an address is always due, and nobody could send it.
    values = {
        "channels": list_callable(connection, find_channels(settings)[0]),
        "configured": [each.name for each in settings.alerts.channels],
        "days": settings.alerts.give_up_days,
        "seconds": since_seconds,
    }
    return connection.scalar(_DUE, values) or 0


def list_callable(connection: Connection, channels: Sequence[Channel]) -> list[str]:
    """Return the names of the channels that may be called now: their breakers are closed, or let one call find out."""
    services = {find_channel_service(channel.name).name: channel.name for channel in channels}
    states = read_states(connection, [*services])
    waiting = {state.name for state in states if state.opened_at is not None and not state.is_due}
    return [channel for service, channel in services.items() if service not in waiting]


def deliver_pending(
    engine: Engine,
    channels: Sequence[Channel],
    *,
    now: datetime,
    limits: AlertSettings | None = None,
    zone: tzinfo = UTC,
    open_channel: OpenTransport = open_transport,
) -> DeliveryReport:
    """Try everything that is due at ``now`` on these channels; what fails has its next time or is dead.

    A channel of the ``limits`` that is not among these has no address yet, and its messages stay pending. A service
    never makes this raise; the database may. Messages for one that does not answer stay due as they are while its
    breaker is open.
    """
    call = _Call(engine, limits or AlertSettings(), now, zone)
    report = DeliveryReport(dead=_end_orphans(call, channels))
    if channels:
        with ThreadPoolExecutor(min(len(channels), MAX_CHANNELS), "alerts") as pool:
            for each in pool.map(lambda channel: _serve_channel(call, channel, open_channel), channels):
                report.add(each)
    return report


def _serve_channel(call: _Call, channel: Channel, open_channel: OpenTransport) -> DeliveryReport:
    report = DeliveryReport()
    transport = open_channel(channel, call.limits.timeout_seconds)
    breaker = call.make_breaker(channel)
    try:
        for number in range(MAX_MESSAGES):
            if number and call.count_seconds() > MAX_CALL_SECONDS:
                break
            claim = _claim_next(call, channel, report)
            if claim is None:
                break
            try:
                guarded = breaker.enter()
            except BreakerOpen as refusal:
                _release(call, claim)
                report.failures[channel.name] = str(refusal)
                break
            with guarded:
                if not _deliver(call, channel, claim, transport, report, guarded):
                    break
    finally:
        transport.close()
    return report


def _claim_next(call: _Call, channel: Channel, report: DeliveryReport) -> DeliveryClaim | None:
    now = call.read_time()
    with call.engine.begin() as connection:
        report.superseded += store.end_superseded(connection, channel.name, now)
        return store.claim_next(connection, channel.name, now=now, lease_until=call.find_lease_end())


def _release(call: _Call, claim: DeliveryClaim) -> None:
    with call.engine.begin() as connection:
        store.release(connection, claim)


def _deliver(
    call: _Call,
    channel: Channel,
    claim: DeliveryClaim,
    transport: Transport,
    report: DeliveryReport,
    guarded: GuardedCall,
) -> bool:
    """Send one message; return whether the channel may be given the next."""
    failure = transport.prepare(compose_message(claim))
    with call.engine.begin() as connection:
        if not store.begin_sending(connection, claim, call.find_lease_end()):
            guarded.abandon()
            return True
    if failure is not None:
        guarded.abandon()  # the service was not asked
    else:
        failure = transport.send()
        guarded.fail(failure.reason) if failure and failure.is_away else guarded.succeed()
    if failure is None:
        report.delivered += _record_delivered(call, claim)
        return True
    state = _record_failed(call, claim, failure)
    report.failed += 1
    report.dead += state == "dead"
    report.failures[channel.name] = failure.reason
    return False


def _record_delivered(call: _Call, claim: DeliveryClaim) -> bool:
    with call.engine.begin() as connection:
        is_new = store.record_delivered(connection, claim.id, call.read_time())
        if is_new:
            payload = {"attempts": claim.attempts + 1, "may_have_been_delivered": claim.may_have_been_delivered}
            append_event(connection, EventType.ALERT_DELIVERED, claim.correlation_id, _identify(claim) | payload)
    return is_new


def _record_failed(call: _Call, claim: DeliveryClaim, failure: SendFailure) -> str | None:
    """Store the failure; append an event when it differs from the one before, not at every attempt of days."""
    now = call.read_time()
    attempts = claim.attempts + 1
    is_over = now - claim.created_at >= timedelta(days=call.limits.give_up_days)
    due_at = call.find_retry(attempts)
    with call.engine.begin() as connection:
        state = store.record_failed(connection, claim, failure, due_at=due_at, dead_at=now if is_over else None)
        payload = _identify(claim) | {"attempts": attempts, "error": failure.reason}
        if state == "dead":
            append_event(connection, EventType.ALERT_DELIVERY_ENDED, claim.correlation_id, payload)
        elif state is not None and failure.reason != claim.error:
            append_event(connection, EventType.ALERT_DELIVERY_FAILED, claim.correlation_id, payload)
    return state


def _end_orphans(call: _Call, channels: Sequence[Channel]) -> int:
    now = call.read_time()
    oldest = now - timedelta(days=call.limits.give_up_days)
    known = {each.name for each in channels} | {each.name for each in call.limits.channels}
    with call.engine.begin() as connection:
        ended = store.end_orphans(connection, sorted(known), older_than=oldest, now=now)
        for row in ended:
            names = ("alert_id", "key", "channel", "severity", "error", "attempts")
            payload = {name: getattr(row, name) for name in names} | {"delivery_id": str(row.id)}
            append_event(connection, EventType.ALERT_DELIVERY_ENDED, row.correlation_id, payload)
    return len(ended)


def _identify(claim: DeliveryClaim) -> dict[str, object]:
    return {
        "delivery_id": str(claim.id),
        "alert_id": claim.alert_id,
        "key": claim.key,
        "channel": claim.channel,
        "severity": claim.severity,
    }


_DUE = text("""
    select count(*) from alert_deliveries where ended_at is null and due_at <= now() - make_interval(secs => :seconds)
      and (lease_until is null or lease_until < now())
      and (channel = any(cast(:channels as text[])) or (channel <> all(cast(:configured as text[]))
          and created_at < now() - make_interval(secs => :days * 86400)))
""")
