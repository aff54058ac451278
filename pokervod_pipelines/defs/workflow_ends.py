"""Append how the runs of workflows ended, each once."""

import logging
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from sqlalchemy import Connection, Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.lifecycle import raise_alert, resolve_alert
from pokervod_pipelines.defs.run_history import WRAPPERS
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.defs.workflows import WORKFLOW_TAG, read_attempt, read_input
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings.rooms import AlertChannel
from pokervod_pipelines.text.folding import make_storable
from pokervod_pipelines.workflows.workflow import Workflow

ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE]
"""A run that a person cancelled asks for nothing."""

WILL_RETRY_TAG = "dagster/will_retry"
"""Dagster itself starts this run again, since its process died."""

OVERLAP = timedelta(minutes=2)
"""Each look goes back so far: a run's end may be stored late."""

RUNS_AT_ONCE = 500
MAX_ERROR = 4_000

_log = logging.getLogger(__name__)

_CLASS_NAME = re.compile(r"^[\w.]+: ")
_NO_ERROR = "the run failed; Dagster's log of it says more"


def record_ends(
    instance: dg.DagsterInstance,
    engine: Engine,
    workflows: Mapping[str, Workflow],
    channels: Sequence[AlertChannel],
    *,
    since: datetime | None,
) -> datetime:
    """Append an event for each run that ended since, and tell the channels where its workflow says so.

    Return up to when ends are recorded now; the first call has nothing to record.
    """
    now = datetime.now(UTC)
    if since is None:
        return now
    filter_ = dg.RunsFilter(tags={WORKFLOW_TAG: [*workflows]}, statuses=ENDED, updated_after=since - OVERLAP)
    records = instance.get_run_records(filter_, limit=RUNS_AT_ONCE, order_by="update_timestamp", ascending=True)
    if records:
        _append_ends(instance, engine, records, workflows, channels, since=since - OVERLAP)
    return records[-1].update_timestamp if len(records) == RUNS_AT_ONCE else now


def _append_ends(
    instance: dg.DagsterInstance,
    engine: Engine,
    records: Sequence[dg.RunRecord],
    workflows: Mapping[str, Workflow],
    channels: Sequence[AlertChannel],
    *,
    since: datetime,
) -> None:
    ended = {record.dagster_run.run_id: record for record in records if not is_started_again(record.dagster_run)}
    with engine.begin() as connection:
        known = set(connection.scalars(_FIND_KNOWN, {"run_ids": [*ended], "since": since}))
        events = [_describe_end(instance, record, workflows) for run_id, record in ended.items() if run_id not in known]
        append_events(connection, "system", "", events)
        for event in events:
            if workflows[event.payload["workflow"]].notify:
                _notify(connection, event, channels)
    for event in events:
        _log_end(event)


def _log_end(event: NewEvent) -> None:
    says = f": {error}" if (error := event.payload.get("error")) else ""
    text = f"{event.payload['workflow']} {'failed' if says else 'completed'} after {event.payload['seconds']} s{says}"
    ids = {"run_id": event.payload["run_id"], "correlation_id": event.correlation_id}
    _log.log(logging.ERROR if says else logging.INFO, "%s", text, extra=ids)


_FIND_KNOWN = text("""
    select payload ->> 'run_id' from events
    where type in ('system.workflow.completed', 'system.workflow.failed')
        and at > :since and payload ->> 'run_id' = any(:run_ids)
""")


def _notify(connection: Connection, event: NewEvent, channels: Sequence[AlertChannel]) -> None:
    """Send a message once: the alert is over as soon as it is raised."""
    end, has_failed = event.payload, event.type == EventType.SYSTEM_WORKFLOW_FAILED
    told = " ".join(str(value) for value in end["input"].values())
    alert = Alert(
        key=f"workflow run {end['run_id']}",
        severity=AlertSeverity.WARNING if has_failed else AlertSeverity.INFO,
        title=f"{end['workflow']} {told} {'failed' if has_failed else 'is done'} after {end['seconds']:.0f} s",
        body=end.get("error", ""),
        correlation_id=str(event.correlation_id),
    )
    raise_alert(connection, alert, channels)
    actor = Actor(who="event_router", reason="a message, not a condition", correlation_id=alert.correlation_id)
    resolve_alert(connection, alert.key, actor=actor)


def is_started_again(run: dg.DagsterRun) -> bool:
    """Return whether Dagster starts a run again that failed; of a command's own run it only says so."""
    return run.tags.get(WILL_RETRY_TAG) == "true" and run.remote_job_origin is not None


def _describe_end(instance: dg.DagsterInstance, record: dg.RunRecord, workflows: Mapping[str, Workflow]) -> NewEvent:
    run = record.dagster_run
    has_failed = run.status is dg.DagsterRunStatus.FAILURE
    began = record.start_time or record.create_timestamp.timestamp()
    payload = {
        "workflow": run.tags[WORKFLOW_TAG],
        "input": read_input(run.tags, workflows[run.tags[WORKFLOW_TAG]]),
        "run_id": run.run_id,
        "attempt": read_attempt(run.tags),
        "seconds": round((record.end_time or datetime.now(UTC).timestamp()) - began, 3),
    }
    if has_failed:
        payload["error"] = make_storable(describe_failure(instance, run.run_id), "?")[:MAX_ERROR]
    type_ = EventType.SYSTEM_WORKFLOW_FAILED if has_failed else EventType.SYSTEM_WORKFLOW_COMPLETED
    return NewEvent(type_, payload, run.tags.get(CORRELATION_TAG, run.run_id))


def describe_failure(instance: dg.DagsterInstance, run_id: str) -> str:
    """Return why the run failed: what its first failed step said, or the run itself."""
    for type_ in (dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE):
        for entry in instance.all_logs(run_id, of_type=type_):
            event = entry.dagster_event
            error = getattr(event.event_specific_data, "error", None) if event else None
            while error is not None and error.cause is not None and str(error.cls_name).startswith(WRAPPERS):
                error = error.cause
            if error is not None:
                return _CLASS_NAME.sub("", str(error.message)).strip()
            if event and event.message and type_ is dg.DagsterEventType.RUN_FAILURE:
                return event.message
    return _NO_ERROR
