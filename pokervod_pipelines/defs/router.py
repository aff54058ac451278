"""Define the sensor ``event_router``: it turns events into runs of workflows, as the routes say.

What events ask for is kept in the database until its run is recorded, so after a crash the same requests are handed
again, under the same run keys. While a watcher lives (``workflows.watch``) it launches them, and the sensor only
records how runs ended.
"""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import AwareDatetime, BaseModel, TypeAdapter
from sqlalchemy import Engine

from pokervod_pipelines.defs.ended_runs import OVERLAP
from pokervod_pipelines.defs.logs import log_requests
from pokervod_pipelines.defs.sensors import ALIVE, INTERVAL_SECONDS, OpenEngine, find_run_keys, read_watch
from pokervod_pipelines.defs.stages import CORRELATION_TAG
from pokervod_pipelines.defs.workflow_ends import record_ends
from pokervod_pipelines.defs.workflows import PARTITION_TAG, WORKFLOW_TAG, read_input, request_tags
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.text.cursors import read_cursor
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.routing import hand_due, route_events
from pokervod_pipelines.workflows.run_requests import (
    HandedRequest,
    RunRequest,
    delete_answered,
    delete_requests,
    list_handed_keys,
    merge_all,
    release_requests,
)
from pokervod_pipelines.workflows.watch.sources import Source
from pokervod_pipelines.workflows.workflow import Workflow, WorkflowInput

QUEUED = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.NOT_STARTED]

IDS_AT_ONCE = 500
"""Correlation ids that one query of Dagster's runs names."""

ANSWERS_TAG = "pokervod/also_answers"
"""The further correlation ids that a run answers."""


@dataclass(frozen=True, slots=True)
class Router:
    """Carry what decides about requests."""

    instance: dg.DagsterInstance
    engine: Engine
    settings: Settings
    workflows: Mapping[str, Workflow]


class _Cursor(BaseModel):
    """Remember up to when the ends of runs are recorded."""

    ends_seen: AwareDatetime | None = None


_CURSOR = TypeAdapter(_Cursor)


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
        router = Router(context.instance, open_engine(), settings, workflows)
        since = _read_ends_seen(context.cursor)
        ends_seen = record_ends(context.instance, router.engine, workflows, settings.alerts.channels, since=since)
        forget_answered(router)
        watch = read_watch(router.engine, Source.EVENTS)
        requests, reason = ([], watch) if watch else _route(router)
        log_requests("event_router", requests)
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else reason,
            cursor=json.dumps({"ends_seen": ends_seen.isoformat()}),
        )

    return [event_router]


def _read_ends_seen(cursor: str | None) -> datetime | None:
    """Return up to when the ends of runs are recorded; a while ago where a person edited the cursor into nonsense."""
    if not cursor:
        return None
    seen = read_cursor(_CURSOR, cursor, "event_router")
    return seen.ends_seen if seen else datetime.now(UTC) - OVERLAP


def _route(router: Router) -> tuple[list[dg.RunRequest], dg.SkipReason]:
    """Return a run for each request that is due, and why there is none."""
    route_events(router.engine, router.workflows)
    handed = hand_due(router.engine, router.workflows, router.settings)
    admitted = [(each.run_key, request) for each in handed.due if (request := admit(router, each))]
    held = {each.request.workflow for each in handed.due} - {request.workflow for _, request in admitted}
    requests = [_make_run_request(router, key, request) for key, request in admitted]
    return requests, dg.SkipReason(_explain(handed.waiting, held))


def forget_answered(router: Router) -> None:
    """Delete the requests whose run is recorded."""
    with router.engine.connect() as connection:
        keys = list_handed_keys(connection)
    if found := find_run_keys(router.instance, keys):
        with router.engine.begin() as connection:
            delete_answered(connection, found)


def admit(router: Router, handed: HandedRequest) -> RunRequest | None:
    """Return the request to launch under the key, None where runs answer it already or one in the queue will."""
    covered = find_covered(router.instance, [each.request for each in handed.parts], router.workflows)
    left = [each for each in handed.parts if each.request.key not in covered]
    if len(left) < len(handed.parts):
        with router.engine.begin() as connection:
            delete_requests(connection, {each.id for each in handed.parts} - {each.id for each in left})
    if not left:
        return None
    request = merge_all(each.request for each in left)
    if _is_queued(router, request):
        with router.engine.begin() as connection:
            release_requests(connection, handed.run_key)
        return None
    return request


def _is_queued(router: Router, request: RunRequest) -> bool:
    """Return whether the same run is in the queue; its request gathers what is asked for until it begins."""
    workflow = router.workflows[request.workflow]
    given = _read_input(router, request)
    queued = router.instance.get_runs(dg.RunsFilter(tags={WORKFLOW_TAG: request.workflow}, statuses=QUEUED))
    return any(_read_own(each, workflow) == given.model_dump(mode="json", exclude_defaults=True) for each in queued)


def _read_own(run: dg.DagsterRun, workflow: Workflow) -> dict[str, object]:
    """Return the input of a run without what is the default."""
    given = workflow.input.model_construct(**read_input(run.tags, workflow))
    return given.model_dump(mode="json", exclude_defaults=True, warnings=False)


def _read_input(router: Router, request: RunRequest) -> WorkflowInput:
    return router.workflows[request.workflow].read_input(request.input, router.settings)


def _explain(waiting: Iterable[RunRequest], held: Iterable[str]) -> str:
    reasons = [
        *(f"{each.workflow} waits until {each.due_at:%H:%M:%S} UTC" for each in waiting),
        *(f"{name} is answered by a run, or waits until the same run in the queue has begun" for name in sorted(held)),
    ]
    return "; ".join(reasons[:10]) or "no event asks for a workflow"


def _make_run_request(router: Router, run_key: str, request: RunRequest) -> dg.RunRequest:
    workflow, given = router.workflows[request.workflow], _read_input(router, request)
    steps = workflow.select_steps(given)
    return dg.RunRequest(
        run_key=run_key,
        job_name=workflow.name,
        partition_key=workflow.find_partition(given, router.settings),
        asset_selection=[dg.AssetKey(step) for step in steps] if len(steps) < len(workflow.steps) else None,
        tags=make_tags(request, given),
    )


def make_tags(request: RunRequest, given: WorkflowInput) -> dict[str, str]:
    """Return the tags of the run that answers the request."""
    tags = request_tags(
        given, correlation_id=request.correlation_id, priority=request.priority, attempt=request.attempt
    )
    return tags | ({ANSWERS_TAG: ",".join(request.others)} if request.others else {})


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
    return is_same and needed <= has and (made_it or record.create_timestamp > request.asked_at)
