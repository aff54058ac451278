"""Close a week: freeze what its stages are, and tell it to the alert channels, once."""

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.posting import post_alert
from pokervod_pipelines.errors import BadInput
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.monitoring.weeks.shape import StageState, Week, WeekValidation
from pokervod_pipelines.monitoring.weeks.validation import describe_week, find_days, validate_week
from pokervod_pipelines.settings import Settings


def close_week(
    connection: Connection, settings: Settings, week: Week, *, actor: Actor, now: datetime | None = None
) -> bool:
    """Freeze the figures of the week and send its grid as a report; return False where it was closed already.

    Both exist if and only if the caller's transaction commits. Raises ``BadInput`` while the week is not over.
    """
    now, days = now or datetime.now(UTC), find_days(settings)
    if not week.is_over(now, days):
        _, end = week.find_bounds(days)
        until = f"{end:%Y-%m-%d %H:%M} ({settings.time_zone})"
        raise BadInput(f"week {week.name} is not over: it ends {until}; close it then")
    validation = validate_week(connection, settings, week, now=now)
    signed = {"week": week.name, "now": now, "correlation_id": actor.correlation_id}
    stages = [
        {"stage": each.stage, "looked_at": each.looked_at, "good": each.good, "sentence": each.sentence}
        for each in validation.stages
    ]
    # One that closes it at the same time is waited for; whoever comes second adds nothing.
    added = [connection.execute(_CLOSE, {**signed, **stage}).rowcount for stage in stages]
    if not any(added):
        return False
    _report(connection, settings, validation, actor, now)
    payload = {"week": week.name, "by": actor.who, "reason": actor.reason}
    event = NewEvent(EventType.MONITORING_WEEK_CLOSED, payload)
    append_events(connection, "monitoring", actor.correlation_id, [event])
    return True


def _report(
    connection: Connection, settings: Settings, validation: WeekValidation, actor: Actor, now: datetime
) -> None:
    """Send a message, once for each week."""
    is_whole = all(each.state is not StageState.INCOMPLETE for each in validation.stages)
    alert = Alert(
        key=f"week {validation.week.name}",
        severity=AlertSeverity.INFO if is_whole else AlertSeverity.WARNING,
        title=f"Week {validation.week.name} closed: {validation.summary}",
        body=f"{describe_week(validation)}\n\nSee `pokervod weeks --week {validation.week.name}`.",
        correlation_id=actor.correlation_id,
    )
    post_alert(connection, alert, settings.alerts.channels, now=now)


_CLOSE = text("""
    insert into week_closures (week, stage, looked_at, good, sentence, closed_at, correlation_id)
    values (:week, :stage, :looked_at, :good, :sentence, :now, :correlation_id) on conflict do nothing
""")
