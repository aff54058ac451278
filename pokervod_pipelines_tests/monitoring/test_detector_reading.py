"""Check what is read for the detectors, from a real database: what waits, is late, failed, came, is held."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.hands.times import BroadcastDays
from pokervod_pipelines.holds.placing import place_hold
from pokervod_pipelines.monitoring.detectors import reading_flow, reading_queue
from pokervod_pipelines.monitoring.detectors.facts import (
    DagsterFacts,
    Facts,
    LookerFacts,
    OrphanDay,
    PremiumHandFacts,
    QueueFacts,
    RunFacts,
    SourceFacts,
    Unread,
    WaitingGroup,
)
from pokervod_pipelines.monitoring.detectors.reading import read_facts
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.health.shape import RunFigures
from pokervod_pipelines.monitoring.measures.rollup import roll_up
from pokervod_pipelines.render import pauses, workers
from pokervod_pipelines.render.failures import BadInstruction, TransientFailure
from pokervod_pipelines.settings import Settings
from pokervod_pipelines.subjects import Subject, SubjectKind
from pokervod_pipelines.workflows.watch.sources import Source, record_look
from pokervod_pipelines_tests.monitoring.measured import MeasuredQueue
from pokervod_pipelines_tests.monitoring.week_data import ARCHIVE, WeekData
from pokervod_pipelines_tests.render.queue_database import QueueDatabase

ANNA = Actor(who="anna", reason="I look at it")


@dataclass
class ScriptedDagster:
    """Say what Dagster would: the port ``reading.DetectorOrchestrator``."""

    heartbeats: Mapping[str, datetime] = field(default_factory=dict)
    sensors: Sequence[SensorFacts] = ()
    runs: tuple[RunFacts, ...] = ()

    def read_heartbeats(self) -> Mapping[str, datetime]:
        return self.heartbeats

    def read_sensors(self) -> Sequence[SensorFacts]:
        return self.sensors

    def read_runs(self, since: datetime, until: datetime) -> Mapping[str, RunFigures]:
        return {}

    def read_in_progress(self, now: datetime) -> tuple[RunFacts, ...]:
        return self.runs


@dataclass
class Place:
    """Hold a database, its queue and what Dagster says."""

    engine: Engine
    settings: Settings
    dagster: ScriptedDagster = field(default_factory=ScriptedDagster)

    @property
    def queue(self) -> QueueDatabase:
        return QueueDatabase(engine=self.engine)

    def read(self, **values: Any) -> Facts:
        return read_facts(self.engine, self.dagster, self.settings, **values)

    def read_queue(self) -> QueueFacts:
        with self.engine.connect() as connection:
            return reading_queue.read_queue(connection, self.settings, datetime.now(UTC))

    def execute(self, sql: str, **values: Any) -> list[Any]:
        return self.queue.execute(sql, **values)

    def wait(self, *ids: int, minutes: float) -> None:
        """Let these instructions be due since so long."""
        self.execute(
            "update render_instructions set due_at = now() - :minutes * interval '1 minute' where id = any(:ids)",
            ids=[*ids],
            minutes=minutes,
        )


@pytest.fixture
def place(engine: Engine, settings_factory: Callable[..., Settings]) -> Place:
    return Place(engine, settings_factory(**ARCHIVE))


def test_of_an_empty_database_every_group_is_read_but_what_health_never_saw(place: Place) -> None:
    facts = place.read()

    unread = [name for name in Facts.__slots__ if isinstance(getattr(facts, name), Unread)]
    assert unread == ["services"]
    assert facts.queue == QueueFacts()


def test_what_waits_is_counted_by_template_with_its_oldest(place: Place) -> None:
    first, second = place.queue.request(2)
    (other,) = place.queue.request(template="payouts")
    place.wait(first, minutes=31)
    place.wait(second, minutes=5)
    place.wait(other, minutes=-5)  # a retry that is not due

    (group,) = place.read_queue().groups

    assert (group.template, group.waiting, group.delayed, group.paused) == ("elimination", 2, 1, 0)
    assert group.since is not None
    assert timedelta(minutes=30) < datetime.now(UTC) - group.since < timedelta(minutes=33)


def test_what_is_paused_or_held_does_not_wait(place: Place) -> None:
    ids = place.queue.request(3)
    (paused,) = place.queue.request(template="payouts")
    place.wait(*ids, paused, minutes=40)
    pauses.pause(place.engine, "template:payouts", ANNA)
    with place.engine.begin() as connection:
        place_hold(connection, Subject(kind=SubjectKind.INSTRUCTION, name=str(ids[0])), None, ANNA)

    found = {each.template: each for each in place.read_queue().groups}

    assert (found["elimination"].waiting, found["elimination"].paused) == (2, 1)
    assert found["payouts"] == WaitingGroup(renderer="local", template="payouts", waiting=0, paused=1)


def test_what_waited_while_dispatching_was_paused_could_be_claimed_since_it_was_resumed(place: Place) -> None:
    place.wait(*place.queue.request(2), minutes=120)
    pauses.pause(place.engine, "all", ANNA)
    pauses.resume(place.engine, "all", ANNA)

    (group,) = place.read_queue().groups

    assert (group.waiting, group.delayed) == (2, 0)
    assert group.since is not None
    assert datetime.now(UTC) - group.since < timedelta(minutes=1)


def test_a_claimed_job_is_late_by_its_lease_or_its_limit_and_otherwise_only_counted(place: Place) -> None:
    jobs = [place.queue.claim_one(template=name) for name in ("elimination", "payouts", "winner")]
    place.execute(
        "update render_instructions set lease_until = now() - interval '2 minutes' where id = :id", id=jobs[0].id
    )
    place.execute(
        "update render_instructions set started_at = now() - interval '9 minutes' where id = :id", id=jobs[1].id
    )
    with place.engine.connect() as connection:
        found = reading_queue.read_processing(connection, place.settings, {"payouts": 500.0}, datetime.now(UTC))

    assert found.processing == 3
    assert {(each.id, each.limit_seconds) for each in found.late} == {(jobs[0].id, 600.0), (jobs[1].id, 500.0)}


def test_an_earlier_rank_that_waits_is_overtaken_by_what_is_claimed_after_it(place: Place) -> None:
    (stuck,) = place.queue.request(priority=1)
    place.wait(stuck, minutes=5)
    with place.engine.begin() as blocker:  # as a session that keeps its row locked
        blocker.execute(text("select from render_instructions where id = :id for update"), {"id": stuck})
        place.queue.request(4)
        assert len(place.queue.claim(4)) == 4

    queue = place.read_queue()

    (overtaken,) = queue.overtaken
    assert (overtaken.id, overtaken.by, overtaken.priority) == (stuck, 4, 1)
    assert queue.claims == 4


def test_claims_in_the_order_of_ranks_overtake_nothing(place: Place) -> None:
    place.queue.request(4, priority=1)
    place.wait(*place.queue.request(3, priority=9), minutes=5)

    assert len(place.queue.claim(4)) == 4

    queue = place.read_queue()
    assert (queue.claims, queue.overtaken) == (4, ())


def test_a_template_whose_limit_is_reached_is_not_overtaken(
    engine: Engine, settings_factory: Callable[..., Settings]
) -> None:
    place = Place(engine, settings_factory(render={"queue": {"max_running": {"payouts": 1}}}))
    (full,) = place.queue.request(template="payouts", priority=1)
    place.wait(full, minutes=5)
    place.queue.request(2)
    place.execute("update render_instructions set template = 'other' where id = :id", id=full)
    place.queue.claim(3)
    place.execute("update render_instructions set template = 'payouts' where id = :id", id=full)

    assert place.read_queue().overtaken == ()


def test_the_two_hours_are_told_apart_and_a_minute_that_had_nothing_waiting_does_not_count(place: Place) -> None:
    now = datetime.now(UTC)
    graphics = MeasuredQueue(engine=place.engine)
    for minutes, end in ((10, "completed"), (20, "failed"), (30, "timed_out"), (40, "cancelled"), (90, "completed")):
        graphics.add(now - timedelta(minutes=minutes), 30, end)
    roll_up(place.engine, place.settings, now=now - timedelta(minutes=3))
    graphics.add(now - timedelta(minutes=2))
    roll_up(place.engine, place.settings, now=now - timedelta(minutes=1))
    with place.engine.connect() as connection:
        hours = reading_queue.read_hours(connection, place.settings, now)

    (last,), (before,) = hours.last, hours.before
    assert (last.completed, last.failed, last.timed_out) == (1, 1, 1)
    assert (before.completed, before.failed) == (1, 0)
    assert (hours.looked_minutes, hours.waiting_minutes, hours.paused_minutes) == (2, 1, 0)


def test_graphics_that_failed_for_good_are_told_by_template(place: Place) -> None:
    failed = [place.queue.claim_one() for _ in range(2)]
    withdrawn = place.queue.claim_one(template="payouts")
    for job in (*failed, withdrawn):
        place.queue.fail(job, BadInstruction("the name has no font"))
    place.queue.fail(place.queue.claim_one(template="winner"), TransientFailure("the share was away"))  # it is retried
    place.execute("update render_instructions set withdrawn_at = now() where id = :id", id=withdrawn.id)
    with place.engine.connect() as connection:
        (group,) = reading_queue.read_failed(connection, datetime.now(UTC))

    assert (group.template, group.count, {*group.ids}) == ("elimination", 2, {each.id for each in failed})
    assert "the name has no font" in group.reason


def test_premium_hands_without_an_instruction_are_told_by_day_once_they_have_waited(place: Place) -> None:
    data = WeekData(engine=place.engine, settings=place.settings)
    day = datetime.now(UTC).date()
    orphan, *_ = data.put_session(day)
    fresh, *_ = data.put_session(day)
    made, *_ = data.put_session(day)
    data.put_graphic("premium_hand", f"hand {made}", day, hand=made, finished=datetime.now(UTC))
    place.execute("update hands set created_at = now() - interval '20 minutes' where id <> :id", id=fresh)
    with place.engine.connect() as connection:
        hands = reading_flow.read_hands(connection, place.settings, datetime.now(UTC))

    (found,) = hands.orphans
    assert found == OrphanDay(day=day, count=1, hands=(orphan,), since=found.since)
    assert hands == PremiumHandFacts(premium_hands=3, orphans=(found,))


def test_a_show_is_on_between_its_times_with_the_hands_that_came(place: Place) -> None:
    now = datetime.now(UTC)
    today = BroadcastDays(place.settings.zone, place.settings.hands.day_starts_at).find_day(now)
    days = [now - timedelta(hours=2), now - timedelta(hours=9), now + timedelta(hours=1)]
    place.execute(
        """
        insert into broadcast_slots (starts_at, channel, day, ends_at, event_title, is_live, seen_at)
        select starts_at, 'Main', cast(:today as date), starts_at + interval '4 hours', 'Event', true, :now
        from unnest(cast(:starts as timestamptz[])) starts_at
        """,
        starts=days,
        now=now,
        today=today,
    )
    WeekData(engine=place.engine, settings=place.settings).put_session(today, stored=4)
    with place.engine.connect() as connection:
        shows = reading_flow.read_shows(connection, place.settings, datetime.now(UTC))

    (show,) = shows.shows
    assert (show.title, show.hands, show.starts_at) == ("Event", 4, days[0])
    assert show.last_at is not None
    assert not shows.has_hands_ever  # before it began


def test_sources_are_due_by_the_schedules_where_the_daemon_runs(place: Place) -> None:
    place.execute("insert into sheet_states (sheet, read_at) values ('notes', now() - interval '1 hour')")
    idle = place.read().sources
    place.dagster.heartbeats = {"SENSOR": datetime.now(UTC)}
    run = place.read().sources

    assert not isinstance(idle, Unread)
    assert not isinstance(run, Unread)
    assert [each.expected_seconds for each in idle] == [None, None]
    assert {each.name: each.expected_seconds for each in run} == {"wsop": 3600, "notes": 86_400}
    assert {each.name: each.root for each in run} == {"wsop": "nas", "notes": ""}


def test_a_file_that_nobody_reads_waits_in_its_folder(
    engine: Engine, settings_factory: Callable[..., Settings], tmp_path: Path
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    place = Place(engine, settings_factory(hands={"drop_folders": [str(drop)], "settle_seconds": 0}))
    with engine.begin() as connection:
        record_look(connection, Source.FOLDERS, "gfx-01 process 7", "")
    (drop / "session.json").write_text("{}")
    (old,) = (each.stat() for each in drop.iterdir())

    sources = place.read(now=datetime.now(UTC) + timedelta(seconds=30)).sources

    assert not isinstance(sources, Unread)
    (folder,) = sources
    at = datetime.fromtimestamp(old.st_mtime_ns / 1e9, UTC)
    assert folder == SourceFacts(
        kind="drop folder", name=str(drop), read_at=None, expected_seconds=None, waiting=1, waiting_since=at
    )


def test_what_health_saw_is_believed_while_it_looks(place: Place) -> None:
    place.execute("""
        insert into health_states (host, service, state, summary, changed_at, correlation_id)
        values ('gfx-01', 'root nas', 'degraded', 'no answer', now(), '')
    """)
    place.dagster.sensors = [SensorFacts(name="health", ticked_at=datetime.now(UTC) - timedelta(seconds=20))]
    services = place.read().services
    place.dagster.sensors = [SensorFacts(name="health", ticked_at=datetime.now(UTC) - timedelta(minutes=7))]
    stale = place.read().services

    assert not isinstance(services, Unread)
    assert [(each.name, each.state, each.host) for each in services] == [("root nas", "degraded", "gfx-01")]
    assert stale == Unread(reason="the sensor `health` has not looked for 7 min")


def test_workers_that_ended_in_good_order_are_not_missed(place: Place) -> None:
    for name in ("a", "b", "c"):
        workers.register(place.engine, name, ["local"])
    workers.deregister(place.engine, "a")
    place.execute("update render_workers set seen_at = now() - interval '2 minutes' where name = 'b'")

    found = place.read().workers

    assert not isinstance(found, Unread)
    assert {each.name: each.is_alive for each in found} == {"b": False, "c": True}


def test_what_is_held_is_known_by_its_subject(place: Place) -> None:
    sheet = Subject(kind=SubjectKind.SHEET, name="notes")
    with place.engine.begin() as connection:
        place_hold(connection, sheet, None, ANNA)

    assert place.read().held == {sheet}


def test_parked_events_are_counted_by_consumer(place: Place) -> None:
    place.execute("insert into events (type, source, correlation_id) values ('hand.created', 'hands', '')")
    place.execute("""
        insert into event_retries (consumer, event_id, sequence, attempts, error, failed_at, parked_at)
        select 'routes', id, 'x', 5, 'no hand', now(), now() from events limit 1
    """)

    parked = place.read().parked

    assert not isinstance(parked, Unread)
    assert {each.consumer: (each.count, each.error) for each in parked} == {"routes": (1, "no hand")}


LOOKERS = (LookerFacts(name="sensor", seen_at=None), LookerFacts(name="watcher", seen_at=None))


@pytest.mark.parametrize(
    ("beat", "stopped", "expected"),
    [
        (timedelta(seconds=20), False, {"sensor": True, "watcher": False}),
        (timedelta(hours=2), False, {"sensor": True, "watcher": False}),  # it has stopped, and is missed
        (timedelta(days=2), False, {"sensor": False, "watcher": False}),  # nobody misses it any more
        (timedelta(seconds=20), True, {"sensor": False, "watcher": False}),  # a person stopped it
        (None, False, {"sensor": False, "watcher": False}),
    ],
)
def test_a_looker_is_expected_where_what_runs_it_was_here(
    place: Place, beat: timedelta | None, stopped: bool, expected: dict[str, bool]
) -> None:
    place.dagster.heartbeats = {} if beat is None else {"SENSOR": datetime.now(UTC) - beat}
    place.dagster.sensors = [SensorFacts(name="anomalies", is_stopped=stopped)]

    lookers = place.read(lookers=LOOKERS).lookers

    assert not isinstance(lookers, Unread)
    assert {each.name: each.is_expected for each in lookers} == expected


def test_a_database_that_does_not_answer_leaves_only_the_disks(place: Place) -> None:
    away = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 2})

    facts = read_facts(away, place.dagster, place.settings)

    assert facts.database.away_since == facts.now
    read = [name for name in Facts.__slots__ if not isinstance(getattr(facts, name), Unread)]
    assert read == ["now", "host", "database", "disks", "held"]


def test_what_dagster_does_not_say_leaves_the_rest_readable(place: Place) -> None:
    class AwayDagster(ScriptedDagster):
        def read_heartbeats(self) -> Mapping[str, datetime]:
            with create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none").connect():
                raise AssertionError

    place.dagster = AwayDagster()
    facts = place.read()

    unread = {name for name in Facts.__slots__ if isinstance(getattr(facts, name), Unread)}
    assert unread == {"dagster", "services", "sources", "lookers"}
    assert facts.database.away_since is None


def test_dagsters_facts_are_as_it_says(place: Place) -> None:
    run = RunFacts(run_id="1", job="full_sync", state="running", since=datetime.now(UTC))
    place.dagster.runs = (run,)

    assert place.read().dagster == DagsterFacts(runs=(run,))
