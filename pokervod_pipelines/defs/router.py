"""Define the sensor ``event_router``: it turns events into runs of workflows, as the routes say.

Its cursor is Dagster's, kept once the runs of a tick are launched; the position in the event log follows at the next
tick. So after a crash the same events ask again, under the same run keys.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from sqlalchemy import Engine

from pokervod_pipelines.defs.logs import log_requests
from pokervod_pipelines.defs.sensors import ALIVE, INTERVAL_SECONDS, OpenEngine
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.defs.workflow_ends import record_ends
from pokervod_pipelines.defs.workflows import PARTITION_TAG, request_tags
from pokervod_pipelines.events.cursors import advance_cursor, find_round, start_cursor, stream_round
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.routing import (
    ROUTER,
    RouterMemory,
    RunRequest,
    check_inputs,
    find_requests,
    merge_requests,
    split_due,
)
from pokervod_pipelines.workflows.workflow import Workflow

IDS_AT_ONCE = 500
"""Correlation ids that one query of Dagster's runs names."""

TO_FIRST_STEP = timedelta(seconds=1)
"""A run takes longer from its record to its first step."""


def define_router(
    settings: Settings, open_engine: OpenEngine, jobs: Sequence[UnresolvedAssetJobDefinition]
) -> list[dg.SensorDefinition]:
    """Define ``event_router`` over these jobs: the workflows of assets.

    A sync of everything is asked for by people and schedules, never by an event.
    """

    @dg.sensor(
        jobs=jobs,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Starts the workflows that events ask for, and what follows a failed run.",
    )
    def event_router(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        if not settings.workflows.enabled:
            return dg.SkipReason("`workflows.enabled` is false in the settings: events wait")
        memory = RouterMemory.load(context.cursor)
        with open_engine().begin() as connection:
            if memory.done:
                advance_cursor(connection, ROUTER, memory.done)
            start_cursor(connection, ROUTER)
        memory = _record_ends(context.instance, open_engine(), settings, memory)
        return _route(context.instance, open_engine(), settings, memory)

    return [event_router]


def _record_ends(
    instance: dg.DagsterInstance, engine: Engine, settings: Settings, memory: RouterMemory
) -> RouterMemory:
    """Append how runs ended since the last tick, so that failures are routed like other events."""
    now = datetime.now(UTC)
    record_ends(instance, engine, list_workflows(), settings.alerts.channels, since=memory.ends_seen or now)
    return replace(memory, ends_seen=now)


def _route(instance: dg.DagsterInstance, engine: Engine, settings: Settings, memory: RouterMemory) -> dg.SensorResult:
    workflows = list_workflows()
    with engine.connect() as connection:
        read = find_round(connection, ROUTER)
        events = () if read.is_empty else stream_round(connection, ROUTER, read)
        found = find_requests(connection, events, workflows)
    covered = find_covered(instance, found, workflows)
    wanted, problems = check_inputs((each for each in found if each not in covered), workflows, settings)
    due, waiting = split_due(merge_requests(memory.waiting, wanted), datetime.now(UTC))
    memory = replace(memory, waiting=tuple(waiting), done=None if read.is_empty else read)
    requests = [_make_run_request(each, workflows[each.workflow], settings) for each in due]
    log_requests("event_router", requests)
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if due else dg.SkipReason(_explain(waiting, covered, problems)),
        cursor=memory.dump(),
    )


def _explain(waiting: Iterable[RunRequest], covered: Iterable[RunRequest], problems: Iterable[str]) -> str:
    reasons = [
        *(f"{each.workflow} waits until {each.due_at:%H:%M:%S} UTC" for each in waiting),
        *(f"{each.workflow}: a run of the same request does it" for each in covered),
        *problems,
    ]
    return "; ".join(reasons[:10]) or "no event asks for a workflow"


def _make_run_request(request: RunRequest, workflow: Workflow, settings: Settings) -> dg.RunRequest:
    given = workflow.read_input(request.input, settings)
    steps = workflow.select_steps(given)
    return dg.RunRequest(
        run_key=request.key,
        job_name=workflow.name,
        partition_key=workflow.find_partition(given, settings),
        asset_selection=[dg.AssetKey(step) for step in steps] if len(steps) < len(workflow.steps) else None,
        tags=request_tags(
            given, correlation_id=request.correlation_id, priority=request.priority, attempt=request.attempt
        ),
    )


def find_covered(
    instance: dg.DagsterInstance, requests: Collection[RunRequest], workflows: Mapping[str, Workflow]
) -> list[RunRequest]:
    """Return the requests that a run of the same correlation id answers: it made the event, or began after it."""
    runs = _read_runs(instance, sorted({each.correlation_id for each in requests}))
    return [
        request
        for request in requests
        if any(_covers(record, request, workflows) for record in runs.get(request.correlation_id, ()))
    ]


def _read_runs(instance: dg.DagsterInstance, correlation_ids: list[str]) -> dict[str, list[dg.RunRecord]]:
    """Return the runs of each id that have not failed; a run without the tag has its own id as such."""
    statuses = [*ALIVE, dg.DagsterRunStatus.SUCCESS]
    found: dict[str, list[dg.RunRecord]] = {}
    for start in range(0, len(correlation_ids), IDS_AT_ONCE):
        ids = correlation_ids[start : start + IDS_AT_ONCE]
        for filter_ in (
            dg.RunsFilter(tags={CORRELATION_TAG: ids}, statuses=statuses),
            dg.RunsFilter(run_ids=ids, statuses=statuses),
        ):
            for record in instance.get_run_records(filter_):
                run = record.dagster_run
                found.setdefault(run.tags.get(CORRELATION_TAG, run.run_id), []).append(record)
    return found


def _covers(record: dg.RunRecord, request: RunRequest, workflows: Mapping[str, Workflow]) -> bool:
    run, workflow = record.dagster_run, workflows[request.workflow]
    own = workflows.get(run.job_name)
    if own is None:
        return False
    has = frozenset(key.path[-1] for key in run.asset_selection) if run.asset_selection else own.assets
    field = workflow.partition_field
    is_same = not own.steps or field is None or run.tags.get(PARTITION_TAG) == str(request.input.get(field))
    needed = frozenset(workflow.select_steps(workflow.input.model_construct(**request.input)))
    made_it = request.made_by is not None and request.made_by in has
    return is_same and needed <= has and (made_it or record.create_timestamp > request.asked_at - TO_FIRST_STEP)
