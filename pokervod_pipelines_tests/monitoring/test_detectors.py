"""Check each detector by tables: what it finds and where it is silent, to the figure, and when it cannot judge."""

import dataclasses
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from pokervod_pipelines.alerts.alert import AlertSeverity
from pokervod_pipelines.monitoring.detectors import facts as f
from pokervod_pipelines.monitoring.detectors.history import History
from pokervod_pipelines.monitoring.detectors.judging import judge
from pokervod_pipelines.monitoring.detectors.looking import DAEMON_KEY, DATABASE_KEY, WORKERS_KEY
from pokervod_pipelines.monitoring.detectors.names import Detector
from pokervod_pipelines.monitoring.detectors.registry import DETECTORS, find_detector
from pokervod_pipelines.monitoring.health.orchestrator import SensorFacts
from pokervod_pipelines.monitoring.incidents.shape import Finding, Look, LookState, Subject, SubjectKind
from pokervod_pipelines.settings.monitoring import MonitoringSettings
from pokervod_pipelines_tests.monitoring.detector_facts import (
    GIGABYTE,
    NOW,
    PARTS,
    SEASONED,
    ago,
    make_facts,
    remember,
    show,
    waiting,
)
from pokervod_pipelines_tests.test_docs import COMMANDS

RULES = MonitoringSettings()
Groups = dict[str, Any]


def look(name: str, groups: Groups, history: History = SEASONED, rules: MonitoringSettings = RULES) -> Look:
    rule = find_detector(name)
    assert rule is not None
    return rule.look(make_facts(**groups), rules, history)


def ended(template: str = "winner", completed: int = 0, failed: int = 0, timed_out: int = 0) -> f.EndedGroup:
    return f.EndedGroup(renderer="local", template=template, completed=completed, failed=failed, timed_out=timed_out)


def hours(*last: f.EndedGroup, before: int = 60, **values: Any) -> Groups:
    """Return what ended in the last hour and the one before, while work waited all the time and still does."""
    usual = {"looked_minutes": 60, "waiting_minutes": 60}
    found = f.HourFacts(last=last, before=(ended(completed=before),), **{**usual, **values})
    return {"hours": found, **queue(waiting(minutes=11))}


def queue(*groups: f.WaitingGroup, claims: int = 40, overtaken: tuple[f.Overtaken, ...] = ()) -> Groups:
    return {"queue": f.QueueFacts(groups=groups, claims=claims, overtaken=overtaken)}


def overtaken(by: int, seconds: float = 300) -> f.Overtaken:
    since = ago(seconds=seconds)
    return f.Overtaken(id=7, renderer="local", template="winner", priority=2, since=since, by=by, last_at=NOW)


def late_job(*, started: float = 0, lease: float = 10) -> Groups:
    """Return a job that began so many seconds before its limit was over, and whose lease lasts or has ended."""
    job = f.LateJob(
        id=7,
        renderer="local",
        template="winner",
        worker="gfx-01-1",
        started_at=ago(seconds=600 + started),
        limit_seconds=600,
        lease_until=NOW + timedelta(seconds=lease),
    )
    return {"processing": f.ProcessingFacts(processing=1, late=(job,))}


def source(kind: str, **values: Any) -> Groups:
    usual = {"name": "tracker", "read_at": ago(minutes=1), "expected_seconds": 3600.0}
    return {"sources": (f.SourceFacts(kind=kind, **{**usual, **values}),)}  # type: ignore[arg-type]


def on(**values: Any) -> Groups:
    return {"shows": f.ShowsFacts(shows=(show(**values),))}


def orphans(minutes: float) -> Groups:
    day = f.OrphanDay(day=NOW.date(), count=2, hands=(4, 9), since=ago(minutes=minutes))
    return {"hands": f.PremiumHandFacts(premium_hands=12, orphans=(day,))}


def service(name: str, state: str, **values: Any) -> Groups:
    usual = {"summary": "no answer", "since": ago(minutes=3), "host": "gfx-01"}
    return {"services": (f.ServiceFacts(name=name, state=state, **{**usual, **values}),)}


def dagster(*sensors: SensorFacts, age: float = 20, runs: tuple[f.RunFacts, ...] = (), **beats: float) -> Groups:
    heartbeats = dict.fromkeys(PARTS, ago(seconds=age)) | {part: ago(seconds=old) for part, old in beats.items()}
    return {"dagster": f.DagsterFacts(heartbeats=heartbeats, sensors=sensors, runs=runs)}


def sensor(age: float, **values: Any) -> SensorFacts:
    return SensorFacts(name="health", interval_seconds=30, ticked_at=ago(seconds=age), **values)


def run(minutes: float, **values: Any) -> Groups:
    usual = {"run_id": "abcdef1234", "job": "full_sync", "state": "running", "since": ago(minutes=minutes)}
    return dagster(runs=(f.RunFacts(**{**usual, **values}),))


def worker(age: float, *, alive: bool = False, **values: Any) -> Groups:
    made = f.WorkerFacts(name="gfx-02", host="gfx-02", seen_at=ago(seconds=age), is_alive=alive, **values)
    return {"workers": (*make_facts().workers, made)}  # type: ignore[misc]


def disk(free: float) -> Groups:
    space = f.DiskFacts(name="home", path="/home", free_bytes=int(free * GIGABYTE), total_bytes=200 * GIGABYTE)
    return {"disks": (space,)}


def clock(offset: float, error: float = 0.0) -> Groups:
    return {"clock": f.ClockFacts(offset_seconds=offset, error_seconds=error)}


def watcher(age: float | None, *, alive: bool = False) -> Groups:
    seen = None if age is None else ago(seconds=age)
    return {"watcher": f.WatcherFacts(is_alive=alive, name="gfx-01 process 7", seen_at=seen)}


def looker(age: float, *, expected: bool = True) -> Groups:
    return {"lookers": (f.LookerFacts(name="watcher", seen_at=ago(seconds=age), is_expected=expected),)}


FOUND: list[tuple[str, Groups, str]] = [
    ("database_away", {"database": f.DatabaseFacts(away_since=ago(seconds=40), problem="refused")}, "40 s: refused"),
    ("disk_full", disk(4.9), "4.9 of 200 GB free"),
    ("disk_full", disk(0.9), "1 GB are needed"),
    ("clock_skew", clock(2.5), "2.5 s ahead of"),
    ("clock_skew", clock(-2.5), "2.5 s behind"),
    ("root_away", service("root nas", "degraded"), "root nas: degraded for 3 min: no answer"),
    ("service_down", service("outputs", "degraded"), "outputs: degraded for 3 min: no answer"),
    ("breaker_open", {"breakers": (f.ServiceBreaker(name="nexrender", title="nexrender", opened_at=ago(minutes=5),
        failures=5, error="timed out"),)}, "5 calls in a row failed, the last: timed out"),
    ("daemon_stopped", dagster(age=300), "no heartbeat for 5 min"),
    ("daemon_stopped", dagster(MONITORING=300), "no heartbeat of monitoring for 5 min"),
    ("sensor_stopped", dagster(sensor(121)), "has not ticked for 2 min, expected every 30 s"),
    ("sensor_stopped", dagster(sensor(5, error="the share is away")), "the share is away"),
    ("watcher_stopped", watcher(61), "the watcher, gfx-01 process 7, looked 61 s ago and is gone"),
    ("watcher_stopped", watcher(61, alive=True), "lives and looks at nothing"),
    ("detectors_stopped", looker(151), "have not looked for 2 min"),
    ("worker_stopped", worker(61), "has sent no heartbeat for 61 s"),
    ("worker_stopped", worker(5, alive=True, quarantine_reason="three failures"), "quarantined: three failures"),
    ("run_stuck", run(181), "runs for 3 h"),
    ("run_stuck", run(101, typical_seconds=1200), "usually takes 20 min, and runs for 101 min"),
    ("run_stuck", run(31, state="queued"), "has not begun for 31 min"),
    ("events_parked", {"parked": (f.ParkedFacts(consumer="routes", count=3, since=ago(hours=1), error="no hand"),)},
        "gave up 3 events"),
    ("source_stale", source("library", read_at=ago(minutes=181)), "was not read for 3 h"),
    ("source_stale", source("sheet", read_at=None), "was never read"),
    ("source_stale", source("sheet", problem="no access"), "cannot be read: no access"),
    ("source_stale", source("drop folder", read_at=ago(minutes=7), expected_seconds=60), "was not read for 7 min"),
    ("source_stale", source("drop folder", waiting=4, waiting_since=ago(minutes=11)), "4 files to be read"),
    ("no_data", on(starts_at=ago(minutes=46), hands=0, last_at=None), "since it began 46 min ago"),
    ("no_data", on(starts_at=ago(hours=5), last_at=ago(minutes=121)), "no hand came for 2 h"),
    ("orphan_hand", orphans(16), "2 premium hands of 2026-11-30 without an instruction"),
    ("pending_too_long", queue(waiting(minutes=31, late=2)), "2 instructions of 3 that wait"),
    ("processing_too_long", late_job(started=61), "it is beyond its limit"),
    ("processing_too_long", late_job(lease=-61, started=-500), "its worker is silent for 61 s"),
    ("priority_inverted", queue(waiting(), overtaken=(overtaken(3),)), "overtaken by 3"),
    ("error_rate", hours(ended(completed=17, failed=2, timed_out=1)), "3 of 20 graphics of the last hour failed (15%"),
    ("throughput_dropped", hours(ended(completed=29)), "29 graphics in the last hour, 60 in the hour before"),
    ("graphic_failed", {"failed": (f.FailedGroup(template="winner", renderer="local", count=2, ids=(4, 5),
        first_at=ago(hours=2), last_at=ago(hours=1), reason="no font"),)}, "the last: no font"),
]  # fmt: skip

SILENT: list[tuple[str, Groups]] = [
    ("database_away", {}),
    ("disk_full", disk(5.0)),
    ("clock_skew", clock(2.0)),
    ("clock_skew", clock(2.5, error=0.6)),  # the question itself took so long
    ("root_away", service("root nas", "healthy")),
    ("root_away", service("root nas", "unknown")),
    ("service_down", service("outputs", "unused")),
    ("daemon_stopped", dagster(age=119)),
    ("sensor_stopped", dagster(sensor(119))),
    ("watcher_stopped", watcher(60)),
    ("detectors_stopped", looker(149)),
    ("worker_stopped", worker(60)),
    ("worker_stopped", worker(90_000)),  # a day ago: it is not missed any more
    ("run_stuck", run(179)),
    ("run_stuck", run(29, typical_seconds=60)),
    ("run_stuck", run(29, state="queued")),
    ("source_stale", source("library", read_at=ago(minutes=179))),
    ("source_stale", source("drop folder", waiting=4, waiting_since=ago(minutes=9))),
    ("no_data", on(starts_at=ago(minutes=44), hands=0, last_at=None)),
    ("no_data", on(starts_at=ago(hours=5), last_at=ago(minutes=119))),
    ("no_data", {"shows": f.ShowsFacts()}),
    ("orphan_hand", orphans(14)),
    ("pending_too_long", queue(waiting(minutes=29))),
    ("pending_too_long", queue(f.WaitingGroup(renderer="local", template="winner", waiting=0, paused=900))),
    ("processing_too_long", late_job(started=59, lease=-59)),
    ("priority_inverted", queue(waiting(), overtaken=(overtaken(2),))),
    ("priority_inverted", queue(waiting(), overtaken=(overtaken(30, seconds=59),))),
    ("error_rate", hours(ended(completed=18, failed=2))),  # exactly a tenth may
    ("throughput_dropped", hours(ended(completed=30))),  # exactly half
    ("throughput_dropped", hours(ended(completed=1), waiting_minutes=29)),  # a quiet hour: nothing waited
    ("throughput_dropped", hours(ended(completed=1)) | queue()),  # nothing waits any more
    ("throughput_dropped", hours(ended(completed=1)) | queue(waiting(minutes=9))),  # nor for long
    ("graphic_failed", {}),
    ("events_parked", {}),
    ("breaker_open", {}),
]

LEARNING: list[tuple[str, Groups, History, str]] = [
    ("error_rate", hours(ended(completed=10, failed=9)), SEASONED, "19 graphics ended in the last hour, it needs 20"),
    ("error_rate", hours(), SEASONED, "0 graphics ended in the last hour, it needs 20"),
    ("throughput_dropped", hours(before=19), SEASONED, "19 graphics in the hour before, of which it needs 20"),
    ("throughput_dropped", hours(looked_minutes=44), SEASONED, "44 of the last 60 minutes, it needs 45"),
    ("throughput_dropped", hours(paused_minutes=16), SEASONED, "was paused in 16 of the last 60 minutes"),
    ("no_data", {"shows": f.ShowsFacts(shows=(show(hands=0, last_at=None),), has_hands_ever=False)}, SEASONED,
        "no show has had hands yet"),
    ("sensor_stopped", dagster(SensorFacts(name="health")), History(), "none of 1 sensor has ticked yet"),
    ("source_stale", source("sheet", read_at=None), History(), "none of 1 source was read yet"),
    ("root_away", {"services": ()}, SEASONED, "health has looked at no archive root yet"),
]  # fmt: skip

UNUSED: list[tuple[str, Groups]] = [
    ("daemon_stopped", {"dagster": f.DagsterFacts()}),
    ("sensor_stopped", {"dagster": f.DagsterFacts()}),
    ("watcher_stopped", watcher(None)),
    ("watcher_stopped", watcher(90_000)),
    ("detectors_stopped", looker(9_000, expected=False)),
    ("source_stale", {"sources": ()}),
    ("source_stale", source("sheet", read_at=None, expected_seconds=None)),
    ("orphan_hand", {"hands": f.PremiumHandFacts(premium_hands=12, has_rules=False)}),
]

NEEDS = {
    "disk_full": "disks",
    "clock_skew": "clock",
    "root_away": "services",
    "service_down": "services",
    "breaker_open": "breakers",
    "daemon_stopped": "dagster",
    "sensor_stopped": "dagster",
    "watcher_stopped": "watcher",
    "detectors_stopped": "lookers",
    "worker_stopped": "workers",
    "run_stuck": "dagster",
    "events_parked": "parked",
    "source_stale": "sources",
    "no_data": "shows",
    "orphan_hand": "hands",
    "pending_too_long": "queue",
    "processing_too_long": "processing",
    "priority_inverted": "queue",
    "error_rate": "hours",
    "throughput_dropped": "hours",
    "graphic_failed": "failed",
}
"""The group of facts that each detector judges by."""


@pytest.mark.parametrize(("name", "groups", "told"), FOUND)
def test_it_is_found_and_told_with_its_numbers(name: str, groups: Groups, told: str) -> None:
    found = look(name, groups)

    assert found.state is LookState.JUDGED
    (finding,) = found.findings
    assert told in finding.summary
    assert finding.advice
    assert (finding.detector, len(finding.summary.splitlines())) == (name, 1)


def test_every_detector_is_in_the_tables() -> None:
    names = {each.name.value for each in DETECTORS}

    assert {name for name, _, _ in FOUND} == {name for name, _ in SILENT} == names == {"database_away", *NEEDS}


@pytest.mark.parametrize(("name", "groups"), SILENT)
def test_it_is_silent_up_to_its_threshold(name: str, groups: Groups) -> None:
    found = look(name, groups)

    assert (found.state, found.findings) == (LookState.JUDGED, ())
    assert found.summary


@pytest.mark.parametrize("name", [each.name for each in DETECTORS])
def test_of_a_healthy_system_nothing_is_found_and_all_is_judged(name: str) -> None:
    found = look(name, {})

    assert (found.state, found.findings) == (LookState.JUDGED, ())
    assert found.looked_at > 0 or name in {Detector.GRAPHIC_FAILED, Detector.RUN_STUCK}


@pytest.mark.parametrize(("name", "groups", "history", "missing"), LEARNING)
def test_it_says_how_much_it_needs_to_judge(name: str, groups: Groups, history: History, missing: str) -> None:
    found = look(name, groups, history)

    assert (found.state, found.findings) == (LookState.LEARNING, ())
    assert missing in found.summary


@pytest.mark.parametrize(("name", "groups"), UNUSED)
def test_what_is_not_there_is_not_missed(name: str, groups: Groups) -> None:
    assert look(name, groups).state is LookState.OFF


@pytest.mark.parametrize(("name", "group"), NEEDS.items())
def test_what_could_not_be_read_is_never_all_right(name: str, group: str) -> None:
    found = look(name, {group: f.Unread(reason="the table is locked")})

    assert (found.state, found.summary) == (LookState.UNREADABLE, "the table is locked")


@pytest.mark.parametrize("name", [each.name for each in DETECTORS])
def test_the_settings_turn_each_one_off(name: str) -> None:
    rules = MonitoringSettings.model_validate({"detectors": {name: {"enabled": False}}})
    groups = next(groups for found, groups, _ in FOUND if found == name)

    assert look(name, groups, rules=rules).state is LookState.OFF


def test_a_threshold_is_a_setting() -> None:
    rules = MonitoringSettings.model_validate({"detectors": {"error_rate": {"share": 0.2, "end_share": 0.1}}})

    assert look("error_rate", hours(ended(completed=17, failed=3)), rules=rules).findings == ()


def find_one(name: str, groups: Groups, history: History = SEASONED) -> Finding:
    (finding,) = look(name, groups, history).findings
    return finding


HYSTERESIS: list[tuple[str, Groups, Groups, Groups]] = [  # opens it, keeps it open, ends it
    ("disk_full", disk(4.9), disk(5.4), disk(5.6)),
    ("clock_skew", clock(2.1), clock(1.7), clock(1.5)),
    ("error_rate", hours(ended(completed=85, failed=15)), hours(ended(completed=91, failed=9)),
        hours(ended(completed=93, failed=7))),
    ("throughput_dropped", hours(ended(completed=29)), hours(ended(completed=35)), hours(ended(completed=37))),
]  # fmt: skip


@pytest.mark.parametrize(("name", "opens", "keeps", "ends"), HYSTERESIS)
def test_a_figure_near_its_threshold_does_not_open_and_close_each_look(
    name: str, opens: Groups, keeps: Groups, ends: Groups
) -> None:
    before = remember(find_one(name, opens))

    assert look(name, keeps).findings == ()
    assert find_one(name, keeps, before).key == find_one(name, opens).key
    assert look(name, ends, before).findings == ()


def test_few_graphics_that_all_succeeded_end_an_error_rate_and_none_at_all_do_not() -> None:
    before = remember(find_one("error_rate", hours(ended(completed=10, failed=10))))

    assert look("error_rate", hours(ended(completed=3)), before).state is LookState.JUDGED
    assert look("error_rate", hours(ended(completed=3, failed=1)), before).state is LookState.LEARNING
    assert look("error_rate", hours(), before).state is LookState.LEARNING


def test_a_thousand_that_wait_are_one_incident_of_the_queue() -> None:
    groups = [waiting(template=f"template {n}", count=100, minutes=50, late=100) for n in range(10)]

    finding = find_one("pending_too_long", queue(*groups))

    assert finding.subject == Subject(kind=SubjectKind.QUEUE, name="render queue")
    assert finding.summary.startswith("1,000 instructions of 1,000 ")


def test_one_template_that_waits_while_others_do_not_is_its_own_incident() -> None:
    groups = queue(waiting(template="slow", minutes=50, late=3), waiting(template="winner", minutes=1))

    assert find_one("pending_too_long", groups).subject == Subject(kind=SubjectKind.TEMPLATE, name="slow")


def test_failures_of_one_template_while_others_succeed_are_its_own_incident() -> None:
    groups = hours(ended("broken", failed=10), ended("winner", completed=40))

    assert find_one("error_rate", groups).subject == Subject(kind=SubjectKind.TEMPLATE, name="broken")


def test_a_template_that_fails_a_lot_is_found_beside_many_that_succeed() -> None:
    groups = hours(ended("broken", completed=15, failed=5), ended("winner", completed=1000))

    assert find_one("error_rate", groups).subject.name == "broken"


def test_no_worker_is_one_incident_that_explains_what_waits() -> None:
    facts = queue(waiting(minutes=31, count=3, late=3)) | {"workers": ()}

    (missing,) = look("worker_stopped", facts).findings
    assert (missing.key, missing.severity) == (WORKERS_KEY, AlertSeverity.CRITICAL)
    assert WORKERS_KEY in find_one("pending_too_long", facts).explained_by


def test_a_sensor_that_a_person_stopped_is_no_effect_of_anything() -> None:
    found = find_one("sensor_stopped", dagster(sensor(5, is_stopped=True)))

    assert (found.variant, found.explained_by) == ("off", ())


def test_sensors_that_all_stopped_are_one_incident() -> None:
    sensors = [SensorFacts(name=f"sensor {n}", interval_seconds=30, ticked_at=ago(seconds=600)) for n in range(5)]

    (most,) = look("sensor_stopped", dagster(*sensors, sensor(5))).findings
    few = look("sensor_stopped", dagster(*sensors[:2], sensor(5))).findings

    assert most.summary.startswith("5 of 6 sensors do not tick")
    assert len(few) == 2


EXPLAINED: list[tuple[str, Groups, str]] = [
    ("source_stale", source("library", root="nas", read_at=ago(hours=9)), "root_away root nas"),
    ("source_stale", source("sheet", problem="away"), "breaker_open service sheets"),
    ("source_stale", source("drop folder", read_at=ago(hours=1), expected_seconds=60), DAEMON_KEY),
    ("sensor_stopped", dagster(sensor(900)), DAEMON_KEY),
    ("detectors_stopped", looker(900), "watcher_stopped service watcher"),
    ("run_stuck", run(40, state="queued"), DAEMON_KEY),
    ("processing_too_long", late_job(lease=-90), "worker_stopped worker gfx-01-1"),
    ("throughput_dropped", hours(ended(completed=2)), WORKERS_KEY),
    ("graphic_failed", {"failed": (f.FailedGroup(template="winner", renderer="local", count=1, ids=(4,),
        first_at=NOW, last_at=NOW, reason="no font"),)}, "error_rate queue render queue"),
    ("orphan_hand", orphans(60), "events_parked service render instructions"),
    ("no_data", on(hands=0, last_at=None), "service_down service drop folders"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "groups", "cause"), EXPLAINED)
def test_an_effect_names_its_cause(name: str, groups: Groups, cause: str) -> None:
    finding = find_one(name, groups)

    assert cause in finding.explained_by
    assert DATABASE_KEY in finding.explained_by
    assert finding.key not in finding.explained_by


def test_a_root_that_is_away_is_one_incident_for_all_machines() -> None:
    seen = [
        f.ServiceFacts(name="root nas", state="degraded", summary="no answer", since=ago(minutes=3), host=host)
        for host in ("gfx-01", "gfx-02")
    ]

    finding = find_one("root_away", {"services": tuple(seen)})

    assert finding.subject == Subject(kind=SubjectKind.ROOT, name="nas")
    assert "gfx-01, gfx-02" in finding.summary


def test_what_a_person_holds_is_no_anomaly() -> None:
    held = frozenset({Subject(kind=SubjectKind.SHEET, name="tracker")})
    facts = make_facts(**source("sheet", problem="no access"), held=held)

    (found,) = [each for each in judge(facts, RULES, SEASONED).looks if each.detector == "source_stale"]

    assert found.findings == ()
    assert "a person holds" in found.summary


def judge_for(groups: Groups, seconds: float, rules: MonitoringSettings = RULES) -> list[Finding]:
    """Return what is found after these facts have lasted so long, looked at every 30 s."""
    history = SEASONED
    found: tuple[Finding, ...] = ()
    for at in range(0, int(seconds) + 1, 30):
        facts = dataclasses.replace(make_facts(**groups), now=NOW + timedelta(seconds=at))
        judgement = judge(facts, rules, history)
        history, found = judgement.history, tuple(each for look in judgement.looks for each in look.findings)
    return [*found]


def test_what_does_not_last_is_no_incident() -> None:
    rules = MonitoringSettings.model_validate({"detectors": {"disk_full": {"for_seconds": 60}}})

    assert "disk_full" not in {each.detector for each in judge_for(disk(4), 30, rules)}
    assert "disk_full" in {each.detector for each in judge_for(disk(4), 60, rules)}


def test_a_sensor_whose_ticks_fail_is_told_after_a_while() -> None:
    groups = dagster(sensor(-3600, error="the share is away"))  # it ticks all the time

    assert "sensor_stopped" not in {each.detector for each in judge_for(groups, 90)}
    assert "sensor_stopped" in {each.detector for each in judge_for(groups, 120)}


def test_a_look_that_could_not_read_forgets_nothing() -> None:
    first = judge(make_facts(**disk(4)), RULES, SEASONED).history
    away = f.report_away(NOW + timedelta(minutes=9), f.DatabaseFacts(away_since=NOW, problem="refused"))

    after = judge(away, RULES, first).history

    assert {key for key in after.found if key.startswith("disk_full")} == {*first.found}


def test_a_database_that_is_away_is_one_finding_and_all_else_is_unread() -> None:
    away = f.report_away(NOW, f.DatabaseFacts(away_since=ago(seconds=40), problem="refused"))

    looks = [rule.look(away, RULES, SEASONED) for rule in DETECTORS]

    assert [each.detector for each in looks if each.findings] == [Detector.DATABASE_AWAY]
    assert {each.state for each in looks if not each.findings} == {LookState.UNREADABLE}


def test_the_page_has_every_detector() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "monitoring.md").read_text(encoding="utf-8")

    assert {name for name in Detector if f"| `{name}` |" not in page} == set()


@pytest.mark.parametrize(("name", "groups"), [(name, groups) for name, groups, _ in FOUND])
def test_the_advised_commands_exist(name: str, groups: Groups) -> None:
    (finding,) = look(name, groups).findings

    for told in re.findall(r"`pokervod ([^`]+)`", finding.advice):
        words = told.split()
        assert {" ".join(words[:2]), words[0]} & {*COMMANDS}, told
        options = {each for command in (words[0], " ".join(words[:2])) for each in list_options(command)}
        assert {each for each in words if each.startswith("--")} <= options, told


def list_options(name: str) -> list[str]:
    command = COMMANDS.get(name)
    return [option for each in command.params for option in each.opts] if command else []
