"""Check what is put right without a person: by the real queue, within budgets, never what a person holds or decided."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.holds.placing import place_hold, release_holds
from pokervod_pipelines.holds.windows import Coverage, plan_window
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState, Subject, SubjectKind
from pokervod_pipelines.monitoring.remediation.remediate import remediate
from pokervod_pipelines.monitoring.remediation.shape import Action, ActionState, Outcome, RemedyKind
from pokervod_pipelines.render import actions
from pokervod_pipelines.render.failures import BadInstruction, BadWorker, TooSlow, TransientFailure
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines_tests.render.queue_database import QueueDatabase
from pokervod_pipelines_tests.render.render_database import RenderDatabase

ANNA = Actor(who="anna", reason="I look at it")
AT_ONCE = {"after_minutes": 0}


class Place:
    """Hold a database with a queue, and the settings of what is put right in it."""

    def __init__(self, engine: Engine, make: Callable[..., Settings]) -> None:
        self.engine, self.make = engine, make
        self.queue = QueueDatabase(engine=engine, limits=RenderQueueSettings(retry_seconds=0))
        self.settings = make()

    def configure(self, **kinds: Any) -> None:
        self.settings = self.make(monitoring={"remediation": kinds})

    def remediate(self, *, minutes: float = 0) -> list[Action]:
        """Remedy so many minutes from now."""
        with self.engine.connect() as connection:
            now = connection.scalars(text("select now()")).one()
        return remediate(self.engine, self.settings, now=now + timedelta(minutes=minutes))

    def fail_for_good(self, error: Exception | None = None, **columns: Any) -> int:
        """Request a graphic and let all its attempts fail."""
        [id_] = self.queue.request(**columns)
        while job := next(iter(self.queue.claim()), None):
            self.queue.fail(job, error or TransientFailure("the share was away"))
        return id_

    def read(self, kind: str) -> list[Any]:
        return self.queue.execute("select * from remediations where kind = :kind order by id", kind=kind)

    def incidents(self) -> list[Incident]:
        with self.engine.connect() as connection:
            found = IncidentFilter(detectors=["remediation"], states=[IncidentState.OPEN])
            return list_incidents(connection, found)


@pytest.fixture
def place(engine: Engine, settings_factory: Callable[..., Settings]) -> Place:
    return Place(engine, settings_factory)


def test_smoke(place: Place) -> None:
    place.configure(retry=AT_ONCE)
    id_ = place.fail_for_good()
    [action] = place.remediate()
    assert (action.kind, action.subject.name, action.state) == (RemedyKind.RETRY, str(id_), ActionState.DONE)
    assert place.queue.row(id_).state == "pending"
    print(action)
    place.queue.finish(*place.queue.claim())
    assert place.remediate() == []
    print(place.read("retry"))
