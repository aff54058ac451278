"""Tell people of incidents: that one began and that it is over; what comes and goes is in a digest.

A first message is due on each channel of the route of an open incident that was not told of this opening, or only at a
lower severity; not while the incident is folded, silenced or acknowledged. A last one is due where a first was sent;
one that is still to be sent tells the end itself. What a channel was told is read from its deliveries, so each message
is posted once, whoever announces and however often.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from sqlalchemy import Connection, Engine

from pokervod_pipelines.alerts.alert import AlertKind, AlertSeverity
from pokervod_pipelines.alerts.digests import DigestLine, add_line, post_digests
from pokervod_pipelines.alerts.event_alerts import post_event_alerts
from pokervod_pipelines.alerts.posting import post_to
from pokervod_pipelines.alerts.rules import Route, find_route
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.monitoring.incidents.announced import AnnouncedIncident, note_owed, read_announced
from pokervod_pipelines.monitoring.incidents.looks import LOCK
from pokervod_pipelines.monitoring.incidents.messages import make_alert
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.alerts import AlertSettings

LASTING = timedelta(minutes=10)
"""A grave incident that came back soon has a message of its own once it has lasted so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Name the channels that one message is due on; with ``in_digest`` it is a line of their next digest."""

    kind: AlertKind
    channels: frozenset[str]
    in_digest: bool = False


def announce_all(engine: Engine, settings: Settings, *, now: datetime) -> int:
    """Post what is due of incidents, events and digests, each in a transaction; return how many messages and lines."""
    with engine.begin() as connection:
        count = announce(connection, settings, now=now)
    with engine.begin() as connection:
        count += post_event_alerts(connection, settings.alerts, zone=settings.zone, now=now)
    with engine.begin() as connection:
        return count + post_digests(connection, settings.alerts, now=now)


def announce(connection: Connection, settings: Settings, *, now: datetime) -> int:
    """Post the messages of incidents that are due, in the caller's transaction; return how many are new.

    Call it where incidents change, and now and then: a silence that ends is no change.
    """
    if not settings.alerts.channels:
        return 0
    lock_until_commit(connection, LOCK)
    count = 0
    owed: dict[bool, list[int]] = {True: [], False: []}
    for incident in read_announced(connection, now):
        due = [*find_due(incident, settings.alerts, now, settings.zone)]
        count += sum(_post(connection, incident, each, now) for each in due)
        if due and incident.resolved_at is None:
            owed[True].append(incident.id)
        elif incident.resolved_at is not None and not any(each.is_due for each in incident.told):
            owed[False].append(incident.id)
    note_owed(connection, owed)
    return count


def _post(connection: Connection, incident: AnnouncedIncident, due: Due, now: datetime) -> bool:
    alert = make_alert(incident, due.kind)
    if not due.in_digest:
        return post_to(connection, alert, due.channels, now=now)
    line = DigestLine(
        key=f"incident {incident.id} {incident.opening} {due.kind} {incident.severity}",
        severity=incident.severity,
        kind=due.kind,
        text=alert.title,
        incident_id=incident.id,
        opening=incident.opening,
    )
    return add_line(connection, line, due.channels, now=now)


def find_due(incident: AnnouncedIncident, alerts: AlertSettings, now: datetime, zone: tzinfo) -> Iterator[Due]:
    """Yield the messages that are due of the incident."""
    if incident.resolved_at is not None:
        yield from _find_last(incident, {each.name for each in alerts.channels})
    elif incident.acknowledged_at is None:
        route = find_route(
            alerts,
            severity=incident.severity,
            detector=incident.detector,
            kind=incident.kind,
            moment=now.astimezone(zone),
        )
        yield from _find_firsts(incident, route, timedelta(minutes=alerts.digest_minutes))
        yield from _find_lasting(incident, route, now)
        yield from _find_reminders(incident, route, now)


def _find_last(incident: AnnouncedIncident, channels: set[str]) -> Iterator[Due]:
    """Yield that it is over, for each channel that was told that it began and not since that it is over."""
    over = {told.channel: told.opening for told in incident.told if told.is_of_resolution}
    firsts = [told for told in incident.told if told.owes_end]
    owed = {each.channel: each for each in firsts if each.opening > over.get(each.channel, 0)}
    for in_digest in (False, True):
        names = {name for name, first in owed.items() if first.in_digest is in_digest and name in channels}
        if names:
            yield Due(kind=AlertKind.RESOLVED, channels=frozenset(names), in_digest=in_digest)


def _find_firsts(incident: AnnouncedIncident, route: Route, soon: timedelta) -> Iterator[Due]:
    missing = {name for name in route.at_once | route.digest if not _knows(incident, name)}
    returned = {name for name in missing if _returned_soon(incident, name, soon)}
    digest = (missing & route.digest) | returned
    kind = _name_first(incident)
    for names, in_digest in ((missing - digest, False), (digest, True)):
        if names:
            yield Due(kind=kind, channels=frozenset(names), in_digest=in_digest)


def _find_lasting(incident: AnnouncedIncident, route: Route, now: datetime) -> Iterator[Due]:
    """Yield a message of a grave incident that came back soon, which a digest tells, once it is seen to last."""
    if incident.severity.rank < AlertSeverity.ERROR.rank or now - incident.opened_at < LASTING:
        return
    of_opening = [each for each in incident.told if each.opening == incident.opening and not each.is_of_resolution]
    by_digest = {each.channel for each in of_opening} - {each.channel for each in of_opening if not each.in_digest}
    if names := route.at_once & by_digest:
        yield Due(kind=AlertKind.REOPENED, channels=frozenset(names))


def _knows(incident: AnnouncedIncident, channel: str) -> bool:
    """Return whether the channel was told of this opening, at this severity or a higher one."""
    return any(
        told.channel == channel
        and told.opening == incident.opening
        and not told.is_of_resolution
        and told.severity.rank >= incident.severity.rank
        for told in incident.told
    )


def _returned_soon(incident: AnnouncedIncident, channel: str, soon: timedelta) -> bool:
    """Return whether the incident came back soon after the channel was told of it, and no graver."""
    return any(
        told.channel == channel
        and told.opening < incident.opening
        and told.at > incident.opened_at - soon
        and told.severity.rank >= incident.severity.rank
        for told in incident.told
    )


def _name_first(incident: AnnouncedIncident) -> AlertKind:
    of_opening = [each for each in incident.told if each.opening == incident.opening and not each.is_of_resolution]
    same = [each for each in of_opening if each.severity is incident.severity and each.kind is not AlertKind.REMINDER]
    if same:
        return same[0].kind  # a further channel of the same message
    if of_opening:
        return AlertKind.ESCALATED
    return AlertKind.REOPENED if incident.told else AlertKind.OPENED


def _find_reminders(incident: AnnouncedIncident, route: Route, now: datetime) -> Iterator[Due]:
    """Yield what nobody acknowledged, from when it was told first at this severity or a higher one."""
    told = [
        each
        for each in incident.told
        if each.opening == incident.opening
        and each.severity.rank >= incident.severity.rank
        and not each.is_of_resolution
    ]
    if not told:
        return
    waited = now - min(each.at for each in told)
    reminded = {each.channel for each in told if each.kind is AlertKind.REMINDER}
    due = {
        name
        for reminder in route.reminders
        if waited >= timedelta(minutes=reminder.after_minutes)
        for name in reminder.channels
    }
    if due - reminded:
        yield Due(kind=AlertKind.REMINDER, channels=frozenset(due - reminded))
