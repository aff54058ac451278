"""Check a look of all detectors: recorded once, whoever looks; kept in a file while the database is away."""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from pokervod_pipelines.actors import Actor
from pokervod_pipelines.alerts.alert import Alert, AlertSeverity
from pokervod_pipelines.alerts.posting import post_alert
from pokervod_pipelines.monitoring.detectors.looker import Looker, LookerName, LookReport
from pokervod_pipelines.monitoring.detectors.memory import list_lookers, read_lookers, read_memory
from pokervod_pipelines.monitoring.detectors.spool import (
    MOST_LINES,
    AwayLook,
    Outage,
    Spool,
    list_outages,
    locate_spool,
)
from pokervod_pipelines.monitoring.detectors.watching import WatcherLooks
from pokervod_pipelines.monitoring.health.access import DatabaseAccess
from pokervod_pipelines.monitoring.health.probes import Opened
from pokervod_pipelines.monitoring.incidents.lifecycle import open_by_hand
from pokervod_pipelines.monitoring.incidents.listing import list_incidents
from pokervod_pipelines.monitoring.incidents.shape import Incident, IncidentState, Subject, SubjectKind
from pokervod_pipelines.settings import Settings
from pokervod_pipelines_tests.alerts.servers import HookServer
from pokervod_pipelines_tests.monitoring.test_detector_reading import ScriptedDagster

AWAY = create_engine("postgresql+psycopg://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 2})
START = datetime.now(UTC)


def seconds(count: float) -> datetime:
    """Return a moment so long after the start of the tests."""
    return START + timedelta(seconds=count)


class Place:
    """Hold a database, and look at it from several places."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine, self.settings = engine, settings

    def look(self, name: LookerName, at: float, engine: Engine | None = None) -> LookReport:
        looker = Looker(name=name, settings=self.settings)
        return looker.look(engine or self.engine, ScriptedDagster(), now=seconds(at))

    def list_incidents(self) -> list[Incident]:
        with self.engine.connect() as connection:
            return list_incidents(connection)

    def list_outages(self) -> list[Incident]:
        return [each for each in self.list_incidents() if each.detector == "database_away"]

    def fill_queue(self) -> None:
        """Let a graphic wait for an hour."""
        with self.engine.begin() as connection:
            connection.execute(
                text("""
                    insert into render_instructions (template, layers, output, digest, trigger_kind, trigger_key,
                        broadcast_day, by, due_at)
                    values ('payouts', '{}', '{}', '', 'person', 'a', '2031-05-04', 'eva', :due)
                """),
                {"due": seconds(-3600)},
            )


@pytest.fixture
def place(engine: Engine, settings_factory: Callable[..., Settings]) -> Place:
    return Place(engine, settings_factory(monitoring={"remediation": {"enabled": False}}))


def test_a_look_opens_incidents_and_remembers_how_each_detector_looked(place: Place) -> None:
    place.fill_queue()

    report = place.look("sensor", 0)

    assert {each.detector for each in place.list_incidents()} >= {"pending_too_long"}
    assert report.is_first
    assert "could have been claimed for more than 30 min" in report.describe()
    with place.engine.connect() as connection:
        memory = read_memory(connection)
    assert {each.detector for each in memory.looks} == {look.detector for look in report.looks}
    assert memory.history.is_open("pending_too_long queue render queue")
    assert (memory.looker, memory.looked_at) == ("sensor", seconds(0))


def test_what_is_over_is_closed_by_itself(place: Place) -> None:
    place.fill_queue()
    place.look("sensor", 0)
    with place.engine.begin() as connection:
        connection.execute(text("update render_instructions set state = 'cancelled'"))

    for at in (30, 60, 90):
        place.look("sensor", at)

    assert {each.state for each in place.list_incidents() if each.detector == "pending_too_long"} == {
        IncidentState.RESOLVED
    }


def test_two_that_look_at_once_do_the_work_once(place: Place) -> None:
    place.fill_queue()
    names: list[LookerName] = ["sensor", "watcher"] * 4

    with ThreadPoolExecutor(8) as pool:
        reports = [*pool.map(lambda name: place.look(name, 0), names)]

    assert sum(each.is_first for each in reports) == 1
    assert [each.openings for each in place.list_incidents() if each.detector == "pending_too_long"] == [1]
    assert [each.times for each in place.list_incidents() if each.detector == "pending_too_long"] == [1]


def test_each_sees_when_the_other_looked_also_where_it_came_second(place: Place) -> None:
    place.look("sensor", 0)
    place.look("watcher", 5)

    with place.engine.connect() as connection:
        lookers = list_lookers(read_lookers(connection))

    assert {each.name: each.seen_at for each in lookers} == {"sensor": seconds(0), "watcher": seconds(5)}


def test_an_outage_is_kept_in_a_file_and_is_one_incident_with_its_times(place: Place) -> None:
    for at in (0, 30, 60):
        report = place.look("watcher", at, AWAY)
        assert report.problem

    place.look("watcher", 90)

    (outage,) = place.list_outages()
    assert (outage.state, outage.opened_at, outage.openings) == (IncidentState.RESOLVED, seconds(0), 1)
    assert "(90 s)" in outage.summary
    assert outage.figures["seconds"] == pytest.approx(90, abs=5)
    assert not locate_spool(place.settings, "watcher").path.exists()


def test_an_outage_that_both_saw_is_one_incident(place: Place) -> None:
    for at in (0, 30, 60):
        place.look("watcher", at, AWAY)
        place.look("sensor", at + 12, AWAY)

    place.look("watcher", 90)
    place.look("sensor", 102)

    assert [each.openings for each in place.list_outages()] == [1]


def test_a_second_outage_soon_after_is_told_too(place: Place) -> None:
    for start in (0, 600):
        for at in (0, 30):
            place.look("watcher", start + at, AWAY)
        place.look("watcher", start + 60)

    assert [(each.openings, each.opened_at) for each in place.list_outages()] == [(2, seconds(600))]


def test_a_restart_that_a_single_look_saw_is_none(place: Place) -> None:
    place.look("watcher", 0, AWAY)
    place.look("watcher", 10)

    assert place.list_outages() == []


def test_a_process_that_is_killed_before_it_empties_the_file_records_the_outage_once(place: Place) -> None:
    for at in (0, 30):
        place.look("watcher", at, AWAY)
    spool = locate_spool(place.settings, "watcher")
    kept = spool.path.read_bytes()

    place.look("watcher", 60)
    spool.path.write_bytes(kept)  # as if it had been killed between the commit and the deletion
    place.look("watcher", 600)

    assert [each.openings for each in place.list_outages()] == [1]
    assert not spool.path.exists()


def test_a_look_that_is_not_committed_leaves_the_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for at in (0, 30):
        place.look("watcher", at, AWAY)

    def fail(*_: Any) -> None:
        raise RuntimeError("killed here")

    monkeypatch.setattr("pokervod_pipelines.monitoring.detectors.memory.write_memory", fail)
    with pytest.raises(RuntimeError):
        place.look("watcher", 60)
    monkeypatch.undo()
    assert place.list_outages() == []

    place.look("watcher", 90)

    assert len(place.list_outages()) == 1


@pytest.mark.parametrize("code", ["40P01", "57014", "42501"])
def test_a_database_that_answers_with_an_error_was_not_away(place: Place, code: str) -> None:
    with place.engine.begin() as connection:
        connection.execute(
            text(f"""
                create function refuse() returns trigger language plpgsql as $$
                    begin raise exception 'refused' using errcode = '{code}'; end $$;
                create trigger refuse before insert on detector_memory for each row execute function refuse()
            """)
        )
    try:
        with pytest.raises(DBAPIError, match="refused"):
            place.look("watcher", 0)
    finally:
        with place.engine.begin() as connection:
            connection.execute(text("drop function refuse() cascade"))

    assert not locate_spool(place.settings, "watcher").path.exists()


KILLED = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from pokervod_pipelines.monitoring.detectors.spool import AwayLook, Spool

spool = Spool(Path(sys.argv[1]))
number = 0
while True:
    spool.append(AwayLook(at=datetime.now(UTC), problem=f"no {number}"))
    print(number, flush=True)
    number += 1
"""


def test_what_was_noted_survives_the_kill_of_its_process(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool" / "looks.jsonl")
    command = [sys.executable, "-c", KILLED, str(spool.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        noted = [int(process.stdout.readline()) for _ in range(20)]
        process.kill()

    problems = [each.problem for each in spool.read()]

    assert problems[: len(noted)] == [f"no {number}" for number in noted]


def test_a_line_that_was_cut_short_is_no_look_and_spoils_no_other(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "looks.jsonl")
    spool.append(AwayLook(at=seconds(0), problem="refused"))
    with spool.path.open("ab") as file:
        file.write(b'{"at": "2026-11-30T20:')

    spool.append(AwayLook(at=seconds(30), problem="refused"))

    assert [each.at for each in spool.read()] == [seconds(0), seconds(30)]


def test_the_file_of_a_long_outage_keeps_its_beginning_and_its_end(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "looks.jsonl")
    lines = [json.dumps({"at": seconds(30 * n).isoformat(), "problem": "refused"}) for n in range(MOST_LINES)]
    spool.path.write_text("\n".join(lines) + "\n")

    spool.append(AwayLook(at=seconds(30 * MOST_LINES), problem="refused"))

    looks = spool.read()
    assert len(looks) == MOST_LINES
    assert (looks[0].at, looks[-1].at) == (seconds(0), seconds(30 * MOST_LINES))
    assert list_outages(looks) == [Outage(since=looks[0].at, until=looks[-1].at, problem="refused")]


def test_looks_far_apart_are_two_outages() -> None:
    looks = [AwayLook(at=seconds(at), problem="refused") for at in (0, 30, 3600, 3630)]

    assert [(each.since, each.until) for each in list_outages(looks)] == [
        (seconds(0), seconds(30)),
        (seconds(3600), seconds(3630)),
    ]


def test_a_database_that_hangs_is_away_although_it_refuses_nothing(place: Place) -> None:
    class HungAccess(DatabaseAccess):
        def open(self) -> Any:
            released.wait()
            raise AssertionError

    released = threading.Event()
    looker = Looker(name="watcher", settings=place.settings)
    looks = WatcherLooks(looker=looker, access=HungAccess(place.settings, lambda _: ScriptedDagster()), seconds=0.05)

    first, second = looks.look(), looks.look()
    released.set()

    assert "no answer within" in first.problem
    assert "no answer within" in second.problem
    assert len(looker.spool.read()) == 2


@pytest.mark.parametrize(
    ("due_for", "sent"), [(90, {"CRITICAL: the daemon has stopped", "WARNING: no hands"}), (20, set())]
)
def test_the_watcher_sends_what_no_sensor_has_sent(
    engine: Engine, settings_factory: Callable[..., Settings], due_for: int, sent: set[str]
) -> None:
    class ReadyAccess(DatabaseAccess):
        def open(self) -> Opened:
            return Opened(engine=engine, orchestrator=ScriptedDagster())

    with HookServer() as hook:
        urls = {"POKERVOD_ALERT_HERE": f"json://127.0.0.1:{hook.port}/here"}
        settings = settings_factory(alert_urls=urls, alerts={"channels": [{"name": "here"}]})
        alert = Alert(key="daemon", severity=AlertSeverity.CRITICAL, title="the daemon has stopped")
        with engine.begin() as connection:
            post_alert(connection, alert, settings.alerts.channels)
            open_by_hand(
                connection,
                Subject(kind=SubjectKind.SHOW, name="Final"),
                severity=AlertSeverity.WARNING,
                summary="no hands",
                actor=Actor(who="eva", reason="r"),
            )
            connection.execute(
                text("update alert_deliveries set due_at = now() - make_interval(secs => :s)"), {"s": due_for}
            )
        access = ReadyAccess(settings, lambda _: ScriptedDagster())
        looks = WatcherLooks(looker=Looker(name="watcher", settings=settings), access=access)

        for _ in range(2):
            looks.send_overdue().result(60)
        with engine.connect() as connection:
            waiting = connection.scalars(text("select kind from alerts where incident_id is not null")).all()

    assert {each.body["title"] for each in hook.posts} == sent
    assert waiting == ["opened"]  # what became due is posted
