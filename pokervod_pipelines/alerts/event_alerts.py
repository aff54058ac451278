"""Tell the events that rules ask for, such as a finished graphic, each once: their cursor moves with the messages."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from sqlalchemy import Connection

from pokervod_pipelines.alerts.alert import Alert, AlertKind, AlertSeverity
from pokervod_pipelines.alerts.digests import DigestLine, add_line
from pokervod_pipelines.alerts.posting import post_to
from pokervod_pipelines.alerts.rules import find_event_rules
from pokervod_pipelines.db.locks import lock_until_commit
from pokervod_pipelines.events.cursors import Consumer, forget_consumer, take_events
from pokervod_pipelines.events.log import LoggedEvent, is_of_type
from pokervod_pipelines.events.payloads import list_types
from pokervod_pipelines.settings.alerts import AlertRule, AlertSettings

CONSUMER = "alert rules"

OWN = {name for name in map(str, list_types()) if is_of_type(name, "alert")} | {"alert"}
"""Types that telling appends itself: telling of them would never end."""

EVENTS_AT_ONCE = 2_000
MAX_MESSAGES = 20
"""Of one look; what comes with them is in the digest, so that a thousand graphics are not a thousand mails."""

NAMES = ("template", "name", "library", "sheet", "worker", "workflow", "key")
"""Fields of a payload that a title shows after its ids."""

MAX_FACTS = 4
"""Of a title; the body has all."""

MAX_FACT = 60


@dataclass(slots=True)
class _Targets:
    at_once: set[str] = field(default_factory=set)
    digest: set[str] = field(default_factory=set)


def post_event_alerts(connection: Connection, alerts: AlertSettings, *, zone: tzinfo, now: datetime) -> int:
    """Post the next events that rules ask for; return how many. Events from before there was a rule are not told."""
    rules = [rule for rule in alerts.rules if rule.events]
    lock_until_commit(connection, CONSUMER)
    if not rules:
        forget_consumer(connection, CONSUMER)
        return 0
    asked = {name for rule in rules for name in rule.events}
    types = tuple(str(each) for each in list_types() if any(is_of_type(each, name) for name in asked - OWN))
    messages, told = 0, 0
    for event in take_events(connection, Consumer(CONSUMER, types), EVENTS_AT_ONCE):
        targets = _find_targets(rules, event, zone)
        if messages >= MAX_MESSAGES:
            targets = _Targets(digest=targets.digest | targets.at_once)
        _tell(connection, event, targets, now)
        messages += bool(targets.at_once)
        told += bool(targets.at_once or targets.digest)
    return told


def _find_targets(rules: Sequence[AlertRule], event: LoggedEvent, zone: tzinfo) -> _Targets:
    targets = _Targets()
    for rule in find_event_rules(rules, event, event.at.astimezone(zone)):
        (targets.digest if rule.digest else targets.at_once).update(rule.to)
    targets.digest -= targets.at_once
    return targets


def _tell(connection: Connection, event: LoggedEvent, targets: _Targets, now: datetime) -> None:
    key, facts = f"event {event.id}", _list_facts(event)
    told = f"{event.type}: {', '.join(facts[:MAX_FACTS])}" if facts else event.type
    if targets.digest:
        line = DigestLine(key=key, severity=AlertSeverity.INFO, kind=AlertKind.EVENT, text=told)
        add_line(connection, line, targets.digest, now=now)
    if targets.at_once:
        seen = f"`pokervod events tail --correlation {event.correlation_id}` shows what belongs to it."
        alert = Alert(
            key=key,
            severity=AlertSeverity.INFO,
            kind=AlertKind.EVENT,
            title=told,
            body="\n".join([*(f"- {fact}" for fact in facts), *(["", seen] if event.correlation_id else [])]),
            correlation_id=event.correlation_id,
        )
        post_to(connection, alert, targets.at_once, now=now)


def _list_facts(event: LoggedEvent) -> list[str]:
    """Return the facts of the payload: ids first, then names."""
    payload = sorted(
        event.payload.items(), key=lambda each: (not each[0].endswith("_id"), each[0] not in NAMES, each[0])
    )
    return [
        f"{name.replace('_', ' ')} {str(value)[:MAX_FACT]}"
        for name, value in payload
        if value is not None and not isinstance(value, dict | list)
    ]
