"""Answer what programs asked the older monitor, at its paths, and Prometheus."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ApiContext, Reading
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.api.snapshots import Snapshot
from pokervod_pipelines.defs.run_measures import DagsterRunMeasures
from pokervod_pipelines.errors import Unavailable
from pokervod_pipelines.monitoring.measures.measure import measure_all
from pokervod_pipelines.monitoring.measures.prometheus import write_prometheus
from pokervod_pipelines.monitoring.measures.renders import measure_totals
from pokervod_pipelines.monitoring.measures.shape import make_window
from pokervod_pipelines.paging import Page
from pokervod_pipelines.render.listing import InstructionFilter, count_all_states, list_instructions
from pokervod_pipelines.render.states import State

PROMETHEUS_AGE = 5.0
STATS_AGE = 1.0

PROMETHEUS_WINDOW = timedelta(hours=1)

MOST_PENDING = 500

router = APIRouter(tags=["older monitor"], route_class=ReadRoute)

EXAMPLES = read_examples("monitor")


@dataclass(frozen=True, slots=True, kw_only=True)
class OldHealth:
    """Tell that the server and its database answer."""

    status: Literal["healthy"] = "healthy"
    database: Literal["connected"] = "connected"
    timestamp: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OldStats:
    """Count instructions by the states that older programs know; `timed_out` and `cancelled` count as failed."""

    pending: int
    processing: int
    completed: int
    failed: int
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OldPending:
    """Hold a pending instruction with the names of its older columns."""

    id: int
    template_name: str
    status: Literal["pending"] = "pending"
    priority: int
    trigger_type: str
    retry_count: int
    max_retries: int
    created_at: datetime


@router.get("/health", **needs(Role.VIEWER, example=EXAMPLES["old_health"]))
def read_health(_connection: Reading) -> OldHealth:
    """Tell whether the server and its database answer; 503 where the database does not. All else: `/api/health`."""
    return OldHealth(timestamp=datetime.now(UTC))


def make_stats(context: ApiContext) -> Snapshot[OldStats]:
    """Return the counts that all who ask within a second share, since they are of every instruction."""

    def make() -> OldStats:
        with context.database.connect() as connection:
            return _sum_states(count_all_states(connection))

    return Snapshot(make, STATS_AGE)


@router.get("/stats", **needs(Role.VIEWER, example=EXAMPLES["old_stats"]))
async def read_stats(request: Request) -> OldStats:
    """Count the instructions by state, every version of a graphic for itself; at most a second old."""
    stats: Snapshot[OldStats] = request.app.state.stats
    taken = await stats.read()
    if taken.problem:
        raise Unavailable(f"the instructions cannot be counted: {taken.problem}")
    return taken.value


def _sum_states(counts: Mapping[State, int]) -> OldStats:
    failed = sum(counts.get(each, 0) for each in (State.FAILED, State.TIMED_OUT, State.CANCELLED))
    return OldStats(
        pending=counts.get(State.PENDING, 0),
        processing=counts.get(State.PROCESSING, 0),
        completed=counts.get(State.COMPLETED, 0),
        failed=failed,
        total=sum(counts.values()),
    )


@router.get("/pending", **needs(Role.VIEWER, example=[EXAMPLES["old_pending"]]))
def list_pending(
    connection: Reading, limit: Annotated[int, Query(ge=1, le=MOST_PENDING, description="So many at most.")] = 100
) -> list[OldPending]:
    """List the pending instructions, the next first."""
    found = list_instructions(connection, InstructionFilter(states=(State.PENDING,)), page=Page(limit=limit))
    return [
        OldPending(
            id=each.id,
            template_name=each.template,
            priority=each.priority,
            trigger_type=each.trigger_kind,
            retry_count=each.retry_count,
            max_retries=each.max_retries,
            created_at=each.created_at,
        )
        for each in found
    ]


def make_prometheus(context: ApiContext) -> Snapshot[str]:
    """Return the measures that all scrapes of some seconds share."""

    def make() -> str:
        opened, settings = context.database.require(), context.settings
        window = make_window(PROMETHEUS_WINDOW, datetime.now(UTC))
        measured = measure_all(opened.engine, DagsterRunMeasures(opened.dagster), settings, window, own="API")
        with context.database.connect() as connection:
            return write_prometheus(measured, measure_totals(connection, settings))

    return Snapshot(make, PROMETHEUS_AGE)


@router.get("/metrics", response_class=Response, **needs(Role.VIEWER, example=None, texts=["text/plain"]))
async def read_prometheus(request: Request) -> Response:
    """Return the measures of the last hour in Prometheus' text format."""
    prometheus: Snapshot[str] = request.app.state.prometheus
    taken = await prometheus.read()
    if taken.problem:
        raise Unavailable(f"the measures cannot be read: {taken.problem}")
    return Response(taken.value, media_type="text/plain; version=0.0.4; charset=utf-8")
