"""Look at a made-up installation whose Dagster says what a test wants, on a real database."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from pokervod_pipelines.monitoring.health.access import open_access
from pokervod_pipelines.monitoring.health.check import HealthCheck
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.health.probes import DAEMON_PARTS
from pokervod_pipelines.monitoring.health.shape import RunFigures, ServiceHealth, SystemHealth
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.events.rewriting import rewrite_log


@dataclass
class MadeOrchestrator:
    """Say of Dagster that it runs, unless a test changes that; ages are in seconds when it is asked, None for never."""

    heartbeat_age: float | None = 5.0
    sensors: list[dict[str, Any]] = field(default_factory=lambda: [{}])
    today: dict[str, RunFigures] = field(default_factory=dict)
    week: dict[str, RunFigures] = field(default_factory=dict)
    is_away: bool = False
    silent_ever: tuple[str, ...] = ()
    tick: Callable[[], object] = lambda: None

    def read_heartbeats(self) -> Mapping[str, datetime]:
        if self.is_away:
            raise OperationalError("select 1", {}, psycopg.OperationalError("the server closed the connection"))
        if self.heartbeat_age is None:
            return {}
        parts = [each for each in DAEMON_PARTS if each not in self.silent_ever]
        return dict.fromkeys(parts, datetime.now(UTC) - timedelta(seconds=self.heartbeat_age))

    def read_sensors(self) -> Sequence[SensorFacts]:
        self.tick()
        return [_make_sensor(**each) for each in self.sensors]

    def read_runs(self, since: datetime, until: datetime) -> Mapping[str, RunFigures]:
        return self.week if until - since > timedelta(days=1) else self.today


def _make_sensor(age: float = 3.0, **values: Any) -> SensorFacts:
    """Return a sensor that ticked so many seconds ago."""
    known = {"name": "rfid_drop", "interval_seconds": 5.0, "ticked_at": datetime.now(UTC) - timedelta(seconds=age)}
    return SensorFacts(**known | values)


@dataclass(kw_only=True)
class HealthHarness:
    """Look once or often, and read what was stored."""

    engine: Engine
    settings: Settings
    orchestrator: MadeOrchestrator = field(default_factory=MadeOrchestrator)

    @contextmanager
    def checking(self, **values: Any) -> Iterator[HealthCheck]:
        """Yield a check that is kept from look to look."""
        with open_access(self.settings, lambda _: self.orchestrator) as access:
            yield HealthCheck(settings=self.settings, access=access, **values)

    def look(self) -> SystemHealth:
        with self.checking() as check:
            return check.look()

    def find(self, service: str) -> ServiceHealth:
        """Return how the service is."""
        found = self.look().find(service)
        assert found is not None
        return found

    def execute(self, statement: str) -> list[tuple[Any, ...]]:
        """Return the rows of a statement, if it has some."""
        with self.engine.begin() as connection:
            result = connection.execute(text(statement))
            return [tuple(row) for row in result] if result.returns_rows else []

    def rewrite_log(self, statement: str) -> None:
        """Change or delete events, the signed ones too."""
        with self.engine.begin() as connection:
            rewrite_log(connection, statement)

    def list_events(self) -> list[tuple[Any, ...]]:
        """Return the events of health and repairs."""
        return self.execute("""
            select type, payload ->> 'service', coalesce(payload ->> 'state', payload ->> 'done') from events
            where type like 'monitoring.%' order by id
        """)
