"""Answer how everything is that the system depends on, and how each block is."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request

from pokervod_pipelines.access.principal import Role
from pokervod_pipelines.api.context import ApiContext
from pokervod_pipelines.api.examples import read_examples
from pokervod_pipelines.api.routing import ReadRoute, needs
from pokervod_pipelines.api.snapshots import Snapshot
from pokervod_pipelines.checks import CheckResult
from pokervod_pipelines.defs.orchestrator_facts import OrchestratorFacts
from pokervod_pipelines.defs.run_history import DagsterHistory
from pokervod_pipelines.monitoring.health.check import HealthCheck
from pokervod_pipelines.monitoring.health.probes import Opened
from pokervod_pipelines.monitoring.health.shape import RunFigures, ServiceHealth, ServiceState, SystemHealth
from pokervod_pipelines.monitoring.status import read_status
from pokervod_pipelines.monitoring.status_shape import SystemStatus

HEALTH_AGE = 10.0
"""Seconds between two looks: each asks every share, and Google once."""

STATUS_AGE = 1.0

router = APIRouter(prefix="/api", tags=["health"], route_class=ReadRoute)

EXAMPLES = read_examples("health")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceReport:
    """Tell how a service is; ``latency`` is in ms, null where it did not answer."""

    status: ServiceState
    latency: float | None
    summary: str
    next_steps: list[str]
    repair: str | None
    checks: tuple[CheckResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunReport:
    """Tell how the runs of a workflow went; null where there were none."""

    runs: int
    success_rate: float | None
    avg_duration: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowReport(RunReport):
    """Compare the runs of the last 24 hours with those of the week before them."""

    week_before: RunReport


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthReport:
    """Tell how everything is that the system depends on, as it was looked at, at most ten seconds ago."""

    status: ServiceState
    at: datetime
    seconds: float
    services: dict[str, ServiceReport]
    memory: dict[str, Any]
    workflows: dict[str, WorkflowReport] = field(default_factory=dict)


class LentAccess:
    """Give health the databases that the routes have: a ``monitoring.health.probes.DatabaseAccess``."""

    def __init__(self, context: ApiContext) -> None:
        self._database = context.database

    def open(self) -> Opened:
        """Return what is open. Raises ``DatabaseAway``."""
        opened = self._database.require()
        return Opened(engine=opened.engine, orchestrator=OrchestratorFacts(opened.dagster))

    def reopen(self) -> Opened:
        """Return what is open: the routes open it anew by themselves."""
        return self.open()


def make_health(context: ApiContext) -> Snapshot[HealthReport]:
    """Return the look that all clients of an application share; it records nothing and repairs nothing."""
    check = HealthCheck(settings=context.settings, access=LentAccess(context))
    return Snapshot(lambda: describe_health(check.look()), HEALTH_AGE)


def describe_health(health: SystemHealth) -> HealthReport:
    """Return the health in the shape that other programs expect."""
    return HealthReport(
        status=health.state,
        at=health.at,
        seconds=health.seconds,
        services={each.name: _describe_service(each) for each in health.services},
        memory=dict(health.memory),
        workflows={
            each.name: WorkflowReport(**_describe_runs(each.today), week_before=RunReport(**_describe_runs(each.week)))
            for each in health.workflows
        },
    )


def _describe_service(service: ServiceHealth) -> ServiceReport:
    return ServiceReport(
        status=service.state,
        latency=service.latency_ms,
        summary=service.summary,
        next_steps=service.next_steps,
        repair=service.repair or None,
        checks=service.checks,
    )


def _describe_runs(figures: RunFigures) -> dict[str, Any]:
    return {"runs": figures.ended, "success_rate": figures.success_rate, "avg_duration": figures.seconds}


def make_status(context: ApiContext) -> Snapshot[SystemStatus]:
    """Return the status that all clients of an application share."""

    def make() -> SystemStatus:
        opened = context.database.require()
        return read_status(opened.engine, DagsterHistory(opened.dagster), context.settings)

    return Snapshot(make, STATUS_AGE)


@router.get("/health", **needs(Role.VIEWER, example=EXAMPLES["health"]))
async def read_health(request: Request) -> HealthReport:
    """Look at databases, daemon, sensors, watcher, workers, shares, sheets, disks and clocks."""
    health: Snapshot[HealthReport] = request.app.state.health
    return (await health.read()).value


@router.get("/orchestrator/status", **needs(Role.VIEWER, example=EXAMPLES["status"]))
async def read_orchestrator(request: Request) -> SystemStatus:
    """Return how each block is, what runs, when all was brought up to date last, and when it will be next."""
    status: Snapshot[SystemStatus] = request.app.state.status
    return (await status.read()).value
