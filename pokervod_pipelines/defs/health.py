"""Define the sensor ``health``: it looks at everything the system depends on, stores what changed, and repairs.

It runs in Dagster's daemon, so the daemon itself is watched by ``pokervod health`` alone.
"""

from dataclasses import dataclass

import dagster as dg

from pokervod_pipelines.defs.orchestrator_facts import OrchestratorFacts
from pokervod_pipelines.defs.sensors import OpenEngine
from pokervod_pipelines.monitoring.health.check import DATABASE, HealthCheck
from pokervod_pipelines.monitoring.health.probes import Opened
from pokervod_pipelines.monitoring.health.repair import record_and_repair
from pokervod_pipelines.monitoring.health.shape import BAD, ServiceState
from pokervod_pipelines.settings import Settings

INTERVAL_SECONDS = 30


@dataclass(kw_only=True)
class SensorAccess:
    """Use the connections that the process keeps anyway; their pools are emptied where they failed."""

    open_engine: OpenEngine
    instance: dg.DagsterInstance | None = None

    def open(self) -> Opened:
        """Return what the process has open."""
        assert self.instance is not None  # noqa: S101 - set by every tick
        dagster = self.instance.run_storage._engine  # type: ignore[attr-defined]
        return Opened(engine=self.open_engine(), orchestrator=OrchestratorFacts(dagster))

    def reopen(self) -> Opened:
        """Drop the connections that have failed."""
        self.open_engine().dispose()
        return self.open()


def define_health_sensor(settings: Settings, open_engine: OpenEngine) -> dg.SensorDefinition:
    """Return the sensor, which knows from tick to tick which probes are stuck."""
    access = SensorAccess(open_engine=open_engine)
    check = HealthCheck(settings=settings, access=access)

    @dg.sensor(
        name="health",
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks at what the system depends on, records what changed, and runs the hooks of the settings.",
    )
    def health(context: dg.SensorEvaluationContext) -> dg.SkipReason:
        access.instance = context.instance
        found = check.look()
        database = found.find(DATABASE)
        if database is not None and database.state is ServiceState.HEALTHY:
            found = record_and_repair(open_engine(), found, settings.monitoring.hooks)
        bad = [f"{each.name} {each.state}: {each.summary}" for each in found.services if each.state in BAD]
        return dg.SkipReason("; ".join([f"{found.state}", *bad]))

    return health
