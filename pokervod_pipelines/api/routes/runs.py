"""Start a sync or a workflow, follow its run, list the newest runs, and cancel one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field
from sqlalchemy import Connection, Engine

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.actors import Actor
from pokervod_pipelines.api.actions import ActionRequest, OutcomeUnknown, Reason, Requested
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import NotFound
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.guard import lift_limit
from pokervod_pipelines.api.routing import Items, PageOf, ReadRoute, make_items, needs
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf
from pokervod_pipelines.defs.launch_child import LAUNCHER, NO_DAEMON, RunOrder, cancel_run, launch_run
from pokervod_pipelines.defs.run_history import connect_dagster
from pokervod_pipelines.defs.run_progress import ListedRun, RunProgress, find_run, follow_run, has_daemon, list_runs
from pokervod_pipelines.errors import OperatorNeeded, Unavailable
from pokervod_pipelines.processes.failures import ChildFailure, ChildNotStarted, TaskFailed
from pokervod_pipelines.processes.resting import RestingChild
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.intent import choose_workflow
from pokervod_pipelines.workflows.routes import REQUESTED

router = APIRouter(prefix="/api/orchestrator", tags=["runs"], route_class=ReadRoute)

EXAMPLES = read_examples("runs")

IDLE_SECONDS = 120.0
"""The child that loads Dagster ends when nobody has started a run for so long."""

LAUNCH_SECONDS, WAIT_SECONDS = 40.0, 5.0
"""Limits of launching a run, the first of which opens Dagster, and of waiting for the one before."""

QUOTING = frozenset({"hands", "instructions", "outputs"})
"""Stages whose errors may quote a hand."""

RunId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$", description="The run, as Dagster knows it.")]


class SyncType(StrEnum):
    """Choose whether everything is read again, or only what changed."""

    FULL = "full"
    INCREMENTAL = "incremental"


class WorkflowOrder(Reason):
    """Name a workflow and what it is told; without a name the input decides."""

    workflow: str | None = Field(default=None, min_length=1, max_length=100, examples=["nas_sync"])
    input: dict[str, Any] = Field(default_factory=dict, max_length=50, examples=[{"library": "wsop"}])
    priority: int = Field(default=REQUESTED, ge=-100, le=100, description="A higher one leaves the queue first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StartedRun:
    """Name the run that was put into the queue; `task_id` is its id by the name that older programs expect."""

    task_id: str
    run_id: str
    correlation_id: str
    status: Literal["started"]
    workflow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelledRun:
    """Tell whether the run was cancelled; false where it had ended."""

    run_id: str
    changed: bool
    correlation_id: str


async def take_longer(request: Request) -> None:
    """Let the request take as long as the child: on a busy machine the first one loads Dagster for ten seconds."""
    lift_limit(request.scope)


STARTED: dict[str, Any] = needs(Role.OPERATOR, example=EXAMPLES["started"], action=True)
CANCELLED: dict[str, Any] = needs(Role.OPERATOR, example=EXAMPLES["cancelled"], action=True)
for each in (STARTED, CANCELLED):
    each["dependencies"].append(Depends(take_longer))


def make_launcher() -> RestingChild:
    """Return the child process that launches runs; it starts when the first is asked for."""
    return RestingChild(LAUNCHER, idle_seconds=IDLE_SECONDS)


@router.post("/sync", **STARTED)
def sync(
    http: Request,
    request: Requested,
    body: Reason,
    sync_type: Annotated[SyncType, Query(description="Read everything again, or only what changed.")] = SyncType.FULL,
) -> StartedRun:
    """Start a sync, and answer at once; refused while the same full sync waits or goes on."""
    return _launch(http, request, body.reason, f"{sync_type}_sync", {}, REQUESTED)


@router.post("/execute", **STARTED)
def execute(http: Request, request: Requested, body: WorkflowOrder) -> StartedRun:
    """Start a workflow, and answer at once; `/api/orchestrator/workflows` has what each is told."""
    return _launch(http, request, body.reason, body.workflow, body.input, body.priority)


def _launch(
    http: Request, request: ActionRequest, reason: str, workflow: str | None, given: Mapping[str, Any], priority: int
) -> StartedRun:
    choose_workflow(list_workflows(), workflow, given, request.context.settings)  # a mistake is said without the child

    def act(_: Engine, actor: Actor) -> StartedRun:
        with connect_dagster(request.context.database.require().dagster) as dagster:
            if dagster is None or not has_daemon(dagster):
                raise OperatorNeeded(NO_DAEMON)
        order = RunOrder(folder=FilePath.cwd(), workflow=workflow, given=given, actor=actor, priority=priority)
        launch = _ask(http, partial(launch_run, order), actor)
        return StartedRun(
            task_id=launch.run_id,
            run_id=launch.run_id,
            correlation_id=launch.correlation_id,
            status="started",
            workflow=launch.workflow,
        )

    return request.run_apart(StartedRun, reason, act, look_at="/api/orchestrator/runs")


@router.post("/runs/{run_id}/cancel", **CANCELLED)
def cancel(http: Request, request: Requested, run_id: RunId, body: Reason) -> CancelledRun:
    """Take a run from the queue, or end it within seconds; what it has committed is kept."""
    with connect_dagster(request.context.database.require().dagster) as dagster:
        _require_run(dagster, run_id)

    def act(_: Engine, actor: Actor) -> CancelledRun:
        changed = _ask(http, partial(cancel_run, FilePath.cwd(), run_id, actor), actor)
        return CancelledRun(run_id=run_id, changed=changed, correlation_id=actor.correlation_id)

    return request.run_apart(
        CancelledRun, body.reason, act, look_at=f"/api/orchestrator/runs/{run_id}", is_repeatable=True
    )


def _ask(http: Request, call: Callable[[], Any], actor: Actor) -> Any:
    launcher: RestingChild = http.app.state.launcher
    try:
        return launcher.ask(call, seconds=LAUNCH_SECONDS, wait_seconds=WAIT_SECONDS)
    except ChildNotStarted as error:
        raise Unavailable(f"Dagster cannot be loaded: {error}") from None
    except (ChildFailure, TaskFailed) as error:
        raise OutcomeUnknown(
            f"the launcher of runs: {error}; it is unknown whether it was done: look at /api/orchestrator/runs and"
            f" /api/log?correlation_id={actor.correlation_id} before you ask again with another key"
        ) from None


@router.get("/runs", **needs(Role.VIEWER, example={"items": [EXAMPLES["run"]], "next": None}))
def list_newest(
    context: ContextOf,
    page: PageOf,
    workflow: Annotated[str | None, Query(max_length=100, description="Only of this workflow.")] = None,
) -> Items[ListedRun]:
    """List the runs, the newest first."""
    with connect_dagster(context.database.require().dagster) as dagster:
        found = [] if dagster is None else list_runs(dagster, page, workflow)
    return make_items(found, page, lambda each: each.id)


@router.get("/runs/{run_id}", **needs(Role.VIEWER, example=EXAMPLES["progress"]))
def follow(connection: Reading, context: ContextOf, visibility: VisibilityOf, run_id: RunId) -> RunProgress:
    """Tell how far a run has come, also while it goes on: each stage, how many of the whole, what failed and why."""
    with connect_dagster(context.database.require().dagster) as dagster:
        listed = _require_run(dagster, run_id)
        assert dagster is not None  # noqa: S101 - it has the run
        return _show(follow_run(dagster, connection, listed, context.settings), visibility)


def _require_run(dagster: Connection | None, run_id: str) -> ListedRun:
    found = None if dagster is None else find_run(dagster, run_id)
    if found is None:
        raise NotFound(f"no run is {run_id}; GET /api/orchestrator/runs lists them")
    return found


def _show(found: RunProgress, visibility: Visibility) -> RunProgress:
    """Return the progress without errors that may quote a hand inside the delay."""
    if not visibility.hides(found.run.at):
        return found
    stages = [replace(each, error=WITHHELD) if each.error and each.stage in QUOTING else each for each in found.stages]
    errors = [each for each in found.errors if not each.startswith(tuple(f"{name} " for name in QUOTING))]
    return replace(found, stages=stages, errors=errors)
