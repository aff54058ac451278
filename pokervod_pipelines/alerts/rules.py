"""Decide where an incident or an event is told, by the rules of the settings and the hour; nothing is read or sent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.alerts.posting import list_severe
from pokervod_pipelines.events.log import LoggedEvent, is_of_type
from pokervod_pipelines.settings.alerts import AlertRule, AlertSettings
from pokervod_pipelines.subjects import SubjectKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """Name the channels that are told when nobody has acknowledged after so many minutes."""

    after_minutes: float
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Name the channels that are told at once, those whose next digest tells it, and those told by a reminder."""

    at_once: frozenset[str] = frozenset()
    digest: frozenset[str] = frozenset()
    reminders: tuple[Reminder, ...] = ()


def find_route(
    alerts: AlertSettings, *, severity: AlertSeverity, detector: str, kind: SubjectKind, moment: datetime
) -> Route:
    """Return where an incident is told at a local moment.

    Without rules each channel of its severity is told at once; what no rule is about is in their digests. A rule tells
    nothing at other hours than its own: what still lasts is told when they begin.
    """
    severe = frozenset(list_severe(alerts.channels, severity))
    rules = [rule for rule in alerts.rules if not rule.events]
    if not rules:
        return Route(at_once=severe)
    matching = [rule for rule in rules if _is_about(rule, severity, detector, kind)]
    if not matching:
        return Route(digest=severe)
    now = [rule for rule in matching if rule.hours is None or rule.hours.contain(moment)]
    at_once = frozenset(name for rule in now if not rule.digest for name in rule.to)
    return Route(
        at_once=at_once,
        digest=frozenset(name for rule in now if rule.digest for name in rule.to) - at_once,
        reminders=tuple(
            Reminder(after_minutes=rule.escalate_after_minutes, channels=rule.escalate_to)
            for rule in now
            if rule.escalate_after_minutes is not None
        ),
    )


def _is_about(rule: AlertRule, severity: AlertSeverity, detector: str, kind: SubjectKind) -> bool:
    return (
        (not rule.severities or severity in rule.severities)
        and (not rule.detectors or detector in rule.detectors)
        and (not rule.subjects or kind in rule.subjects)
    )


def find_event_rules(rules: Sequence[AlertRule], event: LoggedEvent, moment: datetime) -> Iterator[AlertRule]:
    """Yield the rules that ask for the event at the local moment when it happened."""
    for rule in rules:
        is_asked = any(is_of_type(event.type, name) for name in rule.events)
        is_time = rule.hours is None or rule.hours.contain(moment)
        if is_asked and is_time and all(_fits(event, name, globs) for name, globs in rule.where.items()):
            yield rule


def _fits(event: LoggedEvent, name: str, globs: Sequence[str]) -> bool:
    value = event.payload.get(name)
    return value is not None and any(fnmatchcase(str(value), glob) for glob in globs)
