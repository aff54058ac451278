"""Format incidents for ``pokervod incidents``: rows and lines for a person, plain values for programs; no printing."""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from pokervod_pipelines.alerts.listing import ListedAlert
from pokervod_pipelines.cli.output import count_nouns, show_time
from pokervod_pipelines.cli.status_pages import format_moment
from pokervod_pipelines.monitoring.detectors.memory import Memory
from pokervod_pipelines.monitoring.incidents.details import IncidentDetails, IncidentStep
from pokervod_pipelines.monitoring.incidents.shape import EXPLAINED_BY, Incident, IncidentState

COLUMNS = ("no", "since", "state", "what is wrong")

REPORT = "report"
"""The figure that is a text of several lines: the whole error of a run, what a week of a rollout failed of."""


def make_row(incident: Incident, now: datetime) -> tuple[str, ...]:
    """Return the row of a listing: number, since when, severity and state, and what it is with its key."""
    effects = f"\n{count_nouns(incident.effects, 'effect')}" if incident.effects else ""
    at = incident.opened_at
    state = f"{incident.severity}\n{incident.state}"
    return str(incident.id), format_moment(at, now), state, f"{incident.summary}\n{incident.key}{effects}"


def describe_gaps(memory: Memory, now: datetime) -> str:
    """Return in a sentence what a list of incidents cannot tell, since no detector looks or some cannot judge."""
    if memory.is_silent(now):
        seen = f"last {format_moment(memory.looked_at, now)}" if memory.looked_at else "never yet"
        return f"No detector looks ({seen}): `pokervod health`."
    names = ", ".join(each.detector for each in memory.unreadable)
    return f"Not known: {names}; `pokervod needs-me` says why." if names else ""


def make_document(incident: Incident) -> dict[str, Any]:
    """Return an incident as plain values."""
    subject = {"kind": incident.subject.kind, "name": incident.subject.name}
    return asdict(incident) | {"subject": subject}


def make_details(details: IncidentDetails) -> dict[str, Any]:
    """Return an incident with all that belongs to it as plain values."""
    return {
        **make_document(details.incident),
        "effects_listed": [make_document(each) for each in details.effects],
        "timeline": [asdict(each) for each in details.timeline],
        "messages": [asdict(each) for each in details.messages],
        "actions": [asdict(each) for each in details.actions],
    }


def list_facts(incident: Incident, now: datetime) -> dict[str, str]:
    """Return what is known of the incident, by name; what it has not is left out."""
    facts = {
        "detector": incident.detector,
        "about": str(incident.subject),
        "since": _describe_openings(incident, now),
        "seen": f"{format_moment(incident.last_seen_at, now)}, {count_nouns(incident.times, 'time')} in all",
        "state": describe_state(incident),
        "worked on": _describe_work(incident),
        "verdict": describe_verdict(incident),
        "figures": ", ".join(_list_figures(incident)),
        "effect of": f"incident {incident.cause_id}" if incident.cause_id else "",
        "link": incident.link or "",
        "do": incident.advice,
    }
    return {name: value for name, value in facts.items() if value}


def _describe_openings(incident: Incident, now: datetime) -> str:
    opened = format_moment(incident.opened_at, now)
    if incident.openings == 1:
        return opened
    return f"{opened}; opened {incident.openings} times, first {show_time(incident.first_opened_at)}"


def _list_figures(incident: Incident) -> Iterator[str]:
    """Yield the figures with their names, without the report, which has lines of its own, and what may be its cause."""
    for name, value in incident.figures.items():
        if name not in {REPORT, EXPLAINED_BY}:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            yield f"{name.replace('_', ' ')} {shown}"


def _describe_work(incident: Incident) -> str:
    """Return who acknowledged an incident that has another state now."""
    if incident.acknowledged_at is None or incident.state is IncidentState.ACKNOWLEDGED:
        return ""
    at = f"acknowledged {show_time(incident.acknowledged_at)}"
    return _sign(at, incident.acknowledged_by, incident.acknowledged_reason)


def describe_verdict(incident: Incident) -> str:
    """Return what a person said of it afterwards, and why."""
    return _sign(incident.verdict, incident.verdict_by, incident.verdict_reason)


def describe_state(incident: Incident) -> str:
    """Return the state with who decided it, and why."""
    state = incident.state
    if state is IncidentState.RESOLVED:
        at = f"{state} {show_time(incident.resolved_at)}" if incident.resolved_at else str(state)
        return _sign(at, incident.resolved_by, incident.resolved_reason)
    if state is IncidentState.MUTED and incident.window_id is not None:
        return f"muted by maintenance window {incident.window_id} (`pokervod maintenance cancel {incident.window_id}`)"
    if state is IncidentState.MUTED and incident.muted_until:
        until = f"{state} until {show_time(incident.muted_until)}"
        return _sign(until, incident.muted_by, incident.muted_reason)
    if state is IncidentState.ACKNOWLEDGED:
        return _sign(state, incident.acknowledged_by, incident.acknowledged_reason)
    return str(state)


def _sign(what: str | None, by: str | None, reason: str | None) -> str:
    return f"{what} by {by}: {reason}" if what else ""


def list_steps(details: IncidentDetails) -> Iterator[str]:
    """Yield the report, the effects, the timeline, the messages and what was done without a person, a line each."""
    if report := str(details.incident.figures.get(REPORT, "")):
        yield "report:"
        yield from (f"    {line}" if line else "" for line in report.splitlines())
    if details.effects:
        shown, count = len(details.effects), details.incident.effects
        more = f", the newest {shown}" if count > shown else ""
        yield f"effects ({count:,} open{more}):"
        for each in details.effects:
            yield f"    {each.id} {each.severity} {each.state}: {each.summary}"
    yield "timeline:" if details.timeline else "timeline: the event log has deleted it"
    for step in details.timeline:
        yield f"    {describe_step(step)}"
    if details.messages:
        yield "messages:"
    for message in details.messages:
        yield f"    {show_time(message.raised_at)} {message.kind}, {message.severity}: {_describe_deliveries(message)}"
    if details.actions:
        yield "done without a person:"
    for action in details.actions:
        outcome = f"; {action.outcome}" if action.outcome else ""
        yield f"    {show_time(action.done_at)} {action}{outcome}"


def _describe_deliveries(message: ListedAlert) -> str:
    """Return the state of each delivery; a message without one had nobody to go to."""
    told = [f"{each.channel} {each.state}" + (f" ({each.error})" if each.error else "") for each in message.deliveries]
    return ", ".join(told) or "no channel takes it"


def describe_step(step: IncidentStep) -> str:
    """Return when it was, what became of the incident, by whom and why."""
    until = f" until {show_time(datetime.fromisoformat(end))}" if (end := step.payload.get("until")) else ""
    verdict = f" {said}" if (said := step.payload.get("verdict")) else ""
    by = f" by {step.by}" if step.by else ""
    reason = f": {step.reason}" if step.reason else ""
    return f"{show_time(step.at)} {step.what}{verdict}{until}{by}{reason}"
