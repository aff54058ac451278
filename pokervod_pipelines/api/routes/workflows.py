"""List the workflows with what starts each and how its runs went, and show what the runs of a request share."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ContextOf, Reading
from pokervod_pipelines.api.errors import find_named
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.api.visibility import WITHHELD, Visibility, VisibilityOf
from pokervod_pipelines.defs.run_measures import DagsterRunMeasures
from pokervod_pipelines.monitoring.measures.shape import JobFigures, make_window
from pokervod_pipelines.periods import LENGTHS, read_length
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.workflows.context import ContextValue, read_history, read_use, read_values
from pokervod_pipelines.workflows.declared import list_workflows
from pokervod_pipelines.workflows.routes import ROUTES, Route
from pokervod_pipelines.workflows.workflow import Workflow

router = APIRouter(prefix="/api/orchestrator", tags=["orchestrator"], route_class=ReadRoute)

EXAMPLES = read_examples("workflows")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowRoute:
    """Describe an event that starts the workflow; with `any_of` one of these fields has to be more than zero."""

    on: str
    any_of: tuple[str, ...]
    input: Mapping[str, str]
    each_sheet: str | None
    priority: int
    debounce_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DescribedWorkflow:
    """Describe a workflow; `input` is a JSON schema of what it is told, `runs` how those that ended went."""

    name: str
    description: str
    input: dict[str, Any]
    described_input: str
    assets: list[str]
    timeout_seconds: float
    retries: int
    after_failure_retries: int
    fallback: str | None
    routes: list[WorkflowRoute]
    runs: JobFigures | None
    success_rate: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """Hold what the runs of a request share: the present values, or every change, the oldest first."""

    correlation_id: str
    used_at: datetime
    values: list[ContextValue]


@router.get("/workflows", **needs(Role.VIEWER, example=[EXAMPLES["workflow"]]))
def list_all(
    context: ContextOf,
    window: Annotated[str, Query(max_length=10, description=f"Runs that ended in the last {LENGTHS}.")] = "7d",
) -> list[DescribedWorkflow]:
    """List the workflows: what each is told, the events that start it, its limits, and how its runs went."""
    span = make_window(read_length("window", window), datetime.now(UTC))
    measures = DagsterRunMeasures(context.database.require().dagster)
    runs = {each.job: each for each in measures.measure_jobs(span)}
    return [_describe(each, context.settings, runs.get(each.name)) for each in list_workflows().values()]


def _describe(workflow: Workflow, settings: Settings, runs: JobFigures | None) -> DescribedWorkflow:
    return DescribedWorkflow(
        name=workflow.name,
        description=workflow.description,
        input=workflow.input.model_json_schema(),
        described_input=workflow.describe_input(),
        assets=sorted(workflow.assets),
        timeout_seconds=workflow.timeout_seconds or settings.workflows.timeout_seconds,
        retries=settings.workflows.retries if workflow.retries is None else workflow.retries,
        after_failure_retries=workflow.on_error.retries,
        fallback=workflow.on_error.fallback,
        routes=[_describe_route(each) for each in ROUTES if each.workflow == workflow.name],
        runs=runs,
        success_rate=runs.success_rate if runs else None,
    )


def _describe_route(route: Route) -> WorkflowRoute:
    return WorkflowRoute(
        on=route.on,
        any_of=route.any_of,
        input=route.input,
        each_sheet=route.each_sheet,
        priority=route.priority,
        debounce_seconds=route.debounce_seconds,
    )


@router.get("/context/{correlation_id}", **needs(Role.VIEWER, example=EXAMPLES["context"]))
def read_context(
    connection: Reading,
    visibility: VisibilityOf,
    correlation_id: Annotated[str, Path(max_length=64, description="As events and runs have it.")],
    history: Annotated[bool | None, Query(description="True: every change, not only the present values.")] = None,
) -> RequestContext:
    """Return the values that the runs of a request share, each with its version, who set it and when."""
    with find_named():
        used_at = read_use(connection, correlation_id)
    found = (read_history if history else read_values)(connection, correlation_id)
    return RequestContext(
        correlation_id=correlation_id, used_at=used_at, values=[_show(each, visibility) for each in found]
    )


def _show(value: ContextValue, visibility: Visibility) -> ContextValue:
    """Return the value, inside the delay only where it is a number."""
    if value.value is None or isinstance(value.value, bool | int | float) or not visibility.hides(value.at):
        return value
    return replace(value, value=WITHHELD)
