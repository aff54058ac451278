"""Write the message of an incident: what is wrong, what to do, and the commands that answer it."""

from pokervod_pipelines.alerts.alert import KEY_LIMIT, TITLE_LIMIT, Alert, AlertKind
from pokervod_pipelines.monitoring.detectors.looking import show_seconds
from pokervod_pipelines.monitoring.incidents.announced import AnnouncedIncident
from pokervod_pipelines.monitoring.incidents.old_keys import make_alert_key

_BEGINNINGS = {
    AlertKind.REOPENED: "again: ",
    AlertKind.ESCALATED: "graver: ",
    AlertKind.REMINDER: "nobody has acknowledged: ",
}


def make_alert(incident: AnnouncedIncident, kind: AlertKind) -> Alert:
    """Return the message of the incident as it is now; a sentence that is too long for the title is in the body."""
    title = _BEGINNINGS.get(kind, "") + incident.summary
    parts = _write_end(incident) if kind is AlertKind.RESOLVED else _write_body(incident)
    return Alert(
        key=make_alert_key(incident.detector, incident.subject, incident.key)[:KEY_LIMIT],
        severity=incident.severity,
        title=title,
        body="\n\n".join([*([incident.summary] if len(title) > TITLE_LIMIT else []), *parts]),
        link=incident.link if incident.link and incident.link.startswith(("http://", "https://")) else None,
        correlation_id=incident.correlation_id,
        kind=kind,
        incident_id=incident.id,
        opening=incident.opening,
    )


def _write_body(incident: AnnouncedIncident) -> list[str]:
    effects = f"It explains {incident.effects} other {'incidents' if incident.effects > 1 else 'incident'}."
    return [
        *([f"What to do: {incident.advice}"] if incident.advice else []),
        *([effects] if incident.effects else []),
        f"- `pokervod incidents acknowledge {incident.id} --reason …` when you work on it\n"
        f"- `pokervod incidents mute {incident.id} --until 2h --reason …` to hear no more of it\n"
        f"- `pokervod incidents show {incident.id}` for all of it",
        *([incident.report] if incident.report else []),
    ]


def _write_end(incident: AnnouncedIncident) -> list[str]:
    over = incident.resolved_at or incident.opened_at
    lasted = show_seconds((over - incident.opened_at).total_seconds())
    return [
        f"It lasted {lasted}. Resolved by {incident.resolved_by}: {incident.resolved_reason or 'no reason was given'}.",
        f"`pokervod incidents show {incident.id}` for all of it.",
    ]
