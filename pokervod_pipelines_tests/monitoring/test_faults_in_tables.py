"""Check faults as their tables show them: each opens one incident that says what is so, and closes by itself."""

import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.listing import list_alerts
from pokervod_pipelines.db.engine import make_engine
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.holds.placing import place_hold, release_holds
from pokervod_pipelines.monitoring.detectors.looker import Looker
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.incidents.listing import list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState
from pokervod_pipelines.monitoring.run_failures import EndedRun, record_ended_runs
from pokervod_pipelines.render import actions, workers
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue
from pokervod_pipelines_tests.monitoring.test_detector_reading import ScriptedDagster
from pokervod_pipelines_tests.monitoring.week_data import WeekData
from pokervod_pipelines_tests.render.queue_database import QueueDatabase

EVA = Actor(who="eva", reason="it is needed first")
SENSORS = ("anomalies", "health", "rfid_drop", "stale_instructions")


@dataclass
class Floor:
    """Hold a database that a healthy system works with, and look at it every half minute."""

    engine: Engine
    settings: Settings
    dagster: ScriptedDagster = field(default_factory=ScriptedDagster)
    start: datetime = field(default_factory=lambda: datetime.now(UTC))
    seconds: float = 0.0
    graphics: MeasuredQueue = field(init=False)

    def __post_init__(self) -> None:
        self.graphics = MeasuredQueue(engine=self.engine)

    @property
    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    @property
    def queue(self) -> QueueDatabase:
        return QueueDatabase(engine=self.engine)

    def ago(self, minutes: float) -> datetime:
        return self.start - timedelta(minutes=minutes)

    def execute(self, sql: str, **values: Any) -> list[Any]:
        return self.queue.execute(sql, **values)

    def look(self, minutes: float, *, sensors: Sequence[str] = SENSORS, dagster: ScriptedDagster | None = None) -> None:
        """Look every half minute for so long, with a daemon that lives and runs these sensors."""
        for _ in range(round(minutes * 2)):
            self.seconds += 30
            self.dagster.heartbeats = {"SENSOR": self.now, "SCHEDULER": self.now}
            self.dagster.sensors = [SensorFacts(name=each, ticked_at=self.now) for each in sensors]
            self.execute("update render_workers set seen_at = now() where stopped_at is null and name like 'good%'")
            Looker(name="sensor", settings=self.settings).look(self.engine, dagster or self.dagster, now=self.now)

    def list_all(self) -> list[Incident]:
        with self.engine.connect() as connection:
            return list_incidents(connection)

    def list_told(self) -> list[Incident]:
        """Return the incidents that people see: those that nothing explains."""
        return [each for each in self.list_all() if each.cause_id is None]

    def set_health(self, service: str, state: str, summary: str, host: str = platform.node()) -> None:
        self.execute(
            """
            insert into health_states (host, service, state, summary, changed_at, correlation_id)
            values (:host, :service, :state, :summary, now(), '')
            on conflict (host, service) do update set state = excluded.state, summary = excluded.summary,
                changed_at = excluded.changed_at
            """,
            service=service,
            state=state,
            summary=summary,
            host=host,
        )


class AwayDagster(ScriptedDagster):
    """Have a database that does not answer."""

    def read_heartbeats(self) -> Mapping[str, datetime]:
        with create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none").connect():
            raise AssertionError


@pytest.fixture
def make_floor(engine: Engine, settings_factory: Callable[..., Settings]) -> Callable[..., Floor]:
    def make(**overrides: Any) -> Floor:
        return Floor(engine, settings_factory(**overrides))

    return make


def test_an_empty_new_installation_is_silent(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor()

    floor.look(20)

    assert floor.list_all() == []


def test_one_that_waits_for_long_among_finished_ones_is_told_once_and_closes(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor(monitoring={"remediation": {"enabled": False}})
    workers.register(floor.engine, "good-1", ["local"])
    for minutes in range(2, 50):
        floor.graphics.add(floor.ago(minutes), 30, "completed")
    (late,) = floor.queue.request(priority=9, template="payouts", minutes_ago=31)
    floor.execute("update render_instructions set due_at = created_at where id = :id", id=late)

    floor.look(2)
    (found,) = floor.list_all()
    assert (found.detector, found.openings) == ("pending_too_long", 1)
    assert "1 instruction of 1 that wait could have been claimed for more than 30 min" in found.summary

    floor.queue.finish(*floor.queue.claim())
    floor.look(3)
    assert {(each.state, each.openings) for each in floor.list_all()} == {(IncidentState.RESOLVED, 1)}


def test_what_a_person_puts_first_is_not_overtaken_by_what_was_claimed_before(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor()
    workers.register(floor.engine, "good-1", ["local"])
    (last,) = floor.queue.request(priority=9, minutes_ago=20)
    floor.execute("update render_instructions set due_at = created_at where id = :id", id=last)
    floor.queue.request(5)
    assert last not in {each.id for each in floor.queue.claim(5)}
    floor.execute("update render_instructions set lease_until = now() + interval '9 min' where state = 'processing'")
    actions.prioritize(floor.engine, [last], 1, EVA)

    floor.look(2)

    assert floor.list_all() == []


def test_a_worker_that_dies_in_a_job_is_one_incident(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor(monitoring={"remediation": {"enabled": False}})
    for name in ("good-1", "bad-1"):
        workers.register(floor.engine, name, ["local"])
    job = floor.queue.claim_one(worker="bad-1")
    floor.execute("update render_workers set seen_at = now() - interval '2 minutes' where name = 'bad-1'")
    floor.execute("update render_instructions set lease_until = now() - interval '90 seconds' where id = :i", i=job.id)

    floor.look(2)
    (found,) = floor.list_told()
    assert (found.detector, found.subject.name, found.openings) == ("worker_stopped", "bad-1", 1)
    assert [each.detector for each in floor.list_all() if each.cause_id] == ["processing_too_long"]

    workers.register(floor.engine, "bad-1", ["local"])
    floor.execute("update render_workers set seen_at = now() + interval '9 min' where name = 'bad-1'")
    floor.execute("update render_instructions set lease_until = now() + interval '9 min' where id = :i", i=job.id)
    floor.look(3)
    assert {(each.state, each.openings) for each in floor.list_all()} == {(IncidentState.RESOLVED, 1)}


NAS = {
    "archive_roots": [{"name": "nas", "path": "/mnt/nas"}],
}
ROOT = NAS | {
    "libraries": [{"name": "wsop", "root": "nas", "folder": "wsop"}, {"name": "ept", "root": "nas", "folder": "ept"}],
    "sheets": [{"name": "notes", "path": "/mnt/nas/notes.xlsx"}],
    "hands": {"drop_folders": ["/mnt/nas/drop"]},
}


def test_a_root_that_vanishes_is_one_incident_with_all_that_lies_on_it(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor(
        **ROOT, render={"outputs": "/mnt/nas/renders"}, alerts={"channels": [{"name": "here", "min_severity": "info"}]}
    )
    floor.execute("insert into sheet_states (sheet, read_at) values ('notes', now())")
    floor.set_health("root nas", "healthy", "")
    floor.look(2)
    before = {each.key for each in floor.list_all()}
    error = "/mnt/nas/wsop: no answer"
    run = EndedRun(run_id="1f", job="nas_changes", partition="wsop", correlation_id="c", failed=True, error=error)
    record_ended_runs(floor.engine, floor.settings, [run])
    floor.set_health("root nas", "degraded", "no answer")
    floor.set_health("drop folders", "degraded", "/mnt/nas/drop: no answer")
    floor.set_health("outputs", "degraded", "/mnt/nas/renders: no answer")
    floor.set_health("sheets", "degraded", "/mnt/nas/notes.xlsx: no answer")
    floor.execute("update sheet_states set error = 'no answer'")

    floor.look(10)

    assert {each.key for each in floor.list_told()} - before == {"root_away root nas"}
    with floor.engine.connect() as connection:
        told = [each.title for each in list_alerts(connection)]
    assert [each for each in told if "wsop" in each or "renders" in each or "drop" in each] == []
    assert len([each for each in told if "nas" in each]) == 1


def test_what_a_machine_saw_where_nobody_looks_any_more_is_no_incident(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor(**NAS)
    floor.set_health("root nas", "healthy", "answers")
    floor.set_health("root nas", "degraded", "/mnt/nas: does not exist", host="laptop")

    floor.look(5)

    assert floor.list_all() == []


def test_what_could_not_be_looked_at_for_a_while_is_the_same_incident_afterwards(
    make_floor: Callable[..., Floor],
) -> None:
    floor = make_floor(**NAS)
    floor.set_health("root nas", "degraded", "no answer")
    floor.look(5)
    floor.look(12, sensors=())  # its sensor does not tick
    floor.look(3)
    floor.seconds += 3600  # nobody looks for an hour
    floor.look(3)

    (found,) = [each for each in floor.list_all() if each.detector == "root_away"]
    assert (found.state, found.openings) == (IncidentState.OPEN, 1)

    floor.set_health("root nas", "healthy", "answers")
    floor.look(3)
    assert not [each for each in floor.list_told() if each.state is not IncidentState.RESOLVED]


def test_sources_stay_as_they_were_while_dagster_cannot_be_asked(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor(sheets=[{"name": "notes", "path": "notes.xlsx"}])
    floor.execute("insert into sheet_states (sheet, read_at) values ('notes', now() - interval '40 hours')")
    floor.look(5)
    floor.look(5, dagster=AwayDagster())

    assert [(each.detector, each.state) for each in floor.list_all()] == [("source_stale", IncidentState.OPEN)]


def end_graphics(floor: Floor, template: str, completed: int, failed: int) -> None:
    """Let so many graphics of the template have ended in the last half hour."""
    for number in range(completed + failed):
        end = "completed" if number < completed else "failed"
        floor.graphics.add(floor.ago(30 - 20 * number / (completed + failed)), 30, end, template=template)


def test_two_templates_that_fail_a_little_too_often_among_sound_ones_are_told_each_once(
    make_floor: Callable[..., Floor],
) -> None:
    floor = make_floor()
    end_graphics(floor, "payouts", 88, 12)
    end_graphics(floor, "winner", 66, 9)
    end_graphics(floor, "elimination", 150, 1)
    floor.execute("update render_instructions set withdrawn_at = now() where state = 'failed'")

    floor.look(5)

    assert [(each.detector, each.subject.name, each.openings) for each in floor.list_all()] == [
        ("error_rate", "winner", 1),
        ("error_rate", "payouts", 1),
    ]
    assert "12 of 100 graphics of the last hour failed (12%, 10% may)" in floor.list_all()[1].summary

    floor.seconds += 3600
    floor.graphics.add(floor.now, 20, "completed")
    floor.look(2)
    assert {each.state for each in floor.list_all()} == {IncidentState.RESOLVED}


def test_few_that_failed_by_chance_are_none(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor()
    end_graphics(floor, "payouts", 18, 3)
    end_graphics(floor, "elimination", 98, 2)
    floor.execute("update render_instructions set withdrawn_at = now() where state = 'failed'")

    floor.look(3)

    assert floor.list_all() == []


def test_a_live_slot_without_hands_is_told_until_they_come(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor()
    data = WeekData(engine=floor.engine, settings=floor.settings)
    days = BroadcastDays(floor.settings.zone, floor.settings.hands.day_starts_at)
    data.put_session(days.find_day(floor.ago(60 * 24)))
    floor.execute("update hands set created_at = now() - interval '1 day', is_premium = false")
    floor.execute(
        """
        insert into broadcast_slots (starts_at, channel, day, ends_at, event_title, is_live, seen_at)
        values (:at, 'Main', cast(:day as date), :at + interval '9 hours', 'Final table', true, now())
        """,
        at=floor.ago(50),
        day=days.find_day(floor.ago(50)),
    )

    floor.look(3)
    (found,) = floor.list_all()
    assert (found.detector, found.openings) == ("no_data", 1)
    assert "Final table is on Main, and no hand came since it began 5" in found.summary

    data.put_session(days.find_day(floor.ago(50)))
    floor.execute("update hands set is_premium = false")
    floor.look(3)
    (found,) = floor.list_all()
    assert (found.state, found.openings) == (IncidentState.RESOLVED, 1)


def test_an_evening_without_a_show_is_silent(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor(sheets=[{"name": "notes", "path": "notes.xlsx"}], **NAS)
    data = WeekData(engine=floor.engine, settings=floor.settings)
    hand, *_ = data.put_session(floor.ago(60 * 20).date())
    floor.execute("update hands set created_at = now() - interval '20 hours'")
    data.put_graphic("premium_hand", f"hand {hand}", floor.start.date(), hand=hand, finished=floor.ago(60 * 19))
    floor.execute("insert into sheet_states (sheet, read_at) values ('notes', now() - interval '6 hours')")
    floor.set_health("root nas", "healthy", "answers")
    floor.set_health("memory", "healthy", "enough")
    workers.register(floor.engine, "good-1", ["local"])
    workers.register(floor.engine, "gone-1", ["local"])
    workers.deregister(floor.engine, "gone-1")

    floor.look(15)

    assert floor.list_all() == []


def test_a_sheet_whose_token_expired_is_one_incident(make_floor: Callable[..., Floor]) -> None:
    floor = make_floor(
        sheets=[
            {"name": "notes", "spreadsheet": f"https://docs.google.com/spreadsheets/d/{44 * 'a'}/edit"},
            {"name": "own", "path": "own.xlsx"},
        ]
    )
    for sheet in ("notes", "own"):
        floor.execute("insert into sheet_states (sheet, read_at) values (:sheet, now())", sheet=sheet)
    floor.look(2)
    error = "Google refuses the service account: invalid_grant. Make a new key."
    floor.execute("update sheet_states set error = :error where sheet = 'notes'", error=error)
    run = EndedRun(run_id="1f", job="sheet_sync", partition="notes", correlation_id="c", failed=True, error=error)
    record_ended_runs(floor.engine, floor.settings, [run])
    floor.set_health("sheets", "degraded", f"sheet notes: {error}")

    floor.look(8)
    (found,) = floor.list_told()
    assert (found.detector, found.state, found.openings) == ("service_down", IncidentState.OPEN, 1)
    assert "invalid_grant" in found.summary

    floor.execute("update sheet_states set error = null")
    floor.set_health("sheets", "healthy", "2 sheets")
    record_ended_runs(floor.engine, floor.settings, [replace(run, run_id="2f", failed=False, error="")])
    floor.look(3)
    assert {each.state for each in floor.list_all()} == {IncidentState.RESOLVED}


SKEWED = """
    create or replace function skewed.{name}() returns timestamptz language sql stable as
        'select pg_catalog.{name}() + interval ''{seconds} seconds'''
"""


def set_clock(engine: Engine, seconds: float) -> None:
    """Let the database's clock be so much ahead."""
    with engine.begin() as connection:
        for name in ("now", "clock_timestamp"):
            connection.execute(text(SKEWED.format(name=name, seconds=seconds)))


@pytest.mark.parametrize("seconds", [5, -5])
def test_a_clock_that_is_some_seconds_off_is_one_incident_and_stops_nothing(
    make_database: Callable[..., str], settings_factory: Callable[..., Settings], seconds: float
) -> None:
    engine = make_engine(make_database(True))
    with engine.begin() as connection:
        connection.execute(text("create schema skewed"))
        path = "execute format('alter database %I set search_path = skewed, public, pg_catalog', current_database())"
        connection.execute(text(f"do $$ begin {path}; end $$"))
    set_clock(engine, seconds)
    engine.dispose()
    floor = Floor(engine, settings_factory(**NAS))
    workers.register(engine, "good-1", ["local"])
    floor.set_health("root nas", "healthy", "answers")

    floor.look(5)
    (found,) = floor.list_all()
    assert (found.detector, found.state, found.openings) == ("clock_skew", IncidentState.OPEN, 1)
    assert f"5.0 s {'ahead of' if seconds > 0 else 'behind'}" in found.summary

    set_clock(engine, 0)
    floor.look(3)
    assert [each.state for each in floor.list_all()] == [IncidentState.RESOLVED]
    engine.dispose()


def test_what_a_held_workflow_leaves_is_no_incident(make_floor: Callable[..., Floor], tmp_path: Path) -> None:
    (tmp_path / "drop").mkdir()
    (file := tmp_path / "drop" / "session.json").write_text("{}")
    os.utime(file, (0, 0))
    floor = make_floor(
        sheets=[{"name": "notes", "path": "notes.xlsx"}],
        hands={"drop_folders": [str(tmp_path / "drop")], "settle_seconds": 0},
        monitoring={"remediation": {"enabled": False}},
    )
    floor.execute("insert into sheet_states (sheet, read_at) values ('notes', now() - interval '3 days')")
    WeekData(engine=floor.engine, settings=floor.settings).put_session(floor.start.date())
    floor.execute("update hands set created_at = now() - interval '2 hours'")
    held = [Subject(kind=SubjectKind.WORKFLOW, name=each) for each in ("full_sync", "hands_to_renders")]
    with floor.engine.begin() as connection:
        for each in held:
            place_hold(connection, each, None, EVA)
    floor.look(5)
    assert floor.list_all() == []

    with floor.engine.begin() as connection:
        for each in held:
            release_holds(connection, each, EVA)
    floor.look(5)
    assert sorted(each.detector for each in floor.list_all()) == ["orphan_hand", "source_stale", "source_stale"]
