"""Hold a database with a queue whose graphics fail, wait and are lost, and what a person does about them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from sqlalchemy import Engine

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.holds.placing import place_hold, release_holds
from pokervod_pipelines.holds.windows import Coverage, plan_window
from pokervod_pipelines.monitoring.incidents.listing import IncidentFilter, list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState
from pokervod_pipelines.monitoring.remediation import store
from pokervod_pipelines.monitoring.remediation.listing import ActionFilter, count_kinds, list_actions
from pokervod_pipelines.monitoring.remediation.remediate import remediate
from pokervod_pipelines.monitoring.remediation.shape import ActionState, KindFigures, Outcome, RemedyAction, RemedyKind
from pokervod_pipelines.render import actions, pauses
from pokervod_pipelines.render.failures import TransientFailure
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.settings.render import RenderQueueSettings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines_tests.render.queue_database import QueueDatabase

ANNA = Actor(who="anna", reason="I look at it")
AWAY = TransientFailure("the share was away")
AT_ONCE = {"retry": {"after_minutes": 0}}


class Place:
    """Hold a database with a queue, and the settings of what is put right in it."""

    def __init__(self, engine: Engine, make: Callable[..., Settings]) -> None:
        self.engine, self.make = engine, make
        self.queue = QueueDatabase(engine=engine, limits=RenderQueueSettings(retry_seconds=0))
        self.settings = make()

    def configure(self, **kinds: Any) -> None:
        self.settings = self.make(monitoring={"remediation": kinds})

    def remedy(self, minutes: float = 0) -> list[RemedyAction]:
        """Remedy so many minutes from now."""
        return remediate(self.engine, self.settings, now=self.now() + timedelta(minutes=minutes))

    def now(self) -> datetime:
        with self.engine.connect() as connection:
            return store.read_clock(connection)

    def fail_for_good(self, error: Exception = AWAY, **columns: Any) -> int:
        """Request a graphic and let all its attempts fail."""
        [id_] = self.queue.request(**columns)
        return self.fail_again(id_, error)

    def fail_again(self, id_: int, error: Exception = AWAY) -> int:
        while job := next(iter(self.queue.claim()), None):
            self.queue.fail(job, error)
        return id_

    def lose(self, *, minutes: float = 3, worker: str = "w1", **columns: Any) -> int:
        """Let a worker claim a graphic and be silent for so long."""
        job = self.queue.claim_one(worker=worker, **columns)
        self.queue.execute(
            """
            update render_instructions set lease_until = now() - :minutes * interval '1 minute',
                heartbeat_at = now() - :minutes * interval '1 minute' - interval '30 seconds' where id = :id
            """,
            id=job.id,
            minutes=minutes,
        )
        return job.id

    def wait(self, id_: int, minutes: float) -> int:
        """Let the graphic be due since so long."""
        self.queue.execute(
            "update render_instructions set due_at = now() - :minutes * interval '1 minute' where id = :id",
            id=id_,
            minutes=minutes,
        )
        return id_

    def list_actions(self, **wanted: Any) -> list[RemedyAction]:
        with self.engine.connect() as connection:
            return [*reversed(list_actions(connection, ActionFilter(**wanted)))]

    def find_outcomes(self) -> list[Outcome | None]:
        return [each.outcome for each in self.list_actions() if each.state is ActionState.DONE]

    def count(self, kind: RemedyKind) -> KindFigures:
        with self.engine.connect() as connection:
            now = store.read_clock(connection)
            found = count_kinds(connection, self.settings, now - timedelta(days=1), now)
        return next(each for each in found if each.kind is kind)

    def incidents(self) -> list[Incident]:
        with self.engine.connect() as connection:
            wanted = IncidentFilter(detectors=["remediation"], states=[IncidentState.OPEN])
            return list_incidents(connection, wanted)

    def hold(self, kind: SubjectKind, name: str) -> None:
        with self.engine.begin() as connection:
            place_hold(connection, Subject(kind=kind, name=name), None, ANNA)

    def release(self, kind: SubjectKind, name: str) -> None:
        with self.engine.begin() as connection:
            release_holds(connection, Subject(kind=kind, name=name), ANNA)

    def plan(self, *coverage: Coverage) -> None:
        """Plan work that has begun."""
        now = self.now()
        with self.engine.begin() as connection:
            plan_window(connection, now - timedelta(hours=1), now + timedelta(hours=1), coverage, ANNA)


def tell(found: list[RemedyAction]) -> list[tuple[str, str, str]]:
    return [(each.kind.value, each.subject.name, each.state.value) for each in found]


Spare = Callable[[Place, int], None]


def hold_it(place: Place, id_: int) -> None:
    place.hold(SubjectKind.INSTRUCTION, str(id_))


def plan_window_of(*coverage: Coverage) -> Spare:
    return lambda place, _: place.plan(*coverage)


def cancel_it(place: Place, id_: int) -> None:
    assert actions.cancel(place.engine, [id_], ANNA).done


def pause_it(place: Place, _: int) -> None:
    pauses.pause(place.engine, "template:elimination", ANNA)


def set_column(column: str, value: str) -> Spare:
    def change(place: Place, id_: int) -> None:
        place.queue.execute(f"update render_instructions set {column} = {value} where id = :id", id=id_)

    return change


SPARED: Mapping[str, Spare] = {
    "held": hold_it,
    "its window": lambda place, id_: place.plan(Coverage(kind=SubjectKind.INSTRUCTION, name=str(id_))),
    "template's window": plan_window_of(Coverage(kind=SubjectKind.TEMPLATE, name="elimination")),
    "every template's window": plan_window_of(Coverage(kind=SubjectKind.TEMPLATE)),
    "queue's window": plan_window_of(Coverage(kind=SubjectKind.QUEUE, name="render queue")),
    "renderer's window": plan_window_of(Coverage(kind=SubjectKind.SERVICE, name="renderer local")),
    "window of everything": plan_window_of(),
    "withdrawn": set_column("withdrawn_at", "now()"),
    "asked to stop": set_column("cancel_requested", "'no more'"),
}


class _Farm(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@contextmanager
def run_farm() -> Iterator[str]:
    """Yield the address of a render farm that has no jobs."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Farm) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
