"""Define the sensor ``event_router``: it turns events into runs of workflows, as the routes say.

Its cursor is Dagster's, kept once the runs of a tick are launched; the position in the event log follows at the next
tick. So after a crash the same events ask again, under the same run keys.
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from sqlalchemy import Engine, text

from pokervod_pipelines.defs.logs import log_requests
from pokervod_pipelines.defs.sensors import ALIVE, INTERVAL_SECONDS, OpenEngine
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.defs.workflow_ends import record_ends
from pokervod_pipelines.defs.workflows import INPUT_TAG, PARTITION_TAG, WORKFLOW_TAG, dump_input, request_tags
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.routing import (
    RouterMemory,
    RunRequest,
    check_inputs,
    find_requests,
    merge_requests,
    read_events,
    split_due,
)
from pokervod_pipelines.workflows.workflow import Workflow, WorkflowInput

QUEUED = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]

IDS_AT_ONCE = 500
"""Correlation ids that one query of Dagster's runs names."""

TO_FIRST_STEP = timedelta(seconds=1)
"""A run takes longer from its record to its first step."""

ANSWERS_TAG = "pokervod/also_answers"
"""The further correlation ids that a run answers."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Router:
    """Carry what a tick needs."""

    instance: dg.DagsterInstance
    engine: Engine
    settings: Settings
    workflows: Mapping[str, Workflow]


def define_router(
    settings: Settings, open_engine: OpenEngine, jobs: Sequence[UnresolvedAssetJobDefinition]
) -> list[dg.SensorDefinition]:
    """Define ``event_router`` over these jobs: the workflows of assets.

    A sync of everything is asked for by people and schedules, never by an event.
    """
    workflows = list_workflows()

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
        router = _Router(context.instance, open_engine(), settings, workflows)
        ends_seen = record_ends(
            context.instance, router.engine, workflows, settings.alerts.channels, since=memory.ends_seen
        )
        return _route(router, replace(memory, ends_seen=ends_seen))

    return [event_router]


def _route(router: _Router, memory: RouterMemory) -> dg.SensorResult:
    """Request what is due of the events that wait and of the next ones in the log."""
    with router.engine.begin() as connection:
        read, events = read_events(connection, memory)
        found = find_requests(connection, events, router.workflows)
        now = connection.scalars(text("select now()")).one()
    wanted, problems = check_inputs(
        merge_requests(memory.waiting, _drop_covered(router, found)), router.workflows, router.settings
    )
    due, waiting = split_due(wanted, now)
    due, held = _hold_queued(router, _drop_covered(router, due))
    for problem in problems:
        _log.warning("%s", problem)
    requests = [_make_run_request(each, router.workflows[each.workflow], router.settings) for each in due]
    log_requests("event_router", requests)
    return dg.SensorResult(
        run_requests=requests,
        skip_reason=None if due else dg.SkipReason(_explain(waiting, held, problems)),
        cursor=replace(read, waiting=(*waiting, *held), ends_seen=memory.ends_seen).dump(),
    )


def _drop_covered(router: _Router, requests: Collection[RunRequest]) -> list[RunRequest]:
    covered = find_covered(router.instance, requests, router.workflows)
    return [each for each in requests if each.key not in covered]


def _hold_queued(router: _Router, due: list[RunRequest]) -> tuple[list[RunRequest], list[RunRequest]]:
    """Return the requests to launch, and those for which the same run is in the queue: these gather until it begins."""
    if not due:
        return [], []
    names = {WORKFLOW_TAG: sorted({each.workflow for each in due})}
    queued = {
        (run.tags[WORKFLOW_TAG], run.tags.get(INPUT_TAG))
        for run in router.instance.get_runs(dg.RunsFilter(tags=names, statuses=QUEUED))
    }
    held = [each for each in due if (each.workflow, dump_input(_read_input(each, router))) in queued]
    return [each for each in due if each not in held], held


def _read_input(request: RunRequest, router: _Router) -> WorkflowInput:
    return router.workflows[request.workflow].read_input(request.input, router.settings)


def _explain(waiting: Iterable[RunRequest], held: Iterable[RunRequest], problems: Iterable[str]) -> str:
    reasons = [
        *(f"{each.workflow} waits until {each.due_at:%H:%M:%S} UTC" for each in waiting),
        *(f"{each.workflow} waits until the same run in the queue has begun" for each in held),
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
        )
        | ({ANSWERS_TAG: ",".join(request.others)} if request.others else {}),
    )


def find_covered(
    instance: dg.DagsterInstance, requests: Collection[RunRequest], workflows: Mapping[str, Workflow]
) -> set[str]:
    """Return the keys of requests that a run of the same correlation id answers: it made the event, or began later."""
    runs = _read_runs(instance, sorted({each.correlation_id for each in requests}))
    return {
        request.key
        for request in requests
        if any(_covers(record, request, workflows) for record in runs.get(request.correlation_id, ()))
    }


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
    run, workflow = record.dagster_run, workflows.get(request.workflow)
    own = workflows.get(run.job_name)
    if own is None or workflow is None:
        return False
    has = frozenset(key.path[-1] for key in run.asset_selection) if run.asset_selection else own.assets
    field = workflow.partition_field
    is_same = not own.steps or field is None or run.tags.get(PARTITION_TAG) == str(request.input.get(field))
    needed = frozenset(workflow.select_steps(workflow.input.model_construct(**request.input)))
    made_it = request.made_by is not None and request.made_by in has
    return is_same and needed <= has and (made_it or record.create_timestamp > request.asked_at - TO_FIRST_STEP)
