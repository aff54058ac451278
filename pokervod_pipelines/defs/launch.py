"""Launch a run of a workflow through Dagster's queue, as the UI does, and follow it."""

import sys
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import dagster as dg
from dagster._core.code_pointer import ModuleCodePointer
from dagster._core.origin import JobPythonOrigin, RepositoryPythonOrigin
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin
from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.defs.assembly import build_defs
from pokervod_pipelines.defs.dead_runs import IN_PROGRESS
from pokervod_pipelines.defs.ended_runs import describe_failure, is_started_again
from pokervod_pipelines.defs.launch_child import HEARTBEAT_SECONDS, NO_DAEMON, QUEUE_DAEMON, Launch
from pokervod_pipelines.defs.run import STARTED_BY_TAG
from pokervod_pipelines.defs.workflows import PARTITION_TAG, request_tags
from pokervod_pipelines.errors import BadInput, Conflict, Unavailable
from pokervod_pipelines.events import EventType, NewEvent, append_events
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.held import require_free_input, require_free_workflow
from pokervod_pipelines.workflows.workflow import Workflow, WorkflowInput

LOCATION = "pokervod"
"""The code location's name in ``workspace.yaml``."""

_DEFINITIONS = ModuleCodePointer("pokervod_pipelines.definitions", "defs")

POLL_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedRun:
    """Hold a run's status in Dagster's words, and once it has ended why it failed."""

    status: str
    has_ended: bool
    succeeded: bool
    error: str | None


class Launcher:
    """Launch runs of workflows; the definitions are loaded once."""

    def __init__(self, instance: dg.DagsterInstance, engine: Engine, settings: Settings) -> None:
        """Load the definitions."""
        self.instance = instance
        self.engine = engine
        self.settings = settings
        self._repository = build_defs(settings=settings, engine=engine).get_repository_def()

    def launch(self, workflow: Workflow, given: WorkflowInput, actor: Actor, *, priority: int) -> Launch:
        """Put a run into the queue, record who asked, and return at once.

        Raises ``Conflict`` where workflows are switched off, and where a person holds this one or what it is told.
        """
        if not self.settings.workflows.enabled:
            raise Conflict("`workflows.enabled` is false in pokervod.yaml; set it to true to start workflows")
        require_free_workflow(self.engine, workflow.name, self.settings)
        require_free_input(self.engine, given.model_dump(), self.settings)
        tags = request_tags(given, correlation_id=actor.correlation_id, priority=priority) | {STARTED_BY_TAG: actor.who}
        run_id = str(uuid.uuid4())
        self._record_request(workflow, given, actor, run_id)
        create_run(self.instance, self._repository, workflow, given, self.settings, tags, run_id=run_id)
        self.instance.submit_run(run_id, cast(Any, None))  # a queue asks no workspace
        return Launch(workflow=workflow.name, run_id=run_id, correlation_id=actor.correlation_id)

    def _record_request(self, workflow: Workflow, given: WorkflowInput, actor: Actor, run_id: str) -> None:
        """Append who asked, before the run: where this process dies in between, the event router launches it."""
        told, signed = given.model_dump(mode="json", exclude_defaults=True), {"by": actor.who, "reason": actor.reason}
        asked = {"workflow": workflow.name, "input": told, "run_id": run_id}
        events = [NewEvent(EventType.SYSTEM_RUN_REQUESTED, asked | signed)]
        if workflow.request is not None:
            events.append(NewEvent(workflow.request, told | signed))
        with self.engine.begin() as connection:
            append_events(connection, "system", actor.correlation_id, events)

    def find_unfinished(self, workflow: str) -> str | None:
        """Return the run of the workflow that is in the queue or goes on, None where there is none."""
        statuses = [dg.DagsterRunStatus.QUEUED, *IN_PROGRESS]
        found = self.instance.get_runs(dg.RunsFilter(job_name=workflow, statuses=statuses), limit=1)
        return found[0].run_id if found else None

    def cancel(self, run_id: str, actor: Actor) -> bool:
        """Take a run from the queue, or end it within seconds; return False where it has ended.

        What it has committed is kept. Raises ``BadInput`` for an unknown run, ``Conflict`` for that of a command.
        """
        run = self.instance.get_run_by_id(run_id)
        if run is None:
            raise BadInput(f"unknown run {run_id!r}; `pokervod status` and GET /api/orchestrator/runs list the runs")
        if run.is_finished or run.status is dg.DagsterRunStatus.CANCELING:
            return False
        if run.tags.get(STARTED_BY_TAG) == "command" and run.remote_job_origin is None:  # a person may have this name
            raise Conflict(f"run {run_id} is a `pokervod sync` in a terminal; end it there with Ctrl-C")
        payload = {"workflow": run.job_name, "run_id": run_id, "by": actor.who, "reason": actor.reason}
        with self.engine.begin() as connection:
            event = NewEvent(EventType.SYSTEM_RUN_CANCELLED, payload)
            append_events(connection, "system", actor.correlation_id, [event])
            if not self.instance.run_coordinator.cancel_run(run_id):
                self.instance.report_run_canceling(run)  # a process that Dagster does not know looks for this
            if run.status is not dg.DagsterRunStatus.STARTED:
                self._end_unstarted(run_id)
        return True

    def _end_unstarted(self, run_id: str) -> None:
        """Record the end of a run whose process has not begun: it would find itself cancelled, and be started again."""
        run = self.instance.get_run_by_id(run_id)
        if run is not None and not run.is_finished:
            self.instance.report_run_canceled(run)


def create_run(
    instance: dg.DagsterInstance,
    repository: dg.RepositoryDefinition,
    workflow: Workflow,
    given: WorkflowInput,
    settings: Settings,
    tags: Mapping[str, str],
    **values: Any,
) -> dg.DagsterRun:
    """Record a run of the workflow that is not started yet; ``values`` are further ones of Dagster's."""
    steps = workflow.select_steps(given)
    selection = frozenset(map(dg.AssetKey, steps)) if len(steps) < len(workflow.steps) else None
    whole = repository.get_job(workflow.name)
    job = whole.get_subset(asset_selection=selection) if selection else whole
    partition = workflow.find_partition(given, settings)
    return instance.create_run_for_job(
        job,
        tags={**job.run_tags, **tags, **({PARTITION_TAG: partition} if partition else {})},
        asset_selection=selection,
        remote_job_origin=RemoteJobOrigin(
            RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(LOCATION), repository.name), workflow.name
        ),
        job_code_origin=JobPythonOrigin(workflow.name, RepositoryPythonOrigin(sys.executable, _DEFINITIONS)),
        **values,
    )


@contextmanager
def open_launcher(engine: Engine, settings: Settings, home: Path) -> Iterator[Launcher]:
    """Open Dagster's instance in its folder. Raises ``Unavailable`` where no daemon takes runs from the queue."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        require_daemon(instance)
        yield Launcher(instance, engine, settings)


def require_daemon(instance: dg.DagsterInstance) -> None:
    """Raise ``Unavailable`` where no daemon has given a sign of life lately."""
    heartbeat = instance.get_daemon_heartbeats().get(QUEUE_DAEMON)
    if heartbeat is None or time.time() - heartbeat.timestamp > HEARTBEAT_SECONDS:
        raise Unavailable(NO_DAEMON)


def follow_run(instance: dg.DagsterInstance, run_id: str) -> Iterator[FollowedRun]:
    """Yield the run's state each time it changes, the last one when the run has ended.

    Raises ``Unavailable`` where the daemon dies while the run is in the queue; it stays there.
    """
    last, looked = None, time.monotonic()
    while True:
        run = instance.get_run_by_id(run_id)
        if run is None:
            raise Conflict(f"run {run_id} was deleted while it was followed")
        if run.status is not last:
            last = run.status
            yield _describe_run(instance, run)
        if run.is_finished:
            return
        if run.status is dg.DagsterRunStatus.QUEUED and time.monotonic() - looked > HEARTBEAT_SECONDS:
            require_daemon(instance)
            looked = time.monotonic()
        time.sleep(POLL_SECONDS)


def _describe_run(instance: dg.DagsterInstance, run: dg.DagsterRun) -> FollowedRun:
    error = None
    if run.status is dg.DagsterRunStatus.FAILURE:
        error = describe_failure(instance, run.run_id)
        error += " Dagster starts it again." if is_started_again(run) else ""
    elif run.status is dg.DagsterRunStatus.CANCELED:
        error = "it was cancelled"
    return FollowedRun(
        status=run.status.value.lower().replace("_", " "),
        has_ended=run.is_finished,
        succeeded=run.is_success,
        error=error,
    )
