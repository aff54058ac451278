"""Answer the dashboard: how everything is now, computed once a second for all who look."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, TypeAdapter
from sqlalchemy import Connection

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ApiContext, ContextOf
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import Asking, answer_unchanged, make_etag, needs
from pokervod_pipelines.api.snapshots import Snapshot, Taken
from pokervod_pipelines.api.visibility import Visibility, show_incidents
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState
from pokervod_pipelines.monitoring.measures.flow import measure_data_flow, measure_hands_today
from pokervod_pipelines.monitoring.measures.renders import measure_dashboard, measure_renders
from pokervod_pipelines.monitoring.measures.shape import DashboardMetrics, DataFlowHealth, HandsToday, Window
from pokervod_pipelines.monitoring.measures.windows import Resolution, make_calendar
from pokervod_pipelines.paging import Page
from pokervod_pipelines.render.pauses import list_pauses
from pokervod_pipelines.render.workers import RegisteredWorker, list_workers
from pokervod_pipelines.settings import Settings

MAX_AGE = 1.0

ACTIVE = timedelta(minutes=30)
"""A table that sent a hand no longer ago plays."""

MOST_ALERTS = 50

router = APIRouter(prefix="/api", tags=["dashboard"])

EXAMPLES = read_examples("dashboard")

ProjectStatus = Literal["active", "idle", "paused", "unavailable"]
WorkerStatus = Literal["rendering", "waiting", "held", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureTable:
    """Tell whether hands arrive: active where one did in the last half hour."""

    status: ProjectStatus
    last_activity: datetime | None
    hands_today: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionMaker:
    """Tell how many graphics the broadcast day asked for; paused where a person stopped dispatching."""

    status: ProjectStatus
    instructions_created: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """Tell whether graphics are made; unavailable where some wait and no worker can take them."""

    status: ProjectStatus
    worker_status: WorkerStatus
    outputs_completed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Projects:
    """Hold the three programs of the production line."""

    feature_table: FeatureTable
    sub: InstructionMaker
    ae: Renderer


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Hold what the dashboard is made of."""

    projects: Projects
    metrics: DashboardMetrics
    active_alerts: list[Incident]
    data_flow_health: DataFlowHealth


class Dashboard(BaseModel):
    """Tell how everything was at a moment; ``stale`` where the database is away and this is the last that is known."""

    projects: Projects
    metrics: DashboardMetrics
    active_alerts: list[Incident]
    data_flow_health: DataFlowHealth
    at: datetime = Field(description="When it was computed.")
    stale: bool = Field(description="The database does not answer, and this is the last that is known.")


_ADAPTER = TypeAdapter(Dashboard)


def read_figures(connection: Connection, settings: Settings, *, now: datetime | None = None) -> Figures:
    """Return what the dashboard is made of."""
    now = now or datetime.now(UTC)
    today = Window(since=make_calendar(settings).floor(now, Resolution.DAY), until=now)
    metrics = measure_dashboard(connection, settings, now=now)
    hands = measure_hands_today(connection, settings, now=now)
    renders = measure_renders(connection, settings, today, now=now)
    alerts = IncidentFilter(states=(IncidentState.OPEN, IncidentState.ACKNOWLEDGED))
    is_paused = any(each.scope == "all" for each in list_pauses(connection))
    workers = _judge_workers(list_workers(connection))
    return Figures(
        projects=Projects(
            feature_table=_judge_table(hands, now),
            sub=InstructionMaker(
                status="paused" if is_paused else "active" if renders.requested else "idle",
                instructions_created=renders.requested,
            ),
            ae=Renderer(
                status=_judge_renderer(metrics, workers, is_paused=is_paused),
                worker_status=workers,
                outputs_completed=renders.throughput.completed,
            ),
        ),
        metrics=metrics,
        active_alerts=list_incidents(connection, alerts, page=Page(limit=MOST_ALERTS), now=now),
        data_flow_health=measure_data_flow(connection, today, now=now),
    )


def _judge_table(hands: HandsToday, now: datetime) -> FeatureTable:
    is_active = hands.last_at is not None and now - hands.last_at <= ACTIVE
    return FeatureTable(status="active" if is_active else "idle", last_activity=hands.last_at, hands_today=hands.hands)


def _judge_workers(workers: list[RegisteredWorker]) -> WorkerStatus:
    alive = [each for each in workers if each.is_alive]
    able = [each for each in alive if each.quarantine_reason is None and not _is_held(each)]
    if any(each.holding for each in alive):
        return "rendering"
    return "waiting" if able else "held" if alive else "none"


def _is_held(worker: RegisteredWorker) -> bool:
    return worker.held_until is not None and worker.held_until > datetime.now(UTC)


def _judge_renderer(metrics: DashboardMetrics, workers: WorkerStatus, *, is_paused: bool) -> ProjectStatus:
    if metrics.queue_depth.processing:
        return "active"
    if is_paused:
        return "paused"
    return "unavailable" if metrics.queue_depth.pending and workers in {"none", "held"} else "idle"


@dataclass(frozen=True, slots=True)
class RenderedDashboard:
    """Hold the bytes of an answer with their ETag."""

    body: bytes
    etag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDashboard:
    """Hold a snapshot with its bytes for operators and for viewers, each made once for all who ask."""

    figures: Figures
    for_operators: RenderedDashboard
    for_viewers: RenderedDashboard

    def choose(self, role: Role) -> RenderedDashboard:
        """Return what the role sees."""
        return self.for_operators if role.includes(Role.OPERATOR) else self.for_viewers


def make_snapshot(context: ApiContext) -> Snapshot[SharedDashboard]:
    """Return the snapshot that all clients of an application share."""

    def make() -> SharedDashboard:
        with context.database.connect() as connection:
            figures = read_figures(connection, context.settings)
        return share_dashboard(figures, context.settings, datetime.now(UTC))

    return Snapshot(make, MAX_AGE)


async def take_dashboard(
    snapshot: Snapshot[SharedDashboard], settings: Settings, *, since: float = float("-inf")
) -> Taken[SharedDashboard]:
    """Return the snapshot, no older than ``since``; the last one, which says that it is stale, where there is none."""
    taken = await snapshot.read(since=since)
    if not taken.problem:
        return taken
    return replace(taken, value=share_dashboard(taken.value.figures, settings, taken.at, is_stale=True))


def share_dashboard(figures: Figures, settings: Settings, at: datetime, *, is_stale: bool = False) -> SharedDashboard:
    """Return the figures as the bytes of the answers."""
    everything, part = Visibility.of(Role.OPERATOR, settings, at), Visibility.of(Role.VIEWER, settings, at)
    return SharedDashboard(
        figures=figures,
        for_operators=_render(figures, everything, at, is_stale=is_stale),
        for_viewers=_render(figures, part, at, is_stale=is_stale),
    )


def _render(figures: Figures, visibility: Visibility, at: datetime, *, is_stale: bool) -> RenderedDashboard:
    document = Dashboard(
        projects=figures.projects,
        metrics=figures.metrics,
        active_alerts=show_incidents(figures.active_alerts, visibility),
        data_flow_health=figures.data_flow_health,
        at=at,
        stale=is_stale,
    )
    body = _ADAPTER.dump_json(document)
    return RenderedDashboard(body, make_etag(body))


@router.get("/dashboard", response_model=Dashboard, **needs(Role.VIEWER, example=EXAMPLES["dashboard"]))
async def read_dashboard(request: Request, principal: Asking, context: ContextOf) -> Response:
    """Return how everything is: hands, instructions, graphics of today, the last hour's figures, what is wrong.

    It is at most a second old. While the database is away it is the last that is known, with `stale` true.
    """
    taken = await take_dashboard(request.app.state.dashboard, context.settings)
    headers = {"Warning": '110 pokervod "Response is Stale"'} if taken.problem else {}
    found = taken.value.choose(principal.role)
    headers["ETag"] = found.etag
    return answer_unchanged(request, Response(found.body, media_type="application/json", headers=headers))
