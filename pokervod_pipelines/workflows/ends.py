"""Append how the runs of workflows ended, each once, and tell the channels where its workflow says so."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.posting import post_alert
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings.alerts import AlertChannel
from pokervod_pipelines.text.folding import make_storable
from pokervod_pipelines.workflows.workflow import Workflow

COMPLETED, FAILED = EventType.SYSTEM_WORKFLOW_COMPLETED, EventType.SYSTEM_WORKFLOW_FAILED
MAX_ERROR = 4_000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedWorkflowRun:
    """Describe a run of a workflow that ended; ``attempt`` counts from 1."""

    workflow: str
    input: Mapping[str, Any]
    run_id: str
    correlation_id: str
    attempt: int
    seconds: float
    failed: bool


def record_workflow_ends(
    engine: Engine,
    ends: Sequence[EndedWorkflowRun],
    workflows: Mapping[str, Workflow],
    channels: Sequence[AlertChannel],
    *,
    describe_failure: Callable[[str], str],
) -> None:
    """Append an event for each run whose end is not recorded yet; only such a one is asked why it failed, by its id."""
    with engine.begin() as connection:
        known = _find_known(connection, ends)
        events = [_describe_end(each, describe_failure) for each in ends if each.run_id not in known]
        append_events(connection, "system", "", events)
        for event in events:
            if workflows[event.payload["workflow"]].notify:
                _notify(connection, event, channels)
    for event in events:
        _log_end(event)


def _find_known(connection: Connection, ends: Sequence[EndedWorkflowRun]) -> set[str]:
    values = {
        "types": [COMPLETED, FAILED],
        "run_ids": [each.run_id for each in ends],
        "correlation_ids": [each.correlation_id for each in ends],
    }
    return set(connection.scalars(_FIND_KNOWN, values))


def _describe_end(end: EndedWorkflowRun, describe_failure: Callable[[str], str]) -> NewEvent:
    payload: dict[str, Any] = {
        "workflow": end.workflow,
        "input": end.input,
        "run_id": end.run_id,
        "attempt": end.attempt,
        "seconds": end.seconds,
    }
    if end.failed:
        payload["error"] = make_storable(describe_failure(end.run_id), "?")[:MAX_ERROR]
    return NewEvent(FAILED if end.failed else COMPLETED, payload, end.correlation_id)


def _notify(connection: Connection, event: NewEvent, channels: Sequence[AlertChannel]) -> None:
    """Send a message, once for each run."""
    end, failed = event.payload, event.type == FAILED
    told = " ".join(str(value) for value in end["input"].values())
    alert = Alert(
        key=f"workflow run {end['run_id']}",
        severity=AlertSeverity.WARNING if failed else AlertSeverity.INFO,
        title=f"{end['workflow']} {told} {'failed' if failed else 'is done'} after {end['seconds']:.0f} s",
        body=end.get("error", ""),
        correlation_id=str(event.correlation_id),
    )
    post_alert(connection, alert, channels)


def _log_end(event: NewEvent) -> None:
    end, failed = event.payload, event.type == FAILED
    how = f"failed after {end['seconds']} s: {end['error']}" if failed else f"completed after {end['seconds']} s"
    ids = {"run_id": end["run_id"], "correlation_id": event.correlation_id}
    _log.log(logging.ERROR if failed else logging.INFO, "%s %s", end["workflow"], how, extra=ids)


_FIND_KNOWN = text("""
    select payload ->> 'run_id' from events
    where correlation_id = any(:correlation_ids) and type = any(:types) and payload ->> 'run_id' = any(:run_ids)
""")
